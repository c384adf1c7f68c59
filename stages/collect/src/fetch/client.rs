//! One request and its answer, within bounds.

use std::io::Read;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::header::{HeaderMap, TRANSFER_ENCODING};
use textmill_schemas::Reason;
use url::Url;

use super::address::{LookUp, Private, Resolver, private_literal};
use super::settings::FetchConfig;
use crate::Error;

/// Media types that are asked for, all others last: feeds and sitemaps come as anything.
const ACCEPT: &str =
    "text/html,application/xhtml+xml,text/plain;q=0.9,text/markdown;q=0.9,*/*;q=0.5";
/// Encodings that the reader of crawls takes off again.
const ACCEPT_ENCODING: &str = "gzip, deflate, br";

/// Asks servers. Redirects are not followed here, and proxies of the environment are not used:
/// behind one, nobody could see which addresses are reached.
pub(crate) struct Client {
    http: reqwest::blocking::Client,
    user_agent: String,
    timeout: Duration,
    allow_private: bool,
}

/// How much of a body is wanted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Want {
    /// All of it; more bytes than this are an error.
    Whole(u64),
    /// So many bytes from its start.
    Start(u64),
}

/// A request and its answer.
pub(crate) struct Exchange {
    /// What was asked for.
    pub url: Url,
    /// The head of the request.
    pub request: Vec<u8>,
    /// Who answered.
    pub address: Option<IpAddr>,
    /// When.
    pub time: Timestamp,
    /// Status code.
    pub status: u16,
    /// Header fields.
    pub headers: HeaderMap,
    /// The answer's head, as it is stored.
    pub head: Vec<u8>,
    /// The body as sent, without its transfer encoding.
    pub body: Vec<u8>,
    /// Whether bytes of the body are missing because they were not wanted.
    pub is_cut: bool,
}

impl Exchange {
    /// The text of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The address may not be reached.
    Private(String),
    /// It took longer than the limit.
    Timeout(Duration),
    /// The body is longer than the limit.
    TooLarge(u64, u64),
    /// The connection failed or broke off.
    Broken(String),
}

impl Failure {
    /// Whether another attempt may help.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Timeout(_) | Self::Broken(_))
    }

    /// The reason of the dropped row.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Private(detail) => Reason::new("collect.private_address").detail(format!(
                "{detail}; set collect.fetch.allow_private = true if it is meant"
            )),
            Self::Timeout(limit) => Reason::new("collect.timeout").detail(format!(
                "no whole answer in {} seconds",
                limit.as_secs_f64()
            )),
            Self::TooLarge(bytes, limit) => Reason::new("collect.too_large")
                .measured(*bytes as f64, *limit as f64)
                .detail("longer than collect.fetch.max_bytes"),
            Self::Broken(detail) => Reason::new("collect.fetch_failed").detail(detail.clone()),
        }
    }
}

impl Client {
    /// Prepares connections.
    pub fn new(config: &FetchConfig, look_up: LookUp) -> Result<Self, Error> {
        let timeout = Duration::from_secs_f64(config.timeout_seconds);
        let resolver = Resolver {
            look_up,
            allow_private: config.allow_private,
        };
        let http = reqwest::blocking::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .http1_only()
            .timeout(timeout)
            .connect_timeout(timeout)
            .pool_max_idle_per_host(1)
            .dns_resolver(Arc::new(resolver))
            .build();
        let http = http.map_err(|error| Error::Setting {
            key: "fetch",
            problem: format!("the network cannot be used: {}", causes(&error)),
        })?;
        Ok(Self {
            http,
            user_agent: config.full_user_agent(),
            timeout,
            allow_private: config.allow_private,
        })
    }

