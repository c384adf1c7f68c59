//! The ZIP file around an EPUB: files by the names that people write for them.

use std::collections::HashMap;
use std::io::Read;

use textmill_schemas::Reason;
use zip::ZipArchive;

use crate::input::Input;
use crate::record::too_large;

/// Most files of a book; the largest known ones have some thousands.
const MAX_FILES: usize = 100_000;

/// The files of a book. Nothing is ever written under their names.
pub(crate) struct Archive {
    zip: ZipArchive<Box<dyn Input>>,
    /// Index by name, in lower case and without `%20` and the like.
    names: HashMap<String, usize>,
    /// Names as they are, by index.
    order: Vec<String>,
}

impl Archive {
    /// Reads the directory.
    pub fn open(input: Box<dyn Input>) -> Result<Self, Reason> {
        let invalid = |detail: String| Reason::new("collect.invalid_zip").detail(detail);
        let zip = ZipArchive::new(input).map_err(|error| invalid(error.to_string()))?;
        if zip.len() > MAX_FILES {
            let many =
                Reason::new("collect.too_large").measured(zip.len() as f64, MAX_FILES as f64);
            return Err(many.detail("more files than a book has"));
        }
        let mut order = Vec::with_capacity(zip.len());
        for index in 0..zip.len() {
            let name = zip.name_for_index(index).and_then(Result::ok);
            order.push(name.map_or_else(String::new, |name| name.replace('\\', "/")));
        }
        let mut names = HashMap::new();
        for (index, name) in order.iter().enumerate() {
            // Of two files with a name that differs in case alone, the first.
            names.entry(plain(name)).or_insert(index);
        }
        Ok(Self { zip, names, order })
    }

    /// The file of a name.
    pub fn find(&self, name: &str) -> Option<usize> {
        let exact = || self.order.iter().position(|known| known == name);
        self.names.get(&plain(name)).copied().or_else(exact)
    }

    /// The names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.order.iter().map(String::as_str)
    }

    /// The bytes of a file.
    pub fn read(&mut self, index: usize, limit: u64) -> Result<Vec<u8>, Reason> {
        let name = self.order.get(index).cloned().unwrap_or_default();
        let wrong = |rule: &'static str, error: &dyn std::fmt::Display| {
            Reason::new(rule).detail(format!("{name}: {error}"))
        };
        let file = match self.zip.by_index(index) {
            Ok(file) => file,
            Err(zip::result::ZipError::UnsupportedArchive(
                zip::result::ZipError::PASSWORD_REQUIRED,
            )) => {
                return Err(wrong("collect.encrypted", &"needs a password"));
            }
            Err(error) => return Err(wrong("collect.corrupt", &error)),
        };
        let mut bytes = Vec::new();
        match file.take(limit.saturating_add(1)).read_to_end(&mut bytes) {
            Ok(_) if bytes.len() as u64 > limit => Err(too_large(bytes.len() as u64, limit)),
            Ok(_) => Ok(bytes),
            Err(error) => Err(wrong("collect.corrupt", &error)),
        }
    }
}

/// A name for comparing: decoded, in lower case, without `.` and `..`.
pub(crate) fn plain(name: &str) -> String {
    let decoded = percent_decoded(&name.replace('\\', "/"));
    let mut parts: Vec<&str> = Vec::new();
    for part in decoded.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    use unicode_normalization::UnicodeNormalization;
    // macOS writes names decomposed.
    parts.join("/").nfc().collect::<String>().to_lowercase()
}

/// A reference in the file `from`, as a name in the archive, and its fragment.
pub(crate) fn resolve<'a>(from: &str, reference: &'a str) -> (String, Option<&'a str>) {
    let (path, fragment) = match reference.split_once('#') {
        Some((path, fragment)) => (path, Some(fragment)),
        None => (reference, None),
    };
    let path = path.trim();
    if path.is_empty() {
        return (plain(from), fragment);
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let whole = match path.strip_prefix('/') {
        Some(path) => path.to_owned(),
        None => format!("{folder}/{path}"),
    };
    (plain(&whole), fragment)
}

fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let hex = text.get(at + 1..at + 3).filter(|_| *byte == b'%');
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (from, reference, name) in [
            (
                "OPS/package.opf",
                "Text/Ch%201.xhtml#a",
                "ops/text/ch 1.xhtml",
            ),
            ("OPS/text/a.xhtml", "../b.xhtml", "ops/b.xhtml"),
            ("a.opf", "../../../etc/passwd", "etc/passwd"),
            ("OPS/a.opf", "/b.xhtml", "b.xhtml"),
            ("OPS/a.opf", "100%.xhtml", "ops/100%.xhtml"),
            ("OPS/a.opf", "#x", "ops/a.opf"),
        ] {
            assert_eq!(resolve(from, reference).0, name, "{reference}");
        }
    }
}
