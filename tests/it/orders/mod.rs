//! Web orders on their way into the ERP: each exactly once, complete, with amounts that agree.

mod again;
mod amounts;
pub mod changes;
mod continuous;
mod demo;
mod desk;
pub mod edits;
mod imports;
mod kills;
mod numbering;
pub mod odoo;
mod opencart;
mod page;
pub mod place;
mod prestashop;
mod promised;
mod reconcile;
mod refund_approvals;
pub mod refunds;
mod refused;
mod rules;
mod service;
mod told;
