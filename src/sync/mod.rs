pub mod lookup;
pub mod snapshot;
