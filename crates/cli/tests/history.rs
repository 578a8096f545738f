//! `firedoor history` and `firedoor study` in repositories that git made.

use crate::common::{complaint, out, run, status};
use firedoor_testkit::{Folder, git};
use serde_json::Value;

const PACKAGE: &str =
    r#"{"dependencies": {"express": "4.19.2", "jsonwebtoken": "9.0.2"}, "main": "app.js"}"#;

/// An application with a log-in check before one of its two entry points.
const APP: &str = "\
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
    req.user = jwt.verify(req.headers.authorization, process.env.KEY, { algorithms: ['HS256'] });
  } catch (error) {
    return res.status(401).end();
  }
  next();
}
module.exports = { requireUser };
";

/// The same with a key that everybody can read.
fn weak() -> String {
    GUARD.replace("process.env.KEY", "'kitchen-secret'")
}

fn commit(folder: &Folder, message: &str) -> String {
    git(&folder.0, &["add", "--all", "--force"]);
    git(
        &folder.0,
        &["commit", "--quiet", "--allow-empty", "--message", message],
    );
    git(&folder.0, &["rev-parse", "HEAD"])
}

/// Puts a commit on a branch of its own, and merges it.
fn merge(folder: Folder, file: &str, text: &str, commit_message: &str, merge: &str) -> Folder {
    git(&folder.0, &["checkout", "--quiet", "-b", "feature"]);
    let folder = folder.write(file, text);
    commit(&folder, commit_message);
    git(&folder.0, &["checkout", "--quiet", "main"]);
    let arguments = ["merge", "--quiet", "--no-ff", "--message", merge, "feature"];
    git(&folder.0, &arguments);
    git(&folder.0, &["branch", "--quiet", "-D", "feature"]);
    folder
}

fn repository() -> Folder {
    let folder = Folder::empty()
        .write("package.json", PACKAGE)
        .write("guard.js", GUARD)
        .write("app.js", APP);
    git(&folder.0, &["init", "--quiet"]);
    commit(&folder, "Start (#1)");
    folder
}

fn json(folder: &std::path::Path, arguments: &[&str]) -> Value {
    let mut all = vec!["history", "--format", "json"];
    all.extend(arguments);
    let output = run(&all, folder);
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    serde_json::from_str(&out(&output)).expect("it is JSON")
}

/// Returns the one finding that some change introduced.
fn only_finding(history: &Value) -> &Value {
    let findings = history["findings"].as_array().expect("it is a list");
    assert_eq!(findings.len(), 1, "{findings:#?}");
    &findings[0]
}

#[test]
fn each_finding_is_named_with_the_pull_requests_that_brought_and_ended_it() {
    let folder = repository();
    let folder = merge(
        folder,
        "guard.js",
        &weak(),
        "A key",
        "Merge pull request #2 from cook/key\n\nA key that works everywhere",
    );
    let folder = folder.write("README.md", "words");
    commit(&folder, "Words (#3)");
    let folder = folder.write("guard.js", GUARD);
    commit(&folder, "Take the key from the environment (#4)");
    let history = json(&folder.0, &[]);
    assert_eq!(history["schema"], "firedoor.history/1");
    let labels: Vec<&Value> = history["changes"]
        .as_array()
        .expect("it is a list")
        .iter()
        .map(|change| &change["number"])
        .collect();
    assert_eq!(labels, ["#1", "#2", "#3", "#4"]);
    let finding = only_finding(&history);
    assert_eq!(finding["rule"], "jwt-secret-hardcoded");
    assert_eq!(finding["introduced"]["number"], "#2");
    assert_eq!(finding["repaired"]["number"], "#4");
    assert_eq!(finding["gone_with_entry_point"], false);
    let changes = &history["changes"];
    assert_eq!(changes[1]["title"], "A key that works everywhere");
    assert_eq!(changes[1]["introduced"], serde_json::json!([0]));
    assert_eq!(changes[2]["reading"], "untouched");
    assert_eq!(changes[2]["open"], 1);
    assert_eq!(changes[3]["repaired"], serde_json::json!([0]));
    let http = &changes[0]["coverage"]["http"];
    assert_eq!(http["entry_points"], 2);
    assert_eq!(http["authentication"]["enforced"], 1);
    assert_eq!(history["totals"]["changes_with_finding"], 1);
    let text = out(&run(&["history"], &folder.0));
    assert!(text.contains("jwt-secret-hardcoded"), "{text}");
    assert!(
        text.contains("1 introduced by 1 change (25% of all), 1 repaired"),
        "{text}"
    );
}

