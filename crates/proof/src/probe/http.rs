//! Requests over HTTP: without cookies, without a proxy, and without going elsewhere.

use std::io::Read;

use ureq::Agent;
use ureq::http::{HeaderMap, Request};

use super::{Manner, Target};

/// How much of an answer is read.
const MOST_BYTES: u64 = 64 * 1024;

/// How many redirects on the same host are followed.
const MOST_REDIRECTS: usize = 3;

/// A path that no application has.
const NOWHERE: &str = "/firedoor-probe/there-is-nothing-here";

/// What came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The status.
    pub status: u16,
    /// Where it leads, if it is a redirect.
    pub location: Option<String>,
    /// Whether that is on the same host.
    pub is_own: bool,
    /// The start of the body.
    pub body: Vec<u8>,
}

/// Sends requests.
pub(crate) struct Client<'a> {
    agent: Agent,
    target: &'a Target,
    manner: &'a Manner,
}

impl<'a> Client<'a> {
    pub(crate) fn new(target: &'a Target, manner: &'a Manner) -> Client<'a> {
        let config = Agent::config_builder()
            .timeout_global(Some(manner.timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .user_agent(concat!("firedoor-probe/", env!("CARGO_PKG_VERSION")))
            .build();
        Client {
            agent: Agent::new_with_config(config),
            target,
            manner,
        }
    }

    /// Returns what is answered for a path that is not there.
    pub(crate) fn nowhere(&self) -> Result<Reply, String> {
        self.send("GET", NOWHERE)
    }

    /// Asks, and follows redirects that only put the path right.
    pub(crate) fn ask(&self, method: &str, path: &str) -> Result<Reply, String> {
        let mut path = path.to_owned();
        for _ in 0..MOST_REDIRECTS {
            let reply = self.send(method, &path)?;
            let next = reply
                .location
                .as_deref()
                .and_then(|it| self.target.own_path(it));
            match next {
                Some(next) if is_same(&path, &next) && next != path => path = next,
                _ => return Ok(reply),
            }
        }
        self.send(method, &path)
    }

    fn send(&self, method: &str, path: &str) -> Result<Reply, String> {
        let url = self.target.url("http", &escaped(path));
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in &self.manner.headers {
            request = request.header(name, value);
        }
        let has_body = matches!(method, "POST" | "PUT" | "PATCH");
        let sent = match has_body {
            true => request
                .header("content-type", "application/json")
                .body("{}")
                .map(|request| self.agent.run(request)),
            false => request.body(()).map(|request| self.agent.run(request)),
        };
        let answer = sent.map_err(|error| error.to_string())?;
        let mut answer = answer.map_err(|error| error.to_string())?;
        let location = location(answer.headers());
        let mut body = Vec::new();
        let reader = answer.body_mut().as_reader();
        // A body that breaks off says as much as one that does not.
        let _ = reader.take(MOST_BYTES).read_to_end(&mut body);
        Ok(Reply {
            status: answer.status().as_u16(),
            is_own: location
                .as_deref()
                .is_some_and(|it| self.target.own_path(it).is_some()),
            location,
            body,
        })
    }
}

fn location(headers: &HeaderMap) -> Option<String> {
    let location = headers.get("location")?;
    Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
}

/// Holds if the two differ in slashes at their ends only.
pub fn is_same(path: &str, next: &str) -> bool {
    let next = next.split('?').next().unwrap_or(next);
    path.trim_end_matches('/') == next.trim_end_matches('/')
}

/// Escapes what may not stand in a path.
pub fn escaped(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'0'..=b'9'
            | b'a'..=b'z'
            | b'A'..=b'Z'
            | b'/'
            | b'-'
            | b'_'
            | b'.'
            | b'~'
            | b'@'
            | b':'
            | b'?'
            | b'='
            | b'&'
            | b'+'
            | b','
            | b';'
            | b'$'
            | b'!'
            | b'('
            | b')'
            | b'%' => {
                escaped.push(char::from(byte));
            }
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}
