//! Web orders on their way into the ERP: each exactly once, complete, with amounts that agree.

mod imports;
mod kills;
pub mod place;
mod refused;
