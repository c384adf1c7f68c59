//! Pages that ask not to be trained on.

/// Crawlers that collect for models: what a page forbids them to keep, it forbids training on.
pub const AI_CRAWLERS: [&str; 18] = [
    "ai2bot",
    "ai2bot-dolma",
    "amazonbot",
    "anthropic-ai",
    "applebot-extended",
    "bytespider",
    "ccbot",
    "claude-web",
    "claudebot",
    "cohere-ai",
    "cohere-training-data-crawler",
    "diffbot",
    "google-extended",
    "gptbot",
    "meta-externalagent",
    "omgili",
    "pangubot",
    "webzio-extended",
];

/// Asks that keep a page out of training by their own meaning: DeviantArt's `noai` and the TDM
/// Reservation Protocol's `tdm-reservation`.
///
/// Not among them: `noimageai`, which is about images; `noarchive` and `nocache`, which Bing alone
/// reads so; `noindex`, which is about search.
#[must_use]
pub fn default_opt_outs() -> Vec<String> {
    vec!["noai".into(), "tdm-reservation".into()]
}

/// The first ask of a page that keeps it out of training.
///
/// `robots` is the document's column of that name: asks separated by commas, those of one crawler
/// as `crawler:ask`. An ask counts if it is among `asks` and is made of all robots or of one of
/// [`AI_CRAWLERS`]; of these, `noindex` and `none` count as well.
///
/// ```
/// use textmill_filter::url::{default_opt_outs, opt_out};
/// let asks = default_opt_outs();
/// assert_eq!(opt_out("noindex, noai", &asks), Some("noai"));
/// assert_eq!(opt_out("index, gptbot:noindex", &asks), Some("gptbot:noindex"));
/// assert_eq!(opt_out("noindex, googlebot:noai", &asks), None);
/// ```
#[must_use]
pub fn opt_out<'a>(robots: &'a str, asks: &[String]) -> Option<&'a str> {
    robots
        .split(',')
        .map(str::trim)
        .find(|directive| keeps_out(directive, asks))
}

fn keeps_out(directive: &str, asks: &[String]) -> bool {
    let asked = |ask: &str| asks.iter().any(|known| known.eq_ignore_ascii_case(ask));
    let Some((crawler, ask)) = directive.split_once(':') else {
        return asked(directive);
    };
    let collects = AI_CRAWLERS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(crawler));
    let forbids = ["noindex", "none"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(ask));
    collects && (forbids || asked(ask))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_asks_about_training_count() {
        let asks = default_opt_outs();
        for (robots, found) in [
            ("", None),
            (
                "noindex, nofollow, noarchive, noimageai, max-snippet:-1",
                None,
            ),
            ("NoAI", Some("NoAI")),
            (
                "all, tdm-reservation, tdm-policy:https://example.com/p",
                Some("tdm-reservation"),
            ),
            ("tdm-policy:https://example.com/p", None),
            ("CCBot:none", Some("CCBot:none")),
            ("ccbot:nofollow", None),
            ("googlebot:noindex", None),
            ("unavailable_after:25 Jun 2010 15:00:00", None),
        ] {
            assert_eq!(opt_out(robots, &asks), found, "{robots}");
        }
        let wide = vec!["noarchive".to_string()];
        assert_eq!(opt_out("noai, noarchive", &wide), Some("noarchive"));
    }
}
