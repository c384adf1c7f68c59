//! Office documents.

pub(crate) mod docx;
mod flow;
mod odt;
mod package;
pub(crate) mod pdf;
