//! What the fields of an entry or feed say, put where it belongs.

use url::Url;

use super::Parser;
use crate::feed::capture::Capture;
use crate::feed::slot::{Attributes, Slot};
use crate::feed::value::Value;

impl Parser {
    /// What attributes say: links of Atom, licences of RSS 1.0.
    pub(super) fn by_attribute(&mut self, slot: Slot, found: &Attributes) {
        let rel = found
            .rel
            .as_deref()
            .unwrap_or("alternate")
            .trim()
            .to_ascii_lowercase();
        let rel = rel
            .strip_prefix("http://www.iana.org/assignments/relation/")
            .unwrap_or(&rel);
        let href = self.address(found.href.as_deref());
        match (slot, rel) {
            (Slot::Link, "license") => self.set_license(href),
            (Slot::Link, "self") if self.pending.is_none() => self.info.own = href,
            (Slot::Link, "alternate") => self.set_link(href, false),
            (Slot::License, _) => {
                let address = self.address(found.resource.as_deref()).or(href);
                self.set_license(address);
            }
            _ => {}
        }
    }

    fn set_link(&mut self, link: Option<String>, instead: bool) {
        let field = match &mut self.pending {
            Some(pending) => &mut pending.entry.link,
            None => &mut self.info.link,
        };
        if instead || field.is_none() {
            *field = link.or_else(|| field.take());
        }
    }

    fn set_license(&mut self, license: Option<String>) {
        let field = match &mut self.pending {
            Some(pending) => &mut pending.entry.license,
            None => &mut self.info.license,
        };
        *field = field.take().or(license);
    }

    /// An address made whole by xml:base, by the feed's own address, or by its site's.
    pub(super) fn address(&self, text: Option<&str>) -> Option<String> {
        let text = text?.trim();
        if text.is_empty() {
            return None;
        }
        let own = self.info.own.as_deref().or(self.info.link.as_deref());
        let mut base = own.and_then(|own| Url::parse(own).ok());
        for open in &self.stack {
            if let Some(relative) = &open.base {
                base = join(base.as_ref(), relative).or(base);
            }
        }
        let is_read = |url: &Url| matches!(url.scheme(), "http" | "https" | "ftp");
        match Url::parse(text) {
            // As it is written, unless it was broken over lines.
            Ok(url) if text.contains(char::is_whitespace) => is_read(&url).then(|| url.into()),
            Ok(url) => is_read(&url).then(|| text.to_owned()),
            Err(_) => match join(base.as_ref(), text) {
                Some(url) => is_read(&url).then(|| url.into()),
                None => Some(text.to_owned()),
            },
        }
    }

    /// Takes what an element says at its end.
    pub(super) fn finish_field(&mut self, capture: Capture) {
        let slot = capture.slot;
        if slot == Slot::Person {
            let person = capture.person();
            let authors = match &mut self.pending {
                Some(pending) => &mut pending.entry.authors,
                None => &mut self.info.authors,
            };
            let new = person.filter(|person| authors.len() < 64 && !authors.contains(person));
            authors.extend(new);
            return;
        }
        self.finish_value(slot, &capture.value());
    }

    fn finish_value(&mut self, slot: Slot, value: &Value) {
        let line = || Some(value.line()).filter(|line| !line.is_empty());
        match slot {
            Slot::Link => return self.set_link(self.address(line().as_deref()), false),
            Slot::OriginalLink => return self.set_link(self.address(line().as_deref()), true),
            Slot::License => return self.set_license(line()),
            _ => {}
        }
        let address = match slot {
            Slot::Id(true) => self.address(line().as_deref()),
            _ => None,
        };
        let Some(pending) = &mut self.pending else {
            let info = &mut self.info;
            match slot {
                Slot::Title => info.title = info.title.take().or_else(line),
                Slot::Lang => info.lang = info.lang.take().or_else(line),
                Slot::Rights => info.rights = info.rights.take().or_else(line),
                _ => {}
            }
            return;
        };
        let entry = &mut pending.entry;
        match slot {
            Slot::Title => entry.title = entry.title.take().or_else(line),
            Slot::Id(_) => entry.id = entry.id.take().or(address),
            Slot::Published => entry.published = entry.published.take().or_else(line),
            Slot::Updated => entry.updated = entry.updated.take().or_else(line),
            Slot::Lang => entry.lang = entry.lang.take().or_else(line),
            Slot::Rights => entry.rights = entry.rights.take().or_else(line),
            Slot::Content => take_longer(&mut entry.content, value),
            Slot::Description => take_longer(&mut entry.description, value),
            Slot::Summary => take_longer(&mut entry.summary, value),
            _ => {}
        }
    }
}

/// The longest of several: some feeds repeat the summary as content.
fn take_longer(field: &mut Option<Value>, value: &Value) {
    let before = field.as_ref().map_or(0, |before| before.text.len());
    if field.is_none() || value.text.len() > before {
        *field = Some(value.clone());
    }
}

fn join(base: Option<&Url>, text: &str) -> Option<Url> {
    Url::options().base_url(base).parse(text.trim()).ok()
}
