//! Rules for robots: `robots.txt` as RFC 9309 has it, read as leniently as crawlers do.

mod pattern;

use std::collections::BTreeMap;

pub(crate) use pattern::{Pattern, normalize};

/// Bytes that are read at most: above the 500 KiB that RFC 9309, 2.5, asks for.
pub(crate) const MAX_BYTES: usize = 512 << 10;
/// Sitemaps of one file at most.
const MAX_SITEMAPS: usize = 1000;

/// Names of keys as people write them; the misspellings are those that Google's parser accepts.
const AGENT: &[&str] = &["user-agent", "useragent", "user agent"];
const DISALLOW: &[&str] = &[
    "disallow",
    "dissallow",
    "dissalow",
    "disalow",
    "diasllow",
    "disallaw",
];
const SITEMAP: &[&str] = &["sitemap", "site-map"];

/// A `robots.txt`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Robots {
    groups: Vec<Group>,
    /// Groups by product token in lower case; `*` is that of all others. Groups of one token count
    /// as one (RFC 9309, 2.2.1).
    by_token: BTreeMap<String, Vec<usize>>,
    /// Sitemaps that it names.
    pub sitemaps: Vec<String>,
}

#[derive(Debug, Default, PartialEq)]
struct Group {
    rules: Vec<Rule>,
    /// Seconds between two requests: not in the RFC, but widely written.
    crawl_delay: Option<f64>,
}

#[derive(Debug, PartialEq)]
struct Rule {
    allows: bool,
    pattern: Pattern,
}

impl Robots {
    /// Reads a file. There are no errors: what makes no sense is skipped.
    pub fn parse(bytes: &[u8]) -> Self {
        let mut parser = Parser::default();
        for line in lines(bounded(bytes)) {
            parser.line(&String::from_utf8_lossy(line));
        }
        parser.robots
    }

    /// Whether a robot of this product token may fetch a path with its query.
    pub fn allows(&self, token: &str, path: &str) -> bool {
        let groups = self.groups_of(token).or_else(|| self.by_token.get("*"));
        groups.is_none_or(|groups| self.decide(groups, path))
    }

    /// Whether a group that names this token forbids a path; that of all others does not count.
    pub fn forbids_by_name(&self, token: &str, path: &str) -> bool {
        let groups = self.groups_of(token);
        groups.is_some_and(|groups| !self.decide(groups, path))
    }

    /// Seconds between two requests that are asked of a robot of this token.
    pub fn crawl_delay(&self, token: &str) -> Option<f64> {
        let groups = self.groups_of(token).or_else(|| self.by_token.get("*"))?;
        let groups = groups.iter().filter_map(|index| self.groups.get(*index));
        groups
            .filter_map(|group| group.crawl_delay)
            .reduce(f64::max)
    }

    fn groups_of(&self, token: &str) -> Option<&Vec<usize>> {
        self.by_token.get(&token.to_ascii_lowercase())
    }

    /// The longest match decides, and of those of one length an allowing one (RFC 9309, 2.2.2).
    fn decide(&self, groups: &[usize], path: &str) -> bool {
        let path = normalize(path.as_bytes(), false);
        // Allowed without any rule (RFC 9309, 2.2.2).
        if path == b"/robots.txt" {
            return true;
        }
        let groups = groups.iter().filter_map(|index| self.groups.get(*index));
        let rules = groups.flat_map(|group| &group.rules);
        let found = rules
            .filter(|rule| rule.pattern.matches(&path))
            .map(|rule| (rule.pattern.len(), rule.allows))
            .max();
        found.is_none_or(|(_, allows)| allows)
    }
}

#[derive(Default)]
struct Parser {
    robots: Robots,
    /// Whether the current group has rules, so that a further agent begins another.
    has_rules: bool,
}

impl Parser {
    fn line(&mut self, line: &str) {
        let Some((key, value)) = key_value(line) else {
            return;
        };
        let key = key.to_ascii_lowercase();
        let is = |names: &[&str]| names.contains(&key.as_str());
        if is(AGENT) {
            self.agent(value);
        } else if key == "allow" || is(DISALLOW) {
            self.rule(key == "allow", value);
        } else if key == "crawl-delay" {
            let delay = value.parse().ok().filter(|delay: &f64| *delay >= 0.0);
            if let (Some(group), Some(delay)) = (self.robots.groups.last_mut(), delay) {
                group.crawl_delay = Some(group.crawl_delay.unwrap_or(0.0).max(delay));
            }
        } else if is(SITEMAP) && self.robots.sitemaps.len() < MAX_SITEMAPS {
            self.robots.sitemaps.push(value.to_owned());
        }
    }

    fn agent(&mut self, value: &str) {
        if self.has_rules || self.robots.groups.is_empty() {
            self.robots.groups.push(Group::default());
            self.has_rules = false;
        }
        let index = self.robots.groups.len() - 1;
        for token in tokens(value) {
            let of_token = self.robots.by_token.entry(token).or_default();
            if of_token.last() != Some(&index) {
                of_token.push(index);
            }
        }
    }

    fn rule(&mut self, allows: bool, value: &str) {
        // Rules before the first agent belong to nobody.
        let Some(group) = self.robots.groups.last_mut() else {
            return;
        };
        self.has_rules = true;
        // An empty rule matches nothing.
        if let Some(pattern) = Pattern::new(value) {
            group.rules.push(Rule { allows, pattern });
        }
    }
}

/// The tokens that an agent line may mean: as the RFC has them, letters with `-` and `_`; and with
/// digits and dots, since names such as `AI2Bot` hold them.
fn tokens(value: &str) -> Vec<String> {
    if value == "*" || value.starts_with("* ") {
        return vec!["*".to_owned()];
    }
    let strict = token(value);
    let wide = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let wide = value.split(wide).next().unwrap_or_default();
    let mut tokens = vec![strict.to_ascii_lowercase()];
    if wide.len() > strict.len() {
        tokens.push(wide.to_ascii_lowercase());
    }
    tokens.retain(|token| !token.is_empty());
    tokens
}

/// The product token that a user agent begins with (RFC 9309, 2.2.1).
pub(crate) fn token(user_agent: &str) -> &str {
    let foreign = |c: char| !(c.is_ascii_alphabetic() || matches!(c, '-' | '_'));
    user_agent.split(foreign).next().unwrap_or_default()
}

/// Key and value of a line, without comment. Where the colon was forgotten, the first white space
/// stands for it, if there are two words.
fn key_value(line: &str) -> Option<(&str, &str)> {
    let line = line.split('#').next().unwrap_or_default().trim();
    if let Some((key, value)) = line.split_once(':') {
        return Some((key.trim(), value.trim()));
    }
    let mut words = line.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(key), Some(value), None) => Some((key, value)),
        _ => None,
    }
}

/// The part that is read; a rule that the limit cuts would say something else, so it goes.
fn bounded(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bytes.get(..MAX_BYTES) {
        Some(start) if bytes.len() > MAX_BYTES => {
            let end = memchr::memrchr2(b'\n', b'\r', start).unwrap_or(0);
            start.get(..end).unwrap_or_default()
        }
        _ => bytes,
    }
}

/// Lines ended by CR, LF or both.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| matches!(byte, b'\r' | b'\n'))
}

#[cfg(test)]
mod tests;
