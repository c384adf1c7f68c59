//! Wikitext to plain text.
//!
//! Three passes, each linear: [`structure`] matches brackets, [`expand`] resolves what they hold,
//! [`block`] reads lines and words. A heading is a line of its own, a paragraph is one line, list
//! items and table rows follow each other line by line, blocks are apart by a blank line: as the
//! extract stage writes web pages. Formulas are TeX between dollar signs. Pictures go with their
//! captions.
//!
//! The grammar follows <https://www.mediawiki.org/wiki/Markup_spec> and MediaWiki's parser.

mod appendices;
mod args;
mod block;
mod characters;
mod expand;
mod foreign;
mod function;
mod inline;
mod languages;
mod link;
mod phrases;
mod section;
mod structure;
mod table;
mod tag;
mod template;
mod tidy;
mod variant;

use super::{Options, Site};
use expand::Expander;

/// What the text of a page depends on beside its source.
pub(crate) struct Page<'a> {
    /// Its title.
    pub title: &'a str,
    /// The wiki.
    pub site: &'a Site,
    /// The configuration.
    pub options: &'a Options,
}

/// The text of a page.
pub(crate) fn to_text(source: &str, page: &Page) -> String {
    // Characters that XML does not allow stand for marks between the passes.
    let marks = ['\x01', '\x02', '\x03'];
    let cleaned = source.contains(marks).then(|| source.replace(marks, ""));
    let source = cleaned.as_deref().unwrap_or(source);
    let spans = structure::scan(source, variant::has_variants(page.site.lang.as_deref()));
    let mut expander = Expander::new(source, &spans, page);
    let mut flat = String::with_capacity(source.len());
    expander.expand((0, source.len()), &mut flat);
    let text = block::write(&flat, &expander.asides, page.options);
    expander.rules.apply(text)
}

#[cfg(test)]
mod tests;
