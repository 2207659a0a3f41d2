//! A PrestaShop shop for stock tests.

mod buyer;
mod cases;
mod run;
mod shared;

pub use buyer::{PRESTASHOP, PrestaShop, order_row};
