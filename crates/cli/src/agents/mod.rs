//! Coding agents: what each tells a hook, what it wants to hear, and the files that register firedoor with it.
//!
//! One file an agent; this one has the list, and what they share.

mod claude;
mod codex;
mod copilot;
mod cursor;
mod gemini;
mod paths;

use serde_json::{Map, Value, json};

/// What happened, as an agent tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Files were written, by the paths that the agent used.
    Edited(Vec<String>),
    /// The agent wants to be done. It may have been kept from it before.
    Done {
        /// Holds if it goes on only because a hook kept it from being done.
        was_kept: bool,
    },
    /// Something that firedoor has no word about.
    Other,
}

/// What an agent tells a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What happened.
    pub event: Event,
    /// The folder that the agent works in.
    pub folder: Option<String>,
    /// What identifies the session.
    pub session: Option<String>,
}

/// What firedoor says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saying {
    /// After an edit: what it introduced. The agent reads it and goes on.
    Edit {
        /// Holds if it is bad enough to keep the agent from being done.
        is_bad: bool,
    },
    /// Before it is done: it has to go on.
    Keep,
    /// Before it is done: what it did, for the person to read.
    Inform,
}

/// A file that registers firedoor with an agent.
#[derive(Clone, Copy, Debug)]
pub enum Registration {
    /// A JSON document into which this is merged.
    Json {
        /// The path from the top of the repository.
        path: &'static str,
        /// What is merged; `command` stands in it for the hook's, `arguments` for the server's.
        document: fn(&Commands) -> Value,
    },
    /// A TOML document of which this table is added if it is not there.
    TomlServer {
        /// The path from the top of the repository.
        path: &'static str,
    },
    /// A Markdown document to which the instructions are added as a section.
    Instructions {
        /// The path from the top of the repository.
        path: &'static str,
    },
}

/// The commands that an agent runs.
#[derive(Clone, Debug)]
pub struct Commands {
    /// The hook, for a shell.
    pub hook: String,
    /// The arguments of `firedoor` for the server.
    pub server: Vec<String>,
}

impl Commands {
    /// Returns the server as most agents write it.
    fn server_entry(&self) -> Value {
        json!({"command": "firedoor", "args": self.server})
    }
}

/// An agent.
#[derive(Debug)]
pub struct Agent {
    /// The name, as options take it.
    pub name: &'static str,
    /// Reads what it tells.
    pub read: fn(&Map<String, Value>) -> Told,
    /// Says something in its format.
    pub say: fn(Saying, &str) -> Value,
    /// The files that register firedoor with it.
    pub registrations: &'static [Registration],
    /// What a person has to do besides.
    pub advice: &'static str,
}

/// All agents, by name.
pub static AGENTS: [&Agent; 5] = [
    &claude::AGENT,
    &codex::AGENT,
    &copilot::AGENT,
    &cursor::AGENT,
    &gemini::AGENT,
];

/// Returns the agent of that name.
pub fn agent(name: &str) -> Option<&'static Agent> {
    AGENTS.into_iter().find(|agent| agent.name == name)
}

/// Returns the text of a field.
fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    object.get(key)?.as_str().map(str::to_owned)
}

/// Returns the truth of a field; one that is missing or no truth is false.
fn truth(object: &Map<String, Value>, key: &str) -> bool {
    object.get(key).and_then(Value::as_bool) == Some(true)
}

/// What agents are told that took over the answers of Claude Code.
fn say_common(saying: Saying, text: &str) -> Value {
    match saying {
        Saying::Edit { is_bad: true } | Saying::Keep => {
            json!({"decision": "block", "reason": text})
        }
        Saying::Edit { is_bad: false } => json!({"hookSpecificOutput": {
            "hookEventName": "PostToolUse",
            "additionalContext": text,
        }}),
        Saying::Inform => json!({"systemMessage": text}),
    }
}

/// What agents tell that took over the events of Claude Code: `hook_event_name`, `tool_input`, `stop_hook_active`.
fn read_common(object: &Map<String, Value>) -> Told {
    let event = match object.get("hook_event_name").and_then(Value::as_str) {
        Some("PostToolUse" | "AfterTool") => Event::Edited(paths::edited(
            object.get("tool_name"),
            object.get("tool_input"),
        )),
        Some("Stop" | "SubagentStop" | "AfterAgent") => Event::Done {
            was_kept: truth(object, "stop_hook_active"),
        },
        _ => Event::Other,
    };
    Told {
        event,
        folder: text(object, "cwd"),
        session: text(object, "session_id"),
    }
}
