//! The pipeline from end to end: an ERP, a shop, ponte between them, and what the shop's tables hold afterwards.

mod cells;
mod packs;

mod pair;
mod tables;
mod types;
