//! Where input from outside starts running the application's code.

use std::collections::BTreeMap;

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Check, CheckId, CheckKind, Control, Effect, Layer, Provenance, Verdict};

/// How input arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// An HTTP request.
    Http,
    /// A WebSocket connection or one of its messages.
    WebSocket,
    /// A GraphQL field.
    GraphQl,
    /// A server action.
    Action,
    /// A procedure call.
    Rpc,
    /// A queue or the clock.
    Job,
}

impl Transport {
    /// All of them, in the order of output.
    pub const ALL: [Transport; 6] = [
        Transport::Http,
        Transport::WebSocket,
        Transport::GraphQl,
        Transport::Action,
        Transport::Rpc,
        Transport::Job,
    ];

    /// Returns the word for it in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Transport::Http => "http",
            Transport::WebSocket => "websocket",
            Transport::GraphQl => "graphql",
            Transport::Action => "action",
            Transport::Rpc => "rpc",
            Transport::Job => "job",
        }
    }
}

/// A function with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// The name; `(anonymous)` where it has none.
    pub name: Ustr,
    /// Where it is defined.
    pub span: Span,
}

/// A test that was made, whatever hangs on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Examination {
    /// What kind.
    pub kind: CheckKind,
    /// Holds if it asks how a text begins or ends.
    pub is_part: bool,
    /// The values examined.
    pub operands: Vec<Provenance>,
}

/// An entry point.
#[derive(Clone, Debug)]
pub struct EntryPoint {
    /// How input arrives.
    pub transport: Transport,
    /// Upper case, `ANY` for all; `WS`, `GRAPHQL`, ... for other transports than HTTP.
    pub method: Ustr,
    /// The path as an OpenAPI template; for other transports the name.
    pub path: Ustr,
    /// The message or event of a WebSocket.
    pub message: Option<Ustr>,
    /// The file of the application object that it belongs to.
    pub app: Ustr,
    /// The framework.
    pub framework: &'static str,
    /// What handles it.
    pub handler: Symbol,
    /// Where it is registered.
    pub registered: Span,
    /// The condition in words under which it is registered at all, if that hangs on the environment or is not known.
    pub registered_if: Option<String>,
    /// The router or controller it belongs to: a number that siblings share, and a name for people.
    pub group: (u32, Ustr),
    /// The layers in the order in which they run, inline checks last.
    pub layers: Vec<Layer>,
    /// Guards in whose scope it lies, and that never run for it since they are registered behind it.
    pub late: Vec<Layer>,
    /// What is known of each control that applies to the transport.
    pub controls: BTreeMap<Control, Verdict>,
    /// The checks that effects refer to.
    pub checks: Vec<Check>,
    /// The tests that were made on the way, whether or not an effect hangs on them.
    pub examined: Vec<Examination>,
    /// What layers and handler do for a caller who passes every guard, in order.
    pub effects: Vec<Effect>,
    /// What an attacker without credentials reaches, in order.
    pub exposed: Vec<Effect>,
    /// The parts of a request from which credentials are read.
    pub credentials: Vec<crate::Origin>,
    /// What could not be resolved on the way, in words.
    pub unresolved: Vec<String>,
    /// Why it is public on purpose, if the configuration says so.
    pub public_because: Option<String>,
    /// What rules have worked out of it.
    pub memory: crate::ownership::Memory,
}

impl EntryPoint {
    /// Returns the id of the contract, such as `POST /api/x/{id}` or `WS /ws#join`.
    pub fn id(&self) -> String {
        match self.message {
            Some(message) => format!("{} {}#{}", self.method, self.path, message),
            None => format!("{} {}", self.method, self.path),
        }
    }

    /// Returns what is known of `control`; a control that does not apply is absent.
    pub fn verdict(&self, control: Control) -> Verdict {
        self.controls
            .get(&control)
            .cloned()
            .unwrap_or(Verdict::Absent)
    }

    /// Returns the check with that number.
    pub fn check(&self, id: CheckId) -> &Check {
        &self.checks[id.0 as usize]
    }

    /// Returns the checks that dominate `effect`, outermost first.
    pub fn checks_of<'a>(&'a self, effect: &'a Effect) -> impl Iterator<Item = &'a Check> {
        effect.checks.iter().map(|id| self.check(*id))
    }
}

/// Returns the segments of a path template: what stands between slashes, without empty ones.
pub fn path_segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}
