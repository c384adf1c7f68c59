//! How a server starts and ends, and what ends a text.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::answer::events;
use crate::model::{changed, model, patient};
use crate::process::Server;
use crate::support::{both, root};

#[test]
fn a_client_that_goes_away_ends_its_text() {
    let dir = patient();
    let server = Server::start(dir.path(), &[]);
    let body = json!({"prompt": "The", "max_tokens": 100_000, "temperature": 0, "stream": true});
    let mut response = BufReader::new(server.send("/v1/completions", &body));
    let mut line = String::new();
    response.read_line(&mut line).unwrap();
    assert!(line.starts_with("data: {"), "{line}");
    assert_eq!(server.get("/health")["running"], 1);
    drop(response);
    let start = Instant::now();
    while server.get("/health")["running"] != 0 {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "the text goes on"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_signal_stops_the_server_behind_the_running_requests() {
    let dir = patient();
    let mut server = Server::start(dir.path(), &[]);
    let body = json!({"prompt": "The", "max_tokens": 400, "temperature": 0, "stream": true});
    let mut response = BufReader::new(server.send("/v1/completions", &body));
    let mut text = String::new();
    response.read_line(&mut text).unwrap();
    server.interrupt();
    std::io::Read::read_to_string(&mut response, &mut text).unwrap();
    let last = events(&text).pop().unwrap();
    assert!(last["choices"][0]["finish_reason"].is_string(), "{last}");
    assert!(server.child.wait().unwrap().success());
    assert!(reqwest::blocking::get(format!("{}/health", server.address)).is_err());
}

#[test]
fn folders_that_cannot_be_served_are_named() {
    let serve = |dir: &Path, further: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
        let output = command
            .args(["serve", "--model"])
            .arg(dir)
            .args(further)
            .output()
            .unwrap();
        assert!(!output.status.success());
        both(&output)
    };
    assert!(serve(&root(), &[]).contains("config.json"));
    let bare = changed(|dir| fs::remove_file(dir.join("tokenizer.json")).unwrap());
    assert!(serve(bare.path(), &[]).contains("tokenizer.json"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    assert!(serve(model(), &["--port", &port]).contains("--port"));
}
