//! House rules as tests, so that no review has to look for them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The most lines that a file may have.
const MOST_LINES: usize = 600;

/// Files that are tables: long because there is much to list, not because there is much to understand.
const TABLES: &[&str] = &[];

#[test]
fn crates_depend_on_each_other_as_the_architecture_says() {
    let page = read(&root().join("ARCHITECTURE.md"));
    let written = table(&page);
    let real = edges();
    let mut faults = Vec::new();
    let names: BTreeSet<&String> = written.keys().chain(real.keys()).collect();
    for name in names {
        match (written.get(name), real.get(name)) {
            (Some(written), Some(real)) => {
                for used in real.difference(written) {
                    faults.push(format!(
                        "`{name}` uses `{used}`, which the table does not allow"
                    ));
                }
                for allowed in written.difference(real) {
                    faults.push(format!(
                        "`{name}` does not use `{allowed}`, which the table lists"
                    ));
                }
            }
            (None, _) => faults.push(format!("`{name}` is not in the table")),
            (_, None) => faults.push(format!("`{name}` is in the table, and no crate")),
        }
        if !page.contains(&format!("\n### `{name}`\n")) {
            faults.push(format!("`{name}` has no paragraph with its invariant"));
        }
    }
    tell("ARCHITECTURE.md and the crates differ", &faults);
}

#[test]
fn every_file_says_what_it_is_for() {
    let faults: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path)
        .collect();
    tell("these files do not open with `//! `", &faults);
}

#[test]
fn files_are_short() {
    let faults: Vec<String> = sources()
        .into_iter()
        .filter(|(path, _)| !TABLES.contains(&path.as_str()))
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > MOST_LINES)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    tell("these files are too long, and no tables", &faults);
}

/// One program holds the tests of a crate, and a file that it does not name would never run.
#[test]
fn every_file_of_tests_is_run() {
    let mut faults = Vec::new();
    for (path, _) in sources() {
        let Some((folder, name)) = path
            .strip_suffix(".rs")
            .and_then(|path| path.rsplit_once('/'))
        else {
            continue;
        };
        let Some(of_crate) = folder.strip_suffix("/tests") else {
            continue;
        };
        let manifest = read(&root().join(of_crate).join("Cargo.toml"));
        let all = root().join(folder).join("main.rs");
        let is_found = !manifest.contains("autotests = false");
        let is_target = manifest.contains(&format!("[[test]]\nname = \"{name}\""));
        let is_module =
            name == "main" || all.exists() && read(&all).contains(&format!("\nmod {name};\n"));
        if !(is_found || is_target || is_module) {
            faults.push(format!("{path}: a line `mod {name};` in {folder}/main.rs"));
        }
        if is_found && all.exists() {
            faults.push(format!("{of_crate}/Cargo.toml: autotests = false"));
        }
    }
    tell("these tests do not run for want of", &faults);
}

/// The libraries are built without unit tests and without tests in documentation, since each of them would be
/// compiled twice for that.
#[test]
fn tests_stand_outside_of_libraries() {
    let words = [concat!("#[cfg(te", "st)]"), concat!("#[te", "st]")];
    let faults: Vec<String> = sources()
        .into_iter()
        .filter(|(path, text)| {
            let Some((of_crate, _)) = path.split_once("/src/") else {
                return false;
            };
            let manifest = read(&root().join(of_crate).join("Cargo.toml"));
            let is_without = |what: &str| manifest.contains(&format!("\n{what} = false\n"));
            is_without("test") && words.iter().any(|word| text.contains(word))
                || is_without("doctest") && has_tested_documentation(text)
        })
        .map(|(path, _)| path)
        .collect();
    tell("these tests would not run", &faults);
}

/// Holds if a comment that documents something has a block of Rust code, which is one without a word.
fn has_tested_documentation(text: &str) -> bool {
    let mut is_within = false;
    text.lines().any(|line| {
        let comment = line.trim_start().strip_prefix("//");
        let fence = comment.and_then(|comment| comment.get(1..)?.trim().strip_prefix("```"));
        let opens = fence.is_some_and(|word| !is_within && word.is_empty());
        is_within ^= fence.is_some();
        opens
    })
}

/// What is public for tests alone is nobody else's.
#[test]
fn only_tests_use_what_is_for_tests() {
    let word = concat!("::for_", "tests");
    let faults: Vec<String> = sources()
        .into_iter()
        .filter(|(path, text)| path.contains("/src/") && text.contains(word))
        .map(|(path, _)| path)
        .collect();
    tell("these files use what is for tests", &faults);
}

#[test]
fn nothing_is_put_off() {
    // Written in two parts, so that this file is not found itself.
    let words = [
        concat!("todo", "!("),
        concat!("#[", "ignore"),
        concat!("unimplemented", "!("),
    ];
    let faults: Vec<String> = sources()
        .into_iter()
        .flat_map(|(path, text)| {
            let found = words.into_iter().filter(move |word| text.contains(word));
            found.map(move |word| format!("{path}: {word}"))
        })
        .collect();
    tell("these files put something off", &faults);
}

