//! Ranges of an object, whatever the connection does.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_core::Stream;
use object_store::path::Path;
use object_store::{Error, GetOptions, GetRange, ObjectStore};

use crate::ReadError;
use crate::failure;

/// Tries in a row that bring no byte.
const MAX_FAILURES: u32 = 7;
/// The wait after the first of them; each further one doubles it: half a minute in all.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// The object that is read.
#[derive(Debug)]
pub(crate) struct Target {
    pub store: Arc<dyn ObjectStore>,
    pub path: Path,
    pub size: u64,
    /// Of the listing; bytes of another content are refused.
    pub e_tag: Option<String>,
}

/// Why a try brought less than was asked for.
enum Fault {
    /// Again would be the same.
    Final(io::Error),
    /// Worth another try.
    Passing(String),
}

/// Fetches a range. A broken connection is taken up where it broke.
pub(crate) async fn fetch(target: Arc<Target>, range: Range<u64>) -> io::Result<Vec<u8>> {
    let wanted = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(wanted);
    let mut failures = 0;
    while bytes.len() < wanted {
        let before = bytes.len();
        let rest = range.start + before as u64..range.end;
        let fault = match target.append(rest, &mut bytes).await {
            Ok(()) => "the store sent less than was asked for".to_owned(),
            Err(Fault::Passing(fault)) => fault,
            Err(Fault::Final(error)) => return Err(error),
        };
        if bytes.len() >= wanted {
            break;
        }
        failures = if bytes.len() > before {
            1
        } else {
            failures + 1
        };
        if failures > MAX_FAILURES {
            let at = range.start + bytes.len() as u64;
            let detail = format!("at byte {at}, after {failures} tries: {fault}");
            return Err(ReadError::unreadable(detail));
        }
        tokio::time::sleep(FIRST_WAIT * 2_u32.pow(failures - 1)).await;
    }
    bytes.truncate(wanted);
    Ok(bytes)
}

impl Target {
    /// Asks once for a range and appends what comes of it.
    async fn append(&self, range: Range<u64>, bytes: &mut Vec<u8>) -> Result<(), Fault> {
        let most = range.end.saturating_sub(range.start);
        // Weak tags never match (RFC 9110, 13.1.1).
        let strong = self.e_tag.clone().filter(|tag| tag.starts_with('"'));
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            if_match: strong,
            ..GetOptions::default()
        };
        let result = self.store.get_opts(&self.path, options).await;
        let result = result.map_err(|error| fault(&error))?;
        let differs = |tag: &String| {
            result
                .meta
                .e_tag
                .as_ref()
                .is_some_and(|now| bare(now) != bare(tag))
        };
        if result.meta.size != self.size || self.e_tag.as_ref().is_some_and(differs) {
            return Err(Fault::Final(changed()));
        }
        let mut stream = result.into_stream();
        let mut taken = 0;
        while let Some(chunk) = next(&mut stream).await {
            let chunk = chunk.map_err(|error| fault(&error))?;
            taken += chunk.len() as u64;
            if taken > most {
                return Err(Fault::Passing(
                    "the store sent more than was asked for".to_owned(),
                ));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(())
    }
}

/// A tag without quotes and the mark of a weak one: listings of some stores leave them out.
fn bare(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"')
}

fn changed() -> io::Error {
    ReadError {
        changed: true,
        detail: "the object changed since it was listed; run again".to_owned(),
    }
    .into()
}

fn fault(error: &Error) -> Fault {
    match error {
        Error::Precondition { .. } => Fault::Final(changed()),
        Error::NotFound { .. } => {
            Fault::Final(ReadError::unreadable("the object is no longer there"))
        }
        error if failure::is_final(error) => {
            Fault::Final(ReadError::unreadable(failure::message(error)))
        }
        error => Fault::Passing(failure::message(error)),
    }
}

/// The next item of a stream.
pub(crate) async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    std::future::poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}