#[test]
fn the_second_run_knows_and_tells_the_same() {
    let folder = repository().write("guard.js", weak());
    commit(&folder, "Weaken (#2)");
    let arguments = ["history", "--format", "json"];
    let first = run(&arguments, &folder.0);
    let store = folder.0.join(".git/firedoor/history.sqlite");
    assert!(store.is_file(), "{}", complaint(&first));
    assert_eq!(git(&folder.0, &["status", "--porcelain"]), "");
    let second = run(&arguments, &folder.0);
    let without = run(&["history", "--format", "json", "--no-cache"], &folder.0);
    assert_eq!(out(&first), out(&second));
    assert_eq!(out(&first), out(&without));
    // One that is no store costs a warning, and stays what it is.
    std::fs::write(&store, "no database, and long enough to be one ".repeat(40))
        .expect("it can be written");
    let broken = run(&arguments, &folder.0);
    assert_eq!(out(&first), out(&broken));
    assert!(
        complaint(&broken).contains("is not used"),
        "{}",
        complaint(&broken)
    );
    let elsewhere = folder.0.join("own.sqlite");
    let elsewhere = elsewhere.to_string_lossy();
    let own = run(
        &["history", "--format", "json", "--store", &elsewhere],
        &folder.0,
    );
    assert_eq!(out(&first), out(&own));
    assert_eq!(complaint(&own), "");
}

#[test]
fn several_runs_may_share_a_store() {
    let folder = repository().write("guard.js", weak());
    commit(&folder, "Weaken (#2)");
    let place = &folder.0;
    let outputs: Vec<(String, String)> = std::thread::scope(|scope| {
        let start = || scope.spawn(|| run(&["history", "--format", "json"], place));
        let runs: Vec<_> = (0..4).map(|_| start()).collect();
        let ended = runs.into_iter().map(|run| run.join().expect("it ends"));
        ended
            .map(|output| (out(&output), complaint(&output)))
            .collect()
    });
    for (text, complaint) in &outputs {
        assert_eq!(complaint, "");
        assert_eq!(*text, outputs[0].0);
    }
}

#[test]
fn agents_are_told_by_the_commits_that_were_merged() {
    let folder = repository();
    let folder = merge(
        folder,
        "guard.js",
        &weak(),
        "A key\n\nCo-Authored-By: Claude <noreply@anthropic.com>",
        "Merge pull request #2 from cook/key",
    );
    let settings = "[[agents]]\nname = \"stove\"\naddresses = [\"*@example.org\"]\n";
    let folder = folder.write("guard.js", GUARD);
    commit(&folder, "Repair (#3)");
    let history = json(&folder.0, &[]);
    let agents = &history["agents"];
    assert_eq!(agents[0]["agent"], "claude");
    assert_eq!(agents[0]["introduced"], 1);
    assert_eq!(agents[0]["finding_rate"], 100);
    assert_eq!(agents[0]["repair_rate"], 100);
    assert_eq!(agents[0]["repaired_own"], 0);
    assert_eq!(agents[1]["agent"], Value::Null);
    assert_eq!(agents[1]["repaired_others"], 1);
    let folder = folder.write("firedoor.toml", settings);
    commit(&folder, "Settings (#4)");
    let history = json(&folder.0, &[]);
    assert_eq!(
        history["changes"][1]["agents"],
        serde_json::json!(["claude", "stove"])
    );
    assert_eq!(history["agents"][1]["agent"], "stove");
    assert_eq!(history["agents"][1]["changes"], 4);
}

