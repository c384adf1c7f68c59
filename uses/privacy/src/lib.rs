//! Privacy, measured: canaries and their exposure, and the accountant of differentially private training.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
