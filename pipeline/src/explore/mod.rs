//! Looking into a run: shards, SQL over them, one document's way.

mod inspect;
mod shards;
mod terminal;
mod trace;

pub use inspect::inspect;
pub use terminal::{cut, escape, table};
pub use trace::trace;
