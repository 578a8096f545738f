//! The built program: exit statuses, bad input, help.

use std::process::Command;

use crate::common::{complaint, out, pair, run, skipped, status};
use firedoor_testkit::Folder;

#[test]
fn a_quiet_tree_is_no_error() {
    let folder = Folder::empty().write("package.json", "{}");
    for arguments in [
        &["check"][..],
        &["check", "--format", "json"],
        &["check", "--format", "sarif"],
        &["check", "--format", "markdown"],
        &["check", "--quiet"],
        &["check", "--verbose"],
        &["check", "."],
        &["check", "package.json"],
        &["map"],
        &["map", "--format", "json"],
        &["check", "--format", "html"],
        &["check", "--format", "github"],
        &["check", "--format", "gitlab"],
        &["check", "--format", "junit"],
        &["map", "--format", "markdown"],
        &["map", "--format", "html"],
        &["rules"],
        &["rules", "--format", "json"],
        &["schema", "map"],
        &["schema", "report"],
    ] {
        let output = run(arguments, &folder.0);
        assert_eq!(status(&output), 0, "{arguments:?}: {}", complaint(&output));
        assert!(!output.stdout.is_empty(), "{arguments:?}");
        assert!(
            output.stderr.is_empty(),
            "{arguments:?}: {}",
            complaint(&output)
        );
    }
}