    /// Asks once. `conditions` are further header fields; `want` decides by status and header
    /// fields how much of the body is read.
    pub fn get(
        &self,
        url: &Url,
        conditions: &[(&'static str, String)],
        want: &dyn Fn(u16, &HeaderMap) -> Want,
    ) -> Result<Exchange, Failure> {
        if !self.allow_private
            && let Some(address) = private_literal(url)
        {
            let detail = format!("{address} is not on the open Internet");
            return Err(Failure::Private(detail));
        }
        let mut fields = vec![
            ("user-agent", self.user_agent.clone()),
            ("accept", ACCEPT.to_owned()),
            ("accept-encoding", ACCEPT_ENCODING.to_owned()),
        ];
        fields.extend_from_slice(conditions);
        let mut request = self.http.get(url.clone());
        for (name, value) in &fields {
            request = request.header(*name, value);
        }
        let response = request.send().map_err(|error| self.failure(&error))?;
        let mut exchange = Exchange {
            url: url.clone(),
            request: request_head(url, &fields),
            address: response.remote_addr().map(|address| address.ip()),
            time: Timestamp::now(),
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            head: Vec::new(),
            body: Vec::new(),
            is_cut: false,
        };
        let version = match response.version() {
            reqwest::Version::HTTP_10 => "HTTP/1.0",
            _ => "HTTP/1.1",
        };
        let want = want(exchange.status, &exchange.headers);
        self.body(response, want, &mut exchange)?;
        exchange.head = response_head(version, &exchange);
        Ok(exchange)
    }

    fn body(
        &self,
        mut response: reqwest::blocking::Response,
        want: Want,
        exchange: &mut Exchange,
    ) -> Result<(), Failure> {
        let (limit, whole) = match want {
            Want::Whole(limit) => (limit, true),
            Want::Start(limit) => (limit, false),
        };
        let declared = response.content_length().unwrap_or(0);
        if whole && declared > limit {
            return Err(Failure::TooLarge(declared, limit));
        }
        let begun = Instant::now();
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = match response.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => read,
                Err(error) => return Err(self.failure(&error)),
            };
            let room = limit - exchange.body.len() as u64;
            let taken = usize::try_from(room).unwrap_or(usize::MAX).min(read);
            exchange
                .body
                .extend_from_slice(buffer.get(..taken).unwrap_or_default());
            if taken < read && whole {
                return Err(Failure::TooLarge(limit + 1, limit));
            }
            if taken < read {
                exchange.is_cut = true;
                return Ok(());
            }
            if begun.elapsed() > self.timeout {
                return Err(Failure::Timeout(self.timeout));
            }
        }
    }

    fn failure(&self, error: &(dyn std::error::Error + 'static)) -> Failure {
        if let Some(private) = Private::find(error) {
            return Failure::Private(private.to_string());
        }
        let mut cause = Some(error);
        while let Some(error) = cause {
            let timed_out = error
                .downcast_ref::<reqwest::Error>()
                .is_some_and(reqwest::Error::is_timeout)
                || error
                    .downcast_ref::<std::io::Error>()
                    .is_some_and(|error| error.kind() == std::io::ErrorKind::TimedOut);
            if timed_out {
                return Failure::Timeout(self.timeout);
            }
            cause = inner(error);
        }
        Failure::Broken(causes(error))
    }
}

/// The cause of an error; an I/O error shows what it wraps only on being asked.
fn inner<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a (dyn std::error::Error + 'static)> {
    let wrapped = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    match wrapped {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// An error's causes, the last of which says most.
fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !texts.iter().any(|before| before.contains(&text)) {
            texts.push(text);
        }
        cause = inner(error);
    }
    texts.join(": ")
}

fn request_head(url: &Url, fields: &[(&'static str, String)]) -> Vec<u8> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    let target = target(url);
    let mut head = format!("GET {target} HTTP/1.1\r\nhost: {host}{port}\r\n");
    for (name, value) in fields {
        head += &format!("{name}: {value}\r\n");
    }
    (head + "\r\n").into_bytes()
}

/// Path and query of an address.
pub(crate) fn target(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// The head of an answer, from what the library hands out of it: names are in lower case. The body
/// is stored without its transfer encoding, whose field therefore gets another name, as in the
/// files of Common Crawl.
fn response_head(version: &str, exchange: &Exchange) -> Vec<u8> {
    let status = reqwest::StatusCode::from_u16(exchange.status).ok();
    let phrase = status.and_then(|status| status.canonical_reason());
    let phrase = phrase.unwrap_or_default();
    let mut head = format!("{version} {} {phrase}\r\n", exchange.status).into_bytes();
    for (name, value) in &exchange.headers {
        if name == TRANSFER_ENCODING {
            head.extend_from_slice(b"x-crawler-");
        }
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    if exchange.headers.contains_key(TRANSFER_ENCODING) {
        head.extend_from_slice(format!("content-length: {}\r\n", exchange.body.len()).as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    head
}
