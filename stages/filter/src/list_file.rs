//! Reading lists: one entry a line, `#` comments, plain or gzip.

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::text_file;

/// Longest line, in bytes: what is longer is no list.
const MAX_LINE: usize = 1 << 16;

/// Calls `each` with every entry of a list and its line number, without comments and white space
/// at the ends.
///
/// # Errors
/// A file that cannot be read; what `each` returns.
pub(crate) fn entries(
    path: &Path,
    mut each: impl FnMut(&str, usize) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut reader = open(path)?;
    let (mut bytes, mut number) = (Vec::new(), 0);
    loop {
        bytes.clear();
        let mut limited = reader.by_ref().take(MAX_LINE as u64 + 1);
        let read = limited.read_until(b'\n', &mut bytes);
        if read.map_err(|error| unreadable(path, &error))? == 0 {
            return Ok(());
        }
        number += 1;
        if bytes.len() > MAX_LINE {
            return Err(malformed(
                path,
                number,
                &String::from_utf8_lossy(&bytes),
                "list entry",
            ));
        }
        let Ok(line) = std::str::from_utf8(&bytes) else {
            let text = String::from_utf8_lossy(&bytes);
            return Err(malformed(path, number, &text, "line of UTF-8 text"));
        };
        let line = line.trim_start_matches('\u{FEFF}');
        let entry = without_comment(line).trim();
        if !entry.is_empty() {
            each(entry, number)?;
        }
    }
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, Error> {
    let metadata = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if metadata.is_dir() {
        return Err(unreadable(path, &"is a folder"));
    }
    text_file::open(path)
}

/// A comment begins the line or follows white space: `#` is a part of some addresses.
fn without_comment(line: &str) -> &str {
    let starts = memchr::memchr_iter(b'#', line.as_bytes());
    let mut comments = starts.filter(|&at| at == 0 || line[..at].ends_with([' ', '\t']));
    comments.next().map_or(line, |at| &line[..at])
}

/// The folder's entries, sorted by name.
pub(crate) fn folder(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let read = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let mut paths = Vec::new();
    for entry in read {
        paths.push(entry.map_err(|error| unreadable(path, &error))?.path());
    }
    paths.sort();
    Ok(paths)
}

pub(crate) fn unreadable(path: &Path, message: &dyn std::fmt::Display) -> Error {
    Error::List {
        path: path.to_path_buf(),
        message: message.to_string(),
    }
}

pub(crate) fn malformed(path: &Path, line: usize, text: &str, expected: &'static str) -> Error {
    Error::ListLine {
        path: path.to_path_buf(),
        line,
        text: text.trim_end().chars().take(80).collect(),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use super::*;

    fn read(path: &Path) -> Result<Vec<(String, usize)>, Error> {
        let mut found = Vec::new();
        entries(path, |entry, line| {
            found.push((entry.to_string(), line));
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn reads_plain_and_packed_lists() {
        let folder = tempfile::tempdir().unwrap();
        let text = "\u{FEFF}# head\r\none.example\r\n\n  two.example/#part # note\n";
        let plain = folder.path().join("domains");
        std::fs::write(&plain, text).unwrap();
        let packed = folder.path().join("domains.gz");
        let mut encoder =
            flate2::write::GzEncoder::new(File::create(&packed).unwrap(), Default::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap();
        let expected = vec![
            ("one.example".to_string(), 2),
            ("two.example/#part".to_string(), 4),
        ];
        assert_eq!(read(&plain), Ok(expected.clone()));
        assert_eq!(read(&packed), Ok(expected));
    }

    #[test]
    fn errors_name_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let missing = read(&folder.path().join("none")).unwrap_err().to_string();
        assert!(missing.contains("none: cannot be read"), "{missing}");
        let path = folder.path().join("list");
        std::fs::write(&path, b"one\n\xFF\xFE\n").unwrap();
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("list, line 2"), "{error}");
    }
}
