//! What the styles, the lists and the relations of a Word document say.

use std::collections::HashMap;

use crate::document::package::{Attributes, Visitor};

/// Styles that follow one another.
const MAX_BASED_ON: usize = 16;
/// Bytes that one style or list counts.
const ENTRY: usize = 64;

/// What a style of paragraphs says.
#[derive(Clone, Debug, Default)]
pub(super) struct Style {
    /// Level of a heading, from 1.
    pub heading: Option<usize>,
    /// The list of its paragraphs.
    pub list: Option<String>,
    /// Whether it is that of titles.
    pub is_title: bool,
    based_on: Option<String>,
}

/// Styles by name. Only looked up, so their order does not show.
#[derive(Default)]
pub(super) struct Styles {
    styles: HashMap<String, Style>,
    open: String,
}

impl Styles {
    /// A style with what it takes from the styles that it is based on. Documents without a list
    /// of styles have the names of Word itself.
    pub fn get(&self, name: &str) -> Option<Style> {
        let Some(style) = self.styles.get(name) else {
            return by_name(name);
        };
        let mut style = style.clone();
        for _ in 0..MAX_BASED_ON {
            let Some(base) = style
                .based_on
                .as_ref()
                .and_then(|base| self.styles.get(base))
            else {
                break;
            };
            style.heading = style.heading.or(base.heading);
            style.list = style.list.or_else(|| base.list.clone());
            style.based_on.clone_from(&base.based_on);
        }
        Some(style)
    }

    fn open(&mut self) -> &mut Style {
        self.styles.entry(self.open.clone()).or_default()
    }
}

/// The style of this built-in name, such as `heading 1`.
fn by_name(name: &str) -> Option<Style> {
    let name = name.to_lowercase();
    let level = name.strip_prefix("heading").map(str::trim);
    let heading = level.and_then(|level| level.parse().ok());
    let is_title = name == "title";
    (heading.is_some() || is_title).then(|| Style {
        heading: heading.or(Some(1)),
        is_title,
        ..Style::default()
    })
}

impl Visitor for Styles {
    fn start(&mut self, name: &str, attributes: &Attributes) {
        let value = || attributes.get("val").unwrap_or_default();
        match name {
            "style" => self.open = attributes.get("styleId").unwrap_or_default(),
            "name" => {
                if let Some(style) = by_name(&value()) {
                    *self.open() = style;
                }
            }
            "basedOn" => self.open().based_on = Some(value()),
            "outlineLvl" => {
                let level = attributes.number("val").filter(|level| *level < 9);
                self.open().heading = level.map(|level| level + 1);
            }
            "numId" => self.open().list = Some(value()),
            _ => {}
        }
    }

    fn text(&mut self, _text: &str) {}

    fn end(&mut self, _name: &str) {}

    fn len(&self) -> usize {
        self.styles.len() * ENTRY
    }
}

/// Which lists are numbered. Only looked up, so their order does not show.
#[derive(Default)]
pub(super) struct Numbering {
    /// Whether a level of an abstract list has numbers.
    ordered: HashMap<(String, usize), bool>,
    /// The abstract list of each list.
    lists: HashMap<String, String>,
    open: String,
    level: usize,
}

impl Numbering {
    /// Whether a list has numbers at this level.
    pub fn is_ordered(&self, list: &str, level: usize) -> bool {
        let list = self.lists.get(list).cloned().unwrap_or_default();
        self.ordered.get(&(list, level)).copied().unwrap_or(false)
    }
}

impl Visitor for Numbering {
    fn start(&mut self, name: &str, attributes: &Attributes) {
        let value = || attributes.get("val").unwrap_or_default();
        match name {
            "abstractNum" => self.open = attributes.get("abstractNumId").unwrap_or_default(),
            "lvl" => self.level = attributes.number("ilvl").unwrap_or(0),
            "numFmt" => {
                let is_ordered = !matches!(value().as_str(), "bullet" | "none");
                let level = (self.open.clone(), self.level);
                self.ordered.insert(level, is_ordered);
            }
            "num" => self.open = attributes.get("numId").unwrap_or_default(),
            "abstractNumId" => {
                self.lists.insert(self.open.clone(), value());
            }
            _ => {}
        }
    }

    fn text(&mut self, _text: &str) {}

    fn end(&mut self, _name: &str) {}

    fn len(&self) -> usize {
        (self.ordered.len() + self.lists.len()) * ENTRY
    }
}

/// Where the main part is.
#[derive(Default)]
pub(super) struct Relations {
    /// Its name in the package.
    pub main: Option<String>,
}

impl Visitor for Relations {
    fn start(&mut self, name: &str, attributes: &Attributes) {
        let kind = attributes.get("Type").unwrap_or_default();
        if name == "Relationship" && kind.ends_with("/officeDocument") {
            let target = attributes.get("Target").unwrap_or_default();
            self.main = Some(target.trim_start_matches('/').to_owned());
        }
    }

    fn text(&mut self, _text: &str) {}

    fn end(&mut self, _name: &str) {}

    fn len(&self) -> usize {
        0
    }
}
