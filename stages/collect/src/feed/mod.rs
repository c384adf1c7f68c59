//! News and blogs: RSS, Atom, JSON Feed.

pub(crate) mod json;
pub(crate) mod xml;
