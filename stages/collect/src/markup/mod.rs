//! Markup as people write it: XML that is not well-formed, HTML that calls itself XHTML.
//!
//! A strict parser gives up at the first `&nbsp;`; this one never does. What cannot be a tag is
//! text, and an end without a start is passed over.

mod attributes;
mod charset;
mod flat;
mod reference;
mod text;
mod tokenizer;

pub(crate) use attributes::{attribute, attributes};
pub(crate) use charset::{Charset, Layout, layout, whole};
pub(crate) use flat::{Element, flat};
pub(crate) use reference::{Entities, named, push_decoded};
pub(crate) use text::{push_escaped, strip};
pub(crate) use tokenizer::{Token, Tokenizer};

/// The name without its prefix.
pub(crate) fn local(name: &[u8]) -> &[u8] {
    let colon = memchr::memchr(b':', name);
    colon.map_or(name, |at| name.get(at + 1..).unwrap_or_default())
}
