//! When to ask again.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use url::Url;

use super::client::{Exchange, Failure};
use super::settings::FetchConfig;

/// Longest wait between two attempts.
const MAX_WAIT: Duration = Duration::from_secs(300);

/// The wait after an attempt that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Wait {
    /// How long the host is left alone.
    pub pause: Duration,
    /// Whether there is another attempt.
    pub again: bool,
}

/// The wait after an attempt; none after one that succeeded, or that would end the same again.
pub(crate) fn wait(
    result: &Result<Exchange, Failure>,
    url: &Url,
    attempt: u32,
    config: &FetchConfig,
    now: Timestamp,
) -> Option<Wait> {
    let asked = match result {
        Ok(exchange) if is_passing(exchange.status) => exchange
            .header("retry-after")
            .and_then(|value| retry_after(value, now)),
        Err(failure) if failure.is_passing() => None,
        _ => return None,
    };
    let left = attempt < config.retries;
    Some(match asked {
        // Who asks for more than we wait is not asked again for this address.
        Some(asked) => Wait {
            pause: asked.min(MAX_WAIT),
            again: left && asked <= MAX_WAIT,
        },
        None if left => Wait {
            pause: backoff(config.backoff_seconds, attempt, url),
            again: true,
        },
        None => Wait {
            pause: Duration::ZERO,
            again: false,
        },
    })
}

/// Whether a status says that it may be another one later.
pub(crate) fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429) || (status >= 500 && !matches!(status, 501 | 505))
}

/// Twice as long each time, less up to half, by address and attempt: so that those who wait for
/// the same reason do not come back together, and a run is the same as the one before.
fn backoff(base: f64, attempt: u32, url: &Url) -> Duration {
    let mut hasher = blake3::Hasher::new();
    hasher.update(url.as_str().as_bytes());
    hasher.update(&attempt.to_le_bytes());
    let [byte, ..] = *hasher.finalize().as_bytes();
    let full = base * 2_f64.powi(attempt.min(30).cast_signed());
    let seconds = full * (1.0 - f64::from(byte) / 512.0);
    Duration::from_secs_f64(seconds.clamp(0.0, MAX_WAIT.as_secs_f64()))
}

/// Reads a `Retry-After` (RFC 9110, 10.2.3): seconds, or a date.
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let time = DateTimeParser::new().parse_timestamp(value).ok()?;
    let seconds = time.as_second().saturating_sub(now.as_second());
    Some(Duration::from_secs(seconds.max(0).unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> FetchConfig {
        FetchConfig {
            retries: 2,
            backoff_seconds: 2.0,
            ..FetchConfig::default()
        }
    }

    fn after_failure(failure: Failure, attempt: u32) -> Option<Wait> {
        let url = Url::parse("http://a.example/").unwrap();
        wait(
            &Err(failure),
            &url,
            attempt,
            &config(),
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn waits_grow_and_end() {
        let timeout = || Failure::Timeout(Duration::from_secs(1));
        for (attempt, least, most) in [(0, 1.0, 2.0), (1, 2.0, 4.0)] {
            let wait = after_failure(timeout(), attempt).unwrap();
            assert!(
                wait.again && (least..=most).contains(&wait.pause.as_secs_f64()),
                "{wait:?}"
            );
            assert_eq!(
                after_failure(timeout(), attempt),
                Some(wait),
                "the same each time"
            );
        }
        assert!(!after_failure(timeout(), 2).unwrap().again);
        assert_eq!(after_failure(Failure::TooLarge(2, 1), 0), None);
        assert_eq!(after_failure(Failure::Private(String::new()), 0), None);
        let url = Url::parse("http://a.example/").unwrap();
        assert!(backoff(2.0, 4_000_000_000, &url) <= MAX_WAIT);
    }

    #[test]
    fn servers_may_say_when() {
        let now = Timestamp::from_second(784_111_770).unwrap();
        for (value, seconds) in [
            ("0", Some(0)),
            (" 120 ", Some(120)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            assert_eq!(
                retry_after(value, now),
                seconds.map(Duration::from_secs),
                "{value}"
            );
        }
        assert!(is_passing(503) && is_passing(429) && !is_passing(404) && !is_passing(501));
    }
}
