//! `firedoor review`, the plan that it keeps, and what `firedoor check` makes of it.

use crate::common::{complaint, out, run, status};
use firedoor_testkit::Folder;
use serde_json::Value;

const PLAN: &str = "# Shop\n\nPeople register with a password, hashed with argon2id.\n\
    We use JWT access tokens that never expire.\n\nRefresh tokens are rotated; revocation comes later.\n";

const APP: &str = "\
const express = require('express');
const jwt = require('jsonwebtoken');
const app = express();
const auth = (req, res, next) => {
  try { req.user = jwt.verify(req.headers.authorization, process.env.KEY, {algorithms: ['HS256']}); next(); }
  catch (error) { res.status(401).end(); }
};
app.post('/login', (req, res) => res.json({token: jwt.sign({sub: req.body.name}, process.env.KEY)}));
app.get('/orders', auth, (req, res) => res.json([]));
app.delete('/orders/:id', (req, res) => res.json({}));
app.get('/secret', auth, (req, res) => res.json({}));
app.listen(3000);
";

const API: &str = "\
openapi: 3.1.0
info: {title: Shop, version: '1'}
components:
  securitySchemes:
    bearer: {type: http, scheme: bearer}
security: [{bearer: []}]
paths:
  /login:
    post: {security: [], responses: {200: {description: ok}}}
  /orders:
    get: {responses: {200: {description: ok}}}
  /orders/{number}:
    delete: {responses: {200: {description: ok}}}
  /secret:
    get: {security: [], responses: {200: {description: ok}}}
  /gone:
    get: {responses: {200: {description: ok}}}
";

fn json(output: &std::process::Output) -> Value {
    serde_json::from_str(&out(output))
        .unwrap_or_else(|error| panic!("{error}: {}", complaint(output)))
}

fn ids(list: &Value, key: &str) -> Vec<String> {
    let list = list.as_array().expect("it is a list").iter();
    list.map(|item| item[key].as_str().unwrap_or("").to_owned())
        .collect()
}

/// Returns what `check` says about the decision with that id.
fn owed(check: &Value, id: &str) -> Value {
    let all = check["plan"]["obligations"]
        .as_array()
        .expect("it is a list");
    let found = all.iter().find(|it| it["id"] == id);
    found.unwrap_or_else(|| panic!("{id} in {check}")).clone()
}

/// Returns an application with a plan that is kept.
fn kept_plan() -> Folder {
    let manifest = "{\"dependencies\": {\"express\": \"5\", \"jsonwebtoken\": \"9\"}}";
    let folder = Folder::empty()
        .write("PLAN.md", PLAN)
        .write("openapi.yaml", API)
        .write("package.json", manifest)
        .write("app.js", APP);
    assert!(json(&run(&["check", "--format", "json"], &folder.0))["plan"].is_null());
    let written = run(&["review", "PLAN.md", "openapi.yaml", "--write"], &folder.0);
    let told = complaint(&written);
    assert!(told.contains("wrote .firedoor/plan.toml"), "{told}");
    folder
}

