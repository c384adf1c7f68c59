//! The `[collect.fetch]` table.

use serde::{Deserialize, Serialize};

use super::robots;
use crate::Error;

/// Robots that gather texts for models. What a site forbids them, it forbids us.
const AGENTS: &[&str] = &[
    "AI2Bot",
    "Ai2Bot-Dolma",
    "Amazonbot",
    "anthropic-ai",
    "Applebot-Extended",
    "Bytespider",
    "CCBot",
    "Claude-Web",
    "ClaudeBot",
    "cohere-ai",
    "cohere-training-data-crawler",
    "Diffbot",
    "Google-Extended",
    "GPTBot",
    "meta-externalagent",
    "omgili",
    "PanguBot",
    "PerplexityBot",
    "Webzio-Extended",
];

/// The `[collect.fetch]` table: how sources of the kind `web` are fetched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FetchConfig {
    /// Folder of what was fetched; each source has a folder in it. A second run reads from it.
    pub folder: String,
    /// What becomes of an address that was fetched before.
    pub refresh: Refresh,
    /// How we name ourselves; it begins with the product token that `robots.txt` is asked for.
    pub user_agent: String,
    /// An address or mailbox under which sites can reach whoever fetches; added to `user_agent`.
    pub contact: String,
    /// Robots whose groups in `robots.txt` are obeyed besides ours. The same names count in
    /// `X-Robots-Tag` and meta tags.
    pub agents: Vec<String>,
    /// Whether `noai` in `X-Robots-Tag` or a meta tag keeps a page out.
    pub respect_noai: bool,
    /// Whether the TDM Reservation Protocol keeps a page out.
    pub respect_tdm: bool,
    /// Whether addresses of the own machine and network may be fetched.
    pub allow_private: bool,
    /// Seconds between the end of an answer and the next request to the same host. A longer
    /// `Crawl-delay` is obeyed up to a minute.
    pub delay_seconds: f64,
    /// Hosts that are asked at the same time.
    pub hosts_at_once: usize,
    /// Seconds until the head of an answer, and again until the end of its body.
    pub timeout_seconds: f64,
    /// Further attempts after an answer of 429 or 5xx, or none.
    pub retries: u32,
    /// Seconds before the first of them; each further one waits twice as long. A `Retry-After`
    /// takes its place, up to five minutes.
    pub backoff_seconds: f64,
    /// Redirects that are followed in a row.
    pub max_redirects: u32,
    /// Longest body in bytes, as sent.
    pub max_bytes: u64,
    /// Addresses of a source at most.
    pub max_urls: u64,
    /// Bytes from which on a WARC file is followed by another.
    pub warc_bytes: u64,
}

/// What becomes of an address that was fetched before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Refresh {
    /// Nothing: what is there is read, also of failures.
    #[default]
    Never,
    /// What failed is tried again.
    Failed,
    /// All is asked for again whenever the stage runs, on the condition that it has changed.
    Conditional,
}

impl Default for FetchConfig {
    fn default() -> Self {
        Self {
            folder: "fetched".into(),
            refresh: Refresh::Never,
            user_agent: concat!("textmill/", env!("CARGO_PKG_VERSION")).into(),
            contact: String::new(),
            agents: AGENTS.iter().map(ToString::to_string).collect(),
            respect_noai: true,
            respect_tdm: true,
            allow_private: false,
            delay_seconds: 1.0,
            hosts_at_once: 8,
            timeout_seconds: 30.0,
            retries: 3,
            backoff_seconds: 2.0,
            max_redirects: 5,
            max_bytes: 16 << 20,
            max_urls: 100_000,
            warc_bytes: 1 << 30,
        }
    }
}

impl FetchConfig {
    /// Checks that the values make sense.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let error = |key: &'static str, problem: &str| {
            let problem = problem.to_owned();
            Err(Error::Setting { key, problem })
        };
        if self.folder.is_empty() {
            return error(
                "fetch.folder",
                "is empty; name a folder for what is fetched",
            );
        }
        if robots::token(&self.user_agent).is_empty() {
            return error(
                "fetch.user_agent",
                "must begin with a name of letters, `-` or `_`, such as `textmill`",
            );
        }
        let unprintable = |text: &str| !text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if unprintable(&self.user_agent) || unprintable(&self.contact) {
            return error("fetch.user_agent", "only printable ASCII can be sent");
        }
        let seconds = [
            ("fetch.delay_seconds", self.delay_seconds, 0.0),
            ("fetch.timeout_seconds", self.timeout_seconds, 0.01),
            ("fetch.backoff_seconds", self.backoff_seconds, 0.0),
        ];
        for (key, value, least) in seconds {
            if !(least..=86_400.0).contains(&value) {
                return error(key, &format!("must be between {least} and 86400 seconds"));
            }
        }
        if !(1..=1000).contains(&self.hosts_at_once) {
            return error("fetch.hosts_at_once", "must be between 1 and 1000");
        }
        let counts = [
            ("fetch.max_bytes", self.max_bytes),
            ("fetch.max_urls", self.max_urls),
            ("fetch.warc_bytes", self.warc_bytes),
        ];
        match counts.iter().find(|(_, value)| *value == 0) {
            Some((key, _)) => error(key, "must be at least 1"),
            None => Ok(()),
        }
    }

    /// The `User-Agent` as it is sent.
    pub(crate) fn full_user_agent(&self) -> String {
        match self.contact.is_empty() {
            true => self.user_agent.clone(),
            false => format!("{} (+{})", self.user_agent, self.contact),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_out_of_range_name_their_key() {
        FetchConfig::default().check().unwrap();
        let message = |change: fn(&mut FetchConfig)| {
            let mut config = FetchConfig::default();
            change(&mut config);
            config.check().unwrap_err().to_string()
        };
        assert!(message(|config| config.folder.clear()).contains("collect.fetch.folder"));
        assert!(message(|config| config.user_agent = "/1".into()).contains("user_agent"));
        assert!(message(|config| config.contact = "a\r\nb".into()).contains("ASCII"));
        assert!(message(|config| config.delay_seconds = f64::NAN).contains("delay_seconds"));
        assert!(message(|config| config.timeout_seconds = 0.0).contains("timeout_seconds"));
        assert!(message(|config| config.hosts_at_once = 0).contains("hosts_at_once"));
        assert!(message(|config| config.max_urls = 0).contains("max_urls"));
    }

    #[test]
    fn a_contact_stands_behind_the_name() {
        let mut config = FetchConfig::default();
        assert!(!config.full_user_agent().contains('+'));
        config.contact = "https://a.example/bot".into();
        assert!(
            config
                .full_user_agent()
                .ends_with(" (+https://a.example/bot)")
        );
    }
}
