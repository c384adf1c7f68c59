//! Office documents.

pub(crate) mod docx;
pub(crate) mod pdf;
