//! Connections and their messages: a message is behind its connection, so what refuses that refuses it too.

use std::collections::BTreeMap;

use firedoor_app::{Control, EntryPoint, Transport};

use super::verdict::{Answer, Reading};
use super::{Asked, Manner, Pace, Target, fillings, socket};

/// What is known of connections, by path.
#[derive(Default)]
pub(crate) struct Connections {
    known: BTreeMap<String, Answer>,
}

impl Connections {
    /// Asks a connection, or one of its messages.
    pub(crate) fn ask(
        &mut self,
        entry: &EntryPoint,
        all: &[EntryPoint],
        target: &Target,
        manner: &Manner,
        pace: &mut Pace,
    ) -> Asked {
        let answer = self.connection(entry, target, manner, pace);
        let path = fillings(&entry.path).swap_remove(0);
        let request = Some(format!("WS {path}"));
        let Some(message) = entry.message else {
            return Asked {
                request,
                answer: of_connection(entry, all, answer),
            };
        };
        if answer.reading == Reading::Refused && entry.verdict(Control::Authentication).refuses() {
            return Asked { request, answer };
        }
        if answer.reading != Reading::LetIn {
            let words = format!("its connection: {}", answer.words);
            return Asked {
                request,
                answer: Answer::new(Reading::Unclear, answer.status, words),
            };
        }
        if !manner.is_unsafe {
            return Asked::not("its connection is open; messages are sent with --unsafe only");
        }
        pace.wait();
        let answer = match entry.framework {
            "socketio" => socket::socket_io(target, manner, &entry.path, Some(&message)),
            _ => {
                let first = format!("{{\"type\":{}}}", socket::quoted(&message));
                socket::plain(target, manner, &path, Some(&first))
            }
        };
        Asked {
            request: Some(format!("WS {path}#{message}")),
            answer: of_message(answer),
        }
    }

    fn connection(
        &mut self,
        entry: &EntryPoint,
        target: &Target,
        manner: &Manner,
        pace: &mut Pace,
    ) -> Answer {
        if let Some(known) = self.known.get(entry.path.as_str()) {
            return known.clone();
        }
        let mut answer = Answer::not_asked("its path cannot be filled in");
        for path in fillings(&entry.path) {
            pace.wait();
            answer = match entry.framework {
                "socketio" => socket::socket_io(target, manner, &entry.path, None),
                _ => socket::plain(target, manner, &path, None),
            };
            if !answer.is_misfit() {
                break;
            }
        }
        self.known.insert(entry.path.to_string(), answer.clone());
        answer
    }
}

/// A connection that stays open may ask for a log-in in its first message.
fn of_connection(entry: &EntryPoint, all: &[EntryPoint], answer: Answer) -> Answer {
    let has_messages = all.iter().any(|other| {
        other.transport == Transport::WebSocket
            && other.path == entry.path
            && other.message.is_some()
    });
    let is_refusing = entry.verdict(Control::Authentication).refuses();
    match answer.reading == Reading::LetIn && is_refusing && has_messages {
        true => Answer::new(
            Reading::Unclear,
            None,
            "the connection is open, and its first message may be a log-in",
        ),
        false => answer,
    }
}

/// What is answered to a message is not judged; that the connection is closed is.
fn of_message(answer: Answer) -> Answer {
    match answer.reading {
        Reading::LetIn => Answer::new(
            Reading::Unclear,
            None,
            "the connection stays open after the message, which does not say what became of it",
        ),
        Reading::Refused if answer.status.is_none() => Answer::new(
            Reading::Unclear,
            None,
            "the connection breaks off after the message, which may have been malformed",
        ),
        _ => answer,
    }
}
