//! The server as an agent meets it: through a client of the official SDK, over a pair of streams in memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use firedoor_mcp::{Ends, Server, Source, Tree, serve_transport};
use firedoor_source::FileSet;
use rmcp::model::CallToolRequestParams;
use rmcp::service::{RoleClient, RunningService};
use rmcp::{ServiceError, ServiceExt};
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
function idle(req, res, next) {
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

/// A tree in memory, which counts how often its files are asked for.
struct Memory {
    app: Mutex<String>,
    commits_read: AtomicUsize,
}

impl Memory {
    fn new(app: String) -> Arc<Memory> {
        Arc::new(Memory {
            app: Mutex::new(app),
            commits_read: AtomicUsize::new(0),
        })
    }

    fn write(&self, app: String) {
        *self.app.lock().expect("nobody panicked") = app;
    }
}

fn tree(app: &str) -> Tree {
    let files = [("package.json", PACKAGE), ("app.js", app)];
    let files = files.map(|(path, text)| (path.to_owned(), Arc::from(text)));
    Tree {
        files: FileSet::new(files),
        ..Tree::default()
    }
}

impl Source for Memory {
    fn now(&self) -> Result<Tree, String> {
        match self.app.lock().expect("nobody panicked").as_str() {
            "" => Err(String::from("firedoor.toml: \u{1b}[31mbroken")),
            app => Ok(tree(app)),
        }
    }

    fn ends(&self, base: &str, _head: Option<&str>) -> Result<Ends, String> {
        match base {
            "HEAD" => Ok(Ends {
                base: String::from("c0ffee"),
                ..Ends::default()
            }),
            other => Err(format!("'{other}' is no commit")),
        }
    }

    fn document(&self, path: &str) -> Result<String, String> {
        match path {
            "PLAN.md" => Ok(String::from(
                "# Plan\n\nUsers log in with a password. We use refresh tokens that live for 30 days.\n",
            )),
            other => Err(format!("there is nothing at '{other}'")),
        }
    }

    fn commit(&self, _commit: &str) -> Result<Tree, String> {
        self.commits_read.fetch_add(1, Ordering::SeqCst);
        Ok(tree(APP))
    }
}

type Client = RunningService<RoleClient, ()>;

async fn connected(source: Arc<Memory>) -> Client {
    let (theirs, ours) = tokio::io::duplex(1 << 16);
    let (input, output) = tokio::io::split(ours);
    tokio::spawn(serve_transport(Server::new(source), input, output));
    ().serve(theirs).await.expect("both speak the protocol")
}

/// Returns the text of an answer, and whether it is an error.
async fn call(client: &Client, tool: &'static str, arguments: Value) -> (String, bool) {
    let mut parameters = CallToolRequestParams::new(tool);
    parameters.arguments = arguments.as_object().cloned();
    let answer = client.call_tool(parameters).await.expect("it answers");
    let text = answer.content.iter().find_map(|block| block.as_text());
    let text = text.map(|text| text.text.clone()).unwrap_or_default();
    (text, answer.is_error == Some(true))
}

#[tokio::test]
async fn the_tools_are_read_only_and_described() {
    let client = connected(Memory::new(APP.to_owned())).await;
    let tools = client.list_all_tools().await.expect("it answers");
    let mut names: Vec<&str> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    names.sort_unstable();
    let known = [
        "coverage",
        "diff",
        "explain",
        "findings",
        "map",
        "questions",
        "review",
        "rules",
    ];
    assert_eq!(names, known);
    for tool in &tools {
        let annotations = tool.annotations.as_ref().expect("it has them");
        assert_eq!(annotations.read_only_hint, Some(true), "{}", tool.name);
        assert!(
            tool.description
                .as_ref()
                .is_some_and(|text| text.len() > 20)
        );
    }
}

#[tokio::test]
async fn every_tool_answers_about_the_tree() {
    let open = APP.replace("'/cards/:id', requireKey", "'/cards/:id'");
    let source = Memory::new(open);
    let client = connected(Arc::clone(&source)).await;
    let (text, _) = call(&client, "map", json!({"path": "/cards"})).await;
    assert!(text.contains("✗ DELETE /cards/{id}  app.js:16"), "{text}");
    assert!(
        text.contains("uses Card (delete)") && !text.contains("/decks"),
        "{text}"
    );
    let (text, _) = call(
        &client,
        "map",
        json!({"verdict": "enforced", "file": "app.js"}),
    )
    .await;
    assert!(
        text.contains("POST /decks") && !text.contains("/cards"),
        "{text}"
    );
    let (text, _) = call(&client, "coverage", json!({})).await;
    assert!(
        text.starts_with("authentication of 2 entry points: 1 absent"),
        "{text}"
    );
    assert!(text.contains("guard that covers nothing: idle"), "{text}");
    let (text, _) = call(&client, "findings", json!({"entry_point": "/cards"})).await;
    assert!(text.contains("high[unauthenticated-entry-point]"), "{text}");
    assert!(text.contains("fingerprint "), "{text}");
    let (text, _) = call(&client, "explain", json!({"what": "DELETE /cards/{id}"})).await;
    assert!(text.contains("express"), "{text}");
    let (text, _) = call(&client, "explain", json!({"what": "unmounted-guard"})).await;
    assert!(text.contains("unmounted-guard"), "{text}");
    let (text, _) = call(&client, "rules", json!({"rule": "unmounted-guard"})).await;
    assert!(text.contains("What to do:"), "{text}");
    let (text, _) = call(&client, "review", json!({"document": "PLAN.md"})).await;
    assert!(
        text.contains("refresh-token/rotation") && text.contains("PLAN.md:3"),
        "{text}"
    );
    let (text, is_error) = call(&client, "review", json!({})).await;
    assert!(is_error && text.contains("no plan is kept"), "{text}");
    let (text, _) = call(&client, "questions", json!({})).await;
    assert!(
        text.contains("Is `DELETE /cards/{id}` public on purpose?"),
        "{text}"
    );
    let (text, _) = call(&client, "diff", json!({})).await;
    assert!(
        text.contains("introduced: high[unauthenticated-entry-point]"),
        "{text}"
    );
    assert!(
        text.contains(
            "weakened: DELETE /cards/{id} authentication enforced → absent; lost requireKey"
        ),
        "{text}"
    );
}

#[tokio::test]
async fn what_changes_is_analysed_again_and_what_does_not_is_not() {
    let source = Memory::new(APP.to_owned());
    let client = connected(Arc::clone(&source)).await;
    let (text, _) = call(&client, "diff", json!({})).await;
    assert!(text.starts_with("0 findings introduced"), "{text}");
    source.write(APP.replace("'/decks', requireKey", "'/decks'"));
    let (text, _) = call(&client, "diff", json!({})).await;
    assert!(text.contains("weakened: POST /decks"), "{text}");
    assert_eq!(source.commits_read.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn long_answers_come_in_pages_until_the_files_change() {
    let mut app = APP.replace("app.listen(3000);\n", "");
    for number in 0..200 {
        app.push_str(&format!(
            "app.get('/page{number}/:id', (req, res) => res.json(1));\n"
        ));
    }
    app.push_str("app.listen(3000);\n");
    let source = Memory::new(app.clone());
    let client = connected(Arc::clone(&source)).await;
    let (mut seen, mut cursor, mut pages) = (0, Value::Null, 0);
    loop {
        let (text, is_error) = call(&client, "map", json!({"cursor": cursor})).await;
        assert!(!is_error && text.chars().count() < 13_000, "{text}");
        seen += text.matches("app.js:").count();
        pages += 1;
        let Some(next) = text.split("cursor \"").nth(1) else {
            break;
        };
        cursor = json!(next.split('"').next());
    }
    assert_eq!((seen, pages > 1), (202, true));
    source.write(format!("{app}\n// later\n"));
    let (text, is_error) = call(&client, "map", json!({"cursor": cursor})).await;
    assert!(is_error && text.contains("files have changed"), "{text}");
}

#[tokio::test]
async fn what_is_hostile_is_refused_with_words() {
    let client = connected(Memory::new(APP.to_owned())).await;
    for (tool, arguments) in [
        ("map", json!({"file": "../../etc/passwd"})),
        ("map", json!({"file": "/etc/passwd"})),
        ("findings", json!({"file": "C:\\windows"})),
        ("map", json!({"path": "\u{1b}[2J"})),
        ("map", json!({"path": "x".repeat(100_000)})),
        ("map", json!({"verdict": "purple"})),
        ("map", json!({"cursor": "99999999999999999999-x"})),
        ("coverage", json!({"control": "magic"})),
        ("explain", json!({"what": "nothing of the kind"})),
        ("explain", json!({"what": ""})),
        ("rules", json!({"rule": "no-such-rule"})),
        ("questions", json!({"importance": "utmost"})),
        ("diff", json!({"base": "--upload-pack=touch pwned"})),
        ("review", json!({"document": "../PLAN.md"})),
        ("review", json!({"document": "nothing.md"})),
    ] {
        let (text, is_error) = call(&client, tool, arguments.clone()).await;
        assert!(is_error, "{tool} {arguments}: {text}");
        assert!(
            text.chars().count() < 500 && !text.contains('\u{1b}'),
            "{text}"
        );
    }
    let mut parameters = CallToolRequestParams::new("map");
    parameters.arguments = json!({"surprise": 1}).as_object().cloned();
    let answer = client.call_tool(parameters).await;
    let is_refused = match &answer {
        Ok(answer) => answer.is_error == Some(true),
        Err(error) => matches!(error, ServiceError::McpError(_)),
    };
    assert!(is_refused, "{answer:?}");
    // It still answers after all that.
    let (text, is_error) = call(&client, "map", json!({})).await;
    assert!(!is_error && text.contains("POST /decks"), "{text}");
}

#[tokio::test]
async fn a_tree_that_cannot_be_read_is_an_answer_and_steers_no_terminal() {
    let source = Memory::new(APP.to_owned());
    let client = connected(Arc::clone(&source)).await;
    source.write(String::new());
    let (text, is_error) = call(&client, "map", json!({})).await;
    assert!(
        is_error && text.contains("firedoor.toml: ␛[31mbroken"),
        "{text}"
    );
}

#[tokio::test]
async fn names_of_the_analysed_code_steer_no_terminal() {
    let app = APP.replace("'/decks'", "'/de\\u001b[2J\\u202ecks'");
    let client = connected(Memory::new(app)).await;
    for (tool, arguments) in [
        ("map", json!({})),
        ("coverage", json!({})),
        ("findings", json!({"all": true})),
        ("questions", json!({})),
        ("diff", json!({})),
    ] {
        let (text, _) = call(&client, tool, arguments).await;
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202e}'),
            "{tool}: {text}"
        );
    }
}
