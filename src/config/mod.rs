//! stub
pub mod forms;
pub mod mapping;
pub mod project;
pub mod schema;
pub mod spanned;
pub mod structure;