#[test]
fn a_finding_may_come_back_and_may_go_with_its_entry_point() {
    let folder = repository().write("guard.js", weak());
    commit(&folder, "Weaken (#2)");
    let folder = folder.write("guard.js", GUARD);
    commit(&folder, "Repair (#3)");
    let folder = folder.write("guard.js", weak());
    commit(&folder, "Weaken again (#4)");
    let delete =
        "app.delete('/orders/:id', (req, res) => { store.delete(req.params.id); res.end(); });\n";
    let store = "const store = new Map();\napp.put('/orders/:id', requireUser, (req, res) => { store.set(req.params.id, req.body); res.end(); });\n";
    let open = APP.replace("app.listen", &format!("{store}{delete}app.listen"));
    let folder = folder.write("app.js", &open);
    commit(&folder, "Delete orders (#5)");
    let folder = folder.write("app.js", open.replace(delete, ""));
    commit(&folder, "Keep orders (#6)");
    let history = json(&folder.0, &[]);
    let lives: Vec<(&str, &Value, &Value, &Value)> = history["findings"]
        .as_array()
        .expect("it is a list")
        .iter()
        .map(|life| {
            let rule = life["rule"].as_str().unwrap_or_default();
            let number = |key: &str| &life[key]["number"];
            (
                rule,
                number("introduced"),
                number("repaired"),
                &life["gone_with_entry_point"],
            )
        })
        .collect();
    let is = |number: &str| Value::from(number);
    let secret = "jwt-secret-hardcoded";
    assert_eq!(
        lives[0],
        (secret, &is("#2"), &is("#3"), &Value::from(false))
    );
    assert_eq!(
        lives[1],
        (secret, &is("#4"), &Value::Null, &Value::from(false))
    );
    let gone = (
        "unauthenticated-entry-point",
        &is("#5"),
        &is("#6"),
        &Value::from(true),
    );
    assert!(lives[2..].contains(&gone), "{lives:?}");
}

#[test]
fn findings_that_need_several_changes_name_them() {
    let folder = repository().write("secret.js", "module.exports = { key: process.env.KEY };\n");
    let guard = GUARD.replace("process.env.KEY", "require('./secret').key");
    let folder = folder.write("guard.js", &guard);
    commit(&folder, "A file for the key (#2)");
    let folder = folder.write("secret.js", "module.exports = { key: 'kitchen-secret' };\n");
    commit(&folder, "A key (#3)");
    let history = json(&folder.0, &[]);
    let finding = only_finding(&history);
    assert_eq!(finding["introduced"]["number"], "#3");
    let needed: Vec<&Value> = finding["interaction"]
        .as_array()
        .expect("it is a list")
        .iter()
        .map(|change| &change["number"])
        .collect();
    assert_eq!(needed, ["#2", "#3"], "{finding:#}");
    let text = out(&run(&["history"], &folder.0));
    assert!(text.contains("  #2 + #3  jwt-secret-hardcoded"), "{text}");
}

#[test]
fn lines_are_followed_through_renamed_and_indented_files() {
    let folder = repository().write("guard.js", weak());
    commit(&folder, "Weaken (#2)");
    git(&folder.0, &["mv", "guard.js", "access.js"]);
    let folder = folder
        .write("app.js", APP.replace("./guard", "./access"))
        .write("access.js", weak().replace("  try", "    try"));
    commit(&folder, "Another name (#3)");
    let more = APP.replace("./guard", "./access").replace(
        "app.listen",
        "app.get('/wine', requireUser, (req, res) => res.json([]));\napp.listen",
    );
    let folder = folder.write("app.js", more);
    commit(&folder, "Wine (#4)");
    let history = json(&folder.0, &[]);
    let finding = only_finding(&history);
    assert_eq!(finding["introduced"]["number"], "#2");
    assert_eq!(finding["repaired"], Value::Null);
    assert_eq!(history["changes"][3]["open"], 1);
}

