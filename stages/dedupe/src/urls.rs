//! Addresses in the form in which they are compared.

use url::{Host, Url};
use xxhash_rust::xxh3::xxh3_128;

/// Parameters that advertising, mail and analytics add to a link, in lower case; they are what
/// browsers strip (Firefox's query stripping list) and ClearURLs' rules for all sites have, less
/// what some site may mean otherwise.
const TRACKING: &[&str] = &[
    "__hsfp",
    "__hssc",
    "__hstc",
    "__s",
    "_branch_match_id",
    "_branch_referrer",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "_openstat",
    "dclid",
    "epik",
    "fbclid",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "guce_referrer",
    "guce_referrer_sig",
    "guccounter",
    "hsctatracking",
    "igsh",
    "igshid",
    "li_fat_id",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "ml_subscriber",
    "ml_subscriber_hash",
    "msclkid",
    "oly_anon_id",
    "oly_enc_id",
    "piwik_campaign",
    "piwik_keyword",
    "piwik_kwd",
    "pk_campaign",
    "pk_cid",
    "pk_content",
    "pk_keyword",
    "pk_kwd",
    "pk_medium",
    "pk_source",
    "rb_clickid",
    "ref_src",
    "s_cid",
    "spm",
    "srsltid",
    "ttclid",
    "twclid",
    "vero_conv",
    "vero_id",
    "wbraid",
    "wickedid",
    "wt.mc_id",
    "xtor",
    "yclid",
    "ymclid",
];
/// Beginnings of such names.
const TRACKING_PREFIXES: &[&str] = &["utm_", "hsa_", "mtm_", "matomo_"];
/// Names that only sessions have.
const SESSIONS: &[&str] = &[
    "cfid",
    "cftoken",
    "jsessionid",
    "oscsid",
    "phpsessid",
    "zenid",
];
/// Names that sessions have, and stories or talks as well (`article.php?sid=17`): they count when
/// the value looks like a session's.
const PERHAPS_SESSIONS: &[&str] = &[
    "s",
    "sess",
    "sessid",
    "session",
    "session_id",
    "sessionid",
    "sid",
];
/// Shortest value that looks like a session's, in bytes.
const SESSION_BYTES: usize = 20;
/// What follows `index.` or `default.` in the name of a folder's own page.
const INDEX_EXTENSIONS: &[&str] = &[
    "asp", "aspx", "cfm", "cgi", "htm", "html", "jsp", "php", "php3", "php4", "php5", "shtml",
    "xhtml",
];

/// The canonical form of an address, by which pages are recognised: `None` for all that is not
/// http or https.
///
/// Like http and https, two addresses count as one when they differ in letter case or script of
/// the host (IDNA), the port (where it is a default one), user and password, a leading `www.`,
/// the fragment (but for the routes `#!…` and `#/…`), dot segments, percent-encoding (RFC 3986,
/// section 6.2.2, with RFC 2396's marks among the unreserved characters), slashes or a folder's
/// page (`index.html`) at the end of the path, the order of parameters with different names, and
/// parameters that track readers or name a session.
#[must_use]
pub fn canonical_url(address: &str) -> Option<String> {
    let url = Url::parse(address.trim()).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let mut canonical = "http://".to_owned();
    canonical.push_str(&host(&url)?);
    // The parser takes out the port that is its scheme's own; here one scheme is the other.
    if let Some(port) = url.port().filter(|port| !matches!(port, 80 | 443)) {
        canonical.push_str(&format!(":{port}"));
    }
    canonical.push_str(&path(url.path()));
    let query = url.query().map(query).unwrap_or_default();
    if !query.is_empty() {
        canonical.push('?');
        canonical.push_str(&query);
    }
    if let Some(route) = url.fragment().and_then(route) {
        canonical.push('#');
        canonical.push_str(&route);
    }
    Some(canonical)
}

/// Hash of the canonical form.
#[must_use]
pub fn url_hash(address: &str) -> Option<u128> {
    canonical_url(address).map(|url| xxh3_128(url.as_bytes()))
}

/// The host without `www.` and last dot; `None` where a label is empty.
fn host(url: &Url) -> Option<String> {
    let name = match url.host()? {
        Host::Domain(name) => name,
        address => return Some(address.to_string()),
    };
    let mut name = name.strip_suffix('.').unwrap_or(name);
    while let Some(bare) = name.strip_prefix("www.").filter(|bare| bare.contains('.')) {
        name = bare;
    }
    let whole = name.split('.').all(|label| !label.is_empty());
    whole.then(|| name.to_ascii_lowercase())
}

