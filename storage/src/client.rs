//! Clients: one a bucket, set up from the environment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore, RetryConfig};

use crate::address::{Address, Service};
use crate::failure;

/// Clients by scheme and bucket. They hold connections and credentials, so they are kept.
static CLIENTS: Mutex<BTreeMap<String, Arc<dyn ObjectStore>>> = Mutex::new(BTreeMap::new());

/// Retries of a request by the client itself; readers of objects retry on top of it.
fn retry() -> RetryConfig {
    RetryConfig {
        max_retries: 4,
        retry_timeout: Duration::from_secs(30),
        ..RetryConfig::default()
    }
}

/// The client for an address, and the object's path in it.
pub(crate) fn open(address: &Address) -> Result<(Arc<dyn ObjectStore>, Path), String> {
    if address.service == Service::Web {
        return open_web(address);
    }
    let path = Path::parse(&address.key).map_err(|error| {
        format!(
            "`{}` cannot be read: {error}",
            address.with_key(&address.key)
        )
    })?;
    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(client) = clients.get(&address.root()) {
        return Ok((client.clone(), path));
    }
    let built = build(address).map_err(|error| failure::explain(&error, address))?;
    clients.insert(address.root(), built.clone());
    Ok((built, path))
}

fn build(address: &Address) -> object_store::Result<Arc<dyn ObjectStore>> {
    Ok(match address.service {
        Service::S3 => Arc::new(
            AmazonS3Builder::from_env()
                .with_bucket_name(&address.bucket)
                .with_retry(retry())
                .build()?,
        ),
        Service::Google => Arc::new(
            GoogleCloudStorageBuilder::from_env()
                .with_bucket_name(&address.bucket)
                .with_retry(retry())
                .build()?,
        ),
        Service::Azure => Arc::new(
            MicrosoftAzureBuilder::from_env()
                .with_url(address.with_key(""))
                .with_retry(retry())
                .build()?,
        ),
        Service::Web => web(&address.root())?,
    })
}

fn web(url: &str) -> object_store::Result<Arc<dyn ObjectStore>> {
    let options = ClientOptions::new().with_allow_http(url.starts_with("http://"));
    let builder = HttpBuilder::new()
        .with_url(url)
        .with_client_options(options);
    Ok(Arc::new(builder.with_retry(retry()).build()?))
}

/// A client for a host; for one file if its address has a query or an unusual path.
fn open_web(address: &Address) -> Result<(Arc<dyn ObjectStore>, Path), String> {
    let whole = address.with_key(&address.key);
    let build = |url: &str| web(url).map_err(|error| failure::explain(&error, address));
    let simple = !address.key.contains(['?', '#']);
    let path = Path::from_url_path(&address.key);
    let (Ok(path), true) = (path, simple) else {
        return Ok((build(&whole)?, Path::default()));
    };
    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    let client = match clients.get(&address.root()) {
        Some(client) => client.clone(),
        None => {
            let client = build(&address.root())?;
            clients.insert(address.root(), client.clone());
            client
        }
    };
    Ok((client, path))
}
