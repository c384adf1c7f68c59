//! What extraction needs of an element's attributes, in one look.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::blocks::layout;
use crate::html::tag::Tag;
use crate::html::tree::Element;
use crate::words::{self, Classes};

/// Values that are remembered.
const MAX_NAMES: usize = 8192;

/// Findings in one element's attributes.
#[derive(Debug, Default)]
pub(crate) struct Attributes {
    pub(crate) classes: Classes,
    pub(crate) hidden: bool,
    /// Nothing below the element is text of the page.
    pub(crate) skip: bool,
    pub(crate) tex: bool,
    /// Called like a consent banner.
    pub(crate) consent: bool,
    /// Line ends in its text are line ends on the screen.
    pub(crate) keeps_lines: bool,
    pub(crate) signature: u64,
    /// Something that only a script has a use for.
    pub(crate) scripted: bool,
}

/// The category of consent banners.
static CONSENT: LazyLock<Classes> = LazyLock::new(|| words::class_bit("cookie"));

/// What one class, id or role attribute says.
#[derive(Clone, Copy, Default)]
struct Names {
    classes: Classes,
    signature: u64,
    skip: bool,
    consent: bool,
}

/// Reads attributes; a page repeats the same few class names, so each is looked up once.
#[derive(Default)]
pub(crate) struct Reader<'a> {
    names: FxHashMap<&'a str, Names>,
}

impl<'a> Reader<'a> {
    /// Reads an element's attributes.
    pub(crate) fn read(&mut self, element: Element<'a>) -> Attributes {
        let mut found = Attributes {
            // A template that declares a shadow root is shown in its place.
            skip: element.tag == Tag::Template,
            ..Attributes::default()
        };
        let (mut hidden, mut streamed) = (false, false);
        for (name, value) in element.attributes() {
            let value = &**value;
            match &**name {
                "class" => {
                    let names = self.names(value);
                    found.classes |= names.classes;
                    found.signature = names.signature;
                    found.skip |= names.skip;
                    found.consent |= names.consent;
                }
                "id" => {
                    let names = self.names(value);
                    found.classes |= names.classes;
                    found.skip |= names.skip;
                    found.consent |= names.consent;
                    // React sends the parts of a page like this, and moves them to their places.
                    streamed = value.starts_with("S:");
                }
                "role" | "itemprop" | "data-component" | "data-testid" => {
                    found.classes |= self.names(value).classes;
                }
                "aria-hidden" if value == "true" => found.classes |= self.names("hidden").classes,
                "hidden" => hidden = value != "until-found",
                "style" => {
                    found.hidden |= layout::is_hidden_style(value);
                    found.keeps_lines |= layout::keeps_lines(value);
                }
                "type" => found.tex |= value.starts_with("math/tex"),
                "shadowrootmode" => found.skip = false,
                "aria-controls" | "aria-expanded" => found.scripted = true,
                name => found.scripted |= name.starts_with("data-") || name.starts_with("on"),
            }
        }
        found.hidden |= hidden && !streamed;
        found
    }

    fn names(&mut self, value: &'a str) -> Names {
        if let Some(names) = self.names.get(value) {
            return *names;
        }
        let mut classes = 0;
        words::add_classes(value, &mut classes);
        let names = Names {
            classes,
            signature: layout::hash(value),
            skip: layout::is_rendered_formula(value) || words::is_consent_manager(value),
            consent: classes & *CONSENT != 0 && words::names_consent(value),
        };
        if self.names.len() < MAX_NAMES {
            self.names.insert(value, names);
        }
        names
    }
}
