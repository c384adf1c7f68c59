//! From a page's tree to its blocks: a flat list of paragraphs, headings, items, rows and listings.

mod attributes;
mod layout;
mod markup;
mod math;
pub(crate) mod page;
pub(crate) mod terminal;
pub(crate) mod walk;
