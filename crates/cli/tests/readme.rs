//! Keeps the output that the README shows what the program prints today.

use std::path::Path;
use std::process::Command;

/// The application that the README runs on.
const EXAMPLE: &str = "examples/arcade-express";

#[test]
fn the_readme_shows_what_is_printed() {
    let check = run("check");
    let finding = part(&check, "high[fail-open-guard]", |line| line.is_empty());
    let coverage = part(&check, "Authentication coverage", |line| line.is_empty());
    keep("finding", &finding);
    keep("coverage", &coverage);
    let map = run("map");
    let group = part(&map, "  /api/scores (scoresRouter)", |line| {
        line.starts_with("  /api/shop")
    });
    keep("map", group.trim_end());
}

fn run(command: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_firedoor"))
        .args([command, EXAMPLE, "--no-color"])
        .current_dir(root())
        .output()
        .expect("the program starts");
    String::from_utf8(output.stdout).expect("the result is UTF-8")
}

/// Returns the lines from the one that begins with `first` to the one before the next that is an end.
fn part(text: &str, first: &str, is_end: impl Fn(&str) -> bool) -> String {
    let lines = text.lines().skip_while(|line| !line.starts_with(first));
    let lines: Vec<&str> = lines.take_while(|line| !is_end(line)).collect();
    assert!(!lines.is_empty(), "nothing begins with {first}");
    lines.join("\n")
}

fn keep(name: &str, text: &str) {
    let block = format!("```text\n{text}\n```");
    firedoor_testkit::keep_part(root().join("README.md"), name, &block);
}

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
