//! A look inside a model, as one HTML file: attention, logit lens, next tokens, losses, attribution.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
