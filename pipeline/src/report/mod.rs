//! What a run came to: a summary on the terminal and a page to look at.

mod chart;
mod data;
mod exposure;
mod html;
mod masked;
mod summary;

#[cfg(feature = "torch")]
pub use data::{Exposures, TaskScores};
#[cfg(feature = "torch")]
pub use exposure::{exposure_svg, exposures};
pub use html::{escape_html, write_html};
pub use summary::print_summary;
#[cfg(feature = "torch")]
pub use summary::tasks;
