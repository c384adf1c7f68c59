//! Pages that ask to be kept out of the training of models.
//!
//! Read are `X-Robots-Tag` and the meta tags of robots, with DeviantArt's `noai` among their
//! directives, and the W3C community group's TDM Reservation Protocol
//! (<https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240202/>): header, meta tag, and
//! `/.well-known/tdmrep.json`. The asks have the names that the filter stage gives them.
//! `noimageai` is about images, `noindex` without the name of a robot about search.

use serde::Deserialize;

use super::robots::{Pattern, normalize};
use super::settings::FetchConfig;

/// Where a site tells its reservations.
pub(crate) const TDM_PATH: &str = "/.well-known/tdmrep.json";
/// Rules of that file at most.
const MAX_RULES: usize = 10_000;
/// Start of a page that is searched for meta tags.
const MAX_HEAD: usize = 1 << 20;

/// What keeps a page out.
pub(crate) struct OptOut {
    agents: Vec<String>,
    noai: bool,
    tdm: bool,
}

impl OptOut {
    /// Takes over what is to be respected.
    pub fn new(config: &FetchConfig) -> Self {
        let agents = config.agents.iter();
        Self {
            agents: agents.map(|agent| agent.to_ascii_lowercase()).collect(),
            noai: config.respect_noai,
            tdm: config.respect_tdm,
        }
    }

    /// The first ask that keeps a page out, from its headers (names in lower case) and its start;
    /// `reserved` is what the site's file says of its path.
    pub fn find<'a>(
        &self,
        headers: impl Iterator<Item = (&'a str, &'a str)>,
        page: &[u8],
        reserved: bool,
    ) -> Option<String> {
        let mut tdm = None;
        for (name, value) in headers {
            match name {
                "x-robots-tag" => {
                    if let Some(ask) = self.in_tag(value) {
                        return Some(format!("{ask} in X-Robots-Tag"));
                    }
                }
                "tdm-reservation" => tdm = reservation(value).map(|set| (set, "a header")),
                _ => {}
            }
        }
        for meta in metas(page.get(..MAX_HEAD).unwrap_or(page)) {
            let name = meta.name.to_ascii_lowercase();
            if name == "tdm-reservation" {
                tdm = reservation(&meta.content).map(|set| (set, "a meta tag")).or(tdm);
                continue;
            }
            let ask = match name.as_str() {
                "robots" | "x-robots-tag" => self.in_tag(&meta.content),
                agent => self.of_agent(agent, &meta.content),
            };
            if let Some(ask) = ask {
                return Some(format!("{ask} in a meta tag"));
            }
        }
        let (reserved, place) = tdm.unwrap_or((reserved, TDM_PATH));
        (self.tdm && reserved).then(|| format!("tdm-reservation in {place}"))
    }

    /// The ask in a list of directives, which may be meant for one robot: `gptbot: noindex, none`.
    fn in_tag(&self, value: &str) -> Option<String> {
        if let Some((agent, asks)) = value.split_once(':')
            && self.knows(agent.trim())
        {
            return self.of_agent(agent.trim(), asks);
        }
        // `unavailable_after: date` and `otherbot: noai` are not for us.
        let mut asks = value.split([',', ';', ' ']).map(str::trim);
        let for_other = value.split_once(':').is_some_and(|(agent, _)| {
            let directive = ["unavailable_after", "max-"];
            let agent = agent.trim().to_ascii_lowercase();
            !agent.contains([',', ' ']) && !directive.iter().any(|name| agent.starts_with(name))
        });
        let noai = asks.any(|ask| ask.eq_ignore_ascii_case("noai"));
        (self.noai && noai && !for_other).then(|| "noai".to_owned())
    }

    fn knows(&self, agent: &str) -> bool {
        let agent = agent.to_ascii_lowercase();
        self.agents.contains(&agent)
    }

    /// The ask in directives for one robot.
    fn of_agent(&self, agent: &str, asks: &str) -> Option<String> {
        if !self.knows(agent) {
            return None;
        }
        let asks = asks.split([',', ';', ' ']).map(str::trim);
        let mut asks = asks.map(str::to_ascii_lowercase);
        let ask = asks.find(|ask| matches!(ask.as_str(), "noindex" | "none" | "noai"))?;
        Some(format!("{}:{ask}", agent.to_ascii_lowercase()))
    }
}

fn reservation(value: &str) -> Option<bool> {
    match value.trim() {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    }
}

