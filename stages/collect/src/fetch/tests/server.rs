//! A small HTTP server on all loopback addresses: what it answers is up to the test, what it was
//! asked it writes down.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// A request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Host without port.
    pub host: String,
    /// Path with query.
    pub path: String,
    /// Header fields by names in lower case.
    pub headers: HashMap<String, String>,
    /// When it came.
    pub begun: Instant,
}

type Answer = dyn Fn(&Request, &mut TcpStream) + Send + Sync;

/// A server that runs until it is dropped.
pub struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    /// Starts one.
    pub fn start(answer: impl Fn(&Request, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            requests: Arc::default(),
            stop: Arc::default(),
        };
        let (requests, stop) = (Arc::clone(&server.requests), Arc::clone(&server.stop));
        let answer: Arc<Answer> = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (requests, answer) = (Arc::clone(&requests), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream.unwrap(), &requests, &*answer));
            }
        });
        server
    }

    /// An address on a host, such as `127.0.0.2`.
    pub fn at(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }

    /// An address on the first host.
    pub fn url(&self, path: &str) -> String {
        self.at("127.0.0.1", path)
    }

    /// What was asked so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The paths that were asked for so far, without those of rules for robots.
    pub fn paths(&self) -> Vec<String> {
        let requests = self.requests();
        let paths = requests.iter().map(|request| request.path.clone());
        paths
            .filter(|path| path != "/robots.txt" && !path.starts_with("/.well-known/"))
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], self.port)));
    }
}

fn serve(mut stream: TcpStream, requests: &Mutex<Vec<Request>>, answer: &Answer) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(first)) = lines.next() else {
        return;
    };
    let begun = Instant::now();
    let headers: HashMap<String, String> = lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect();
    let host = headers.get("host").cloned().unwrap_or_default();
    let request = Request {
        host: host.split(':').next().unwrap_or_default().to_owned(),
        path: first.split(' ').nth(1).unwrap_or_default().to_owned(),
        headers,
        begun,
    };
    requests.lock().unwrap().push(request.clone());
    answer(&request, &mut stream);
}

/// Writes an answer with these header lines.
pub fn reply(stream: &mut TcpStream, status: u16, headers: &[&str], body: impl AsRef<[u8]>) {
    let body = body.as_ref();
    let mut head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\n");
    for header in headers {
        head += &format!("{header}\r\n");
    }
    if !headers
        .iter()
        .any(|header| header.starts_with("Content-Length") || header.starts_with("Transfer-"))
    {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    // The client may have gone.
    let _ = stream.write_all((head + "\r\n").as_bytes());
    let _ = stream.write_all(body);
}

/// Writes a web page.
pub fn html(stream: &mut TcpStream, text: &str) {
    let body = format!("<!DOCTYPE html><title>t</title><p>{text}</p>");
    reply(
        stream,
        200,
        &["Content-Type: text/html; charset=utf-8"],
        body,
    );
}
