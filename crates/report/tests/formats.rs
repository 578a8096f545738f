//! Every format, on one canonical report, against a committed file. `UPDATE=1 cargo test` rewrites the files.

#![allow(
    clippy::disallowed_methods,
    reason = "snapshots are files, and a variable says that they are rewritten"
)]

use std::path::Path;

use crate::canonical::{Canonical, RULES};
use firedoor_report::{Detail, Subject, View, find_subject, format};

/// Compares `text` with the committed file `name`.
fn snapshot(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/snapshots")
        .join(name);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, text).expect("snapshots can be written");
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        expected == text,
        "{name} differs; UPDATE=1 rewrites it\n--- expected\n{expected}\n--- found\n{text}"
    );
}

/// Leaves out what a page has from files of its own, and the policy that depends on them.
fn without_assets(text: &str) -> String {
    let mut text = text.to_owned();
    for (start, end) in [
        ("<style>", "</style>"),
        ("<script>", "</script>"),
        ("Content-Security-Policy\" content=\"", "\">"),
    ] {
        let place = text.find(start).map(|at| at + start.len());
        if let Some(from) = place
            && let Some(length) = text[from..].find(end)
        {
            text.replace_range(from..from + length, "…");
        }
    }
    text
}

fn explain(name: &str, what: &str) -> String {
    let canonical = Canonical::new();
    let subject = find_subject(&canonical.report, what).expect("it is there");
    let explain = format(name).and_then(|format| format.explain);
    explain.expect("the format explains")(&canonical.context(), &subject)
}

#[test]
fn findings_in_every_format() {
    let canonical = Canonical::new();
    for (name, file) in [
        ("text", "check.txt"),
        ("json", "check.json"),
        ("sarif", "check.sarif"),
        ("markdown", "check.md"),
        ("html", "check.html"),
        ("github", "check.github.txt"),
        ("gitlab", "check.gitlab.json"),
        ("junit", "check.junit.xml"),
    ] {
        let check = format(name).and_then(|format| format.check);
        let check = check.expect("the format prints findings");
        snapshot(file, &without_assets(&check(&canonical.context())));
    }
}

#[test]
fn maps_in_every_format() {
    let canonical = Canonical::new();
    for (name, file) in [
        ("text", "map.txt"),
        ("json", "map.json"),
        ("markdown", "map.md"),
        ("html", "map.html"),
    ] {
        let map = format(name).and_then(|format| format.map);
        let map = map.expect("the format prints maps");
        snapshot(file, &without_assets(&map(&canonical.context())));
    }
}

#[test]
fn explanations() {
    let join = "POST /api/lobbies/{id}/join";
    snapshot("explain-entry-point.txt", &explain("text", join));
    snapshot("explain-entry-point.json", &explain("json", join));
    snapshot("explain-finding.txt", &explain("text", "9C41D7"));
    snapshot("explain-finding.json", &explain("json", "9c41d7aa03e2f6b8"));
    let canonical = Canonical::new();
    let explain = format("text").and_then(|format| format.explain);
    let explain = explain.expect("the format explains");
    let page = explain(&canonical.context(), &Subject::Rule(RULES[0]));
    snapshot("explain-rule.txt", &page);
}

#[test]
fn rules_in_every_format() {
    for (name, file) in [("text", "rules.txt"), ("json", "rules.json")] {
        let rules = format(name).and_then(|format| format.rules);
        snapshot(
            file,
            &rules.expect("the format lists")(RULES, View::default()),
        );
    }
}

#[test]
fn a_text_can_be_short_or_whole() {
    let canonical = Canonical::new();
    let check = format("text")
        .and_then(|format| format.check)
        .expect("it is there");
    let mut context = canonical.context();
    context.view.detail = Detail::Brief;
    let brief = check(&context);
    assert!(!brief.contains("Authentication coverage"), "{brief}");
    assert!(brief.contains("2 findings"), "{brief}");
    let full = check(&canonical.full());
    assert!(
        full.contains("allowed on purpose: mounted by the gateway"),
        "{full}"
    );
}

#[test]
fn lines_fit_a_narrow_terminal() {
    let canonical = Canonical::new();
    let mut context = canonical.context();
    context.view.width = 80;
    let check = format("text")
        .and_then(|format| format.check)
        .expect("it is there");
    for line in check(&context).lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

/// Colour repeats what words and marks say: without it, the text is the same.
#[test]
fn colours_change_nothing_else() {
    let canonical = Canonical::new();
    let text = format("text").expect("it is there");
    let mut coloured = canonical.context();
    coloured.view.is_coloured = true;
    for render in [text.check, text.map].into_iter().flatten() {
        let (plain, painted) = (render(&canonical.context()), render(&coloured));
        assert_ne!(plain, painted);
        assert_eq!(plain, without_colours(&painted));
    }
    let subject = find_subject(&canonical.report, "GET /api/lobbies").expect("it is there");
    let explain = text.explain.expect("the format explains");
    let painted = explain(&coloured, &subject);
    assert_eq!(
        explain(&canonical.context(), &subject),
        without_colours(&painted)
    );
}

fn without_colours(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut plain = parts.next().unwrap_or("").to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    plain
}

/// A build server looks for files from the top of the repository.
#[test]
fn build_servers_get_names_from_the_top() {
    let canonical = Canonical::new();
    let mut context = canonical.context();
    context.view.prefix = ustr::ustr("services/api");
    for (name, wanted) in [
        ("sarif", "\"uri\": \"services/api/src/auth.ts\""),
        ("github", "file=services/api/src/auth.ts,"),
        ("gitlab", "\"path\": \"services/api/src/auth.ts\""),
        ("junit", "file=\"services/api/src/auth.ts\""),
    ] {
        let check = format(name).and_then(|format| format.check);
        let text = check.expect("the format prints findings")(&context);
        assert!(text.contains(wanted), "{name}: {text}");
    }
}
