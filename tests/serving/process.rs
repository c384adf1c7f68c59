//! The server as a process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::blocking::{Client, Response};
use serde_json::{Value, json};

use crate::answer::events;
use crate::model::model;

/// A running server; it ends with this.
pub struct Server {
    pub child: Child,
    pub address: String,
}

impl Server {
    pub fn start(model: &Path, further: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
        command.args(["serve", "--port", "0", "--threads", "2", "--model"]);
        command.arg(model).args(further);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut line).unwrap();
        let at = line
            .find("http://")
            .unwrap_or_else(|| panic!("no address in {line:?}"));
        let address = line[at..].trim().to_owned();
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { child, address }
    }

    pub fn send(&self, path: &str, body: &Value) -> Response {
        let client = Client::builder()
            .timeout(Duration::from_secs(120))
            .build()
            .unwrap();
        let request = client.post(format!("{}{path}", self.address));
        request.body(body.to_string()).send().unwrap()
    }

    pub fn post(&self, path: &str, body: &Value) -> Value {
        let response = self.send(path, body);
        let (status, text) = (response.status(), response.text().unwrap());
        assert!(status.is_success(), "{path} {body}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    pub fn get(&self, path: &str) -> Value {
        let text = reqwest::blocking::get(format!("{}{path}", self.address))
            .unwrap()
            .text();
        serde_json::from_str(&text.unwrap()).unwrap()
    }

    pub fn complete(&self, body: &Value) -> Value {
        self.post("/v1/completions", body)
    }

    /// The events of a stream, without the last line, which must be the customary one.
    pub fn stream(&self, path: &str, body: &Value) -> Vec<Value> {
        let mut body = body.clone();
        body["stream"] = json!(true);
        let response = self.send(path, &body);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        events(&response.text().unwrap())
    }

    pub fn tokens(&self, text: &str) -> Vec<u64> {
        let answer = self.post(
            "/tokenize",
            &json!({"prompt": text, "add_special_tokens": false}),
        );
        serde_json::from_value(answer["tokens"].clone()).unwrap()
    }

    pub fn interrupt(&self) {
        let kill = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server of the model.
pub fn server() -> Server {
    Server::start(model(), &[])
}
