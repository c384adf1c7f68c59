//! What a run came to: a summary on the terminal and a page to look at.

mod chart;
mod data;
mod html;
mod masked;
mod summary;

#[cfg(feature = "torch")]
pub use data::TaskScores;
pub use html::{escape_html, write_html};
pub use summary::print_summary;
#[cfg(feature = "torch")]
pub use summary::tasks;
