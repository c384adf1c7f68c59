//! Looking into a run: shards, SQL over them, one document's way.

mod inspect;
mod json;
mod shards;
mod terminal;
mod trace;

pub use inspect::inspect;
pub use json::print_json;
pub use shards::{scan, shards, sql};
pub use terminal::{Paint, bytes, cut, escape, escape_lines, table};
pub use trace::trace;
