//! What training a model costs: operations, compute-optimal sizes, memory, time, energy and money.
//!
//! Everything here is arithmetic on a [`Shape`], a number of tokens and an [`Accelerator`]; nothing
//! needs libtorch or a GPU. Fits of the loss ([`Law`]) were made on other people's data and
//! vocabularies: they say how size and tokens go together, and of the loss only roughly what to
//! expect.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod accelerators;
mod budget;
mod error;
mod estimate;
mod law;
mod memory;
mod picture;
mod shape;

pub use accelerators::{Accelerator, accelerators, parse};
pub use budget::Budget;
pub use error::Error;
pub use estimate::{Assumptions, Cost, Precision};
pub use law::{Law, Optimum, RULE, useful_tokens};
pub use memory::{Memory, Rows};
pub use picture::picture;
pub use shape::{Family, MASK_SHARE, Shape};
