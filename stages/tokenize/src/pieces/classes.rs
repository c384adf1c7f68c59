//! Which kind of character stands where: what the patterns ask of Unicode.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, HirKind};

/// What the patterns distinguish, as bits.
pub(super) type Kind = u8;
/// `\p{L}`
pub(super) const LETTER: Kind = 1;
/// `\p{N}`
pub(super) const NUMBER: Kind = 2;
/// `\s`
pub(super) const SPACE: Kind = 4;
/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`: may stand in the first part of a word of o200k.
pub(super) const HEAD: Kind = 8;
/// `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`: may stand in the second.
pub(super) const TAIL: Kind = 16;
/// `[\r\n]`
pub(super) const LINE_END: Kind = 32;

pub(super) const DEFINITIONS: [(Kind, &str); 6] = [
    (LETTER, r"\p{L}"),
    (NUMBER, r"\p{N}"),
    (SPACE, r"\s"),
    (HEAD, r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"),
    (TAIL, r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"),
    (LINE_END, r"[\r\n]"),
];

/// Code points of a page.
const PAGE: usize = 256;
const PAGES: usize = 0x11_0000 / PAGE;

/// Kinds of all characters: pages that are alike are stored once.
pub(super) struct Classes {
    /// Of ASCII, by byte; 0 beyond.
    pub ascii: [Kind; 256],
    page_of: Vec<u16>,
    pages: Vec<[Kind; PAGE]>,
}

impl Classes {
    /// The table, made at first use (about a millisecond) from the tables of the regular
    /// expression engine itself, so that both know the same version of Unicode.
    pub fn get() -> &'static Self {
        static CLASSES: LazyLock<Classes> = LazyLock::new(Classes::new);
        &CLASSES
    }

    fn new() -> Self {
        let mut kinds = vec![0; PAGES * PAGE];
        for (kind, definition) in DEFINITIONS {
            for (first, last) in ranges(definition) {
                let range = kinds.get_mut(first as usize..=last as usize);
                range.into_iter().flatten().for_each(|k| *k |= kind);
            }
        }
        let mut ascii = [0; 256];
        for (to, from) in ascii.iter_mut().zip(&kinds).take(128) {
            *to = *from;
        }
        let mut pages: Vec<[Kind; PAGE]> = Vec::new();
        let page_of = kinds.as_chunks().0.iter().map(|page| {
            let known = pages.iter().position(|known| known == page);
            known.unwrap_or_else(|| {
                pages.push(*page);
                pages.len() - 1
            }) as u16
        });
        Self {
            ascii,
            page_of: page_of.collect(),
            pages,
        }
    }

    /// The kind of a character.
    #[inline]
    pub fn of(&self, character: u32) -> Kind {
        let (page, place) = (character as usize / PAGE, character as usize % PAGE);
        let page = self.page_of.get(page).map_or(0, |page| *page as usize);
        self.pages.get(page).map_or(0, |kinds| kinds[place])
    }
}

/// The code points that a class of characters holds, first and last of each range.
fn ranges(definition: &str) -> Vec<(u32, u32)> {
    let hir = regex_syntax::parse(definition).map(|hir| hir.into_kind());
    match hir {
        Ok(HirKind::Class(Class::Unicode(class))) => {
            let ends =
                |r: &regex_syntax::hir::ClassUnicodeRange| (r.start().into(), r.end().into());
            class.iter().map(ends).collect()
        }
        Ok(HirKind::Class(Class::Bytes(class))) => {
            let ends = |r: &regex_syntax::hir::ClassBytesRange| (r.start().into(), r.end().into());
            class.iter().map(ends).collect()
        }
        // The definitions are constants; a test holds them against the engine.
        _ => Vec::new(),
    }
}