#[test]
fn a_part_of_the_line_starts_from_what_was_there() {
    let folder = repository().write("guard.js", weak());
    commit(&folder, "Weaken (#2)");
    git(&folder.0, &["tag", "two"]);
    let folder = folder.write("words.txt", "x");
    commit(&folder, "Words (#3)");
    let folder = folder.write("guard.js", GUARD);
    commit(&folder, "Repair (#4)");
    for arguments in [["--since", "two"], ["--limit", "2"]] {
        let history = json(&folder.0, &arguments);
        assert_eq!(history["changes"].as_array().map(Vec::len), Some(2));
        assert_eq!(history["base"]["open"], 1);
        let finding = only_finding(&history);
        assert_eq!(finding["introduced"], Value::Null);
        assert_eq!(finding["repaired"]["number"], "#4");
    }
    let all = json(&folder.0, &["--limit", "100"]);
    assert_eq!(all["base"], Value::Null);
    assert_eq!(all["changes"].as_array().map(Vec::len), Some(4));
    git(&folder.0, &["checkout", "--quiet", "--orphan", "other"]);
    commit(&folder, "Alone");
    let other = json(&folder.0, &["--since", "main"]);
    let note = other["notes"][0].as_str().unwrap_or_default();
    assert!(note.contains("no ancestor"), "{note}");
}

#[test]
fn bare_shallow_and_nested_repositories_are_read() {
    let folder = repository().write("guard.js", weak());
    commit(&folder, "Weaken (#2)");
    let other = Folder::empty();
    let from = format!("file://{}", folder.0.display());
    git(&other.0, &["clone", "--quiet", "--bare", &from, "bare"]);
    let bare = json(&other.0.join("bare"), &[]);
    assert_eq!(only_finding(&bare)["introduced"]["number"], "#2");
    assert!(other.0.join("bare/firedoor/history.sqlite").is_file());
    let depth = ["clone", "--quiet", "--depth", "1", &from, "shallow"];
    git(&other.0, &depth);
    let shallow = json(&other.0.join("shallow"), &[]);
    assert_eq!(shallow["changes"], serde_json::json!([]));
    assert_eq!(shallow["base"]["open"], 1);
    let note = shallow["notes"][0].as_str().unwrap_or_default();
    assert!(note.contains("the clone is shallow"), "{note}");
    // A folder that some commits do not have.
    let folder = folder
        .write("api/package.json", PACKAGE)
        .write("api/app.js", APP)
        .write("api/guard.js", weak());
    commit(&folder, "An interface (#3)");
    let inner = json(&folder.0.join("api"), &[]);
    assert_eq!(only_finding(&inner)["introduced"]["number"], "#3");
    assert_eq!(inner["changes"][0]["reading"], "analysed");
    assert_eq!(inner["changes"][0]["open"], 0);
}

#[test]
fn what_cannot_be_read_is_told_and_costs_nothing_else() {
    let folder = repository().write("guard.js", weak());
    let broken = commit(&folder, "Weaken (#2)");
    let folder = folder.write("menu.js", "module.exports = [];\n");
    commit(&folder, "Menu (#3)");
    let folder = folder.write("menu.js", "module.exports = ['soup'];\n");
    commit(&folder, "Soup (#4)");
    let blob = git(&folder.0, &["rev-parse", "HEAD~1:menu.js"]);
    std::fs::remove_file(
        folder
            .0
            .join(format!(".git/objects/{}/{}", &blob[..2], &blob[2..])),
    )
    .expect("it is an object of its own");
    let history = json(&folder.0, &[]);
    assert_eq!(history["changes"][2]["reading"], "unreadable");
    assert_eq!(history["changes"][3]["reading"], "analysed");
    let note = history["notes"][0].as_str().unwrap_or_default();
    assert!(note.starts_with("#3 cannot be read"), "{note}");
    assert_eq!(
        only_finding(&history)["introduced"]["commit"],
        broken.as_str()
    );
    assert_eq!(only_finding(&history)["repaired"], Value::Null);
}

