//! The text of one element, while it is read.

use super::slot::Slot;
use super::value::{Mode, Value, one_line};
use crate::markup::push_escaped;

/// The text of an element so far.
#[derive(Debug)]
pub(crate) struct Capture {
    /// Open elements with this one.
    pub depth: usize,
    /// What it says.
    pub slot: Slot,
    mode: Mode,
    text: String,
    /// Whether elements stand in it.
    inline: bool,
    /// Name and address of a person, in elements of their own.
    name: Option<String>,
    email: Option<String>,
    /// Bytes that it may take.
    room: usize,
}

impl Capture {
    /// Begins with an element.
    pub fn new(depth: usize, slot: Slot, mode: Mode, room: usize) -> Self {
        Self {
            depth,
            slot,
            mode,
            text: String::new(),
            inline: false,
            name: None,
            email: None,
            room,
        }
    }

    /// Whether elements in it are its text.
    fn is_markup(&self) -> bool {
        matches!(self.mode, Mode::Html | Mode::Xhtml | Mode::Guess)
    }

    /// Whether it is written as elements of the feed.
    pub fn is_xhtml(&self) -> bool {
        self.mode == Mode::Xhtml
    }

    /// Takes text.
    pub fn text(&mut self, text: &str) {
        if self.text.len() + text.len() > self.room {
            return;
        }
        match self.mode {
            Mode::Foreign => {}
            Mode::Xhtml => push_escaped(text, &mut self.text),
            _ => self.text += text,
        }
    }

    /// Takes the start of an element. Its attributes are not needed to read the text.
    pub fn start(&mut self, local: &str, alt: Option<&str>) {
        if self.slot == Slot::Person {
            self.text.clear();
        } else if self.is_markup() && self.text.len() + local.len() < self.room {
            self.inline = true;
            self.text.push('<');
            self.text += local;
            if let Some(alt) = alt {
                self.text += " alt=\"";
                push_escaped(alt, &mut self.text);
                self.text.push('"');
            }
            self.text.push('>');
        }
    }

    /// Takes the end of an element.
    pub fn end(&mut self, local: &str) {
        if self.slot == Slot::Person {
            let text = one_line(&std::mem::take(&mut self.text));
            match local {
                _ if text.is_empty() => {}
                "name" => self.name = self.name.take().or(Some(text)),
                "email" => self.email = self.email.take().or(Some(text)),
                _ => {}
            }
        } else if self.is_markup()
            && !matches!(local, "br" | "img" | "hr")
            && self.text.len() + local.len() < self.room
        {
            self.text += "</";
            self.text += local;
            self.text.push('>');
        }
    }

    /// Who it names.
    pub fn person(self) -> Option<String> {
        let text = one_line(&self.text);
        let text = (!text.is_empty()).then(|| name_of(&text));
        self.name.or(text).or(self.email)
    }

    /// What it says.
    pub fn value(self) -> Value {
        Value::new(self.text, self.mode, self.inline)
    }
}

/// The name of a person in RSS's `me@example.org (My Name)`, or mail's `My Name <me@example.org>`.
fn name_of(text: &str) -> String {
    let (outer, inner) = match text.split_once(['(', '<']) {
        Some((outer, inner)) => (outer.trim(), inner.trim_end_matches([')', '>']).trim()),
        None => return text.to_owned(),
    };
    match (outer.contains('@'), inner.contains('@')) {
        (true, false) if !inner.is_empty() => inner.to_owned(),
        (false, true) if !outer.is_empty() => outer.trim_matches('"').to_owned(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons() {
        for (text, name) in [
            ("me@example.org (My Name)", "My Name"),
            ("\"My Name\" <me@example.org>", "My Name"),
            ("My Name (me@example.org)", "My Name"),
            ("Name (the other)", "Name (the other)"),
            ("me@example.org", "me@example.org"),
        ] {
            assert_eq!(name_of(text), name, "{text}");
        }
    }
}
