//! Available stock: single situations on SQLite, and buyers, an ERP and ponte all at once on real servers.

mod bench;
mod buyers;
mod cases;
mod clerk;
mod explain;
mod far;
mod fault;
mod hand;
mod history;
mod line;
mod opencart;
mod prestashop;
mod shops;
mod system;
mod truth;
mod walk;
mod woocommerce;
