//! What becomes of web orders in the ERP, back in their shop: each news once, whatever people do and whatever crashes.

mod approvals;
mod desk;
mod kills;
mod mails;
mod odoo;
mod others;
pub mod story;
mod told;
mod tracking;
