//! Available stock: single situations on SQLite, and buyers, an ERP and ponte all at once on real servers.

mod bench;
mod buyer;
mod buyers;
mod cases;
mod clerk;
mod explain;
mod fault;
mod history;
mod line;
mod shops;
mod truth;
