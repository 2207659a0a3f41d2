//! The pipeline from end to end: an ERP, a shop, ponte between them, and what the shop's tables hold afterwards.

mod bazaar;
mod cells;
mod faults;
mod grants;
mod gone;
mod kills;
mod languages;
mod late;
mod links;
mod opencart;
mod lost;
mod packs;

pub mod pair;
pub mod shop;
mod shops;
mod tables;
mod types;
mod watermark;
mod writers;
