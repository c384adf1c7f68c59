//! Names of the features for people, in the order in which `features` writes them.

use crate::decide::features::{NEIGHBOURS, PAGE_TAGS};
use crate::decide::surroundings::TAGS;
use crate::decide::survey::LEVELS;
use crate::words;

/// Begins the names of distances.
pub(crate) const LEVELS_UP: &str = "levels up to ";

const LOCAL: [&str; 27] = [
    "words (log)",
    "characters (log)",
    "share in links",
    "links per word",
    "share in bold or italics",
    "pictures",
    "inputs",
    "share of unspaced script",
    "share of function words",
    "share of capitalised words",
    "share of numbers",
    "ends of sentences",
    "commas",
    "separators per word",
    "signs of code per word",
    "currency signs per word",
    "share in the title",
    "heading level",
    "kind of block",
    "list depth",
    "in a button",
    "copies on the page",
    "ends like a sentence",
    "ends with a colon",
    "has several lines",
    "has @ or #",
    "has ©",
];
const EVIDENCE: [&str; 2] = ["share in the declared body", "share in the description"];
const HEADING: [&str; 4] = [
    "level of the heading above",
    "blocks since the heading",
    "words since the heading",
    "title words in the heading",
];
const AROUND: [&str; 5] = [
    "depth",
    "tag",
    "tag of the parent",
    "most like siblings around",
    "distance to the repeated element",
];
const LEVEL: [&str; 9] = [
    "words",
    "share of the page",
    "share in links",
    "words per block",
    "sentences per word",
    "commas per word",
    "share of prose",
    "share of the page's prose",
    "like siblings",
];
const NEIGHBOUR: [&str; 8] = [
    "words",
    "share in links",
    "share of function words",
    "ends of sentences",
    "kind of block",
    "same element",
    "like element",
    "heading level",
];
const PLACE: [&str; 7] = [
    "words before (share)",
    "words before",
    "words after",
    "place in the page",
    "blocks before",
    "words since the headline",
    "blocks since the headline",
];
const PAGE: [&str; 7] = [
    "words",
    "blocks",
    "share in links",
    "share of prose",
    "words per block",
    "share of unspaced script",
    "longest block",
];

/// One name a feature; `flags` is the number of those that close a row.
pub(crate) fn names(flags: usize) -> Vec<String> {
    let banners = words::banner_table().names();
    let mut names: Vec<String> = LOCAL.iter().map(|&name| name.to_owned()).collect();
    names.extend(banners.iter().map(|word| format!("says {word}")));
    names.extend(EVIDENCE.iter().chain(&HEADING).map(|&name| name.to_owned()));
    names.extend(
        banners
            .iter()
            .map(|word| format!("the heading above says {word}")),
    );
    names.extend(AROUND.iter().map(|&name| name.to_owned()));
    names.extend(
        TAGS.iter()
            .map(|tag| format!("{LEVELS_UP}<{}>", tag.name())),
    );
    let classes = words::class_table().names();
    names.extend(
        classes
            .iter()
            .map(|word| format!("{LEVELS_UP}class “{word}”")),
    );
    for level in 0..LEVELS {
        names.extend(
            LEVEL
                .iter()
                .map(|name| format!("element {level} around: {name}")),
        );
    }
    for offset in NEIGHBOURS {
        names.extend(
            NEIGHBOUR
                .iter()
                .map(|name| format!("block {offset:+}: {name}")),
        );
    }
    names.extend(PLACE.iter().map(|&name| name.to_owned()));
    names.extend(PAGE.iter().map(|name| format!("page: {name}")));
    for tag in PAGE_TAGS {
        names.push(format!("page: number of <{}>", tag.name()));
        names.push(format!("page: words in the largest <{}>", tag.name()));
    }
    names.push("page: most like elements".to_owned());
    let kinds = words::kind_names();
    names.extend(kinds.iter().map(|kind| format!("page calls itself {kind}")));
    names.extend(kinds.iter().map(|kind| format!("address says {kind}")));
    let shapes = flags.saturating_sub(2 * kinds.len());
    names.extend((0..shapes).map(|shape| format!("shape of the address, {shape}")));
    names
}
