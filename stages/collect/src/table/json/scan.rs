//! Where JSON values end, found without parsing them.

use memchr::memchr3;
use textmill_schemas::Reason;

use crate::input::{Damage, Mark, TextStream};

/// How a value that was read ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// It is whole.
    Whole,
    /// It is longer than is held; so many bytes were read.
    TooLong(u64),
    /// The file ends inside it.
    Cut,
    /// A line ends inside a string, which JSON forbids.
    BrokenLine,
    /// A bracket follows that closes one of the other kind.
    Mismatch,
}

/// How to read a value.
#[derive(Clone, Copy)]
pub(super) struct Hold {
    /// Most bytes to hold.
    pub limit: u64,
    /// Whether to read on to the end of a longer value.
    pub to_end: bool,
    /// Whether to stop where a line ends inside a string.
    pub at_lines: bool,
    /// Whether an array is open already, which ends the value.
    pub in_array: bool,
}

/// Longest white space before an object that is known again.
const MAX_INDENT: usize = 1 << 10;

/// Depth from which on brackets are counted without their kinds.
const MAX_KNOWN: u64 = 1024;

/// Finds the end of a value: the brackets that close it. What is between is not checked.
#[derive(Default)]
struct Scan {
    depth: u64,
    /// A bit for each open bracket: whether it opened an array.
    arrays: [u64; MAX_KNOWN as usize / 64],
    in_string: bool,
    escaped: bool,
    /// Whether the value is a number or a word, which end before what follows.
    bare: bool,
    begun: bool,
}

enum Step {
    /// All bytes belong to the value, and more.
    More,
    /// So many bytes belong to the value, the last ones.
    End(usize),
    /// A line ends inside a string, behind so many bytes.
    LineEnd(usize),
    /// Behind so many bytes a bracket closes one of the other kind.
    Mismatch(usize),
}

impl Scan {
    /// Goes on over bytes; stops at line ends in strings when asked to.
    fn feed(&mut self, bytes: &[u8], at_lines: bool) -> Step {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.in_string {
                match self.string(bytes, at, at_lines) {
                    Step::End(end) => at = end,
                    step => return step,
                }
                if self.depth == 0 && !self.in_string {
                    return Step::End(at);
                }
                continue;
            }
            match byte {
                _ if self.bare && b",]}[{:\" \t\r\n".contains(byte) => return Step::End(at),
                b'"' => self.in_string = true,
                b'{' | b'[' => self.open(*byte == b'['),
                b'}' | b']' if self.depth > 0 && !self.close(*byte == b']') => {
                    return Step::Mismatch(at);
                }
                _ => {}
            }
            self.bare = self.bare || (!self.begun && !b"\"{[".contains(byte));
            self.begun = true;
            at += 1;
            if self.depth == 0 && !self.in_string && !self.bare {
                return Step::End(at);
            }
        }
        Step::More
    }

    fn open(&mut self, is_array: bool) {
        let bit = 1 << (self.depth % 64);
        if let Some(word) = self.arrays.get_mut((self.depth / 64) as usize) {
            *word = if is_array { *word | bit } else { *word & !bit };
        }
        self.depth += 1;
    }

    /// Returns whether the kinds match.
    fn close(&mut self, is_array: bool) -> bool {
        self.depth -= 1;
        let bit = 1 << (self.depth % 64);
        let word = self.arrays.get((self.depth / 64) as usize);
        word.is_none_or(|word| (word & bit != 0) == is_array)
    }

    /// Goes to the end of a string or of the bytes, which is an end too.
    fn string(&mut self, bytes: &[u8], mut at: usize, at_lines: bool) -> Step {
        if self.escaped {
            self.escaped = false;
            at += 1;
        }
        while let Some(found) = bytes.get(at..).and_then(|rest| find(rest, at_lines)) {
            at += found + 1;
            match bytes.get(at - 1) {
                Some(b'"') => {
                    self.in_string = false;
                    return Step::End(at);
                }
                Some(b'\n') => return Step::LineEnd(at),
                _ if at == bytes.len() => {
                    self.escaped = true;
                    return Step::End(at);
                }
                _ => at += 1,
            }
        }
        Step::End(bytes.len())
    }
}

/// The next byte that matters in a string.
fn find(bytes: &[u8], at_lines: bool) -> Option<usize> {
    memchr3(b'"', b'\\', if at_lines { b'\n' } else { b'"' }, bytes)
}

