//! stub
pub mod forms;
pub mod mapping;
pub mod project;
pub mod schema;
pub mod spanned;
pub mod structure;
pub mod pack;
pub mod record;
pub mod source;
pub mod connection;
pub mod extra;
pub mod scope;
pub mod texts;
