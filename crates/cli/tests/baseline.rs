//! Starting on an application that has findings already: `firedoor baseline` and `firedoor init`.

use crate::common::{complaint, out, run, status};
use firedoor_testkit::Folder;

const PACKAGE: &str =
    r#"{"dependencies": {"express": "4.19.2", "jsonwebtoken": "9.0.2"}, "main": "app.js"}"#;

/// One entry point believes a token that nobody verifies.
const APP: &str = "\
const express = require('express');
const jwt = require('jsonwebtoken');
const app = express();
app.post('/orders', async (req, res) => {
  const user = jwt.decode(req.headers.authorization);
  await prisma.order.create({ data: { owner: user.sub } });
  res.json({});
});
app.listen(3000);
";

fn application() -> Folder {
    let app = APP.replace(
        "const app",
        "const { PrismaClient } = require('@prisma/client');\nconst prisma = new PrismaClient();\nconst app",
    );
    Folder::empty()
        .write("package.json", PACKAGE)
        .write("app.js", app)
}

fn read(folder: &Folder, path: &str) -> String {
    std::fs::read_to_string(folder.0.join(path)).unwrap_or_else(|_| panic!("{path} is there"))
}

#[test]
fn what_is_in_the_baseline_fails_no_run() {
    let folder = application();
    assert_eq!(status(&run(&["check"], &folder.0)), 1);
    let output = run(&["baseline"], &folder.0);
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    assert!(out(&output).starts_with("wrote .firedoor/baseline.json"));
    let written = read(&folder, ".firedoor/baseline.json");
    run(&["baseline"], &folder.0);
    assert_eq!(written, read(&folder, ".firedoor/baseline.json"));

    let output = run(&["check"], &folder.0);
    assert_eq!(status(&output), 0, "{}", out(&output));
    assert!(
        out(&output).contains("more in the baseline"),
        "{}",
        out(&output)
    );
    assert_eq!(status(&run(&["check", "--no-baseline"], &folder.0)), 1);
    let json = out(&run(&["check", "--format", "json"], &folder.0));
    assert!(json.contains("\"in_baseline\": true"), "{json}");
    let sarif = out(&run(&["check", "--format", "sarif"], &folder.0));
    assert!(
        sarif.contains("\"baselineState\": \"unchanged\""),
        "{sarif}"
    );
    let annotations = out(&run(&["check", "--format", "github"], &folder.0));
    assert_eq!(annotations, "0 findings\n");
    let page = out(&run(&["check", "--format", "html"], &folder.0));
    assert!(page.contains("in the baseline"));
}

#[test]
fn new_findings_fail_and_repaired_ones_are_told() {
    let folder = application();
    run(&["baseline"], &folder.0);
    let app = read(&folder, "app.js").replace(
        "jwt.decode(req.headers.authorization)",
        "jwt.verify(req.headers.authorization, 'garden')",
    );
    let folder = folder.write("app.js", app);
    let output = run(&["check"], &folder.0);
    assert_eq!(status(&output), 1, "{}", out(&output));
    assert!(
        complaint(&output).contains("are gone"),
        "{}",
        complaint(&output)
    );
}

#[test]
fn a_broken_baseline_lets_nothing_pass() {
    let folder = application().write(".firedoor/baseline.json", "{");
    let output = run(&["check"], &folder.0);
    assert_eq!(status(&output), 2);
    assert!(complaint(&output).contains(".firedoor/baseline.json"));
    assert!(complaint(&output).contains("help: "));
}

#[cfg(unix)]
#[test]
fn nothing_is_written_or_read_outside_of_the_tree() {
    let outside = Folder::empty();
    let folder = application();
    std::os::unix::fs::symlink(&outside.0, folder.0.join(".firedoor")).expect("links work");
    std::os::unix::fs::symlink(&outside.0, folder.0.join(".github")).expect("links work");
    assert_eq!(status(&run(&["baseline"], &folder.0)), 2);
    assert_eq!(status(&run(&["init"], &folder.0)), 2);
    let left = std::fs::read_dir(&outside.0).expect("it is there");
    assert_eq!(left.count(), 0);
}

#[test]
fn init_writes_what_is_not_there() {
    let folder = application().write("firedoor.toml", "# ours\n");
    let output = run(&["init", "--baseline"], &folder.0);
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    let text = out(&output);
    assert!(text.contains("kept  firedoor.toml"), "{text}");
    assert!(
        text.contains("wrote .github/workflows/firedoor.yml"),
        "{text}"
    );
    assert!(text.contains("wrote .firedoor/baseline.json"), "{text}");
    assert_eq!(read(&folder, "firedoor.toml"), "# ours\n");
    let workflow = read(&folder, ".github/workflows/firedoor.yml");
    assert!(workflow.contains("FOLDER: '.'"), "{workflow}");
    assert_eq!(status(&run(&["check"], &folder.0)), 0);
    let again = out(&run(&["init", "--baseline"], &folder.0));
    assert!(!again.contains("wrote"), "{again}");
}

#[test]
fn a_workflow_stands_at_the_top_of_the_repository() {
    let folder = Folder::empty().write("services/it's/package.json", PACKAGE);
    firedoor_testkit::git(&folder.0, &["init", "--quiet"]);
    let output = run(&["init", "services/it's", "--ci", "gitlab"], &folder.0);
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    assert!(folder.0.join("services/it's/firedoor.toml").is_file());
    let job = read(&folder, ".gitlab/firedoor.yml");
    assert!(job.contains("FOLDER: 'services/it''s'"), "{job}");
    assert!(!folder.0.join(".github").exists());
}
