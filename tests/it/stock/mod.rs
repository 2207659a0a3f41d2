//! Available stock: single situations on SQLite, and buyers, an ERP and ponte all at once on real servers.

mod bench;
mod buyers;
mod cases;
mod explain;
mod fault;
mod history;
mod line;
mod truth;
