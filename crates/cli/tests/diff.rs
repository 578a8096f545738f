//! `firedoor diff` in repositories that git made.

use crate::common::{out, run, status};
use firedoor_testkit::{Folder, git};

const PACKAGE: &str = r#"{"dependencies": {"express": "4.19.2"}, "main": "app.js"}"#;

/// An application with a log-in check before one of its two entry points.
const GUARDED: &str = "\
const express = require('express');
const { requireUser } = require('./guard');
const app = express();
app.get('/menu', (req, res) => res.json({ dishes: ['soup'] }));
app.get('/orders', requireUser, (req, res) => res.json(listOrders()));
app.listen(3000);
";

const GUARD: &str = "\
const jwt = require('jsonwebtoken');
function requireUser(req, res, next) {
  try {
    req.user = jwt.verify(req.headers.authorization, process.env.KEY);
  } catch (error) {
    return res.status(401).end();
  }
  next();
}
module.exports = { requireUser };
";

fn commit(folder: &Folder) -> String {
    git(&folder.0, &["add", "--all", "--force"]);
    git(&folder.0, &["commit", "--quiet", "--message", "Change"]);
    git(&folder.0, &["rev-parse", "HEAD"])
}

fn repository(app: &str) -> Folder {
    let folder = Folder::empty()
        .write("package.json", PACKAGE)
        .write("guard.js", GUARD)
        .write("app.js", app);
    git(&folder.0, &["init", "--quiet"]);
    commit(&folder);
    folder
}

fn diff(folder: &Folder, arguments: &[&str]) -> serde_json::Value {
    let mut all = vec!["diff", "--format", "json"];
    all.extend(arguments);
    let output = run(&all, &folder.0);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_str(&out(&output)).unwrap_or_else(|_| panic!("{message}"))
}

#[test]
fn a_guard_that_is_taken_away_is_told() {
    let folder = repository(GUARDED).write("app.js", GUARDED.replace("requireUser, ", ""));
    commit(&folder);
    let diff = diff(&folder, &["HEAD~1"]);
    assert_eq!(diff["schema"], "firedoor.diff/1");
    let changed = &diff["entry_points"]["changed"];
    assert_eq!(changed.as_array().map(Vec::len), Some(1), "{changed}");
    assert_eq!(changed[0]["id"], "GET /orders");
    assert_eq!(changed[0]["guards_lost"][0], "requireUser");
    let verdict = &changed[0]["verdicts"][0];
    assert_eq!(verdict["control"], "authentication");
    assert_eq!(verdict["before"], "enforced");
    assert_eq!(verdict["after"], "absent");
    assert_eq!(verdict["direction"], "weakened");
    let text = out(&run(&["diff", "HEAD~1"], &folder.0));
    assert!(
        text.contains(
            "Weakened\n  authentication enforced → absent; lost requireUser\n    GET /orders\n"
        ),
        "{text}"
    );
}

#[test]
fn only_what_is_introduced_fails_the_run() {
    let weak = GUARD.replace("process.env.KEY", "'kitchen-secret'");
    let folder = repository(GUARDED).write("guard.js", weak);
    commit(&folder);
    let folder = folder.write("app.js", format!("// A remark.\n{GUARDED}"));
    commit(&folder);
    let output = run(&["diff", "HEAD~2", "HEAD~1", "--fail-on", "low"], &folder.0);
    assert_eq!(status(&output), 1, "{}", out(&output));
    let output = run(&["check", "--fail-on", "low"], &folder.0);
    assert_eq!(status(&output), 1, "it has findings");
    let output = run(&["diff", "HEAD~1", "--fail-on", "low"], &folder.0);
    assert_eq!(status(&output), 0, "{}", out(&output));
    assert!(out(&output).contains("Nothing changed in the wiring"));
    assert!(out(&output).contains("0 findings introduced, 0 fixed, "));
}

#[test]
fn a_guard_that_moves_to_the_application_is_no_change() {
    let moved = GUARDED.replace("requireUser, ", "").replace(
        "app.get('/orders'",
        "app.use(requireUser);\napp.get('/orders'",
    );
    let folder = repository(GUARDED).write("app.js", moved);
    commit(&folder);
    let diff = diff(&folder, &["HEAD~1"]);
    let nothing = serde_json::json!({"added": [], "removed": [], "changed": []});
    assert_eq!(diff["entry_points"], nothing);
}

#[test]
fn a_new_path_of_a_named_handler_is_the_same_entry_point() {
    let named = GUARDED.replace(
        "requireUser, (req, res) => res.json(listOrders())",
        "function listAll(req, res) { res.json(db.orders) }",
    );
    let folder = repository(&named).write("app.js", named.replace("'/orders'", "'/all-orders'"));
    commit(&folder);
    let diff = diff(&folder, &["HEAD~1"]);
    assert_eq!(diff["entry_points"]["added"], serde_json::json!([]));
    let changed = &diff["entry_points"]["changed"][0];
    assert_eq!(changed["id"], "GET /all-orders");
    assert_eq!(changed["former_id"], "GET /orders");
    assert_eq!(diff["findings"]["introduced"], serde_json::json!([]));
}

