//! Bytes to text: byte order mark, transport, declaration in the page, detection; with a check
//! on declarations that the bytes contradict.

mod cjk;
mod cyrillic;
mod declared;

use encoding_rs::{Encoding, GB18030, GBK, ISO_8859_6, ISO_8859_7, ISO_8859_8, REPLACEMENT};
use encoding_rs::{
    UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252, WINDOWS_1253, WINDOWS_1255, WINDOWS_1256,
};

/// Bytes of which the encoding is judged.
const SAMPLE: usize = 256 << 10;
/// Share of undecodable characters above which a declaration is not believed.
const MAX_MALFORMED: f64 = 0.02;

/// Text and the WHATWG name (lower case) of what it was decoded with.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    /// The text.
    pub text: String,
    /// Name of the charset.
    pub charset: String,
}

/// Decodes a body. `transport` is the charset of the HTTP header, `url` the page's address.
#[must_use]
pub fn decode(body: &[u8], transport: Option<&str>, url: Option<&str>) -> Decoded {
    let host = url.and_then(host);
    if let Some(decoded) = utf_32(body) {
        return decoded;
    }
    if let Some((encoding, bom)) = Encoding::for_bom(body) {
        return with(&body[bom..], encoding);
    }
    if let Some(encoding) = utf_16_without_mark(body) {
        return with(body, encoding);
    }
    let labels = [transport.map(str::to_owned), declared::label(body)];
    let declared: Vec<&'static Encoding> = labels
        .iter()
        .flatten()
        .filter_map(|label| encoding_of(label))
        .collect();
    let sample = &body[..body.len().min(SAMPLE)];
    let believed = declared
        .iter()
        .find(|encoding| is_believable(sample, encoding));
    match looks_like_utf_8(sample, believed.copied()) {
        Some(true) => return with(body, UTF_8),
        Some(false) => {}
        None => return with(body, believed.copied().unwrap_or(UTF_8)),
    }
    if let Some(encoding) = believed {
        return with(body, encoding);
    }
    if let Some(decoded) = cyrillic::ibm855(body, sample) {
        return decoded;
    }
    with(body, detect(sample, host))
}

fn host(url: &str) -> Option<&str> {
    url.split_once("://")?.1.split(['/', ':', '?', '#']).next()
}

/// Finds the encoding of undeclared bytes that are not UTF-8.
fn detect(sample: &[u8], host: Option<&str>) -> &'static Encoding {
    if let Some(encoding) = cjk::guess(sample) {
        return encoding;
    }
    if has_only_pounds(sample) {
        return WINDOWS_1252;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
    detector.feed(sample, true);
    let tld = host
        .and_then(|host| host.rsplit('.').next())
        .map(str::to_ascii_lowercase);
    let tld = tld.as_deref().map(str::as_bytes);
    let tld = tld.filter(|tld| !tld.is_empty() && tld.iter().all(u8::is_ascii_lowercase));
    let guess = detector.guess(tld, chardetng::Utf8Detection::Allow);
    // Letters of these alphabets make words in a Cyrillic code page too, but poor ones.
    let other = [
        ISO_8859_7,
        WINDOWS_1253,
        ISO_8859_8,
        WINDOWS_1255,
        ISO_8859_6,
        WINDOWS_1256,
    ];
    match cyrillic::guess(sample) {
        Some(encoding) if !other.contains(&guess) => encoding,
        _ => guess,
    }
}

/// Whether all that is not ASCII are signs of pounds before sums: in other code pages the byte is a
/// letter, and no word goes on with a digit.
fn has_only_pounds(sample: &[u8]) -> bool {
    let mut pairs = sample
        .windows(2)
        .filter(|pair| !pair[0].is_ascii())
        .peekable();
    let last_is_ascii = sample.last().is_some_and(u8::is_ascii);
    last_is_ascii
        && pairs.peek().is_some()
        && pairs.all(|pair| pair[0] == 0xa3 && pair[1].is_ascii_digit())
}

