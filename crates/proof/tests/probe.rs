//! Instances that answer as their map says, and some that do not: servers of a few lines on this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use firedoor_analysis::{Options, Report, analyse};
use firedoor_proof::probe::{Manner, Probe, Reading, Ruling, Target, probe};
use firedoor_source::FileSet;

/// Requests that a server has got: the request line and the headers.
type Log = Arc<Mutex<Vec<String>>>;

/// Starts a server that answers each request by what `answer` says of its first line.
fn serve(answer: impl Fn(&str) -> String + Send + 'static) -> (Target, Log) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let log = Log::default();
    let own = log.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let request = read(&stream);
            let first = request.lines().next().unwrap_or("").to_owned();
            own.lock().expect("nobody panicked").push(request);
            let mut stream = stream;
            let _ = stream.write_all(answer(&first).as_bytes());
        }
    });
    (target(port), log)
}

fn target(port: u16) -> Target {
    Target::parse(&format!("http://127.0.0.1:{port}"), None).expect("it is this machine")
}

/// Reads a request with its body.
fn read(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) => {}
        }
        if let Some(number) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = number.trim().parse().unwrap_or(0);
        }
        request.push_str(&line);
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    request
}

fn reply(status: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n{body}"
    )
}

fn manner() -> Manner {
    Manner {
        is_unsafe: false,
        rate: 1000,
        timeout: Duration::from_secs(10),
        patience: Duration::from_millis(300),
        headers: Vec::new(),
        has_credentials: false,
        app: None,
    }
}

const APP: &str = "\
const app = require('express')();
const requireUser = (req, res, next) => {
  if (req.get('authorization') !== process.env.TOKEN) return res.sendStatus(401);
  next();
};
app.get('/open', (req, res) => res.send('open'));
app.get('/closed', requireUser, (req, res) => res.send('closed'));
app.get('/items/:id', (req, res) => res.send('item'));
app.post('/closed', requireUser, (req, res) => res.send('done'));
";

fn report(code: &str) -> Report {
    let file = (String::from("app.js"), Arc::from(code));
    analyse(&FileSet::new([file]), &Options::default())
}

/// Returns each entry point with what was ruled.
fn rulings(report: &Report, probe: &Probe) -> Vec<(String, Ruling)> {
    let entries = probe.entries.iter();
    entries
        .map(|probed| (report.map.entry_points[probed.entry].id(), probed.ruling))
        .collect()
}

fn ruled(report: &Report, probe: &Probe, id: &str) -> Ruling {
    let all = rulings(report, probe);
    all.iter()
        .find(|(own, _)| own == id)
        .expect("it is in the map")
        .1
}

#[test]
fn an_instance_that_is_as_its_map_says_confirms_it() {
    let (target, log) = serve(|line| match line.split(' ').nth(1) {
        Some("/open") => reply("200 OK", "", "open"),
        Some("/items/1") => reply("422 Unprocessable", "", "no number"),
        Some(path) if path.starts_with("/items/") => reply("200 OK", "", "item"),
        Some("/closed") => reply("401 Unauthorized", "", "no"),
        _ => reply("404 Not Found", "", "nothing"),
    });
    let report = report(APP);
    let probe = probe(&report, &target, &manner(), |_| {}).expect("it answers");
    for id in ["GET /open", "GET /closed", "GET /items/{id}"] {
        assert_eq!(ruled(&report, &probe, id), Ruling::Confirmed, "{id}");
    }
    assert_eq!(ruled(&report, &probe, "POST /closed"), Ruling::Undecided);
    assert_eq!(probe.counts().agreement(), Some(1.0));
    let log = log.lock().expect("nobody panicked");
    for request in log.iter() {
        let lower = request.to_ascii_lowercase();
        assert!(request.starts_with("GET "), "only safe methods: {request}");
        assert!(
            !lower.contains("authorization:") && !lower.contains("cookie:"),
            "{request}"
        );
    }
}

