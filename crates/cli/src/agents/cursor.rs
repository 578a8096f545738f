//! Cursor: hooks in `.cursor/hooks.json`, the server in `.cursor/mcp.json`, instructions in `AGENTS.md`.
//!
//! Its documentation: <https://cursor.com/docs/agent/hooks>, as it was in October 2026 (Cursor 3.7, `version: 1`). Of
//! `afterFileEdit` older versions hear nothing, and newer ones take `additional_context`; at the end (`stop`) a
//! `followup_message` is sent as the next message, and `loop_count` says how often that happened.

use serde_json::{Map, Value, json};

use super::{Agent, Commands, Event, Registration, Saying, Told, text};

pub(super) static AGENT: Agent = Agent {
    name: "cursor",
    read,
    say,
    registrations: &[
        Registration::Json {
            path: ".cursor/hooks.json",
            document: hooks,
        },
        Registration::Json {
            path: ".cursor/mcp.json",
            document: server,
        },
        Registration::Instructions { path: "AGENTS.md" },
    ],
    advice: "Cursor shows hooks and servers in its settings, where they can be switched on.",
};

fn read(object: &Map<String, Value>) -> Told {
    let event = match object.get("hook_event_name").and_then(Value::as_str) {
        Some("afterFileEdit") => Event::Edited(text(object, "file_path").into_iter().collect()),
        // What was broken off by the person is not to go on by itself.
        Some("stop") if text(object, "status").is_none_or(|status| status == "completed") => {
            Event::Done {
                was_kept: object.get("loop_count").and_then(Value::as_u64) > Some(0),
            }
        }
        _ => Event::Other,
    };
    let roots = object.get("workspace_roots").and_then(Value::as_array);
    let root = roots.and_then(|roots| roots.first()?.as_str());
    Told {
        event,
        folder: root.map(str::to_owned).or_else(|| text(object, "cwd")),
        session: text(object, "conversation_id"),
    }
}

fn say(saying: Saying, text: &str) -> Value {
    match saying {
        Saying::Edit { .. } => json!({"additional_context": text}),
        Saying::Keep => json!({"followup_message": text}),
        // There is no way to tell the person something without the agent going on.
        Saying::Inform => json!({}),
    }
}

fn hooks(commands: &Commands) -> Value {
    json!({"version": 1, "hooks": {
        "afterFileEdit": [{"command": commands.hook}],
        "stop": [{"command": commands.hook, "loop_limit": 2}],
    }})
}

fn server(commands: &Commands) -> Value {
    json!({"mcpServers": {"firedoor": commands.server_entry()}})
}
