//! Codex: hooks in `.codex/hooks.json`, the server in `.codex/config.toml`, instructions in `AGENTS.md`.
//!
//! Its documentation: <https://learn.chatgpt.com/docs/hooks>, and the schemas of input and output below
//! `codex-rs/hooks/schema/generated` of <https://github.com/openai/codex>, as they were in October 2026. The events are
//! those of Claude Code. What is written allows no field beside the known ones, and edits come as patches of
//! `apply_patch`, in `tool_input.command`.

use serde_json::{Value, json};

use super::{Agent, Commands, Registration, read_common, say_common};

pub(super) static AGENT: Agent = Agent {
    name: "codex",
    read: read_common,
    say: say_common,
    registrations: &[
        Registration::Json {
            path: ".codex/hooks.json",
            document: hooks,
        },
        Registration::TomlServer {
            path: ".codex/config.toml",
        },
        Registration::Instructions { path: "AGENTS.md" },
    ],
    advice: "Codex runs hooks of a folder that is trusted; `/hooks` shows them. Older versions want `hooks = true` below \
             `[features]` of its config.toml.",
};

fn hooks(commands: &Commands) -> Value {
    let hook = json!({"type": "command", "command": commands.hook, "timeout": 60});
    json!({"hooks": {
        "PostToolUse": [{"matcher": "apply_patch|Edit|Write", "hooks": [hook]}],
        "Stop": [{"hooks": [hook]}],
    }})
}
