//! Connections over WebSocket, plain and of Socket.IO.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::HandshakeError;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error, Message, WebSocket};

use super::http::escaped;
use super::verdict::{Answer, Reading};
use super::{Manner, Target};

/// The largest message that is read.
const MOST_BYTES: usize = 64 * 1024;

/// How many messages are read while a connection is watched.
const MOST_MESSAGES: usize = 64;

/// The path under which Socket.IO answers unless it is told otherwise.
const SOCKET_IO: &str = "/socket.io/?EIO=4&transport=websocket";

/// Opens a plain connection, says `first` if there is something to say, and watches whether it stays open.
pub(crate) fn plain(target: &Target, manner: &Manner, path: &str, first: Option<&str>) -> Answer {
    let mut socket = match open(target, manner, path) {
        Ok(socket) => socket,
        Err(answer) => return answer,
    };
    if let Some(text) = first
        && socket.send(Message::text(text)).is_err()
    {
        return closed(None);
    }
    let answer = watch(&mut socket, manner.patience, |_| None);
    let _ = socket.close(None);
    answer.unwrap_or_else(stays_open)
}

/// Opens a connection of Socket.IO to a namespace.
pub(crate) fn socket_io(
    target: &Target,
    manner: &Manner,
    namespace: &str,
    event: Option<&str>,
) -> Answer {
    let mut socket = match open(target, manner, SOCKET_IO) {
        Ok(socket) => socket,
        Err(answer) => return answer,
    };
    let place = match namespace {
        "" | "/" => String::new(),
        other => format!("{other},"),
    };
    if socket.send(Message::text(format!("40{place}"))).is_err() {
        return closed(None);
    }
    let answer = watch(&mut socket, manner.patience, |text| {
        if text.starts_with("44") {
            return Some(Answer::new(
                Reading::Refused,
                None,
                "the namespace refuses the connection",
            ));
        }
        if text.starts_with("40") {
            return Some(Answer::new(
                Reading::LetIn,
                None,
                "the namespace accepts the connection",
            ));
        }
        None
    });
    let answer = answer
        .unwrap_or_else(|| Answer::new(Reading::Unclear, None, "the namespace does not answer"));
    if let (Some(event), Reading::LetIn) = (event, answer.reading) {
        let said = empty_event(&place, event);
        if socket.send(Message::text(said)).is_ok() {
            let answer = watch(&mut socket, manner.patience, |_| None);
            let _ = socket.close(None);
            return answer.unwrap_or_else(stays_open);
        }
    }
    let _ = socket.close(None);
    answer
}

/// Returns an event of Socket.IO with nothing in it.
fn empty_event(place: &str, event: &str) -> String {
    format!("42{place}[{},{{}}]", quoted(event))
}

/// Returns a text as JSON.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control.is_control() => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(control)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

fn open(target: &Target, manner: &Manner, path: &str) -> Result<WebSocket<TcpStream>, Answer> {
    let failed = |why: String| Answer::failed(&why);
    let stream = TcpStream::connect_timeout(&target.address, manner.timeout)
        .map_err(|error| failed(error.to_string()))?;
    stream
        .set_read_timeout(Some(manner.timeout))
        .and_then(|()| stream.set_write_timeout(Some(manner.timeout)))
        .map_err(|error| failed(error.to_string()))?;
    let url = target.url("ws", &escaped(path));
    let mut request = url
        .into_client_request()
        .map_err(|error| failed(error.to_string()))?;
    for (name, value) in &manner.headers {
        let name = name.parse::<tungstenite::http::HeaderName>();
        if let (Ok(name), Ok(value)) = (name, value.parse()) {
            request.headers_mut().insert(name, value);
        }
    }
    let config = WebSocketConfig::default()
        .max_message_size(Some(MOST_BYTES))
        .max_frame_size(Some(MOST_BYTES));
    match tungstenite::client::client_with_config(request, stream, Some(config)) {
        Ok((socket, _)) => Ok(socket),
        Err(HandshakeError::Failure(Error::Http(answer))) => Err(refused(answer.status().as_u16())),
        Err(HandshakeError::Failure(error)) => Err(failed(error.to_string())),
        Err(HandshakeError::Interrupted(_)) => {
            Err(failed(String::from("the handshake takes too long")))
        }
    }
}

/// What a handshake means that is answered with a status.
fn refused(status: u16) -> Answer {
    let (reading, words) = match status {
        401 | 403 | 407 => (Reading::Refused, format!("{status} to the handshake")),
        404 | 405 | 410 => (Reading::NotThere, format!("{status} to the handshake")),
        _ => (Reading::Unclear, format!("{status} to the handshake")),
    };
    Answer::new(reading, Some(status), words)
}

/// Watches a connection until it is closed, something says enough, or patience is at its end.
fn watch(
    socket: &mut WebSocket<TcpStream>,
    patience: Duration,
    mut says: impl FnMut(&str) -> Option<Answer>,
) -> Option<Answer> {
    let end = Instant::now() + patience;
    for _ in 0..MOST_MESSAGES {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() || socket.get_ref().set_read_timeout(Some(left)).is_err() {
            break;
        }
        match socket.read() {
            Ok(Message::Text(text)) => {
                if let Some(answer) = says(text.as_str()) {
                    return Some(answer);
                }
            }
            Ok(Message::Close(frame)) => {
                return Some(closed(frame.map(|frame| frame.code.into())));
            }
            Ok(_) => {}
            Err(Error::Io(error))
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
            {
                break;
            }
            Err(Error::Capacity(_)) => break,
            Err(_) => return Some(closed(None)),
        }
    }
    None
}

fn stays_open() -> Answer {
    Answer::new(Reading::LetIn, None, "the connection stays open")
}

fn closed(code: Option<u16>) -> Answer {
    match code {
        // The other side goes away or has nothing more to say.
        Some(1000 | 1001) => Answer::new(
            Reading::Unclear,
            code,
            "the connection is closed without a reason",
        ),
        Some(1011 | 1012 | 1013) => Answer::new(Reading::Unclear, code, "the connection fails"),
        Some(other) => Answer::new(
            Reading::Refused,
            code,
            format!("the connection is closed with {other}"),
        ),
        None => Answer::new(Reading::Refused, None, "the connection is closed"),
    }
}
