//! `ponte` keeps a company's ERP database and its web shop's database in step, directly, without an API between them.

pub mod check;
pub mod cli;
pub mod config;
pub mod connections;
pub mod db;
pub mod demo;
pub mod diagnostic;
pub mod expr;
pub mod own;
pub mod plan;
pub mod round;
pub mod state;
pub mod stock;
pub mod sync;
pub mod value;
