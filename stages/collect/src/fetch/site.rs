//! What a site asks of robots: its `robots.txt`, and its reservations of text and data mining.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use textmill_schemas::Reason;

use super::opt_out::Reservations;
use super::robots::Robots;

/// How long the rules of a site hold (RFC 9309, 2.4).
const AGE: Duration = Duration::from_secs(24 * 3600);
/// Longest pause that a site's `Crawl-delay` is obeyed with.
const MAX_CRAWL_DELAY: f64 = 60.0;

/// What a site asks.
pub(crate) struct Site {
    /// Its `robots.txt`, or why nothing may be fetched.
    pub robots: Result<Robots, Reason>,
    /// Paths that it reserves.
    pub reservations: Reservations,
    /// When it said so.
    pub since: Instant,
}

impl Site {
    /// Why a path may not be fetched by a robot of this token; `agents` are those whose groups are
    /// obeyed besides.
    pub fn refuses(&self, token: &str, agents: &[String], path: &str) -> Option<Reason> {
        let robots = match &self.robots {
            Ok(robots) => robots,
            Err(reason) => return Some(reason.clone()),
        };
        if !robots.allows(token, path) {
            let detail = format!("robots.txt forbids it to {token}");
            return Some(Reason::new("collect.robots").detail(detail));
        }
        let agent = agents
            .iter()
            .find(|agent| robots.forbids_by_name(agent, path))?;
        let detail = format!("robots.txt forbids it to {agent}");
        Some(Reason::new("collect.robots_ai").detail(detail))
    }

    /// The pause that it asks for between two requests.
    pub fn delay(&self, token: &str) -> Duration {
        let delay = self
            .robots
            .as_ref()
            .ok()
            .and_then(|robots| robots.crawl_delay(token));
        Duration::from_secs_f64(delay.unwrap_or(0.0).clamp(0.0, MAX_CRAWL_DELAY))
    }
}

/// A site that someone asks, or has asked.
type Slot = Arc<Mutex<Option<Arc<Site>>>>;

/// The sites of a run, by scheme, host and port.
#[derive(Default)]
pub(crate) struct Sites {
    slots: Mutex<HashMap<String, Slot>>,
}

impl Sites {
    /// A site; `ask` asks it, once while others wait.
    pub fn get<E>(
        &self,
        origin: &str,
        ask: impl FnOnce() -> Result<Site, E>,
    ) -> Result<Arc<Site>, E> {
        let slot = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(slots.entry(origin.to_owned()).or_default())
        };
        let mut known = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(site) = known.as_ref().filter(|site| site.since.elapsed() < AGE) {
            return Ok(Arc::clone(site));
        }
        let site = Arc::new(ask()?);
        *known = Some(Arc::clone(&site));
        Ok(site)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(robots: &str) -> Site {
        Site {
            robots: Ok(Robots::parse(robots.as_bytes())),
            reservations: Reservations::default(),
            since: Instant::now(),
        }
    }

    #[test]
    fn robots_for_models_count_only_by_name() {
        let agents = ["GPTBot".to_owned(), "CCBot".to_owned()];
        let rule = |text: &str, path: &str| {
            site(text)
                .refuses("textmill", &agents, path)
                .map(|reason| reason.rule)
        };
        let text = "user-agent: *\ndisallow: /all\nuser-agent: ccbot\ndisallow: /models\n";
        assert_eq!(rule(text, "/all").as_deref(), Some("collect.robots"));
        assert_eq!(rule(text, "/models").as_deref(), Some("collect.robots_ai"));
        assert_eq!(rule(text, "/"), None);
        let text = "user-agent: textmill\nallow: /\nuser-agent: *\ndisallow: /\n";
        assert_eq!(rule(text, "/"), None);
    }

    #[test]
    fn delays_have_a_bound() {
        let seconds = |text: &str| site(text).delay("textmill").as_secs_f64();
        assert_eq!(seconds("user-agent: *\ncrawl-delay: 2\n"), 2.0);
        assert_eq!(seconds("user-agent: *\ncrawl-delay: 1e300\n"), 60.0);
        assert_eq!(seconds("user-agent: *\ncrawl-delay: nan\n"), 0.0);
        assert_eq!(seconds("user-agent: other\ncrawl-delay: 2\n"), 0.0);
    }
}