#[test]
fn a_plan_is_reviewed_in_every_format() {
    let folder = Folder::empty().write("PLAN.md", PLAN);
    let review = run(&["review", "PLAN.md", "--format", "json"], &folder.0);
    assert_eq!(status(&review), 1, "{}", complaint(&review));
    let review = json(&review);
    assert_eq!(review["schema"], "firedoor.review/1");
    let first = &review["obligations"][0];
    assert_eq!(
        (&first["id"], &first["state"]),
        (&Value::from("jwt/expiry"), &Value::from("unsafe"))
    );
    assert_eq!(first["evidence"][0]["line"], 4);
    let deferred = review["obligations"].as_array().unwrap().iter();
    let deferred: Vec<&Value> = deferred.filter(|it| it["state"] == "deferred").collect();
    assert_eq!(deferred[0]["id"], "refresh-token/revocation");
    assert!(ids(&review["decided"], "id").contains(&"accounts/password-hashing".to_owned()));
    let text = out(&run(&["review", "PLAN.md"], &folder.0));
    assert!(text.contains("unsafe (high) jwt/expiry"), "{text}");
    assert!(
        text.contains("PLAN.md:4: \"We use JWT access tokens that never expire.\""),
        "{text}"
    );
    let list = out(&run(
        &["review", "PLAN.md", "--format", "markdown"],
        &folder.0,
    ));
    assert!(
        list.contains("- [ ] **How long is an access token valid?**"),
        "{list}"
    );
    // The check-list that is pasted into the plan decides nothing.
    let folder = folder.write("AGAIN.md", format!("{PLAN}\n{list}"));
    let again = json(&run(&["review", "AGAIN.md", "--format", "json"], &folder.0));
    assert_eq!(
        ids(&again["obligations"], "id"),
        ids(&review["obligations"], "id")
    );
    assert_eq!(
        status(&run(
            &["review", "PLAN.md", "--fail-on", "never"],
            &folder.0
        )),
        0
    );
    assert_eq!(
        status(&run(&["review", "PLAN.md", "--format", "sarif"], &folder.0)),
        2
    );
}

