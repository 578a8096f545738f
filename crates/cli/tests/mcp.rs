//! `firedoor mcp` as a program: on its standard streams, and over HTTP for this machine alone.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::common::{complaint, run, status};
use firedoor_testkit::Folder;
use serde_json::{Value, json};

const APP: &str = "\
const express = require('express');
const app = express();
app.get('/menu', (req, res) => res.json(1));
app.listen(3000);
";

fn application() -> Folder {
    Folder::empty()
        .write(
            "package.json",
            r#"{"dependencies": {"express": "4.19.2"}, "main": "app.js"}"#,
        )
        .write("app.js", APP)
}

fn start(arguments: &[&str], folder: &Folder) -> Child {
    Command::new(env!("CARGO_BIN_EXE_firedoor"))
        .args(arguments)
        .current_dir(&folder.0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

fn initialize() -> Value {
    json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"}}})
}

fn call(id: u32, tool: &str, arguments: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "tools/call",
        "params": {"name": tool, "arguments": arguments}})
}

#[test]
fn it_answers_on_its_streams_and_ends_with_them() {
    let folder = application();
    let mut child = start(&["mcp"], &folder);
    let mut input = child.stdin.take().expect("it has one");
    let mut output = BufReader::new(child.stdout.take().expect("it has one"));
    let mut ask = |message: &Value| writeln!(input, "{message}").expect("it listens");
    let mut answer = || -> Value {
        let mut line = String::new();
        output.read_line(&mut line).expect("it answers");
        serde_json::from_str(&line).expect("each line is a message")
    };
    ask(&initialize());
    assert_eq!(answer()["result"]["serverInfo"]["name"], "firedoor");
    ask(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    ask(&call(2, "map", json!({})));
    let text = answer()["result"]["content"][0]["text"].to_string();
    assert!(text.contains("GET /menu"), "{text}");
    // What is written meanwhile is seen.
    let changed = APP.replace("'/menu'", "'/drinks'");
    std::fs::write(folder.0.join("app.js"), changed).expect("it can be written");
    ask(&call(3, "map", json!({})));
    let text = answer()["result"]["content"][0]["text"].to_string();
    assert!(text.contains("GET /drinks"), "{text}");
    drop(input);
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn nonsense_on_its_streams_ends_in_no_crash() {
    let folder = application();
    for nonsense in [
        String::from("\u{0}\u{1b}[2J\n"),
        String::from("{\n"),
        format!("{}\n", "[".repeat(100_000)),
        format!("{{\"jsonrpc\": \"{}\"}}\n", "x".repeat(3 << 20)),
    ] {
        let mut child = start(&["mcp"], &folder);
        let mut input = child.stdin.take().expect("it has one");
        let _ = input.write_all(nonsense.as_bytes());
        drop(input);
        let output = child.wait_with_output().expect("it ends");
        assert!(matches!(output.status.code(), Some(0 | 2)), "{output:?}");
        let words = format!("{}{}", crate::common::out(&output), complaint(&output));
        assert!(
            !words.contains("panicked") && !words.contains('\u{1b}'),
            "{words}"
        );
    }
}

#[test]
fn a_tree_that_is_not_there_or_broken_is_told_at_once() {
    let folder = application();
    assert_eq!(status(&run(&["mcp", "nowhere"], &folder.0)), 2);
    let folder = folder.write("firedoor.toml", "[surprise]\n");
    let output = run(&["mcp"], &folder.0);
    assert_eq!(status(&output), 2);
    assert!(complaint(&output).contains("surprise"));
}

/// A server that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns the first line of the answer to a request with these headers.
fn post(address: &str, headers: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let request = format!(
        "POST /mcp HTTP/1.1\r\n{headers}Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn over_http_it_answers_this_machine_and_no_page_of_a_browser() {
    let folder = application();
    let mut running = Running(start(&["mcp", "--http", "0"], &folder));
    let mut errors = BufReader::new(running.0.stderr.take().expect("it has one"));
    let mut line = String::new();
    errors.read_line(&mut line).expect("it says where");
    let address = line.trim().strip_prefix("answering at http://");
    let address = address.and_then(|it| it.strip_suffix("/mcp"));
    let address = address.expect("it says where").to_owned();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let own = format!("Host: {address}\r\n");
    let first = initialize().to_string();
    assert!(post(&address, &own, &first).contains("firedoor"));
    let ask = call(2, "map", json!({})).to_string();
    assert!(post(&address, &own, &ask).contains("GET /menu"));
    for (headers, body) in [
        // A name of somebody else's that was made to lead to this machine.
        (String::from("Host: rebound.example\r\n"), &first),
        (format!("{own}Origin: http://evil.example\r\n"), &first),
        (format!("{own}Origin: null\r\n"), &first),
        (format!("{own}Origin: http://{address}\r\n"), &ask),
    ] {
        let answer = post(&address, &headers, body);
        assert!(answer.starts_with("HTTP/1.1 403"), "{headers}{answer}");
        assert!(!answer.contains("menu"));
    }
    let huge = "x".repeat(2 << 20);
    let answer = post(&address, &own, &huge);
    assert!(!answer.contains("200 OK"), "{answer}");
    assert!(post(&address, &own, &ask).contains("GET /menu"));
}