#[test]
fn an_instance_that_lets_in_refutes_its_map() {
    let (target, _) = serve(|line| match line.split(' ').nth(1) {
        Some("/open") => reply("403 Forbidden", "", "no"),
        Some("/closed") => reply("200 OK", "", "welcome"),
        _ => reply("404 Not Found", "", "nothing"),
    });
    let report = report(APP);
    let probe = probe(&report, &target, &manner(), |_| {}).expect("it answers");
    assert_eq!(ruled(&report, &probe, "GET /closed"), Ruling::Refuted);
    assert_eq!(ruled(&report, &probe, "GET /open"), Ruling::Refuted);
    assert_eq!(ruled(&report, &probe, "GET /items/{id}"), Ruling::Undecided);
    assert_eq!(probe.counts().agreement(), Some(0.0));
}

#[test]
fn what_is_answered_everywhere_decides_nothing() {
    let (target, _) = serve(|_| reply("200 OK", "", "<html>the front end</html>"));
    let report = report(APP);
    let probe = probe(&report, &target, &manner(), |_| {}).expect("it answers");
    assert!(
        probe
            .entries
            .iter()
            .all(|it| it.ruling == Ruling::Undecided)
    );
}

#[test]
fn other_methods_are_sent_when_they_are_wanted() {
    let (target, log) = serve(|line| match line.starts_with("POST") {
        true => reply("401 Unauthorized", "", "no"),
        false => reply("404 Not Found", "", "nothing"),
    });
    let manner = Manner {
        is_unsafe: true,
        headers: vec![("X-Trace".into(), "1".into())],
        ..manner()
    };
    let report = report(APP);
    let probe = probe(&report, &target, &manner, |_| {}).expect("it answers");
    assert_eq!(ruled(&report, &probe, "POST /closed"), Ruling::Confirmed);
    let log = log.lock().expect("nobody panicked");
    let posts: Vec<&String> = log.iter().filter(|it| it.starts_with("POST")).collect();
    assert_eq!(posts.len(), 1);
    assert!(posts[0].to_ascii_lowercase().contains("x-trace: 1"));
}

#[test]
fn a_way_to_the_log_in_is_a_refusal_and_no_other_host_is_asked() {
    let (elsewhere, other) = serve(|_| reply("200 OK", "", "elsewhere"));
    let away = format!("Location: {elsewhere}/closed\r\n");
    let (target, _) = serve(move |line| match line.split(' ').nth(1) {
        Some("/closed") => reply("302 Found", "Location: /sign-in?next=%2Fclosed\r\n", ""),
        Some("/open") => reply("307 Temporary Redirect", "Location: /open/\r\n", ""),
        Some("/open/") => reply("200 OK", "", "open"),
        Some(path) if path.starts_with("/items/") => reply("307 Temporary Redirect", &away, ""),
        _ => reply("404 Not Found", "", "nothing"),
    });
    let report = report(APP);
    let probe = probe(&report, &target, &manner(), |_| {}).expect("it answers");
    assert_eq!(ruled(&report, &probe, "GET /closed"), Ruling::Confirmed);
    assert_eq!(ruled(&report, &probe, "GET /open"), Ruling::Confirmed);
    assert_eq!(ruled(&report, &probe, "GET /items/{id}"), Ruling::Undecided);
    assert!(other.lock().expect("nobody panicked").is_empty());
}

#[test]
fn hostile_answers_end() {
    let (target, _) = serve(|line| match line.split(' ').nth(1) {
        Some("/open") => format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(1 << 20)),
        Some("/closed") => String::from("\u{1b}[2J this is no HTTP"),
        Some(path) if path.starts_with("/items/") => {
            reply("302 Found", "Location: \u{7f}\u{1}//[::\r\n", "")
        }
        _ => reply("404 Not Found", "", "nothing"),
    });
    let report = report(APP);
    let probe = probe(&report, &target, &manner(), |_| {}).expect("it answers");
    assert_eq!(ruled(&report, &probe, "GET /open"), Ruling::Confirmed);
    assert_eq!(ruled(&report, &probe, "GET /closed"), Ruling::Undecided);
    assert_eq!(ruled(&report, &probe, "GET /items/{id}"), Ruling::Undecided);
}