/// The encoding of a label; the national subsets of GB 18030 are read as GB 18030.
fn encoding_of(label: &str) -> Option<&'static Encoding> {
    let encoding = Encoding::for_label(label.trim().as_bytes())?;
    if encoding == GBK {
        return Some(GB18030);
    }
    // A page that could be read as far as its declaration is not in UTF-16.
    let wide = encoding == UTF_16LE || encoding == UTF_16BE;
    (encoding != REPLACEMENT && !wide).then_some(encoding)
}

/// `Some(true)` when the bytes are UTF-8 beyond ASCII (a few damaged characters allowed),
/// `Some(false)` when they are not, `None` when they are ASCII.
fn looks_like_utf_8(sample: &[u8], believed: Option<&'static Encoding>) -> Option<bool> {
    let (mut good, mut bad) = (0usize, 0usize);
    let chunks = sample.utf8_chunks();
    let mut last = false;
    for chunk in chunks {
        good += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        last = !chunk.invalid().is_empty();
        bad += usize::from(last);
    }
    // The sample may end inside a character.
    if last && sample.len() == SAMPLE {
        bad -= 1;
    }
    if sample.contains(&0x1b) && good == 0 && bad == 0 {
        return Some(cjk::guess(sample).is_none() && believed.is_none_or(|e| e == UTF_8));
    }
    match (good, bad) {
        (0, 0) => None,
        _ => Some(bad * 20 <= good),
    }
}

/// Whether a declaration fits the bytes.
fn is_believable(sample: &[u8], encoding: &'static Encoding) -> bool {
    if encoding == UTF_8 {
        return std::str::from_utf8(sample).is_ok();
    }
    let (text, _) = encoding.decode_without_bom_handling(sample);
    let (mut odd, mut other) = (0usize, 0usize);
    for c in text.chars().filter(|c| !c.is_ascii()) {
        let control = matches!(c, '\u{80}'..='\u{9f}' | '\u{fffd}');
        *(if control { &mut odd } else { &mut other }) += 1;
    }
    if odd as f64 > MAX_MALFORMED * (odd + other) as f64 + 1.0 {
        return false;
    }
    // windows-1252 is what servers say when they know nothing, and every byte fits it.
    encoding != WINDOWS_1252 || cjk::guess(sample).is_none()
}

fn with(body: &[u8], encoding: &'static Encoding) -> Decoded {
    let (text, _) = encoding.decode_without_bom_handling(body);
    Decoded {
        text: text.into_owned(),
        charset: encoding.name().to_ascii_lowercase(),
    }
}

/// UTF-32, which no browser reads and a few files are in, by its mark.
fn utf_32(body: &[u8]) -> Option<Decoded> {
    let (read, charset): (fn([u8; 4]) -> u32, _) = match body {
        [0xff, 0xfe, 0, 0, ..] => (u32::from_le_bytes, "utf-32le"),
        [0, 0, 0xfe, 0xff, ..] => (u32::from_be_bytes, "utf-32be"),
        [a, 0, 0, 0, b, 0, 0, 0, ..] if *a != 0 && *b != 0 => (u32::from_le_bytes, "utf-32le"),
        [0, 0, 0, a, 0, 0, 0, b, ..] if *a != 0 && *b != 0 => (u32::from_be_bytes, "utf-32be"),
        _ => return None,
    };
    let (units, _) = body.as_chunks::<4>();
    let chars = units
        .iter()
        .map(|unit| char::from_u32(read(*unit)).unwrap_or('\u{fffd}'));
    let text = chars.filter(|c| *c != '\u{feff}').collect();
    Some(Decoded {
        text,
        charset: charset.to_owned(),
    })
}

/// UTF-16 gives itself away by the zero bytes of its ASCII characters.
fn utf_16_without_mark(body: &[u8]) -> Option<&'static Encoding> {
    let (pairs, _) = body[..body.len().min(4096)].as_chunks::<2>();
    let (mut low, mut high) = (0, 0);
    for pair in pairs {
        match pair.map(|byte| byte == 0) {
            [false, true] => low += 1,
            [true, false] => high += 1,
            _ => {}
        }
    }
    let enough = pairs.len().max(8) / 2;
    match (low > enough, high > enough) {
        (true, false) => Some(UTF_16LE),
        (false, true) => Some(UTF_16BE),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
