//! Customers both ways: who is enabled in the ERP gets an account in the shop, who registers there comes into the ERP, each field has
//! one owner, and what was written is no news on the way back.

mod both_ways;
mod contact;
mod doubles;
mod kills;
mod odoo;
pub mod shops;
