//! A small XML file as a list of its elements, for tables of contents and the like.

use super::{Entities, Token, Tokenizer, attributes, local, push_decoded};

/// Most elements of a file.
const MAX_ELEMENTS: usize = 200_000;
/// Elements around a text that get it: names and labels may be marked up inside.
const AROUND: usize = 4;

/// An element with what stands in it.
#[derive(Debug, Default)]
pub(crate) struct Element {
    /// Name without prefix, in lower case.
    pub name: String,
    /// Elements around it.
    pub depth: usize,
    /// Its text, with that of the elements close inside.
    pub text: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// The value of an attribute, by its name without prefix.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim())
    }

    /// Whether a list of words in an attribute holds this one.
    pub fn says(&self, name: &str, word: &str) -> bool {
        let mut words = self.attribute(name).unwrap_or_default().split_whitespace();
        words.any(|found| found.eq_ignore_ascii_case(word))
    }

    /// Its text on one line.
    pub fn line(&self) -> Option<String> {
        let words: Vec<&str> = self.text.split_whitespace().collect();
        (!words.is_empty()).then(|| words.join(" "))
    }
}

/// The elements in order.
pub(crate) fn flat(text: &str) -> Vec<Element> {
    let (mut elements, mut open): (Vec<Element>, Vec<usize>) = (Vec::new(), Vec::new());
    let entities = Entities::default();
    let mut tokenizer = Tokenizer::default();
    let mut rest = text;
    while let Some((token, length)) = tokenizer.next(rest.as_bytes(), true) {
        let add = |elements: &mut Vec<Element>, open: &[usize], text: &str| {
            for at in open.iter().rev().take(AROUND) {
                if let Some(element) = elements.get_mut(*at) {
                    element.text += text;
                }
            }
        };
        match token {
            Token::Start {
                name,
                attributes: rest,
                empty,
            } if elements.len() < MAX_ELEMENTS => {
                elements.push(Element {
                    name: lower(name),
                    depth: open.len(),
                    text: String::new(),
                    attributes: decoded(rest, &entities),
                });
                if !empty {
                    open.push(elements.len() - 1);
                }
            }
            Token::End(name) => {
                let name = lower(name);
                let is_it = |at: &usize| elements.get(*at).is_some_and(|open| open.name == name);
                if let Some(at) = open.iter().rev().take(64).position(is_it) {
                    open.truncate(open.len() - 1 - at);
                }
            }
            Token::Text(bytes) => {
                let mut text = String::new();
                push_decoded(&String::from_utf8_lossy(bytes), &entities, &mut text);
                add(&mut elements, &open, &text);
            }
            Token::Cdata(bytes) => add(&mut elements, &open, &String::from_utf8_lossy(bytes)),
            _ => {}
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    elements
}

fn decoded(rest: &[u8], entities: &Entities) -> Vec<(String, String)> {
    let decode = |(name, value): (&[u8], &[u8])| {
        let mut text = String::new();
        push_decoded(&String::from_utf8_lossy(value), entities, &mut text);
        (lower(name), text)
    };
    attributes(rest).take(64).map(decode).collect()
}

fn lower(name: &[u8]) -> String {
    String::from_utf8_lossy(local(name)).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_with_their_text() {
        let found = flat("<a:x B='1&amp;2'><y>t <b>u</b></z></y><y/></a:x>");
        let names: Vec<_> = found
            .iter()
            .map(|e| (e.name.as_str(), e.depth, e.text.as_str()))
            .collect();
        assert_eq!(
            names,
            [
                ("x", 0, "t u"),
                ("y", 1, "t u"),
                ("b", 2, "u"),
                ("y", 1, "")
            ]
        );
        assert_eq!(found[0].attribute("b"), Some("1&2"));
    }
}
