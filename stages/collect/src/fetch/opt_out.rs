//! Pages that ask to be kept out of the training of models.
//!
//! Read are `X-Robots-Tag` and the meta tags of robots, with DeviantArt's `noai` among their
//! directives, and the W3C community group's TDM Reservation Protocol
//! (<https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240202/>): header, meta tag, and
//! `/.well-known/tdmrep.json`. The asks have the names that the filter stage gives them.
//! `noimageai` is about images, `noindex` without the name of a robot about search.

use serde::Deserialize;

use super::meta::metas;
use super::robots::{Pattern, normalize};
use super::settings::FetchConfig;

/// Where a site tells its reservations.
pub(crate) const TDM_PATH: &str = "/.well-known/tdmrep.json";
/// Rules of that file at most.
const MAX_RULES: usize = 10_000;

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
        for meta in metas(page) {
            let name = meta.name.to_ascii_lowercase();
            if name == "tdm-reservation" {
                tdm = reservation(&meta.content)
                    .map(|set| (set, "a meta tag"))
                    .or(tdm);
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

    /// The ask in a list of directives. Those behind the name of a robot are for it alone, up to
    /// the next name: `noindex, gptbot: noindex, otherbot: noai`.
    fn in_tag(&self, value: &str) -> Option<String> {
        let mut agent = None;
        for part in value.split([',', ';']) {
            let asks = match part.split_once(':') {
                Some((name, asks)) if !is_directive(name.trim()) => {
                    agent = Some(name.trim());
                    asks
                }
                _ => part,
            };
            let found = match agent {
                Some(agent) => self.of_agent(agent, asks),
                None => {
                    let mut asks = asks.split_whitespace();
                    let noai = asks.any(|ask| ask.eq_ignore_ascii_case("noai"));
                    (self.noai && noai).then(|| "noai".to_owned())
                }
            };
            if found.is_some() {
                return found;
            }
        }
        None
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

/// Whether a word before a colon is a directive with a value, and not the name of a robot.
fn is_directive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "unavailable_after" || name.starts_with("max-")
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
        let matching = self
            .rules
            .iter()
            .filter(|(pattern, _)| pattern.matches(&path));
        let longest = matching.max_by_key(|(pattern, set)| (pattern.len(), *set));
        longest.is_some_and(|(_, set)| *set)
    }
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
            (
                "GPTBot: noindex, nofollow",
                Some("gptbot:noindex in X-Robots-Tag"),
            ),
            ("ccbot: none", Some("ccbot:none in X-Robots-Tag")),
            ("googlebot: noai", None),
            ("googlebot: noindex, otherbot: noai", None),
            ("noai, googlebot: noindex", Some("noai in X-Robots-Tag")),
            (
                "googlebot: nofollow, ccbot: noindex",
                Some("ccbot:noindex in X-Robots-Tag"),
            ),
            ("noimageai, noindex", None),
            ("unavailable_after: 25 Jun 2010 15:00:00 PST", None),
        ] {
            assert_eq!(
                of(&[("x-robots-tag", value)], "").as_deref(),
                found,
                "{value}"
            );
        }
        let found = of(&[("tdm-reservation", " 1 ")], "");
        assert_eq!(found.as_deref(), Some("tdm-reservation in a header"));
        assert_eq!(of(&[("tdm-reservation", "0")], ""), None);
    }

    #[test]
    fn meta_tags_keep_out() {
        for (page, found) in [
            (
                "<head><META content='noai' NAME=robots>",
                Some("noai in a meta tag"),
            ),
            (
                "<meta name=\"robots\" content=\"index,noai\"/>",
                Some("noai in a meta tag"),
            ),
            (
                "<meta/name=robots content=noai>",
                Some("noai in a meta tag"),
            ),
            (
                "<meta name=GPTBot content=noindex>",
                Some("gptbot:noindex in a meta tag"),
            ),
            (
                "<meta name=tdm-reservation content=1>",
                Some("tdm-reservation in a meta tag"),
            ),
            ("<!-- <meta name=robots content=noai> -->", None),
            ("<script>'<meta name=robots content=noai>'</script>", None),
            (
                "<style></style><meta name=robots content=noai>",
                Some("noai in a meta tag"),
            ),
            ("<meta name=robots content='noimageai'>", None),
            ("<meta name=description content='robots noai'>", None),
            ("<metadata name=robots content=noai>", None),
            (
                "<meta name=robots content='noai",
                Some("noai in a meta tag"),
            ),
        ] {
            assert_eq!(of(&[], page).as_deref(), found, "{page}");
        }
        let header = &[("tdm-reservation", "1")];
        assert_eq!(
            of(header, "<meta name=tdm-reservation content=0>"),
            None,
            "the page knows best"
        );
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
        let headers = [
            ("x-robots-tag", "noai"),
            ("tdm-reservation", "1"),
            ("x-robots-tag", "gptbot: none"),
        ];
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
        assert_eq!(
            found.unwrap(),
            "tdm-reservation in /.well-known/tdmrep.json"
        );
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
