//! Tables and records.

pub(crate) mod csv;
pub(crate) mod json;
pub(crate) mod parquet;
