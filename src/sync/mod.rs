pub mod change;
pub mod condition;
pub mod derived;
pub mod lookup;
pub mod snapshot;
