//! Gemini CLI: hooks and server in `.gemini/settings.json`, instructions in `GEMINI.md`.
//!
//! Its documentation: <https://geminicli.com/docs/hooks/reference>, as it was in October 2026 (the file
//! `docs/hooks/reference.md` of <https://github.com/google-gemini/gemini-cli>). After a tool (`AfterTool`) a denial would
//! hide what the tool told, so only `additionalContext` is used; at the end (`AfterAgent`) `decision: deny` makes it try
//! again with the reason as prompt, and `stop_hook_active` says that it does.

use serde_json::{Value, json};

use super::{Agent, Commands, Registration, Saying, read_common};

pub(super) static AGENT: Agent = Agent {
    name: "gemini",
    read: read_common,
    say,
    registrations: &[
        Registration::Json {
            path: ".gemini/settings.json",
            document: settings,
        },
        Registration::Instructions { path: "GEMINI.md" },
    ],
    advice: "Gemini CLI asks once whether the hooks of this folder may run; `/hooks` shows them.",
};

fn say(saying: Saying, text: &str) -> Value {
    match saying {
        Saying::Edit { .. } => json!({"hookSpecificOutput": {
            "hookEventName": "AfterTool",
            "additionalContext": text,
        }}),
        Saying::Keep => json!({"decision": "deny", "reason": text}),
        Saying::Inform => json!({"systemMessage": text}),
    }
}

fn settings(commands: &Commands) -> Value {
    // Gemini counts milliseconds.
    let hook = json!({
        "type": "command", "name": "firedoor", "command": commands.hook, "timeout": 60_000,
    });
    json!({
        "hooks": {
            "AfterTool": [{"matcher": "write_file|replace", "hooks": [hook]}],
            "AfterAgent": [{"hooks": [hook]}],
        },
        "mcpServers": {"firedoor": commands.server_entry()},
    })
}
