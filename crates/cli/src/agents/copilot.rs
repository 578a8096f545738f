//! GitHub Copilot, in its terminal and in the cloud: hooks in `.github/hooks/firedoor.json`, the server in
//! `.vscode/mcp.json`, instructions in `AGENTS.md`.
//!
//! Its documentation: <https://docs.github.com/en/copilot/reference/hooks-reference>, as it was in November 2026
//! (`version: 1`). Events that are registered in camel case come without their name: what has a tool is `postToolUse`,
//! what has a reason to stop is `agentStop`. The first takes `additionalContext`, the second `decision: block`.

use serde_json::{Map, Value, json};

use super::{Agent, Commands, Event, Registration, Saying, Told, paths, read_common, text, truth};

pub(super) static AGENT: Agent = Agent {
    name: "copilot",
    read,
    say,
    registrations: &[
        Registration::Json {
            path: ".github/hooks/firedoor.json",
            document: hooks,
        },
        Registration::Json {
            path: ".vscode/mcp.json",
            document: server,
        },
        Registration::Instructions { path: "AGENTS.md" },
    ],
    advice: "In the cloud Copilot needs firedoor in its environment: install it in `copilot-setup-steps.yml`.",
};

fn read(object: &Map<String, Value>) -> Told {
    if object.contains_key("hook_event_name") {
        return read_common(object);
    }
    let event = if object.contains_key("toolName") {
        Event::Edited(paths::edited(
            object.get("toolName"),
            object.get("toolArgs"),
        ))
    } else if object.contains_key("stopReason") {
        Event::Done {
            was_kept: truth(object, "stop_hook_active"),
        }
    } else {
        Event::Other
    };
    Told {
        event,
        folder: text(object, "cwd"),
        session: text(object, "sessionId"),
    }
}

fn say(saying: Saying, text: &str) -> Value {
    match saying {
        Saying::Edit { .. } => json!({"additionalContext": text}),
        Saying::Keep => json!({"decision": "block", "reason": text}),
        // There is no way to tell the person something without the agent going on.
        Saying::Inform => json!({}),
    }
}

fn hooks(commands: &Commands) -> Value {
    let hook = |matcher: Option<&str>| {
        let mut hook = json!({"type": "command", "command": commands.hook, "timeoutSec": 60});
        if let Some(matcher) = matcher {
            hook["matcher"] = json!(matcher);
        }
        hook
    };
    json!({"version": 1, "hooks": {
        "postToolUse": [hook(Some("edit|create|str_replace_editor|apply_patch"))],
        "agentStop": [hook(None)],
    }})
}

fn server(commands: &Commands) -> Value {
    json!({"servers": {"firedoor": {
        "type": "stdio", "command": "firedoor", "args": commands.server,
    }}})
}