#[test]
fn moved_files_and_lines_change_nothing() {
    let folder = repository(&GUARDED.replace("requireUser, ", ""));
    git(&folder.0, &["mv", "app.js", "server.js"]);
    let folder = folder.write("package.json", PACKAGE.replace("app.js", "server.js"));
    commit(&folder);
    let diff = diff(&folder, &["HEAD~1"]);
    assert_eq!(diff["findings"]["introduced"], serde_json::json!([]));
    assert_eq!(diff["findings"]["fixed"], serde_json::json!([]));
    assert_eq!(diff["entry_points"]["changed"], serde_json::json!([]));
}

#[test]
fn what_the_base_did_since_is_not_part_of_the_change() {
    let folder = repository(GUARDED);
    git(&folder.0, &["checkout", "--quiet", "-b", "feature"]);
    let more = GUARDED.replace(
        "app.listen",
        "app.get('/wine', (req, res) => res.json([]));\napp.listen",
    );
    let folder = folder.write("app.js", more);
    commit(&folder);
    git(&folder.0, &["checkout", "--quiet", "main"]);
    let other = GUARDED.replace(
        "app.listen",
        "app.get('/bread', (req, res) => res.json([]));\napp.listen",
    );
    let folder = folder.write("app.js", other);
    commit(&folder);
    let grown = diff(&folder, &["main", "feature"]);
    assert_eq!(grown["entry_points"]["added"][0]["id"], "GET /wine");
    assert_eq!(grown["entry_points"]["removed"], serde_json::json!([]));
    let note = grown["notes"][0].as_str().unwrap_or_default();
    assert!(note.starts_with("main has gone on since"), "{note}");
    let direct = diff(&folder, &["main", "feature", "--direct"]);
    assert_eq!(direct["entry_points"]["removed"][0]["id"], "GET /bread");
}

#[test]
fn bare_and_shallow_repositories_are_read() {
    let folder = repository(GUARDED).write("app.js", GUARDED.replace("requireUser, ", ""));
    commit(&folder);
    let other = Folder::empty();
    let from = format!("file://{}", folder.0.display());
    git(&other.0, &["clone", "--quiet", "--bare", &from, "bare"]);
    let bare = other.0.join("bare");
    let output = run(&["diff", "HEAD~1", "--format", "json"], &bare);
    assert!(out(&output).contains("\"weakened\""));
    let output = run(&["diff", "HEAD", "--worktree"], &bare);
    assert_eq!(status(&output), 2);
    git(
        &other.0,
        &["clone", "--quiet", "--depth", "1", &from, "shallow"],
    );
    let shallow = other.0.join("shallow");
    let output = run(&["diff", "HEAD~1"], &shallow);
    assert_eq!(status(&output), 2);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains("shallow clone"), "{message}");
}

#[test]
fn submodules_are_noted_and_left_alone() {
    let inner = repository(GUARDED);
    let folder = repository(GUARDED);
    let from = inner.0.to_string_lossy().into_owned();
    git(&folder.0, &["submodule", "--quiet", "add", &from, "parts"]);
    commit(&folder);
    let diff = out(&run(&["diff", "HEAD~1", "--format", "sarif"], &folder.0));
    assert!(diff.contains("not read (submodule)"), "{diff}");
}

#[test]
fn wrong_names_are_told_with_advice() {
    let folder = repository(GUARDED);
    for (arguments, wanted) in [
        (
            vec!["diff", "no-such-branch"],
            "'no-such-branch' is no commit",
        ),
        (
            vec!["diff", "HEAD", "--repo", "/"],
            "is in no git repository",
        ),
        (vec!["diff", "HEAD:app.js"], "is no commit"),
    ] {
        let output = run(&arguments, &folder.0);
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(status(&output), 2, "{message}");
        assert!(message.contains(wanted), "{message}");
        assert!(message.contains("help: "), "{message}");
    }
}

#[test]
fn every_format_of_a_change_tells_what_it_introduces() {
    let folder = repository(GUARDED)
        .write("guard.js", GUARD.replace("process.env.KEY", "'garden'"))
        .write("app.js", GUARDED.replace("/menu", "/card"));
    commit(&folder);
    for (format, wanted) in [
        ("html", "GET</b> /card"),
        ("github", "::error file=guard.js,"),
        ("gitlab", "\"fingerprint\""),
        ("junit", "<failure"),
    ] {
        let arguments = ["diff", "HEAD~1", "--format", format, "--fail-on", "never"];
        let output = run(&arguments, &folder.0);
        assert_eq!(status(&output), 0, "{format}");
        assert!(out(&output).contains(wanted), "{}", out(&output));
        assert_eq!(out(&output), out(&run(&arguments, &folder.0)));
    }
}