#[test]
fn a_plan_that_is_kept_is_held_against_the_code() {
    let folder = kept_plan();
    let check = json(&run(&["check", "--format", "json"], &folder.0));
    let expiry = owed(&check, "jwt/expiry");
    assert_eq!(
        (&expiry["status"], &expiry["state"]),
        (&Value::from("broken"), &Value::from("unsafe"))
    );
    assert_eq!(expiry["places"][0]["file"], "app.js");
    assert_eq!(
        owed(&check, "refresh-token/rotation")["status"],
        "not-visible"
    );
    assert_eq!(owed(&check, "jwt/algorithm")["status"], "met");
    assert_eq!(
        owed(&check, "accounts/password-hashing")["status"],
        "unchecked"
    );
    let drift = check["plan"]["drift"].as_array().expect("it is a list");
    let drift: Vec<(String, String)> = drift
        .iter()
        .map(|it| {
            (
                it["kind"].as_str().unwrap().to_owned(),
                it["operation"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let wanted = [
        ("not-enforced", "DELETE /orders/{number}"),
        ("undocumented-security", "GET /secret"),
        ("not-in-code", "GET /gone"),
    ];
    let wanted: Vec<(String, String)> = wanted
        .map(|(kind, id)| (kind.to_owned(), id.to_owned()))
        .to_vec();
    assert_eq!(drift, wanted);
    let text = out(&run(&["check"], &folder.0));
    assert!(
        text.contains("not visible yet  refresh-token/rotation"),
        "{text}"
    );
    let explained = out(&run(&["explain", "jwt/expiry"], &folder.0));
    assert!(
        explained.contains("In this plan\n  broken  jwt/expiry"),
        "{explained}"
    );
}

#[test]
fn an_edit_stays_when_the_plan_is_written_again() {
    let folder = kept_plan();
    // The documents are those that the plan names.
    let path = folder.0.join(".firedoor/plan.toml");
    let kept = std::fs::read_to_string(&path).unwrap();
    let edited = kept.replacen(
        "state = \"unsafe\"",
        "state = \"accepted\"\nreason = \"a demo\"",
        1,
    );
    std::fs::write(&path, &edited).unwrap();
    run(&["review", "--write"], &folder.0);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), edited);
    let check = json(&run(&["check", "--format", "json"], &folder.0));
    assert_eq!(owed(&check, "jwt/expiry")["status"], "accepted");
    assert_eq!(owed(&check, "jwt/expiry")["because"], "a demo");
}

#[test]
fn hostile_documents_are_told() {
    let bomb: String = std::iter::once(String::from("openapi: &a0 [x, x, x, x, x, x, x, x, x]\n"))
        .chain((1..40).map(|level| {
            format!(
                "a{level}: &a{level} [{}]\n",
                vec![format!("*a{}", level - 1); 9].join(", ")
            )
        }))
        .collect();
    let folder = Folder::empty()
        .write("large.md", vec![b'x'; 5 << 20])
        .write("bomb.yaml", bomb)
        .write("broken.yaml", "openapi: [")
        .write("deep.json", "[".repeat(200_000))
        .write("other.json", "{}")
        .write("old.yaml", "swagger: '2.0'")
        .write(
            "nul.md",
            b"We use refresh\0 tokens \x1b]0;gone\x07\x1b[2J that never expire.\n",
        )
        .write("latin.md", b"Passw\xf6rter. We use refresh tokens.\n");
    for file in [
        "large.md",
        "bomb.yaml",
        "broken.yaml",
        "deep.json",
        "other.json",
        "old.yaml",
        "missing.md",
        ".",
    ] {
        let output = run(&["review", file], &folder.0);
        assert_eq!(status(&output), 2, "{file}: {}", out(&output));
        assert!(
            complaint(&output).starts_with("error: "),
            "{file}: {}",
            complaint(&output)
        );
    }
    assert_eq!(status(&run(&["review"], &folder.0)), 2);
    for format in ["text", "json", "markdown"] {
        let output = out(&run(&["review", "nul.md", "--format", format], &folder.0));
        assert!(output.contains("refresh-token/expiry"), "{output}");
        let is_raw = |letter: char| letter.is_control() && letter != '\n';
        assert!(!output.contains(is_raw), "{format}: {output:?}");
    }
    assert_eq!(status(&run(&["review", "latin.md"], &folder.0)), 1);
}

#[test]
fn a_plan_leads_to_nothing_outside() {
    let outside = Folder::empty().write("secret.yaml", "password: hunter2\n");
    let secret = outside.0.join("secret.yaml");
    let head = "schema = \"firedoor.plan/1\"\n";
    for documents in [
        "documents = [\"../../secret.yaml\"]".to_owned(),
        format!("documents = [{:?}]", secret.to_string_lossy()),
        "obligation = 3".to_owned(),
        "[obligation.\"a/b\"]\nstate = \"accepted\"\nseverity = \"low\"".to_owned(),
    ] {
        let folder = Folder::empty()
            .write("app.js", "")
            .write(".firedoor/plan.toml", format!("{head}{documents}\n"));
        for command in [&["check"][..], &["review", "--write"][..]] {
            let output = run(command, &folder.0);
            assert_eq!(status(&output), 2, "{documents}: {}", out(&output));
            assert!(!complaint(&output).contains("hunter2"));
        }
    }
    let output = run(
        &["review", "--write", &secret.to_string_lossy()],
        &outside.0,
    );
    assert_eq!(status(&output), 2);
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere_either() {
    let outside = Folder::empty()
        .write("plan.toml", "schema = \"firedoor.plan/1\"\n")
        .write("x.yaml", API);
    let folder = Folder::empty().write("PLAN.md", PLAN).write("app.js", "");
    std::os::unix::fs::symlink(&outside.0, folder.0.join(".firedoor")).unwrap();
    let before = std::fs::read_to_string(outside.0.join("plan.toml")).unwrap();
    for command in [&["check"][..], &["review", "PLAN.md", "--write"][..]] {
        assert_eq!(status(&run(command, &folder.0)), 2);
    }
    assert_eq!(
        std::fs::read_to_string(outside.0.join("plan.toml")).unwrap(),
        before
    );
    let folder = Folder::empty().write("app.js", "").write(
        ".firedoor/plan.toml",
        "schema = \"firedoor.plan/1\"\ndocuments = [\"x.yaml\"]\n",
    );
    std::os::unix::fs::symlink(outside.0.join("x.yaml"), folder.0.join("x.yaml")).unwrap();
    let check = run(&["check"], &folder.0);
    assert!(
        complaint(&check).contains("lies outside of the tree"),
        "{}",
        complaint(&check)
    );
}