#[test]
fn where_nothing_listens_nothing_is_probed() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    drop(listener);
    let refused = probe(&report(APP), &target(port), &manner(), |_| {});
    assert!(refused.is_err());
}

const SOCKETS: &str = "\
const { WebSocketServer } = require('ws');
const server = require('http').createServer();
const wss = new WebSocketServer({ server, path: '/live' });
wss.on('connection', (socket, request) => {
  if (request.headers.authorization !== 'Bearer good') return socket.close(4401);
  socket.send('welcome');
});
server.listen(3000);
";

/// Starts a server that accepts connections and closes them with that code, if with any.
fn serve_sockets(code: Option<u16>) -> Target {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut start = [0; 512];
            let seen = stream.peek(&mut start).unwrap_or(0);
            let is_socket = String::from_utf8_lossy(&start[..seen]).starts_with("GET /live");
            if !is_socket {
                read(&stream);
                let mut stream = stream;
                let _ = stream.write_all(reply("404 Not Found", "", "nothing").as_bytes());
                continue;
            }
            let Ok(mut socket) = tungstenite::accept(stream) else {
                continue;
            };
            let frame = code.map(|code| tungstenite::protocol::CloseFrame {
                code: code.into(),
                reason: "".into(),
            });
            match frame {
                Some(frame) => {
                    let _ = socket.close(Some(frame));
                    while socket.read().is_ok() {}
                }
                None => while socket.read().is_ok() {},
            }
        }
    });
    target(port)
}

#[test]
fn connections_are_refused_by_being_closed() {
    let report = report(SOCKETS);
    for (code, ruling, reading) in [
        (Some(4401), Ruling::Confirmed, Reading::Refused),
        (None, Ruling::Refuted, Reading::LetIn),
        (Some(1000), Ruling::Undecided, Reading::Unclear),
    ] {
        let target = serve_sockets(code);
        let probe = probe(&report, &target, &manner(), |_| {}).expect("it answers");
        let [probed] = probe.entries.as_slice() else {
            panic!("one connection: {:?}", rulings(&report, &probe));
        };
        assert_eq!(
            (probed.ruling, probed.answer.reading),
            (ruling, reading),
            "{code:?}"
        );
    }
}

#[test]
fn findings_are_confirmed_by_who_is_let_in() {
    let code = "\
const app = require('express')();
const db = require('knex')({ client: 'pg' });
app.get('/users', async (req, res) => res.json(await db('users').select('email', 'password_hash')));
app.get('/me', (req, res) => {
  if (req.get('authorization') !== process.env.TOKEN) return res.sendStatus(401);
  res.send('me');
});
app.delete('/users/:id', async (req, res) => { await db('users').where({ id: req.params.id }).del(); res.sendStatus(204); });
";
    let report = report(code);
    let is_open = |rule: &str| rule == "unauthenticated-entry-point";
    let open = report
        .findings
        .iter()
        .filter(|it| is_open(it.finding.rule.id));
    assert!(open.count() > 0, "there is something to confirm");
    let (target, _) = serve(|line| match line.split(' ').nth(1) {
        Some("/users") => reply("200 OK", "", "[]"),
        Some("/users/1") => reply("204 No Content", "", ""),
        Some("/me") => reply("401 Unauthorized", "", "no"),
        _ => reply("404 Not Found", "", "nothing"),
    });
    let manner = Manner {
        is_unsafe: true,
        ..manner()
    };
    let probe = probe(&report, &target, &manner, |_| {}).expect("it answers");
    assert!(!probe.findings.is_empty());
    assert!(
        probe
            .findings
            .iter()
            .all(|it| it.ruling == Ruling::Confirmed)
    );
}
