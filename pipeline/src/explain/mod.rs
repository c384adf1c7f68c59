//! `textmill extract PAGE`: one page, from a file, standard input or the web; with `--explain`,
//! why each part of it was kept or dropped.

mod html;
mod outline;
mod source;
mod terminal;

use std::path::Path;

use anyhow::{Context, Result};
use textmill_extract::{Extracted, Extractor};

use crate::config::Config;
use crate::output::sayln;
use source::Source;

/// How a page is shown.
#[derive(Clone, Copy, Debug)]
pub struct Show<'a> {
    /// Its parts with the decisions about them, instead of its text.
    pub explain: bool,
    /// File for the same as a coloured page.
    pub html: Option<&'a Path>,
}

/// Extracts one page and prints its text, or the decisions about it.
pub fn page(location: &str, config: &Config, show: Show<'_>) -> Result<()> {
    let source = Source::read(location, config.extract.max_bytes)?;
    let decoded = textmill_extract::decode(&source.body, source.charset.as_deref(), source.url());
    let extractor = Extractor::new(&config.extract)?;
    if !show.explain && show.html.is_none() {
        let found = extractor.extract(&decoded.text, source.url());
        // The text alone goes to standard output, so that it can be piped.
        for (name, value) in facts(&found, &decoded.charset) {
            eprintln!("{name}: {}", crate::explore::escape(&value));
        }
        sayln!("{}", found.text);
        return Ok(());
    }
    let explanation = extractor.explain(&decoded.text, source.url());
    let facts = facts(&explanation.extracted, &decoded.charset);
    if show.explain {
        terminal::print(&explanation, &facts);
    }
    if let Some(path) = show.html {
        let page = html::page(location, &explanation, &facts)?;
        textmill_schemas::write_atomically(path, page.as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        eprintln!("{} shows every part with its reasons", path.display());
    }
    Ok(())
}

/// What the page says about itself.
fn facts(found: &Extracted, charset: &str) -> Vec<(&'static str, String)> {
    let charset = Some(charset.to_owned());
    let all = [
        ("title", &found.title),
        ("author", &found.author),
        ("date", &found.date),
        ("site", &found.site_name),
        ("address", &found.canonical_url),
        ("kind of page", &found.page_type),
        ("language", &found.lang),
        ("licence", &found.license),
        ("robots", &found.robots),
        ("charset", &charset),
    ];
    let known = all
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.clone()?)));
    known.collect()
}