/// The rules of a `tdmrep.json`.
#[derive(Debug, Default)]
pub(crate) struct Reservations {
    rules: Vec<(Pattern, bool)>,
}

#[derive(Deserialize)]
struct TdmRule {
    location: String,
    #[serde(rename = "tdm-reservation")]
    reservation: serde_json::Value,
}

impl Reservations {
    /// Reads the file; rules that make no sense are skipped.
    pub fn parse(bytes: &[u8]) -> Self {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let rules: Vec<serde_json::Value> = serde_json::from_slice(bytes).unwrap_or_default();
        let rules = rules.into_iter().take(MAX_RULES).filter_map(|rule| {
            let rule: TdmRule = serde_json::from_value(rule).ok()?;
            let set = match &rule.reservation {
                serde_json::Value::String(text) => reservation(text)?,
                number => reservation(&number.to_string())?,
            };
            Some((Pattern::new(&rule.location)?, set))
        });
        Self {
            rules: rules.collect(),
        }
    }

    /// Whether a path is reserved: the longest matching location says it, as in `robots.txt`.
    pub fn reserves(&self, path: &str) -> bool {
        let path = normalize(path.as_bytes(), false);
        let matching = self.rules.iter().filter(|(pattern, _)| pattern.matches(&path));
        let longest = matching.max_by_key(|(pattern, set)| (pattern.len(), *set));
        longest.is_some_and(|(_, set)| *set)
    }
}

struct Meta {
    name: String,
    content: String,
}

/// The meta tags of a page in any encoding that has ASCII's bytes for ASCII; comments and scripts
/// are passed over.
fn metas(page: &[u8]) -> impl Iterator<Item = Meta> {
    let mut rest = page;
    std::iter::from_fn(move || {
        loop {
            let start = memchr::memchr(b'<', rest)?;
            rest = rest.get(start + 1..)?;
            if let Some(comment) = rest.strip_prefix(b"!--") {
                rest = after(comment, b"-->");
            } else if is_tag(rest, b"script") {
                rest = after_closing(rest, b"script");
            } else if is_tag(rest, b"style") {
                rest = after_closing(rest, b"style");
            } else if is_tag(rest, b"meta") {
                let (meta, left) = attributes(rest.get(4..)?);
                rest = left;
                if !meta.name.is_empty() {
                    return Some(meta);
                }
            }
        }
    })
}

fn is_tag(rest: &[u8], name: &[u8]) -> bool {
    let begins = rest
        .get(..name.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(name));
    let next = rest.get(name.len());
    begins && next.is_none_or(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))
}

fn after<'a>(text: &'a [u8], mark: &[u8]) -> &'a [u8] {
    let end = memchr::memmem::find(text, mark);
    end.map_or(&[], |end| text.get(end + mark.len()..).unwrap_or_default())
}

fn after_closing<'a>(mut rest: &'a [u8], name: &[u8]) -> &'a [u8] {
    loop {
        rest = after(rest, b"</");
        if rest.is_empty() || is_tag(rest, name) {
            return rest;
        }
    }
}

/// Reads the attributes of a tag and goes behind it.
fn attributes(mut rest: &[u8]) -> (Meta, &[u8]) {
    let (mut name, mut content) = (String::new(), String::new());
    loop {
        let skip = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'/';
        let start = rest.iter().position(|byte| !skip(byte));
        rest = start.and_then(|start| rest.get(start..)).unwrap_or_default();
        if rest.is_empty() || rest.starts_with(b">") {
            break;
        }
        let ends = |byte: &u8| skip(byte) || matches!(*byte, b'=' | b'>');
        // An attribute may begin with `=`.
        let end = rest.iter().skip(1).position(ends).map_or(rest.len(), |end| end + 1);
        let (key, after) = rest.split_at(end);
        let (value, after) = value(after);
        match key.to_ascii_lowercase().as_slice() {
            b"name" | b"http-equiv" if name.is_empty() => name = value,
            b"content" if content.is_empty() => content = value,
            _ => {}
        }
        rest = after;
    }
    let name = name.trim().to_owned();
    (Meta { name, content }, rest)
}

