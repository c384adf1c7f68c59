//! Where a page comes from.

use std::io::Read;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// How long a server may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How we name ourselves to servers.
const USER_AGENT: &str = concat!("textmill/", env!("CARGO_PKG_VERSION"));

/// A page as bytes.
pub(super) struct Source {
    pub(super) body: Vec<u8>,
    /// Charset that the server declares.
    pub(super) charset: Option<String>,
    url: Option<String>,
}

impl Source {
    /// Reads a file, standard input (`-`) or an address, at most `limit` bytes of it.
    pub(super) fn read(location: &str, limit: usize) -> Result<Self> {
        if location.starts_with("http://") || location.starts_with("https://") {
            return fetch(location, limit);
        }
        let body = match location {
            "-" => bounded(std::io::stdin().lock(), limit, "standard input")?,
            path => {
                let file = std::fs::File::open(path).with_context(|| {
                    format!("cannot read the page {path}; give a file, an http(s) address or -")
                })?;
                bounded(file, limit, path)?
            }
        };
        Ok(Self {
            body,
            charset: None,
            url: None,
        })
    }

    /// The address that the page was fetched from.
    pub(super) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }
}

fn bounded(reader: impl Read, limit: usize, name: &str) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    let most = (limit as u64).saturating_add(1);
    reader
        .take(most)
        .read_to_end(&mut body)
        .with_context(|| format!("cannot read {name}"))?;
    if body.len() > limit {
        bail!(
            "{name} has more than extract.max_bytes = {limit} bytes; raise it with --set extract.max_bytes=…"
        );
    }
    Ok(body)
}

fn fetch(url: &str, limit: usize) -> Result<Source> {
    let client = reqwest::blocking::Client::builder()
        .user_agent(USER_AGENT)
        .timeout(TIMEOUT)
        .build()
        .context("cannot set up the network")?;
    let answer = client
        .get(url)
        .send()
        .and_then(|answer| answer.error_for_status());
    let answer = answer.with_context(|| format!("cannot fetch {url}"))?;
    let declared = answer
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok());
    let charset = declared.and_then(charset_of);
    let url = Some(answer.url().to_string());
    Ok(Source {
        body: bounded(answer, limit, "the page")?,
        charset,
        url,
    })
}

/// The charset parameter of a media type.
fn charset_of(content_type: &str) -> Option<String> {
    let parameters = content_type.split(';').skip(1);
    let mut pairs = parameters.filter_map(|parameter| parameter.split_once('='));
    let charset = pairs
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?
        .1;
    Some(charset.trim().trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_charset_is_a_parameter_of_the_media_type() {
        assert_eq!(
            charset_of("text/html; Charset=\"GBK\"").as_deref(),
            Some("GBK")
        );
        assert_eq!(charset_of("text/html"), None);
    }

    #[test]
    fn what_is_too_long_is_refused() {
        assert_eq!(bounded(&b"abc"[..], 3, "x").unwrap(), b"abc");
        let error = bounded(&b"abcd"[..], 3, "x").unwrap_err().to_string();
        assert!(error.contains("extract.max_bytes"), "{error}");
    }
}
