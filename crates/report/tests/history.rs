//! A history and a study in every format, against committed files. `UPDATE=1 cargo test` rewrites the files.

#![allow(
    clippy::disallowed_methods,
    reason = "snapshots are files, and a variable says that they are rewritten"
)]

use std::collections::BTreeMap;
use std::path::Path;

use firedoor_history::{Change, Coverage, End, Evidence, History, Life, Reading, Share, State};
use firedoor_report::{Detail, HistoryContext, Studied, StudyContext, View, format};
use firedoor_rules::{Confidence, Severity};

/// A day in seconds.
const DAY: i64 = 86_400;

fn state(entry_points: usize, enforced: usize, open: usize) -> State {
    let coverage = Coverage {
        entry_points,
        verdicts: [enforced, 0, 0, entry_points - enforced, 0],
    };
    State {
        coverage: BTreeMap::from([("http", coverage)]),
        open,
    }
}

fn change(number: Option<&str>, day: i64, title: &str, state: State) -> Change {
    Change {
        commit: format!("{day:02}").repeat(20),
        number: number.map(str::to_owned),
        title: title.to_owned(),
        time: 1_767_225_600 + day * DAY,
        commits: 1,
        agents: Vec::new(),
        reading: Reading::Analysed,
        state,
        introduced: Vec::new(),
        repaired: Vec::new(),
    }
}

fn life(rule: &str, title: &str, introduced: Option<usize>) -> Life {
    Life {
        rule: rule.to_owned(),
        class: String::from("rate-limit"),
        severity: Severity::High,
        confidence: Confidence::High,
        title: title.to_owned(),
        entry_point: Some(String::from("POST /login")),
        fingerprint: String::from("f00d"),
        file: String::from("src/app.js"),
        line: 4,
        evidence: vec![Evidence {
            role: String::from("compares"),
            file: String::from("src/login.js"),
            line: 8,
            message: String::from("the password is compared here"),
            change: introduced,
        }],
        introduced,
        ended: None,
        interaction: Vec::new(),
    }
}

/// A line with something of everything, and with texts that would do harm if they were let through.
fn canonical() -> History {
    let mut first = change(
        Some("#1"),
        0,
        "Orders | <b>and</b> menu\u{1b}[31m",
        state(2, 1, 1),
    );
    first.introduced = vec![1];
    first.agents = vec![String::from("claude"), String::from("co|pilot")];
    let mut second = change(None, 3, "Words", state(2, 1, 1));
    second.reading = Reading::Untouched;
    let mut third = change(Some("!2"), 5, "Log-in", state(3, 3, 2));
    third.introduced = vec![2];
    third.repaired = vec![0];
    let mut fourth = change(Some("#4"), 9, "Cannot be read", state(3, 3, 2));
    fourth.reading = Reading::Unreadable;
    let mut before = life("csrf-missing", "`POST /x` asks for no token", None);
    before.ended = Some(End {
        change: 2,
        with_entry_point: true,
    });
    let mut both = life(
        "login-without-throttle",
        "passwords can be guessed",
        Some(2),
    );
    both.interaction = vec![0, 2];
    let people = Share {
        agent: None,
        changes: 3,
        changes_with_finding: 1,
        introduced: 1,
        repaired_others: 1,
        left: 1,
        ..Share::default()
    };
    let agent = Share {
        agent: Some(String::from("claude")),
        changes: 1,
        changes_with_finding: 1,
        introduced: 1,
        repaired_own: 0,
        repaired_others: 0,
        left: 1,
    };
    History {
        branch: String::from("main"),
        head: "ab".repeat(20),
        notes: vec![String::from("the clone is shallow: <script>")],
        base: Some(state(1, 0, 1)),
        base_commit: Some("cd".repeat(20)),
        changes: vec![first, second, third, fourth],
        findings: vec![
            before,
            life(
                "login-without-throttle",
                "passwords of `<i>` can be guessed",
                Some(0),
            ),
            both,
        ],
        agents: vec![agent, people],
        ..History::default()
    }
}

fn render(name: &str, detail: Detail) -> String {
    let history = canonical();
    let view = View {
        detail,
        ..View::default()
    };
    let context = HistoryContext {
        history: &history,
        view,
    };
    let render = format(name).and_then(|format| format.history);
    render.expect("the format tells histories")(&context)
}

fn render_study(name: &str) -> String {
    let studied = ["one", "t<wo>|"].map(|name| Studied {
        name: name.to_owned(),
        history: canonical(),
    });
    let context = StudyContext {
        studied: &studied,
        view: View::default(),
    };
    let render = format(name).and_then(|format| format.study);
    render.expect("the format tells studies")(&context)
}

/// Compares `text` with the committed file `name`.
fn snapshot(name: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let path = folder.join(name);
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

/// Returns what a page has of its own, without style, script and policy.
fn body(text: &str) -> &str {
    let start = text.find("<body>").unwrap_or(0);
    let end = text.find("<script>").unwrap_or(text.len());
    &text[start..end]
}

#[test]
fn histories_in_every_format() {
    snapshot("history.txt", &render("text", Detail::Normal));
    snapshot("history.json", &render("json", Detail::Normal));
    snapshot("history.md", &render("markdown", Detail::Normal));
    snapshot("history.html", body(&render("html", Detail::Normal)));
}

#[test]
fn studies_in_every_format() {
    snapshot("study.txt", &render_study("text"));
    snapshot("study.json", &render_study("json"));
    snapshot("study.md", &render_study("markdown"));
    snapshot("study.html", body(&render_study("html")));
}

#[test]
fn a_full_text_has_what_a_short_one_leaves_out() {
    let full = render("text", Detail::Full);
    assert!(full.contains("Words"), "{full}");
    assert!(!render("text", Detail::Normal).contains("Words"));
    let brief = render("text", Detail::Brief);
    assert!(!brief.contains("life times"), "{brief}");
}

#[test]
fn nothing_steers_a_terminal_or_becomes_markup() {
    for name in ["text", "json", "markdown", "html"] {
        for text in [render(name, Detail::Full), render_study(name)] {
            assert!(!text.contains('\u{1b}'), "{name}");
            if name == "html" {
                assert!(!body(&text).contains("<b>and"), "{text}");
                assert!(!body(&text).contains("t<wo>"), "{text}");
                assert!(!body(&text).contains(": <script"), "{text}");
            }
        }
    }
}

#[test]
fn an_empty_history_is_told() {
    let history = History {
        head: "ab".repeat(20),
        ..History::default()
    };
    for name in ["text", "json", "markdown", "html"] {
        let render = format(name).and_then(|format| format.history);
        let context = HistoryContext {
            history: &history,
            view: View::default(),
        };
        let text = render.expect("the format tells histories")(&context);
        assert!(!text.is_empty());
    }
}
