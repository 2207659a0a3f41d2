//! The pipeline from end to end: an ERP, a shop, ponte between them, and what the shop's tables hold afterwards.

mod cells;
mod faults;
mod kills;
mod late;
mod links;
mod packs;

mod pair;
mod shop;
mod tables;
mod types;