/// Reads the value that begins here, and holds its first bytes.
pub(super) fn value(
    text: &mut TextStream,
    value: &mut Vec<u8>,
    hold: Hold,
) -> Result<Extent, Damage> {
    value.clear();
    let mut scan = Scan::default();
    if hold.in_array {
        scan.open(true);
        scan.begun = true;
    }
    let mut length = 0_u64;
    let measure = |length| match length > hold.limit {
        true => Extent::TooLong(length),
        false => Extent::Whole,
    };
    loop {
        let chunk = text.fill()?;
        if chunk.is_empty() {
            return Ok(if scan.bare {
                measure(length)
            } else {
                Extent::Cut
            });
        }
        let step = scan.feed(chunk, hold.at_lines);
        let bytes = match step {
            Step::More => chunk.len(),
            Step::End(bytes) | Step::LineEnd(bytes) | Step::Mismatch(bytes) => bytes,
        };
        let read = chunk.get(..bytes).unwrap_or_default();
        length += bytes as u64;
        // Without the rest all that is read is held, so that it can be given back.
        let room = match hold.to_end {
            true => hold.limit.saturating_sub(value.len() as u64) as usize,
            false => bytes,
        };
        value.extend_from_slice(read.get(..room).unwrap_or(read));
        text.consume(bytes);
        match step {
            Step::More if length > hold.limit && !hold.to_end => {
                return Ok(Extent::TooLong(length));
            }
            Step::More => {}
            Step::End(_) => return Ok(measure(length)),
            Step::LineEnd(_) => return Ok(Extent::BrokenLine),
            Step::Mismatch(_) => return Ok(Extent::Mismatch),
        }
    }
}

/// Skips white space. Gives what begins the line, if there is nothing else before.
pub(super) fn blank(text: &mut TextStream) -> Result<Option<Vec<u8>>, Damage> {
    let mut indent = (text.mark().column == 0).then(Vec::new);
    loop {
        let chunk = text.fill()?;
        let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let bytes = chunk.iter().take_while(is_blank).count();
        let skipped = chunk.get(..bytes).unwrap_or_default();
        let line = memchr::memrchr(b'\n', skipped);
        if line.is_some() {
            indent = Some(Vec::new());
        }
        if let Some(known) = &mut indent {
            let from = line.map_or(0, |feed| feed + 1);
            known.extend_from_slice(skipped.get(from..).unwrap_or_default());
        }
        if indent
            .as_ref()
            .is_some_and(|known| known.len() > MAX_INDENT)
        {
            indent = None;
        }
        // Only the end of the bytes at hand asks for another look.
        let more = bytes > 0 && bytes == chunk.len();
        text.consume(bytes);
        if !more {
            return Ok(indent);
        }
    }
}

/// Skips lines up to an object that begins a line behind the same white space, or to the end of
/// its array if it is in one. Returns whether there is one of them.
pub(super) fn next_line(
    text: &mut TextStream,
    indent: &[u8],
    in_array: bool,
) -> Result<bool, Damage> {
    loop {
        let column = text.mark().column;
        let chunk = text.fill()?;
        if chunk.is_empty() {
            return Ok(false);
        }
        if column > 0 {
            let feed = memchr::memchr(b'\n', chunk);
            let bytes = feed.map_or(chunk.len(), |feed| feed + 1);
            text.consume(bytes);
            continue;
        }
        let mut blank = Vec::new();
        while let Some(byte @ (b' ' | b'\t')) = text.first()? {
            if blank.len() <= indent.len() {
                blank.push(byte);
            }
            text.consume(1);
        }
        match text.first()? {
            Some(b'{') if blank == indent => return Ok(true),
            Some(b']') if in_array && blank.len() <= indent.len() => return Ok(true),
            Some(_) => text.consume(1),
            None => return Ok(false),
        }
    }
}

/// Why bytes are not JSON, and where.
pub(super) fn invalid(mark: Mark, what: &str) -> Reason {
    Reason::new("collect.invalid_json").detail(format!("{mark}: {what}"))
}

/// The same of a value that the parser refuses.
pub(super) fn refused(begin: Mark, value: &[u8], error: &serde_json::Error) -> Reason {
    let at = stop(value, error);
    let mut mark = begin;
    mark.pass(value.get(..at).unwrap_or(value));
    let rest = value.get(at..).unwrap_or_default();
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map(|(what, _)| what);
    match [&b"NaN"[..], b"Infinity", b"aN", b"nfinity"] {
        words if words.iter().any(|word| rest.starts_with(word)) => {
            invalid(mark, "NaN and Infinity are not JSON; write null")
        }
        _ => invalid(mark, message.unwrap_or("not JSON")),
    }
}

/// Where in a value the parser stopped.
pub(super) fn stop(value: &[u8], error: &serde_json::Error) -> usize {
    let mut feeds = memchr::memchr_iter(b'\n', value);
    let line = match error.line() {
        0 | 1 => 0,
        line => feeds.nth(line - 2).map_or(value.len(), |feed| feed + 1),
    };
    // The parser's columns begin with 1; 0 is the line feed before.
    (line + error.column()).saturating_sub(1).min(value.len())
}
