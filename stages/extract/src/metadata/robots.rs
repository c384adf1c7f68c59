//! What a page asks of robots, and whether it keeps itself out of the training of models.
//!
//! Read are the robots meta tags (<https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag>),
//! with DeviantArt's `noai` and `noimageai` among their directives; the same under the name of one
//! crawler; and the W3C community group's TDM Reservation Protocol
//! (<https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240202/>).

/// Crawlers whose names do not end in `bot`, above all those that collect for models.
const CRAWLERS: [&str; 24] = [
    "ai2bot-dolma",
    "anthropic-ai",
    "applebot-extended",
    "baiduspider",
    "bytespider",
    "chatgpt-user",
    "claude-user",
    "claude-web",
    "cohere-ai",
    "cohere-training-data-crawler",
    "facebookexternalhit",
    "google-extended",
    "googlebot-image",
    "googlebot-news",
    "googleother",
    "meta-externalagent",
    "mistralai-user",
    "omgili",
    "perplexity-user",
    "sogou",
    "slurp",
    "teoma",
    "webzio-extended",
    "yandex",
];
/// Longest directive, in bytes, and most of them.
const MAX_DIRECTIVE: usize = 200;
const MAX_DIRECTIVES: usize = 50;

/// The directives of a page, each once, in the page's order.
#[derive(Debug, Default)]
pub(crate) struct Robots {
    directives: Vec<String>,
}

impl Robots {
    /// Whether a meta tag of this (lower-case) name speaks to robots.
    pub(crate) fn knows(name: &str) -> bool {
        name.ends_with("bot")
            || matches!(
                name,
                "robots" | "x-robots-tag" | "tdm-reservation" | "tdm-policy"
            )
            || CRAWLERS.contains(&name)
    }

    /// Takes over the content of such a meta tag.
    pub(crate) fn read(&mut self, name: &str, content: &str) {
        match name {
            "tdm-reservation" if content.trim() == "1" => self.add(name.to_owned()),
            "tdm-reservation" => {}
            "tdm-policy" => self.add(format!("{name}:{}", content.trim())),
            "robots" | "x-robots-tag" => self.list(None, content),
            crawler if speaks(content) => self.list(Some(crawler), content),
            _ => {}
        }
    }

    fn list(&mut self, crawler: Option<&str>, content: &str) {
        // The date of `unavailable_after` may hold a comma, and comes last.
        let lower = content.to_ascii_lowercase();
        let date = lower.find("unavailable_after").unwrap_or(lower.len());
        let (listed, date) = lower.split_at(date);
        let parts = listed.split([',', ';']).take(MAX_DIRECTIVES);
        for part in parts.chain([date]) {
            // `noindex nofollow` is two; `max-snippet: -1` and a date are one.
            let words: Vec<&str> = part.split_whitespace().take(MAX_DIRECTIVES).collect();
            let joined = part.contains(':').then(|| words.join(" "));
            let texts = joined.as_deref().map_or(&words[..], |_| &[]);
            for text in texts.iter().copied().chain(joined.as_deref()) {
                let text = text.replace(": ", ":");
                self.add(match crawler {
                    Some(crawler) => format!("{crawler}:{text}"),
                    None => text,
                });
            }
        }
    }

    fn add(&mut self, directive: String) {
        let fits = (1..=MAX_DIRECTIVE).contains(&directive.len());
        if fits && self.directives.len() < MAX_DIRECTIVES && !self.directives.contains(&directive) {
            self.directives.push(directive);
        }
    }

    /// All of them, separated by commas.
    pub(crate) fn settle(self) -> Option<String> {
        (!self.directives.is_empty()).then(|| self.directives.join(", "))
    }
}

/// Whether a text holds one of the directives: chat bots of pages have settings of their own.
fn speaks(content: &str) -> bool {
    let content = content.to_ascii_lowercase();
    let known = [
        "index",
        "follow",
        "archive",
        "snippet",
        "preview",
        "cache",
        "noai",
        "none",
        "all",
        "odp",
        "ydir",
        "translate",
        "unavailable_after",
    ];
    known.iter().any(|word| content.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(tags: &[(&str, &str)]) -> Option<String> {
        let mut robots = Robots::default();
        for (name, content) in tags {
            assert!(Robots::knows(name), "{name}");
            robots.read(name, content);
        }
        robots.settle()
    }

    #[test]
    fn directives_are_put_in_one_form() {
        let found = of(&[("robots", "NOINDEX, nofollow,max-snippet: -1 , noindex")]);
        assert_eq!(found.as_deref(), Some("noindex, nofollow, max-snippet:-1"));
        let found = of(&[("robots", "index follow"), ("gptbot", "noindex")]);
        assert_eq!(found.as_deref(), Some("index, follow, gptbot:noindex"));
        assert_eq!(of(&[("robots", " , ")]), None);
    }

    #[test]
    fn a_page_can_keep_out_of_training() {
        let found = of(&[("robots", "noai, noimageai"), ("tdm-reservation", "1")]);
        assert_eq!(found.as_deref(), Some("noai, noimageai, tdm-reservation"));
        assert_eq!(of(&[("tdm-reservation", "0")]), None);
        let found = of(&[("google-extended", "noindex"), ("ccbot", "nofollow")]);
        let expected = "google-extended:noindex, ccbot:nofollow";
        assert_eq!(found.as_deref(), Some(expected));
        assert_eq!(of(&[("ourchatbot", "yes")]), None);
        let found = of(&[("tdm-policy", "https://example.org/Policy.json")]);
        let expected = "tdm-policy:https://example.org/Policy.json";
        assert_eq!(found.as_deref(), Some(expected));
    }
}