#[test]
fn wrong_usage_ends_with_two() {
    let folder = Folder::empty().write("package.json", "{}");
    for (arguments, expected) in [
        (&["check", "nowhere"][..], "there is nothing at 'nowhere'"),
        (&["check", "--no-such-option"], "--no-such-option"),
        (
            &["check", "--format", "pdf"],
            "text, json, sarif, markdown, html, github, gitlab, junit",
        ),
        (&["chekc"], "check"),
        (
            &["map", "--format", "sarif"],
            "it has: text, json, markdown, html",
        ),
        (
            &["check", "--config", "no.toml"],
            "there is nothing at 'no.toml'",
        ),
        (&["check", "--fail-on", "worst"], "critical"),
        (
            &["explain", "GET /nowhere"],
            "nothing here is called 'GET /nowhere'",
        ),
        (&["schema", "no"], "report"),
        (&["dump", "ir", "no.ts"], "no.ts"),
        (&["check", "--output", "no/where/x"], "cannot be written"),
        (&[], "Usage"),
    ] {
        let output = run(arguments, &folder.0);
        assert_eq!(status(&output), 2, "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let complaint = complaint(&output);
        assert!(complaint.contains(expected), "{arguments:?}: {complaint}");
    }
}

#[test]
fn a_broken_configuration_is_shown_with_its_line() {
    for (text, expected) in [
        (
            "[ignore]\npath = []\n",
            "firedoor.toml:2:1: unknown field `path`",
        ),
        (
            "[rules]\nno-such-rule = \"off\"\n",
            "firedoor.toml:2:1: there is no rule `no-such-rule`",
        ),
        ("[[guards]\n", "firedoor.toml:1:"),
    ] {
        let folder = Folder::empty().write("firedoor.toml", text);
        let output = run(&["check"], &folder.0);
        assert_eq!(status(&output), 2);
        assert!(
            complaint(&output).contains(expected),
            "{}",
            complaint(&output)
        );
    }
    let folder = Folder::empty().write("firedoor.toml", b"\xff\xfe\xfd");
    assert_eq!(status(&run(&["check"], &folder.0)), 2);
}

#[test]
fn what_cannot_be_read_is_noted() {
    let folder = Folder::empty()
        .write("binary.js", b"a\0b")
        .write("data.json", b"a\0b")
        .write("latin.py", b"name = 'caf\xe9'\n")
        .write("wide.ts", b"\xff\xfea\0;\0")
        .write("large.ts", vec![b' '; 2 * 1024 * 1024 + 1])
        .write("app.min.js", "f(a,b);".repeat(1000))
        .write("node_modules/x/index.js", b"a\0b")
        .write("vendor/x/index.js", b"a\0b")
        .write(".hidden/index.js", b"a\0b")
        .write("env/pyvenv.cfg", "")
        .write("env/lib/x.py", b"a\0b")
        .write(".gitignore", "dist\n")
        .write("dist/index.js", b"a\0b");
    assert_eq!(
        skipped(&folder),
        [
            pair("app.min.js", "generated"),
            pair("binary.js", "binary"),
            pair("large.ts", "too-large"),
            pair("latin.py", "invalid-text"),
        ]
    );
}

#[test]
fn ignored_paths_are_not_read() {
    let folder = Folder::empty()
        .write(
            "firedoor.toml",
            "[ignore]\npaths = [\"generated\", \"/a.js\"]\n",
        )
        .write("generated/x.js", b"a\0b")
        .write("a.js", b"a\0b")
        .write("b/a.js", b"a\0b");
    assert_eq!(skipped(&folder), [pair("b/a.js", "binary")]);
}

#[test]
fn ignore_files_count_as_far_as_the_repository_reaches() {
    let folder = Folder::empty()
        .write(".gitignore", "*.js\n")
        .write("repository/.git/HEAD", "")
        .write("repository/.gitignore", "dist\n")
        .write("repository/api/dist/x.js", b"a\0b")
        .write("repository/api/x.js", b"a\0b");
    for (path, expected) in [("repository", "api/x.js"), ("repository/api", "x.js")] {
        let output = run(&["map", "--format", "json", path], &folder.0);
        let map: serde_json::Value = serde_json::from_str(&out(&output)).expect("it is JSON");
        assert_eq!(
            map["skipped"].as_array().map(Vec::len),
            Some(1),
            "{path}: {map}"
        );
        assert_eq!(map["skipped"][0]["file"], expected);
    }
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let outside = Folder::empty().write("secret.js", b"a\0b");
    let folder = Folder::empty().write("src/app.js", b"a\0b");
    symlink("..", folder.0.join("src/loop")).expect("a link can be made");
    symlink("self", folder.0.join("self")).expect("a link can be made");
    symlink("src/app.js", folder.0.join("again.js")).expect("a link can be made");
    symlink(&outside.0, folder.0.join("outside")).expect("a link can be made");
    assert_eq!(
        skipped(&folder),
        [
            pair("outside", "symbolic-link"),
            pair("src/app.js", "binary")
        ]
    );
}

#[cfg(unix)]
#[test]
fn hostile_names_do_not_reach_the_terminal() {
    let folder = Folder::empty().write("a\u{1b}[31m\nb.js", b"a\0b");
    for arguments in [&["check"][..], &["map"], &["check", "--format", "json"]] {
        let output = run(arguments, &folder.0);
        assert_eq!(status(&output), 0);
        assert!(!out(&output).contains('\u{1b}'), "{arguments:?}");
    }
    let output = run(&["check", "no\u{1b}[2Jwhere"], &folder.0);
    assert!(
        !complaint(&output).contains('\u{1b}'),
        "{}",
        complaint(&output)
    );
    let output = run(&["explain", "no\u{1b}[2Jwhere"], &folder.0);
    assert!(
        !complaint(&output).contains('\u{1b}'),
        "{}",
        complaint(&output)
    );
}

#[test]
fn the_result_goes_to_a_file() {
    let folder = Folder::empty().write("package.json", "{}");
    let output = run(
        &["check", "--format", "json", "--output", "out.json"],
        &folder.0,
    );
    assert_eq!(status(&output), 0);
    assert!(output.stdout.is_empty());
    let text = std::fs::read_to_string(folder.0.join("out.json")).expect("it is written");
    assert!(text.contains("firedoor.report/1"));
}

#[test]
fn an_empty_tree_is_mentioned() {
    let folder = Folder::empty();
    let output = run(&["check"], &folder.0);
    assert_eq!(status(&output), 0);
    assert!(
        complaint(&output).contains("no file in '.'"),
        "{}",
        complaint(&output)
    );
    let output = run(&["check", "--quiet"], &folder.0);
    assert!(output.stderr.is_empty());
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = Folder::empty().write("package.json", "{}");
    let mut child = Command::new(env!("CARGO_BIN_EXE_firedoor"))
        .args(["schema", "report"])
        .current_dir(&folder.0)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", complaint(&output));
}

#[test]
fn the_same_tree_gives_the_same_bytes() {
    let mut folder = Folder::empty();
    for number in 0..40 {
        folder = folder.write(&format!("src/{number}.js"), b"a\0b");
    }
    let first = run(&["map", "--format", "json"], &folder.0);
    let second = run(&["map", "--format", "json"], &folder.0);
    assert_eq!(first.stdout, second.stdout);
}

#[test]
fn help_teaches() {
    let folder = Folder::empty();
    let output = run(&["--help"], &folder.0);
    assert_eq!(status(&output), 0);
    let help = out(&output);
    for word in [
        "check",
        "map",
        "explain",
        "rules",
        "Examples:",
        "Exit status:",
        "--fail-on",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
    for command in ["check", "map", "explain"] {
        let help = out(&run(&[command, "--help"], &folder.0));
        assert!(help.contains("Examples:"), "{command}: {help}");
    }
    let version = run(&["--version"], &folder.0);
    assert!(out(&version).starts_with("firedoor "));
}