#[test]
fn faults_of_settings_are_told_once() {
    let folder = repository().write("firedoor.toml", "[rules]\n\"no-such-rule\" = \"off\"\n");
    commit(&folder, "Settings (#2)");
    let folder = folder.write("guard.js", weak());
    commit(&folder, "Weaken (#3)");
    let folder = folder.write(
        "firedoor.toml",
        "[rules]\n\"jwt-secret-hardcoded\" = \"off\"\n",
    );
    commit(&folder, "Settings (#4)");
    let history = json(&folder.0, &[]);
    let notes = history["notes"].as_array().expect("it is a list");
    assert_eq!(notes.len(), 1, "{notes:?}");
    let note = notes[0].as_str().unwrap_or_default();
    assert!(
        note.starts_with("from #2 on, its settings are left out: firedoor.toml:2:1"),
        "{note}"
    );
    assert_eq!(only_finding(&history)["repaired"]["number"], "#4");
    // What the newest commit says is a fault of today.
    let folder = folder.write("firedoor.toml", "[[agents]]\nname = \"nobody\"\n");
    commit(&folder, "Settings (#5)");
    let output = run(&["history"], &folder.0);
    assert_eq!(status(&output), 2);
    assert!(
        complaint(&output).contains("an agent needs"),
        "{}",
        complaint(&output)
    );
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_and_submodules_are_no_trouble() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let inner = repository();
    let folder = repository().write("guard.js", weak());
    let from = inner.0.to_string_lossy().into_owned();
    git(&folder.0, &["submodule", "--quiet", "add", &from, "parts"]);
    std::fs::write(folder.0.join(OsStr::from_bytes(b"k\xfcche.js")), weak())
        .expect("it can be written");
    commit(&folder, "caf\u{e9} \u{1b}[31m (#2)");
    let history = json(&folder.0, &[]);
    assert_eq!(history["changes"][1]["number"], "#2");
    let text = out(&run(&["history"], &folder.0));
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn rewritten_files_and_merges_of_merges_end() {
    let folder = repository();
    git(&folder.0, &["checkout", "--quiet", "-b", "one"]);
    let folder = folder.write("guard.js", weak().replace('\n', "\r\n"));
    commit(&folder, "Other line ends");
    git(&folder.0, &["checkout", "--quiet", "main"]);
    let folder = folder.write("menu.js", "1;\n");
    commit(&folder, "Menu (#2)");
    git(&folder.0, &["checkout", "--quiet", "one"]);
    git(
        &folder.0,
        &["merge", "--quiet", "--message", "Take up main", "main"],
    );
    git(&folder.0, &["checkout", "--quiet", "main"]);
    let message = "Merge branch 'one' into 'main'\n\nA key\n\nSee merge request kitchen/app!3";
    git(
        &folder.0,
        &["merge", "--quiet", "--no-ff", "--message", message, "one"],
    );
    git(&folder.0, &["rm", "--quiet", "-r", "."]);
    let folder = folder.write("notes.txt", "nothing left");
    commit(&folder, "Start again");
    let history = json(&folder.0, &[]);
    let finding = only_finding(&history);
    assert_eq!(finding["introduced"]["number"], "!3");
    assert_eq!(history["changes"][2]["commits"], 1);
    assert_eq!(history["changes"][2]["title"], "A key");
    assert_eq!(
        finding["repaired"]["commit"],
        history["changes"][3]["commit"]
    );
}

/// Returns what a commit is told to be by itself: entry points, those with a log-in check, and open findings.
fn alone(folder: &Folder, commit: &str) -> [u64; 3] {
    let history = json(
        &folder.0,
        &["--no-cache", "--limit", "1", "--branch", commit],
    );
    numbers(&history["changes"][0])
}

fn numbers(change: &Value) -> [u64; 3] {
    let http = &change["coverage"]["http"];
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    [
        number(&http["entry_points"]),
        number(&http["authentication"]["enforced"]),
        number(&change["open"]),
    ]
}

/// Commits that are not analysed, and texts that are not parsed again, make no difference.
#[test]
fn every_change_stands_as_it_does_by_itself() {
    let folder = repository();
    let mut folder = folder;
    let strong = GUARD.to_owned();
    let open = APP.replace("requireUser, ", "");
    let texts: [(&str, &[&str]); 7] = [
        ("guard.js", &[&strong, &weak(), "module.exports = {};\n"]),
        ("app.js", &[APP, &open, "// nothing\n"]),
        (".gitignore", &["", "guard.js\n", "api/\n"]),
        ("api/app.js", &[APP, &open, ""]),
        ("api/guard.js", &[&weak(), &strong, ""]),
        (
            "firedoor.toml",
            &[
                "",
                "[ignore]\npaths = [\"api\"]\n",
                "[rules]\n\"jwt-secret-hardcoded\" = \"off\"\n",
            ],
        ),
        ("README.md", &["a", "b", "c"]),
    ];
    let mut random = 7_u64;
    for _ in 0..24 {
        // The numbers of Knuth's generator, the same every time.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let (path, choices) = texts[(random >> 33) as usize % texts.len()];
        folder = folder.write(path, choices[(random >> 40) as usize % choices.len()]);
        commit(&folder, "Change");
    }
    let history = json(&folder.0, &[]);
    let changes = history["changes"].as_array().expect("it is a list");
    assert_eq!(changes.len(), 25);
    let mut seen = std::collections::BTreeSet::new();
    for change in changes {
        let commit = change["commit"].as_str().expect("it is a text");
        assert_eq!(numbers(change), alone(&folder, commit), "{commit}");
        seen.insert(numbers(change));
    }
    assert!(seen.len() > 4, "the changes do something: {seen:?}");
}

#[test]
fn repositories_are_put_side_by_side() {
    let one = repository().write("guard.js", weak());
    commit(
        &one,
        "Weaken (#2)\n\nCo-Authored-By: Claude <noreply@anthropic.com>",
    );
    let two = repository();
    let (first, second) = (one.0.to_string_lossy(), two.0.to_string_lossy());
    let output = run(&["study", &first, &second, "--format", "json"], &one.0);
    let study: Value = serde_json::from_str(&out(&output)).expect("it is JSON");
    assert_eq!(study["schema"], "firedoor.study/1");
    assert_eq!(study["totals"]["pull_requests"], 3);
    assert_eq!(study["totals"]["changes_with_finding"], 1);
    assert_eq!(study["totals"]["open_after"], 1);
    assert_eq!(study["classes"]["jwt"]["claude"], 1, "{}", study["classes"]);
    assert_eq!(study["repositories"][1]["totals"]["introduced"], 0);
    let text = out(&run(&["study", &first, &second], &one.0));
    assert!(
        text.contains("Introduced findings by class and agent"),
        "{text}"
    );
    for format in ["html", "markdown"] {
        let text = out(&run(
            &["study", &first, &second, "--format", format],
            &one.0,
        ));
        assert!(text.contains("claude"), "{text}");
    }
}

#[test]
fn wrong_usage_is_told_with_advice() {
    let folder = repository();
    for arguments in [
        vec!["history", "--branch", "nowhere"],
        vec!["history", "--since", "nowhere"],
        vec!["history", "--limit", "0"],
        vec!["history", "--format", "junit"],
        vec!["history", "--since", "HEAD", "--limit", "2"],
        vec!["study"],
    ] {
        let output = run(&arguments, &folder.0);
        assert_eq!(status(&output), 2, "{arguments:?}");
    }
    let outside = run(&["history"], &Folder::empty().0);
    assert_eq!(status(&outside), 2);
    assert!(complaint(&outside).contains("no git repository"));
}
