//! `firedoor hook` as agents run it: an event on standard input, an answer in the agent's own form.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::common::{complaint, out, run, status};
use firedoor_testkit::{Folder, git};
use serde_json::{Value, json};

const PACKAGE: &str =
    r#"{"dependencies": {"express": "4.19.2", "@prisma/client": "5.0.0"}, "main": "app.js"}"#;

const APP: &str = "\
const express = require('express');
const { PrismaClient } = require('@prisma/client');
const prisma = new PrismaClient();
const app = express();
function requireKey(req, res, next) {
  if (req.headers['x-key'] !== process.env.KEY) return res.sendStatus(401);
  next();
}
app.post('/decks', requireKey, async (req, res) => {
  res.json(await prisma.deck.create({ data: { name: req.body.name } }));
});
app.delete('/cards/:id', requireKey, async (req, res) => {
  res.json(await prisma.card.delete({ where: { id: req.params.id } }));
});
app.listen(3000);
";

/// A repository in which all is well.
fn repository() -> Folder {
    let folder = Folder::empty()
        .write("package.json", PACKAGE)
        .write("app.js", APP);
    git(&folder.0, &["init", "--quiet"]);
    commit(&folder);
    folder
}

fn commit(folder: &Folder) {
    git(&folder.0, &["add", "--all"]);
    git(&folder.0, &["commit", "--quiet", "--message", "x"]);
}

/// Takes the guard away from what deletes cards.
fn opened() -> String {
    APP.replace("'/cards/:id', requireKey", "'/cards/:id'")
}

fn tell(agent: &str, event: &[u8], folder: &Path) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_firedoor"))
        .args(["hook", agent])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("it has one");
    // Whoever has heard enough does not listen to the rest.
    let _ = input.write_all(event);
    drop(input);
    child.wait_with_output().expect("it ends")
}

fn answer(agent: &str, event: &Value, folder: &Folder) -> Value {
    let output = tell(agent, event.to_string().as_bytes(), &folder.0);
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    serde_json::from_str(&out(&output)).expect("the answer is JSON")
}

fn edited(file: &str) -> Value {
    json!({"session_id": "s", "hook_event_name": "PostToolUse", "tool_name": "Edit",
        "tool_input": {"file_path": file}})
}

