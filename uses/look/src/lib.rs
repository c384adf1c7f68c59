//! A look inside a model, as one HTML file: attention, logit lens, next tokens, losses, attribution.
//!
//! [`look`] computes everything for one [`Document`]; the [`Look`] serializes to JSON with every
//! number whole, and [`page`] makes of it one HTML file that needs no network.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod attention;
mod attribution;
mod document;
mod error;
mod lens;
mod look;
mod page;
mod quantize;
mod rollout;
mod square;

#[cfg(test)]
mod test_support;

pub use attention::Head;
pub use attribution::Attribution;
pub use document::{Document, Token};
pub use error::Error;
pub use lens::Layer;
pub use look::{Facts, Look, Settings, Summary, look};
pub use page::{page, page_bytes};
pub use square::Square;
