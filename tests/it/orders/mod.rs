//! Web orders on their way into the ERP: each exactly once, complete, with amounts that agree.

mod changes;
mod desk;
mod imports;
mod kills;
mod odoo;
mod opencart;
pub mod place;
mod prestashop;
mod promised;
mod reconcile;
mod refused;
mod rules;
mod service;
