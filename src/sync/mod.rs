pub mod change;
pub mod lookup;
pub mod snapshot;
