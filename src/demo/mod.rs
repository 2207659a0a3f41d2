pub mod catalogue;
pub mod data;
