//! A real S3-compatible server, and a proxy before it that breaks connections.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use futures_core::Stream;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

/// The bucket that the server makes.
pub const BUCKET: &str = "corpus";
/// The key that it knows.
pub const KEY: &str = "writer";
/// The secret of the key.
pub const SECRET: &str = "a secret for tests";

/// SeaweedFS with its data in a folder of its own; ends with the value.
pub struct Server {
    binary: PathBuf,
    folder: tempfile::TempDir,
    base: u16,
    process: Option<Child>,
}

/// Servers of this process so far: each has ports of its own.
static STARTED: AtomicU16 = AtomicU16::new(0);

impl Server {
    /// Starts a server that `make test` installed, or `make test-cluster`.
    pub fn start(repository: &Path) -> Self {
        let [binary, other] = [".venv", ".venv-cluster"]
            .map(|environment| repository.join(environment).join("bin/weed"));
        let binary = if binary.exists() { binary } else { other };
        assert!(
            binary.exists(),
            "{} is missing; `make test` installs it",
            binary.display()
        );
        let mut server = Self {
            binary,
            folder: tempfile::tempdir().unwrap(),
            base: free_ports(),
            process: None,
        };
        server.resume();
        server
    }

    /// Starts it again over the same data.
    pub fn resume(&mut self) {
        self.spawn();
        let start = Instant::now();
        // The bucket is made last, so that a write tells that all is up.
        while self.try_put("ready", b"1").is_err() {
            let log = || std::fs::read_to_string(self.folder.path().join("log"));
            assert!(
                start.elapsed() < Duration::from_secs(90),
                "{}",
                log().unwrap()
            );
            thread::sleep(Duration::from_millis(200));
            let process = self.process.as_mut().unwrap();
            // It gives up at once where the system still holds a port.
            if process.try_wait().unwrap().is_some() {
                self.spawn();
            }
        }
    }

    fn spawn(&mut self) {
        let port = |name: &str, by: u16| format!("-{name}={}", self.base + by);
        let log = std::fs::File::create(self.folder.path().join("log")).unwrap();
        let process = Command::new(&self.binary)
            .arg("mini")
            .arg(format!(
                "-dir={}",
                self.folder.path().join("data").display()
            ))
            .args([
                "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1",
                "-master.telemetry=false",
            ])
            .args([
                "-webdav=false",
                "-admin.ui=false",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
            ])
            .args([
                port("s3.port", 0),
                port("master.port", 1),
                port("volume.port", 2),
            ])
            .args([
                port("filer.port", 3),
                port("admin.port", 4),
                format!("-bucket={BUCKET}"),
            ])
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("HOME", self.folder.path())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        self.process = Some(process);
    }

    /// Ends it at once.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.base))
    }

    fn client(&self) -> AmazonS3 {
        AmazonS3Builder::new()
            .with_endpoint(format!("http://{}", self.address()))
            .with_allow_http(true)
            .with_bucket_name(BUCKET)
            .with_access_key_id(KEY)
            .with_secret_access_key(SECRET)
            .with_retry(object_store::RetryConfig {
                max_retries: 0,
                ..Default::default()
            })
            .build()
            .unwrap()
    }

    fn try_put(&self, key: &str, bytes: &[u8]) -> object_store::Result<()> {
        block(async {
            let payload = PutPayload::from(bytes.to_vec());
            self.client().put(&key.into(), payload).await.map(|_| ())
        })
    }

    /// An object's content.
    #[allow(dead_code)] // the stage's own tests do without
    pub fn get(&self, key: &str) -> Option<Vec<u8>> {
        block(async {
            let found = self.client().get(&key.into()).await.ok()?;
            Some(found.bytes().await.unwrap().into())
        })
    }

    /// The keys below a place.
    #[allow(dead_code)]
    pub fn list(&self, place: &str) -> Vec<String> {
        let mut keys = Vec::new();
        block(async {
            let client = self.client();
            let mut found = client.list(Some(&place.into()));
            while let Some(object) =
                std::future::poll_fn(|cx| Stream::poll_next(found.as_mut(), cx)).await
            {
                keys.push(object.unwrap().location.to_string());
            }
        });
        keys
    }

    /// Puts objects into the bucket.
    pub fn put(&self, objects: &[(String, Vec<u8>)]) {
        let client = self.client();
        block(async {
            for (key, bytes) in objects {
                let payload = PutPayload::from(bytes.clone());
                client.put(&key.as_str().into(), payload).await.unwrap();
            }
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn block<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(work)
}

/// The first of eight ports that are free, as are those 10,000 above, which the server takes too.
fn free_ports() -> u16 {
    let process = (std::process::id() % 750) as u16;
    loop {
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        // Below 32,768, from where on any connection may take one; the server takes a second range.
        let base = 10_000 + (process + number * 37) % 750 * 8;
        let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if (base..base + 8).all(|port| is_free(port) && is_free(port + 10_000)) {
            return base;
        }
    }
}

/// A proxy that cuts each connection after so many bytes from the server, and is slow.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    /// Bytes passed on from the server.
    pub passed: Arc<AtomicU64>,
    /// Connections cut.
    pub cuts: Arc<AtomicU64>,
}

impl Proxy {
    /// Starts a proxy to an address.
    pub fn start(to: SocketAddr, cut_after: u64, pause: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            passed: Arc::default(),
            cuts: Arc::default(),
        };
        let (passed, cuts) = (proxy.passed.clone(), proxy.cuts.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (passed, cuts) = (passed.clone(), cuts.clone());
                thread::spawn(move || {
                    // A server that is down breaks the client's connection too.
                    let Ok(server) = TcpStream::connect(to) else {
                        return;
                    };
                    let (mut up, mut down) =
                        (server.try_clone().unwrap(), client.try_clone().unwrap());
                    let mut requests = client.try_clone().unwrap();
                    thread::spawn(move || std::io::copy(&mut requests, &mut up));
                    let whole = pass_on(
                        server.try_clone().unwrap(),
                        &mut down,
                        cut_after,
                        pause,
                        &passed,
                    );
                    if !whole {
                        cuts.fetch_add(1, Ordering::Relaxed);
                    }
                    let _ = client.shutdown(Shutdown::Both);
                    let _ = server.shutdown(Shutdown::Both);
                });
            }
        });
        proxy
    }
}

/// Passes bytes on; false when the connection was cut.
fn pass_on(
    mut from: TcpStream,
    to: &mut TcpStream,
    mut left: u64,
    pause: Duration,
    passed: &AtomicU64,
) -> bool {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read) = from.read(&mut buffer) {
        if read == 0 || to.write_all(&buffer[..read]).is_err() {
            return true;
        }
        passed.fetch_add(read as u64, Ordering::Relaxed);
        if left <= read as u64 {
            return false;
        }
        left -= read as u64;
        thread::sleep(pause);
    }
    true
}