fn done(was_kept: bool) -> Value {
    json!({"session_id": "s", "hook_event_name": "Stop", "stop_hook_active": was_kept})
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn an_edit_is_answered_with_what_it_introduced_and_only_once() {
    let folder = repository();
    assert_eq!(answer("claude", &edited("app.js"), &folder), json!({}));
    let folder = folder.write("app.js", opened());
    let said = answer("claude", &edited("app.js"), &folder);
    assert_eq!(said["decision"], "block");
    let reason = text(&said["reason"]);
    assert!(
        reason.contains("high[unauthenticated-entry-point]"),
        "{reason}"
    );
    assert!(!reason.contains("/decks"), "{reason}");
    assert_eq!(answer("claude", &edited("app.js"), &folder), json!({}));
    // Repaired and broken again, it is told again.
    let folder = folder.write("app.js", APP);
    assert_eq!(answer("claude", &edited("app.js"), &folder), json!({}));
    let folder = folder.write("app.js", opened());
    assert_eq!(
        answer("claude", &edited("app.js"), &folder)["decision"],
        "block"
    );
}

#[test]
fn what_was_there_before_is_nothing_that_an_edit_introduced() {
    let folder = repository().write("app.js", opened());
    commit(&folder);
    let folder = folder.write("app.js", format!("// a line more\n{}", opened()));
    assert_eq!(answer("claude", &edited("app.js"), &folder), json!({}));
    assert_eq!(answer("claude", &done(false), &folder), json!({}));
}

#[test]
fn before_it_is_done_an_agent_is_kept_once_for_what_is_bad() {
    let added = format!(
        "{}app.get('/menu', (req, res) => res.json(1));\nfunction idle(req, res, next) {{\n  if (req.headers['x-key'] !== process.env.KEY) return res.sendStatus(401);\n  next();\n}}\n",
        opened()
    );
    let folder = repository().write("app.js", added);
    let said = answer("claude", &done(false), &folder);
    assert_eq!(said["decision"], "block");
    let reason = text(&said["reason"]);
    for wanted in [
        "DELETE /cards/{id}: authentication enforced → absent",
        "New entry points (1):",
        "✗ GET /menu",
        "idle app.js:",
        "You are told this once.",
    ] {
        assert!(reason.contains(wanted), "{wanted}: {reason}");
    }
    // Neither while it goes on because of that, nor later for the same.
    assert_eq!(answer("claude", &done(true), &folder), json!({}));
    assert_eq!(answer("claude", &done(false), &folder), json!({}));
    // For something else, once more; but never while it was kept already.
    let worse = APP.replace(", requireKey", "");
    let folder = folder.write("app.js", worse);
    let said = answer("claude", &done(true), &folder);
    assert_eq!(said["decision"], Value::Null);
    assert!(
        text(&said["systemMessage"]).contains("POST /decks"),
        "{said}"
    );
    assert_eq!(answer("claude", &done(false), &folder)["decision"], "block");
}

#[test]
fn commits_of_the_session_belong_to_it() {
    let folder = repository();
    answer("claude", &edited("app.js"), &folder);
    let folder = folder.write("app.js", opened());
    commit(&folder);
    assert_eq!(answer("claude", &done(false), &folder)["decision"], "block");
    let mut other = done(false);
    other["session_id"] = json!("another");
    assert_eq!(answer("claude", &other, &folder), json!({}));
}

#[test]
fn the_settings_say_what_is_bad() {
    let folder = repository()
        .write("app.js", opened())
        .write("firedoor.toml", "[hooks]\nblock = \"off\"\n");
    let said = answer("claude", &edited("app.js"), &folder);
    assert!(
        text(&said["hookSpecificOutput"]["additionalContext"]).contains("Card"),
        "{said}"
    );
    let said = answer("claude", &done(false), &folder);
    assert!(text(&said["systemMessage"]).contains("Weakened"), "{said}");
    let folder = folder.write("firedoor.toml", "[hooks]\nblock = \"utmost\"\n");
    let output = tell("claude", done(false).to_string().as_bytes(), &folder.0);
    // Status 2 would keep the agent for ever.
    assert_eq!(status(&output), 1);
    assert!(
        complaint(&output).contains("firedoor.toml:2"),
        "{}",
        complaint(&output)
    );
    assert_eq!(out(&output), "");
}

#[test]
fn each_agent_is_answered_in_its_form() {
    let patch = "*** Begin Patch\n*** Update File: app.js\n@@\n-a\n+b\n*** End Patch";
    let codex = json!({"session_id": "s", "hook_event_name": "PostToolUse",
        "tool_name": "apply_patch", "tool_input": {"command": patch}});
    let gemini = json!({"session_id": "s", "hook_event_name": "AfterTool",
        "tool_name": "replace", "tool_input": {"file_path": "app.js"}});
    let cursor = json!({"conversation_id": "s", "hook_event_name": "afterFileEdit",
        "file_path": "app.js", "edits": []});
    let copilot = json!({"sessionId": "s", "toolName": "edit", "toolArgs": {"path": "app.js"}});
    for (agent, event, place) in [
        ("codex", codex, "/reason"),
        ("gemini", gemini, "/hookSpecificOutput/additionalContext"),
        ("cursor", cursor, "/additional_context"),
        ("copilot", copilot, "/additionalContext"),
    ] {
        let folder = repository().write("app.js", opened());
        let said = answer(agent, &event, &folder);
        let words = said.pointer(place).map(text).unwrap_or_default();
        assert!(
            words.contains("unauthenticated-entry-point"),
            "{agent}: {said}"
        );
    }
    let gemini = |kept| json!({"hook_event_name": "AfterAgent", "stop_hook_active": kept});
    let cursor =
        |count| json!({"hook_event_name": "stop", "status": "completed", "loop_count": count});
    let copilot = |kept| json!({"stopReason": "end_turn", "stop_hook_active": kept});
    for (agent, first, second, place) in [
        ("codex", done(false), done(true), "/reason"),
        ("gemini", gemini(false), gemini(true), "/reason"),
        ("cursor", cursor(0), cursor(1), "/followup_message"),
        ("copilot", copilot(false), copilot(true), "/reason"),
    ] {
        let folder = repository().write("app.js", opened());
        let said = answer(agent, &first, &folder);
        let words = said.pointer(place).map(text).unwrap_or_default();
        assert!(words.contains("You are told this once."), "{agent}: {said}");
        let said = answer(agent, &second, &folder);
        assert_eq!(said.pointer(place), None, "{agent}: {said}");
    }
}

#[test]
fn what_cannot_matter_is_passed_over_before_anything_is_read() {
    // Settings that are broken would be told if they were read.
    let folder = repository()
        .write("firedoor.toml", "[surprise]\n")
        .write("notes.md", "x")
        .write("test/cards.test.js", "x")
        .write("node_modules/x/index.js", "x")
        .write(".hidden/x.js", "x");
    let outside = Folder::empty().write("app.js", "x");
    let elsewhere = outside.0.join("app.js").display().to_string();
    for file in [
        "notes.md",
        "test/cards.test.js",
        "node_modules/x/index.js",
        ".hidden/x.js",
        "no/such/file.js",
        "../../../../etc/passwd",
        "/dev/zero",
        "",
        "\u{0}",
        &elsewhere,
    ] {
        assert_eq!(
            answer("claude", &edited(file), &folder),
            json!({}),
            "{file}"
        );
    }
    assert!(!outside.0.join(".git").exists());
    let output = tell("claude", edited("app.js").to_string().as_bytes(), &folder.0);
    assert_eq!(status(&output), 1);
}

#[test]
fn a_folder_that_the_event_names_is_none_outside_of_the_repository() {
    let other = repository().write("app.js", opened());
    let folder = repository();
    let mut event = done(false);
    event["cwd"] = json!(other.0.display().to_string());
    assert_eq!(answer("claude", &event, &folder), json!({}));
    assert!(!other.0.join(".git/firedoor").exists());
}

#[test]
fn nonsense_is_told_and_keeps_nobody() {
    let folder = repository();
    for nonsense in [
        Vec::new(),
        b"{".to_vec(),
        b"[]".to_vec(),
        b"\"x\"".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        b"{\"a\": \"\x1b[2J".to_vec(),
        "[".repeat(1_000_000).into_bytes(),
        vec![b' '; (64 << 20) + 2],
    ] {
        let output = tell("claude", &nonsense, &folder.0);
        assert_eq!(status(&output), 1);
        let words = complaint(&output);
        assert!(words.starts_with("error: the event is"), "{words}");
        assert!(
            !words.contains('\u{1b}') && !words.contains("panicked"),
            "{words}"
        );
    }
    let never = "firedoor-session-that-leads-outside";
    for odd in [
        json!({}),
        json!({"hook_event_name": 7}),
        json!({"hook_event_name": "PostToolUse", "tool_name": [], "tool_input": 3}),
        json!({"hook_event_name": "PostToolUse", "tool_input": {"file_path": {"a": 1}}}),
        json!({"hook_event_name": "Stop", "stop_hook_active": "yes", "session_id": format!("../../{never}")}),
        json!({"hook_event_name": "Stop", "cwd": "/no/such\u{1b}/folder"}),
    ] {
        assert_eq!(answer("claude", &odd, &folder), json!({}), "{odd}");
    }
    let outside = folder.0.parent().expect("it has one");
    assert!(!outside.join(never).exists());
}

#[test]
fn what_is_kept_may_be_broken() {
    let folder = repository().write("app.js", opened());
    assert_eq!(answer("claude", &done(false), &folder)["decision"], "block");
    let kept = folder.0.join(".git/firedoor");
    for entry in std::fs::read_dir(&kept).expect("it is there").flatten() {
        std::fs::write(entry.path(), "{\"digest\": ").expect("it can be written");
    }
    assert_eq!(answer("claude", &done(false), &folder)["decision"], "block");
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere() {
    let outside = Folder::empty().write("other.js", "x");
    let folder = repository().write("app.js", opened());
    let kept = folder.0.join(".git/firedoor");
    std::os::unix::fs::symlink(&outside.0, &kept).expect("links work");
    std::os::unix::fs::symlink(outside.0.join("other.js"), folder.0.join("link.js"))
        .expect("links work");
    assert_eq!(answer("claude", &edited("link.js"), &folder), json!({}));
    let output = tell("claude", done(false).to_string().as_bytes(), &folder.0);
    assert_eq!(status(&output), 1);
    let left = std::fs::read_dir(&outside.0).expect("it is there").count();
    assert_eq!(left, 1);
}

#[test]
fn without_a_repository_or_a_commit_it_still_answers() {
    let folder = Folder::empty()
        .write("package.json", PACKAGE)
        .write("app.js", opened());
    assert_eq!(answer("claude", &done(false), &folder), json!({}));
    git(&folder.0, &["init", "--quiet"]);
    let said = answer("claude", &done(false), &folder);
    assert!(
        text(&said["reason"]).contains("since the beginning"),
        "{said}"
    );
}

#[test]
fn init_registers_agents_and_clobbers_nothing() {
    let folder = Folder::empty()
        .write(".claude/settings.json", "{\"model\": \"x\"}\n")
        .write(".cursor/hooks.json", "// with a remark\n{}\n")
        .write("AGENTS.md", "# Ours\n");
    git(&folder.0, &["init", "--quiet"]);
    let arguments = [
        "init", "--ci", "none", "--agent", "claude", "--agent", "codex", "--agent", "cursor",
    ];
    let output = run(&arguments, &folder.0);
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    let words = out(&output);
    for wanted in [
        "added to .claude/settings.json",
        "wrote .codex/config.toml",
        "left  .cursor/hooks.json: it is no plain JSON",
        "added to AGENTS.md",
    ] {
        assert!(words.contains(wanted), "{wanted}: {words}");
    }
    let read = |path: &str| std::fs::read_to_string(folder.0.join(path)).expect("it is there");
    assert!(read(".claude/settings.json").contains("\"model\": \"x\""));
    assert_eq!(read(".cursor/hooks.json"), "// with a remark\n{}\n");
    assert!(read("AGENTS.md").starts_with("# Ours\n\n<!-- firedoor:begin -->"));
    let again = out(&run(&arguments, &folder.0));
    assert!(
        !again.contains("wrote") && !again.contains("added"),
        "{again}"
    );
}

#[cfg(unix)]
#[test]
fn init_follows_no_link_out_of_the_repository() {
    let outside = Folder::empty().write("settings.json", "{}");
    let folder = Folder::empty();
    git(&folder.0, &["init", "--quiet"]);
    std::os::unix::fs::symlink(&outside.0, folder.0.join(".claude")).expect("links work");
    let output = run(&["init", "--ci", "none", "--agent", "claude"], &folder.0);
    assert!(
        out(&output).contains("left  .claude/settings.json"),
        "{}",
        out(&output)
    );
    let kept = std::fs::read_to_string(outside.0.join("settings.json"));
    assert_eq!(kept.expect("it is there"), "{}");
}
