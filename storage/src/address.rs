//! Addresses of objects: `scheme://bucket/key`.

/// Which service an address leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    /// Amazon S3 and what speaks its protocol.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage.
    Azure,
    /// A web server; single files only.
    Web,
}

/// Schemes and their services.
const SCHEMES: &[(&str, Service)] = &[
    ("s3", Service::S3),
    ("s3a", Service::S3),
    ("gs", Service::Google),
    ("az", Service::Azure),
    ("azure", Service::Azure),
    ("abfs", Service::Azure),
    ("abfss", Service::Azure),
    ("http", Service::Web),
    ("https", Service::Web),
];

/// An address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub service: Service,
    /// As written, in lower case.
    pub scheme: String,
    /// Bucket, container or host.
    pub bucket: String,
    /// What follows the slash behind it, as written: keys are not percent-encoded, except on the
    /// web.
    pub key: String,
}

/// Whether a path is an address of an object store rather than of a file.
#[must_use]
pub fn is_address(path: &str) -> bool {
    service(path).is_some()
}

fn service(path: &str) -> Option<(Service, &str, &str)> {
    let (scheme, rest) = path.split_once("://")?;
    let known = |(name, _): &&(&str, Service)| scheme.eq_ignore_ascii_case(name);
    let (_, service) = SCHEMES.iter().find(known)?;
    Some((*service, scheme, rest))
}

impl Address {
    /// Takes an address apart; the error names the mend.
    pub fn parse(url: &str) -> Result<Self, String> {
        let (service, scheme, rest) =
            service(url).ok_or_else(|| format!("`{url}` is no address of an object store"))?;
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(format!(
                "`{url}` names no bucket; write {scheme}://BUCKET/KEY"
            ));
        }
        if bucket.contains(['*', '?', '[', '{']) && service != Service::Web {
            return Err(format!(
                "`{url}` has a pattern in the bucket's name; name one bucket a source"
            ));
        }
        Ok(Self {
            service,
            scheme: scheme.to_ascii_lowercase(),
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }

    /// Scheme and bucket: what one client is for.
    pub fn root(&self) -> String {
        format!("{}://{}", self.scheme, self.bucket)
    }

    /// The whole address of another key in the same bucket.
    pub fn with_key(&self, key: &str) -> String {
        format!("{}/{key}", self.root())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_apart() {
        let parse = |url: &str| Address::parse(url).unwrap();
        let address = parse("S3://bucket/a/b c%20.gz");
        assert_eq!(
            (address.service, address.bucket.as_str()),
            (Service::S3, "bucket")
        );
        assert_eq!(address.key, "a/b c%20.gz");
        assert_eq!(address.with_key("x"), "s3://bucket/x");
        assert_eq!(parse("gs://b").key, "");
        assert_eq!(
            parse("abfss://c@a.dfs.core.windows.net/k").bucket,
            "c@a.dfs.core.windows.net"
        );
        assert_eq!(parse("https://host:8080/a?b=c").key, "a?b=c");
        for path in ["/a/s3", "s3:/a", "a://b", "C:\\x", "file:///a"] {
            assert!(!is_address(path), "{path}");
        }
        assert!(Address::parse("s3:///key").unwrap_err().contains("BUCKET"));
        assert!(
            Address::parse("s3://b*/key")
                .unwrap_err()
                .contains("pattern")
        );
    }
}