/// The value behind an attribute's name, if there is one.
fn value(after: &[u8]) -> (String, &[u8]) {
    let Some(value) = after.trim_ascii_start().strip_prefix(b"=") else {
        return (String::new(), after);
    };
    let value = value.trim_ascii_start();
    let (value, rest) = match value.first() {
        Some(quote @ (b'"' | b'\'')) => {
            let value = value.get(1..).unwrap_or_default();
            let end = memchr::memchr(*quote, value).unwrap_or(value.len());
            (value.get(..end), value.get(end + 1..))
        }
        _ => {
            let ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'>';
            let end = value.iter().position(ends).unwrap_or(value.len());
            (value.get(..end), value.get(end..))
        }
    };
    let value = String::from_utf8_lossy(value.unwrap_or_default()).into_owned();
    (value, rest.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(headers: &[(&str, &str)], page: &str) -> Option<String> {
        let opt_out = OptOut::new(&FetchConfig::default());
        opt_out.find(headers.iter().copied(), page.as_bytes(), false)
    }

    #[test]
    fn headers_keep_out() {
        for (value, found) in [
            ("noai", Some("noai in X-Robots-Tag")),
            ("noindex, NoAI, noimageai", Some("noai in X-Robots-Tag")),
            ("max-snippet:-1, noai", Some("noai in X-Robots-Tag")),
            ("GPTBot: noindex, nofollow", Some("gptbot:noindex in X-Robots-Tag")),
            ("ccbot: none", Some("ccbot:none in X-Robots-Tag")),
            ("googlebot: noai", None),
            ("noimageai, noindex", None),
            ("unavailable_after: 25 Jun 2010 15:00:00 PST", None),
        ] {
            assert_eq!(of(&[("x-robots-tag", value)], "").as_deref(), found, "{value}");
        }
        let found = of(&[("tdm-reservation", " 1 ")], "");
        assert_eq!(found.as_deref(), Some("tdm-reservation in a header"));
        assert_eq!(of(&[("tdm-reservation", "0")], ""), None);
    }

    #[test]
    fn meta_tags_keep_out() {
        for (page, found) in [
            ("<head><META content='noai' NAME=robots>", Some("noai in a meta tag")),
            ("<meta name=\"robots\" content=\"index,noai\"/>", Some("noai in a meta tag")),
            ("<meta/name=robots content=noai>", Some("noai in a meta tag")),
            ("<meta name=GPTBot content=noindex>", Some("gptbot:noindex in a meta tag")),
            ("<meta name=tdm-reservation content=1>", Some("tdm-reservation in a meta tag")),
            ("<!-- <meta name=robots content=noai> -->", None),
            ("<script>'<meta name=robots content=noai>'</script>", None),
            ("<style></style><meta name=robots content=noai>", Some("noai in a meta tag")),
            ("<meta name=robots content='noimageai'>", None),
            ("<meta name=description content='robots noai'>", None),
            ("<metadata name=robots content=noai>", None),
            ("<meta name=robots content='noai", Some("noai in a meta tag")),
        ] {
            assert_eq!(of(&[], page).as_deref(), found, "{page}");
        }
        let header = &[("tdm-reservation", "1")];
        assert_eq!(of(header, "<meta name=tdm-reservation content=0>"), None, "the page knows best");
    }

    #[test]
    fn what_is_not_respected_is_not_found() {
        let config = FetchConfig {
            respect_noai: false,
            respect_tdm: false,
            agents: Vec::new(),
            ..FetchConfig::default()
        };
        let opt_out = OptOut::new(&config);
        let headers = [("x-robots-tag", "noai"), ("tdm-reservation", "1"), ("x-robots-tag", "gptbot: none")];
        assert_eq!(opt_out.find(headers.into_iter(), b"", true), None);
    }

    #[test]
    fn sites_reserve_paths() {
        let rules = Reservations::parse(
            br#"[{"location": "/", "tdm-reservation": 1}, {"location": "/open/*", "tdm-reservation": "0"},
            {"location": 3}, {"location": "/x", "tdm-reservation": 2}]"#,
        );
        assert!(rules.reserves("/a") && rules.reserves("/x"));
        assert!(!rules.reserves("/open/b"));
        assert!(!Reservations::parse(b"<html>").reserves("/"));
        let opt_out = OptOut::new(&FetchConfig::default());
        let found = opt_out.find(std::iter::empty(), b"", true);
        assert_eq!(found.unwrap(), "tdm-reservation in /.well-known/tdmrep.json");
        let open = [("tdm-reservation", "0")];
        assert_eq!(opt_out.find(open.into_iter(), b"", true), None);
    }

    proptest! {
        #[test]
        fn never_panics(page in prop::collection::vec(prop::sample::select(b"<meta name=robots content='noai\">/!-- \n\xff".to_vec()), 0..200)) {
            let _ = OptOut::new(&FetchConfig::default()).find(std::iter::empty(), &page, false);
            let _ = Reservations::parse(&page);
        }
    }
}
