//! `firedoor judge`: what was decided does not count, until what it rests on changes.

use crate::common::{complaint, out, run, status};
use firedoor_testkit::Folder;
use serde_json::Value;

const PACKAGE: &str =
    r#"{"dependencies": {"express": "4.19.2", "@prisma/client": "5.0.0"}, "main": "app.js"}"#;

/// Anybody can delete cards; the others need a key.
const APP: &str = "\
const express = require('express');
const { PrismaClient } = require('@prisma/client');
const prisma = new PrismaClient();
const app = express();
function requireKey(req, res, next) {
  if (req.headers['x-key'] !== process.env.KEY) return res.sendStatus(401);
  next();
}
app.post('/cards', requireKey, async (req, res) => {
  res.json(await prisma.card.create({ data: { text: req.body.text } }));
});
app.patch('/cards/:id', requireKey, async (req, res) => {
  res.json(await prisma.card.update({ where: { id: req.params.id }, data: { text: req.body.text } }));
});
app.delete('/cards/:id', async (req, res) => {
  res.json(await prisma.card.delete({ where: { id: req.params.id } }));
});
app.listen(3000);
";

fn application() -> Folder {
    Folder::empty()
        .write("package.json", PACKAGE)
        .write("app.js", APP)
}

fn report(folder: &Folder) -> Value {
    let output = run(
        &["check", "--format", "json", "--fail-on", "never"],
        &folder.0,
    );
    serde_json::from_str(&out(&output)).unwrap_or_else(|_| panic!("{}", complaint(&output)))
}

/// Returns the finding about the entry point that anybody can use.
fn finding(report: &Value) -> Value {
    let findings = report["findings"].as_array().expect("it is a list");
    let mut of_entry = findings
        .iter()
        .filter(|finding| finding["entry_point"] == "DELETE /cards/{id}");
    of_entry
        .find(|finding| finding["class"] == "broken-access-control")
        .cloned()
        .expect("it is open to everybody")
}

fn fingerprint(folder: &Folder) -> String {
    let found = finding(&report(folder));
    found["fingerprint"]
        .as_str()
        .expect("it has one")
        .to_owned()
}

fn judge(folder: &Folder, what: &str, verdict: &str) -> std::process::Output {
    let reason = "the cards are a playground";
    let arguments = [
        "judge",
        what,
        "--verdict",
        verdict,
        "--reason",
        reason,
        "--by",
        "ada",
    ];
    run(&arguments, &folder.0)
}

#[test]
fn a_judged_finding_does_not_count_and_says_why() {
    let folder = application();
    assert_eq!(status(&run(&["check"], &folder.0)), 1);
    let output = judge(&folder, &fingerprint(&folder)[..8], "accepted");
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    assert_eq!(status(&run(&["check"], &folder.0)), 0);
    let found = finding(&report(&folder));
    assert_eq!(found["suppressed"], "the cards are a playground");
    assert_eq!(found["judgement"]["verdict"], "accepted");
    assert_eq!(found["judgement"]["by"], "ada");
    let text = out(&run(&["check", "--verbose"], &folder.0));
    assert!(
        text.contains("judged accepted by ada: the cards are a playground"),
        "{text}"
    );
    let sarif = out(&run(&["check", "--format", "sarif"], &folder.0));
    assert!(sarif.contains("\"kind\": \"external\""), "{sarif}");
}

#[test]
fn it_survives_moved_lines_and_falls_when_the_evidence_changes() {
    let folder = application();
    judge(&folder, &fingerprint(&folder), "accepted");
    let folder = folder.write("app.js", format!("// a line more\n\n{APP}"));
    assert_eq!(status(&run(&["check"], &folder.0)), 0);
    // Whoever comes without credentials now reads people, too.
    let changed = APP.replace(
        "app.delete('/cards/:id', async (req, res) => {",
        "app.delete('/cards/:id', async (req, res) => {\n  const all = await prisma.person.findMany();\n  console.log(all);",
    );
    let folder = folder.write("app.js", changed);
    let output = run(&["check", "--quiet"], &folder.0);
    assert_eq!(status(&output), 1);
    let text = out(&output);
    assert!(text.contains("1 judgement has fallen"), "{text}");
    assert!(text.contains("now: without credentials: Person"), "{text}");
    let report = report(&folder);
    assert_eq!(finding(&report)["suppressed"], Value::Null);
    let fallen = &report["judgements_fallen"][0];
    assert_eq!(fallen["by"], "ada");
    assert!(
        fallen["new"][0]
            .as_str()
            .is_some_and(|line| line.contains("Person")),
        "{fallen}"
    );
    let page = out(&run(&["check", "--format", "html"], &folder.0));
    assert!(page.contains("has fallen"));
    let sarif = out(&run(&["check", "--format", "sarif"], &folder.0));
    assert!(sarif.contains("judgement fallen"), "{sarif}");
    // Judged again, it holds again.
    judge(&folder, &fingerprint(&folder), "accepted");
    assert_eq!(status(&run(&["check"], &folder.0)), 0);
}

