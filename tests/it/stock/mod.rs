//! Available stock: single situations on SQLite, and buyers, an ERP and ponte all at once on real servers.

mod approvals;
pub mod bench;
pub mod buyers;
mod cases;
mod clerk;
mod explain;
mod far;
pub mod fault;
pub mod hand;
pub mod history;
mod line;
mod opencart;
mod prestashop;
mod shops;
pub mod system;
mod torn;
pub mod truth;
mod walk;
pub mod woocommerce;
