//! Metrics of tasks: classification, BLEU and chrF as sacreBLEU, exact match and F1 as SQuAD.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]