#[test]
fn a_guard_more_makes_no_judgement_fall() {
    let folder = application();
    judge(&folder, &fingerprint(&folder), "false-positive");
    let changed = APP.replace("const app = express();", "const app = express();\nconst { rateLimit } = require('express-rate-limit');\napp.use(rateLimit({ windowMs: 1000, limit: 5 }));")
        ;
    let package = PACKAGE.replace(
        "\"express\"",
        "\"express-rate-limit\": \"7.0.0\", \"express\"",
    );
    let folder = folder
        .write("app.js", changed)
        .write("package.json", package);
    let report = report(&folder);
    assert_eq!(report["judgements_fallen"], Value::Null, "{report}");
    assert_eq!(finding(&report)["suppressed"], "the cards are a playground");
}

#[test]
fn an_entry_point_is_public_on_purpose() {
    let folder = application();
    let output = judge(&folder, "DELETE /cards/{id}", "public");
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    assert_eq!(status(&run(&["check"], &folder.0)), 0);
    let map = out(&run(&["map", "--format", "json"], &folder.0));
    assert!(map.contains("\"public_because\": \"the cards are a playground\""));
    assert_eq!(status(&judge(&folder, "DELETE /cards/{id}", "accepted")), 2);
    assert_eq!(status(&judge(&folder, "DELETE /nothing", "public")), 2);
}

#[test]
fn a_reason_is_needed_and_a_start_must_be_of_one_fingerprint() {
    let folder = application();
    let print = fingerprint(&folder);
    let empty = ["judge", &print, "--verdict", "accepted", "--reason", "  "];
    assert_eq!(status(&run(&empty, &folder.0)), 2);
    assert_eq!(status(&judge(&folder, &print[..2], "accepted")), 2);
    assert!(!folder.0.join(".firedoor").exists());
}

#[test]
fn a_broken_file_lets_nothing_pass() {
    for text in [
        "schema = ",
        "schema = \"firedoor.judgements/1\"\n[[judgement]]\nreason = 1\n",
        "schema = \"firedoor.judgements/1\"\n\u{1b}[31m = 1\n",
        "\u{0}",
    ] {
        let folder = application().write(".firedoor/judgements.toml", text);
        let output = run(&["check"], &folder.0);
        assert_eq!(status(&output), 2, "{text}");
        let words = complaint(&output);
        assert!(words.contains(".firedoor/judgements.toml"), "{words}");
        assert!(!words.contains('\u{1b}'), "{words}");
    }
}

#[test]
fn reasons_steer_no_terminal() {
    let folder = application();
    let print = fingerprint(&folder);
    let reason = "so\u{1b}[2J\u{202e}\nand so";
    let arguments = ["judge", &print, "--verdict", "accepted", "--reason", reason];
    let output = run(&arguments, &folder.0);
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    assert!(!out(&output).contains('\u{1b}'));
    let path = folder.0.join(".firedoor/judgements.toml");
    let written = std::fs::read_to_string(path).expect("it is there");
    assert!(!written.contains('\u{1b}') && !written.contains('\u{202e}'));
}

#[cfg(unix)]
#[test]
fn nothing_is_written_or_read_outside_of_the_tree() {
    let outside = Folder::empty().write("judgements.toml", "secret");
    let folder = application();
    std::os::unix::fs::symlink(&outside.0, folder.0.join(".firedoor")).expect("links work");
    let output = run(&["check"], &folder.0);
    assert_eq!(status(&output), 2);
    assert!(!complaint(&output).contains("secret"));
    assert_eq!(status(&judge(&folder, "DELETE /cards/{id}", "public")), 2);
    let kept = std::fs::read_to_string(outside.0.join("judgements.toml")).expect("it is there");
    assert_eq!(kept, "secret");
}
