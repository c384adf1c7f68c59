//! Tags in wikitext: those of MediaWiki's extensions, and those of HTML.

/// What becomes of an extension's tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Left out with its content.
    Drop,
    /// Its content is text without markup.
    Plain,
    /// The same, as a block whose lines stay.
    Lines,
    /// A block if there is no `inline` attribute.
    Code,
    /// A formula in TeX.
    Formula,
}

/// A tag of an extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extension {
    /// Index in the list.
    pub index: usize,
    /// What becomes of it.
    pub usage: Use,
}

/// Extensions on Wikimedia's wikis whose content is not wikitext of the page's flow.
const EXTENSIONS: &[(&str, Use)] = &[
    ("categorytree", Use::Drop),
    ("ce", Use::Formula),
    ("chem", Use::Formula),
    ("dynamicpagelist", Use::Drop),
    ("gallery", Use::Drop),
    ("graph", Use::Drop),
    ("hiero", Use::Drop),
    ("imagemap", Use::Drop),
    ("includeonly", Use::Drop),
    ("indicator", Use::Drop),
    ("inputbox", Use::Drop),
    ("languages", Use::Drop),
    ("mapframe", Use::Drop),
    ("maplink", Use::Drop),
    ("math", Use::Formula),
    ("nowiki", Use::Plain),
    ("pre", Use::Lines),
    ("quiz", Use::Drop),
    ("ref", Use::Drop),
    ("references", Use::Drop),
    ("rss", Use::Drop),
    ("score", Use::Drop),
    ("script", Use::Drop),
    ("source", Use::Code),
    ("style", Use::Drop),
    ("syntaxhighlight", Use::Code),
    ("templatedata", Use::Drop),
    ("templatestyles", Use::Drop),
    ("timeline", Use::Drop),
];

/// What a tag of HTML does to the text around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Html {
    /// Nothing.
    Inline,
    /// Ends a line.
    Break,
    /// Ends a block.
    Block,
    /// Begins a list item.
    Item,
    /// Begins a row of a table.
    Row,
    /// Begins a cell of a table.
    Cell,
    /// The reading beside a character.
    Reading,
    /// Brackets around a reading, for those who cannot show it.
    ReadingBracket,
    /// A raised text.
    Superscript,
    /// A lowered text.
    Subscript,
    /// Verse: lines stay.
    Poem,
}

const HTML: &[(&str, Html)] = &[
    ("abbr", Html::Inline),
    ("b", Html::Inline),
    ("bdi", Html::Inline),
    ("bdo", Html::Inline),
    ("big", Html::Inline),
    ("blockquote", Html::Block),
    ("br", Html::Break),
    ("caption", Html::Block),
    ("center", Html::Block),
    ("cite", Html::Inline),
    ("code", Html::Inline),
    ("data", Html::Inline),
    ("dd", Html::Block),
    ("del", Html::Inline),
    ("dfn", Html::Inline),
    ("div", Html::Block),
    ("dl", Html::Block),
    ("dt", Html::Block),
    ("em", Html::Inline),
    ("figcaption", Html::Block),
    ("figure", Html::Block),
    ("font", Html::Inline),
    ("h1", Html::Block),
    ("h2", Html::Block),
    ("h3", Html::Block),
    ("h4", Html::Block),
    ("h5", Html::Block),
    ("h6", Html::Block),
    ("hr", Html::Block),
    ("i", Html::Inline),
    ("img", Html::Inline),
    ("includeonly", Html::Inline),
    ("ins", Html::Inline),
    ("kbd", Html::Inline),
    ("li", Html::Item),
    ("link", Html::Inline),
    ("mark", Html::Inline),
    ("meta", Html::Inline),
    ("noinclude", Html::Inline),
    ("nowiki", Html::Inline),
    ("ol", Html::Block),
    ("onlyinclude", Html::Inline),
    ("p", Html::Block),
    ("poem", Html::Poem),
    ("pre", Html::Block),
    ("q", Html::Inline),
    ("rb", Html::Inline),
    ("ref", Html::Inline),
    ("references", Html::Inline),
    ("rp", Html::ReadingBracket),
    ("rt", Html::Reading),
    ("rtc", Html::Reading),
    ("ruby", Html::Inline),
    ("s", Html::Inline),
    ("samp", Html::Inline),
    ("section", Html::Inline),
    ("small", Html::Inline),
    ("span", Html::Inline),
    ("strike", Html::Inline),
    ("strong", Html::Inline),
    ("sub", Html::Subscript),
    ("sup", Html::Superscript),
    ("table", Html::Block),
    ("tbody", Html::Inline),
    ("td", Html::Cell),
    ("th", Html::Cell),
    ("thead", Html::Inline),
    ("time", Html::Inline),
    ("tr", Html::Row),
    ("translate", Html::Inline),
    ("tt", Html::Inline),
    ("tvar", Html::Inline),
    ("u", Html::Inline),
    ("ul", Html::Block),
    ("var", Html::Inline),
    ("wbr", Html::Inline),
];

/// Longest name of a tag.
const LONGEST: usize = 16;

/// The name that a text begins with.
pub(super) fn name(text: &str) -> &str {
    let letters = text.bytes().take(LONGEST + 1);
    let length = letters.take_while(u8::is_ascii_alphanumeric).count();
    text.get(..length).unwrap_or_default()
}

fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<(usize, T)> {
    if name.is_empty() || name.len() > LONGEST {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let found = table
        .binary_search_by(|(known, _)| (*known).cmp(&name))
        .ok()?;
    table.get(found).map(|(_, value)| (found, *value))
}

/// The extension of this name.
pub(super) fn extension(name: &str) -> Option<Extension> {
    find(EXTENSIONS, name).map(|(index, usage)| Extension { index, usage })
}

/// The tag of HTML of this name; what MediaWiki does not know it shows as text.
pub(super) fn html(name: &str) -> Option<Html> {
    find(HTML, name).map(|(_, html)| html)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(EXTENSIONS.is_sorted_by_key(|(name, _)| *name) && EXTENSIONS.len() < 63);
        assert!(HTML.is_sorted_by_key(|(name, _)| *name));
        assert_eq!(html("BR"), Some(Html::Break));
        assert_eq!(html("stdio"), None);
    }
}
