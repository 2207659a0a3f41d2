pub mod change;
pub mod derived;
pub mod lookup;
pub mod snapshot;
