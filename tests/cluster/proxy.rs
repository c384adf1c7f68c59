//! A proxy before the storage that refuses some of the requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::corpus::Numbers;

const REFUSAL: &str = "HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: close\r\n\
    Content-Length: 57\r\n\r\n<Error><Code>SlowDown</Code><Message>no</Message></Error>";

/// Answers one request of twenty with 503.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    /// Requests so far.
    pub requests: Arc<AtomicU64>,
    /// Those that it refused.
    pub refused: Arc<AtomicU64>,
}

impl Proxy {
    /// Starts a proxy to an address.
    pub fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
            refused: Arc::default(),
        };
        let (requests, refused) = (proxy.requests.clone(), proxy.refused.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let number = requests.fetch_add(1, Ordering::Relaxed);
                let refuse = Numbers(number).next().is_multiple_of(20);
                refused.fetch_add(u64::from(refuse), Ordering::Relaxed);
                thread::spawn(move || pass_on(client, to, refuse));
            }
        });
        proxy
    }
}

/// One request a connection, so that its end is that of the answer.
fn pass_on(mut client: TcpStream, to: SocketAddr, refuse: bool) -> std::io::Result<()> {
    let mut input = BufReader::new(client.try_clone()?);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(given) = lower.strip_prefix("content-length:") {
            length = given.trim().parse().unwrap();
        }
        assert!(!lower.starts_with("transfer-encoding:"), "{line}");
        if line == "\r\n" {
            head += "Connection: close\r\n\r\n";
            break;
        }
        if !lower.starts_with("connection:") {
            head += &line;
        }
    }
    let mut body = input.take(length);
    if refuse {
        std::io::copy(&mut body, &mut std::io::sink())?;
        return client.write_all(REFUSAL.as_bytes());
    }
    let mut server = TcpStream::connect(to)?;
    server.write_all(head.as_bytes())?;
    std::io::copy(&mut body, &mut server)?;
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(std::net::Shutdown::Both)
}
