//! The pipeline from end to end: an ERP, a shop, ponte between them, and what the shop's tables hold afterwards.

mod bazaar;
pub mod cells;
mod counted;
mod crowd;
mod faults;
mod fill;
mod gone;
mod grants;
mod kills;
mod languages;
mod late;
mod links;
mod lost;
mod needs;
pub mod opencart;
mod packs;

pub mod pair;
pub mod prestashop;
pub mod shop;
mod shops;
mod standing;
mod tables;
mod types;
mod watermark;
mod writers;
