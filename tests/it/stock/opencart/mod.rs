//! OpenCart: its statements, its buyers, and what happens between two looks.

mod between;
mod buyer;
mod run;

pub use buyer::OpenCart;
