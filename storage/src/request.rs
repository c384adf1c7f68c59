//! Requests to a store: tried again where that may help, and explained where it does not.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use object_store::Error;

use crate::address::Address;
use crate::failure;

/// Tries of a request, on top of those of the client itself.
const TRIES: u32 = 6;
/// The wait after the first; each further one doubles it: a quarter of a minute in all.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// Makes a request until it succeeds or cannot.
pub(crate) async fn retrying<T, F>(request: impl Fn() -> F) -> object_store::Result<T>
where
    F: Future<Output = object_store::Result<T>>,
{
    let mut wait = FIRST_WAIT;
    for _ in 1..TRIES {
        match request().await {
            Err(error) if is_passing(&error) => tokio::time::sleep(wait).await,
            result => return result,
        }
        wait *= 2;
    }
    request().await
}

fn is_passing(error: &Error) -> bool {
    !failure::is_final(error)
        && !matches!(
            error,
            Error::AlreadyExists { .. } | Error::NotModified { .. }
        )
        && !failure::is_setting(error)
}

impl Address {
    /// The address that a location is.
    pub(crate) fn of(location: &Path) -> io::Result<Self> {
        let invalid = |problem: String| io::Error::new(ErrorKind::InvalidInput, problem);
        let text = location.to_str().unwrap_or_default();
        Self::parse(text).map_err(invalid)
    }
}

/// The store's words about a failure, as an error of input and output.
pub(crate) fn explain(error: &Error, address: &Address) -> io::Error {
    let kind = match error {
        Error::NotFound { .. } => ErrorKind::NotFound,
        _ => ErrorKind::Other,
    };
    io::Error::new(kind, failure::explain(error, address))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::runtime;

    fn after(failures: u32, error: fn() -> Error) -> (bool, u32) {
        let work = async move {
            let tries = Cell::new(0);
            let result = retrying(|| {
                tries.set(tries.get() + 1);
                let tried = tries.get();
                async move {
                    match tried > failures {
                        true => Ok(()),
                        false => Err(error()),
                    }
                }
            });
            (result.await.is_ok(), tries.get())
        };
        runtime::here(work)
    }

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_not() {
        let passing = || Error::Generic {
            store: "S3",
            source: "503 Slow Down".into(),
        };
        let known = || Error::AlreadyExists {
            path: "a".into(),
            source: "412".into(),
        };
        assert_eq!(after(1, passing), (true, 2));
        assert_eq!(after(1, known), (false, 1));
    }
}