#[test]
fn every_rule_is_registered_and_has_a_page() {
    let folder = root().join("crates/rules");
    let registry = read(&folder.join("src/lib.rs"));
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let Some(name) = path
            .strip_prefix("crates/rules/src/")
            .and_then(|path| path.strip_suffix(".rs"))
        else {
            continue;
        };
        if !text.contains(": Rule = Rule {") {
            continue;
        }
        let module = name.strip_suffix("/mod").unwrap_or(name);
        if !registry.contains(&format!("{module}::RULE")) {
            faults.push(format!("{path} is not in `RULES`"));
        }
        for id in ids(&text) {
            let page = folder.join("fixtures").join(id).join("README.md");
            // Until the first page is written, there is no folder to look in.
            if folder.join("fixtures").exists() && !page.exists() {
                faults.push(format!("{path}: the rule `{id}` has no page"));
            }
        }
    }
    let registered: Vec<&str> = registry
        .lines()
        .filter_map(|line| line.trim().strip_prefix('&')?.strip_suffix("::RULE,"))
        .collect();
    if !registered.is_sorted() {
        faults.push("`RULES` is not in alphabetical order".to_string());
    }
    tell("the rules, their list and their pages differ", &faults);
}

#[test]
fn documents_lead_somewhere() {
    let mut faults = Vec::new();
    for document in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "STYLE.md",
        "docs/agents.md",
        "docs/ci.md",
        "docs/configuration.md",
        "docs/decisions.md",
        "docs/frameworks/express.md",
        "docs/frameworks/fastapi.md",
        "docs/frameworks/flask.md",
        "docs/frameworks/websockets.md",
        "docs/history.md",
        "docs/json.md",
        "docs/libraries.md",
        "docs/performance.md",
        "docs/review.md",
        "docs/rules.md",
        "docs/verdicts.md",
    ] {
        let path = root().join(document);
        let text = read(&path);
        for target in links(&text) {
            let file = target.split('#').next().unwrap_or("");
            let is_outside = file.is_empty() || file.contains("://");
            let folder = path.parent().unwrap_or(Path::new(""));
            if !is_outside && !folder.join(file).exists() {
                faults.push(format!("{document}: {target}"));
            }
        }
    }
    tell("these links lead nowhere", &faults);
}

#[track_caller]
fn tell(heading: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{heading}:\n  {}", faults.join("\n  "));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the crates of the table in the section `## Crates`, each with what it may use.
fn table(page: &str) -> BTreeMap<String, BTreeSet<String>> {
    let section = page.split("\n## Crates\n").nth(1).unwrap_or("");
    let section = section.split("\n## ").next().unwrap_or("");
    section
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|row| {
            let (name, rest) = row.split_once("` |")?;
            let used = rest.split('|').next()?;
            let used = used
                .split(',')
                .map(str::trim)
                .filter(|name| !name.is_empty());
            Some((name.to_string(), used.map(String::from).collect()))
        })
        .collect()
}

/// Returns the crates of the workspace, each with those that it uses outside of its tests.
fn edges() -> BTreeMap<String, BTreeSet<String>> {
    let cargo = std::env::var("CARGO").unwrap_or("cargo".to_string());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs this test, so it can be run");
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo writes JSON");
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let short = |value: &serde_json::Value| {
        let name = value["name"].as_str()?;
        name.strip_prefix("firedoor-").map(String::from)
    };
    list(&metadata["packages"])
        .iter()
        .filter_map(|package| {
            let used = list(&package["dependencies"])
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .filter_map(short)
                .collect();
            Some((short(package)?, used))
        })
        .collect()
}

/// Returns the Rust files of all crates, path and text, ordered by path.
fn sources() -> Vec<(String, String)> {
    let mut sources = Vec::new();
    collect(&root().join("crates"), "crates", &mut sources);
    sources.sort();
    assert!(sources.len() > 10, "the crates are not where they were");
    sources
}

fn collect(folder: &Path, path: &str, sources: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{path}/{name}");
        if entry.path().is_dir() {
            if !matches!(name.as_str(), "fixtures" | "target" | "node_modules") {
                collect(&entry.path(), &path, sources);
            }
        } else if name.ends_with(".rs") {
            sources.push((path, read(&entry.path())));
        }
    }
}

/// Returns the ids of the rules that a file defines: `id: "unguarded-entry-point",`.
fn ids(text: &str) -> impl Iterator<Item = &str> {
    text.split(": Rule = Rule {")
        .skip(1)
        .filter_map(|rule| rule.split("id: \"").nth(1)?.split('"').next())
}

/// Returns the targets of the links of a Markdown text: `[words](target)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
}