fn path(path: &str) -> String {
    let mut segments: Vec<String> = Vec::new();
    for segment in path.split('/').skip(1) {
        let segment = encode(&without_session(segment), b"");
        // A session may have hidden one from the parser.
        match segment.as_str() {
            "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    while segments
        .pop_if(|last| last.is_empty() || is_index(last))
        .is_some()
    {}
    format!("/{}", segments.join("/"))
}

/// A segment of a path without the session among its parameters (`page;jsessionid=1`).
fn without_session(segment: &str) -> String {
    let mut parts = segment.split(';');
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let name = part.split('=').next().unwrap_or_default();
        if !SESSIONS.contains(&name.to_ascii_lowercase().as_str()) {
            kept.push(';');
            kept.push_str(part);
        }
    }
    kept
}

/// Whether this is the name of a folder's own page.
fn is_index(segment: &str) -> bool {
    let name = segment.to_ascii_lowercase();
    let extension = name
        .strip_prefix("index.")
        .or(name.strip_prefix("default."));
    extension.is_some_and(|extension| INDEX_EXTENSIONS.contains(&extension))
}

/// The parameters that choose the page, sorted by name; of one name, in the order given.
fn query(query: &str) -> String {
    let mut parameters: Vec<(String, Option<String>)> = Vec::new();
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        // In forms a plus is a space.
        let parameter = parameter.replace('+', "%20");
        let (name, value) = match parameter.split_once('=') {
            Some((name, value)) => (name, Some(encode(value, b"/?"))),
            None => (parameter.as_str(), None),
        };
        let name = encode(name, b"/?");
        if !is_passing(
            &name.to_ascii_lowercase(),
            value.as_deref().unwrap_or_default(),
        ) {
            parameters.push((name, value));
        }
    }
    parameters.sort_by(|a, b| a.0.cmp(&b.0));
    let join = |(name, value): (String, Option<String>)| match value {
        Some(value) => format!("{name}={value}"),
        None => name,
    };
    let parameters: Vec<String> = parameters.into_iter().map(join).collect();
    parameters.join("&")
}

/// Whether a parameter says how or in which session the page was come to. `name` is in lower case.
fn is_passing(name: &str, value: &str) -> bool {
    TRACKING.contains(&name)
        || TRACKING_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
        || SESSIONS.contains(&name)
        || name.starts_with("aspsessionid")
        || (PERHAPS_SESSIONS.contains(&name) && looks_like_session(value))
}

fn looks_like_session(value: &str) -> bool {
    value.len() >= SESSION_BYTES
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// A fragment that chooses the page of a program in the browser, other than its first.
fn route(fragment: &str) -> Option<String> {
    let is_route = fragment.starts_with(['!', '/']);
    let is_first = fragment.trim_matches(['!', '/']).is_empty();
    (is_route && !is_first).then(|| encode(fragment, b"/?"))
}

/// Percent-encodes what is neither allowed in a segment of a path nor in `further`, and decodes
/// what needs no encoding. A percent sign that encodes nothing is encoded itself.
fn encode(text: &str, further: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        let decoded = (*byte == b'%').then(|| hex_pair(after)).flatten();
        let (byte, plain) = match decoded {
            Some(byte) => (byte, is_unreserved(byte)),
            None => (
                *byte,
                is_unreserved(*byte) || is_delimiter(*byte) || further.contains(byte),
            ),
        };
        if plain {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        rest = after
            .get(if decoded.is_some() { 2 } else { 0 }..)
            .unwrap_or_default();
    }
    encoded
}

fn hex_pair(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    u8::try_from(digit(0)? << 4 | digit(1)?).ok()
}

/// Characters that mean the same whether encoded or not (RFC 2396, section 2.3: those of RFC 3986
/// and five marks, which encoders treat in either way).
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!*'()".contains(&byte)
}

/// Further characters of a path's segment (RFC 3986, `pchar`).
fn is_delimiter(byte: u8) -> bool {
    b"$&+,;=:@".contains(&byte)
}

#[cfg(test)]
mod tests;
