//! Claude Code: hooks in `.claude/settings.json`, the server in `.mcp.json`, instructions in `CLAUDE.md`.
//!
//! Its documentation: <https://code.claude.com/docs/en/hooks>, as it was in October 2026 (Claude Code 2.1). After a tool
//! (`PostToolUse`), `decision: block` makes it read the reason, and `additionalContext` is added to what the tool told;
//! at the end (`Stop`), `decision: block` keeps it going, with `stop_hook_active` set the next time. `systemMessage` is
//! shown to the person.

use serde_json::{Value, json};

use super::{Agent, Commands, Registration, read_common, say_common};

pub(super) static AGENT: Agent = Agent {
    name: "claude",
    read: read_common,
    say: say_common,
    registrations: &[
        Registration::Json {
            path: ".claude/settings.json",
            document: settings,
        },
        Registration::Json {
            path: ".mcp.json",
            document: server,
        },
        Registration::Instructions { path: "CLAUDE.md" },
    ],
    advice: "Claude Code asks once whether the hooks and the server of this folder may run.",
};

fn settings(commands: &Commands) -> Value {
    let hook = json!({"type": "command", "command": commands.hook, "timeout": 60});
    json!({"hooks": {
        "PostToolUse": [{"matcher": "Edit|Write|MultiEdit", "hooks": [hook]}],
        "Stop": [{"hooks": [hook]}],
    }})
}

fn server(commands: &Commands) -> Value {
    json!({"mcpServers": {"firedoor": commands.server_entry()}})
}
