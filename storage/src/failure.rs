//! What went wrong at a store, and the mend.

use std::error::Error as _;

use object_store::Error;

use crate::address::{Address, Service};

/// Longest message of a store that is passed on.
const LONGEST: usize = 400;

/// Whether trying again is no use.
pub(crate) fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::NotFound { .. }
            | Error::InvalidPath { .. }
            | Error::NotSupported { .. }
            | Error::Precondition { .. }
            | Error::PermissionDenied { .. }
            | Error::Unauthenticated { .. }
            | Error::NotImplemented { .. }
            | Error::UnknownConfigurationKey { .. }
    )
}

/// Whether what is wrong is how the program was set up, which no further try mends.
pub(crate) fn is_setting(error: &Error) -> bool {
    let message = message(error);
    let says = |word: &&str| message.contains(*word);
    [
        "NoSuchBucket",
        "403 Forbidden",
        "401 Unauthorized",
        "InvalidAccessKeyId",
        "scheme is not allowed",
        "169.254.169.254",
    ]
    .iter()
    .any(says)
}

/// The message for people: what is wrong with which bucket, the store's words, the mend.
pub(crate) fn explain(error: &Error, address: &Address) -> String {
    let message = message(error);
    let root = address.root();
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let (what, mend) = if says(&["NoSuchBucket", "ContainerNotFound", "bucket does not exist"]) {
        (
            format!("bucket `{}` does not exist", address.bucket),
            endpoint(address),
        )
    } else if matches!(error, Error::NotFound { .. }) {
        let url = address.with_key(&address.key);
        (
            format!("`{url}` does not exist"),
            "correct the address".to_owned(),
        )
    } else if says(&[
        "169.254.169.254",
        "/latest/api/token",
        "metadata.google.internal",
    ]) {
        (format!("no credentials for `{root}`"), credentials(address))
    } else if says(&["URL scheme is not allowed", "scheme is not allowed"]) {
        let mend = "set AWS_ALLOW_HTTP=true to talk to an endpoint without encryption";
        (
            format!("`{root}` is reached over plain HTTP"),
            mend.to_owned(),
        )
    } else if says(&[
        "PermanentRedirect",
        "AuthorizationHeaderMalformed",
        "configured region",
    ]) {
        let mend = "set AWS_REGION to the bucket's region";
        (
            format!("bucket `{}` lies in another region", address.bucket),
            mend.to_owned(),
        )
    } else if is_refused(error, &message) {
        (
            format!("access to `{root}` is refused"),
            credentials(address),
        )
    } else {
        (format!("`{root}` cannot be read"), endpoint(address))
    };
    format!("{what}; {mend} (the store says: {message})")
}

fn is_refused(error: &Error, message: &str) -> bool {
    let by_status = [
        "403 Forbidden",
        "401 Unauthorized",
        "InvalidAccessKeyId",
        "ExpiredToken",
    ];
    matches!(
        error,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. }
    ) || by_status.iter().any(|word| message.contains(word))
}

/// The variables that hold credentials.
fn credentials(address: &Address) -> String {
    let mend = match address.service {
        Service::S3 => {
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN if they are \
             temporary; `aws configure export-credentials --format env` prints those of a \
             profile), or AWS_SKIP_SIGNATURE=true for a public bucket"
        }
        Service::Google => {
            "set GOOGLE_SERVICE_ACCOUNT to the file of a service account's key, or \
             GOOGLE_SKIP_SIGNATURE=true for a public bucket"
        }
        Service::Azure => {
            "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, or \
             AZURE_SKIP_SIGNATURE=true for a public container"
        }
        Service::Web => "the server wants a login; download the file first",
    };
    mend.to_owned()
}

/// The variables that say where the store is.
fn endpoint(address: &Address) -> String {
    let mend = match address.service {
        Service::S3 => {
            let set = std::env::var("AWS_ENDPOINT_URL").or_else(|_| std::env::var("AWS_ENDPOINT"));
            return match set {
                Ok(endpoint) => {
                    format!("correct the address or AWS_ENDPOINT_URL, which is `{endpoint}`")
                }
                Err(_) => {
                    "correct the address, or set AWS_ENDPOINT_URL for a store other than Amazon's"
                        .to_owned()
                }
            };
        }
        Service::Google => "correct the address",
        Service::Azure => "correct the address or AZURE_STORAGE_ACCOUNT_NAME",
        Service::Web => "correct the address",
    };
    mend.to_owned()
}

/// The error and its causes on one line, each said once.
pub(crate) fn message(error: &Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let further = error.to_string();
        if !message.contains(&further) {
            message = format!("{message}: {further}");
        }
        cause = error.source();
    }
    let mut line: String = message.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push('…');
    }
    line
}
