//! Sentences of Markdown, with what stands around them.

use firedoor_plan::for_tests::{ContextKind, statements};

fn texts(text: &str) -> Vec<(u32, String)> {
    let found = statements(text).0.into_iter();
    found
        .map(|statement| (statement.line, statement.text))
        .collect()
}

#[test]
fn blocks_become_sentences_with_lines() {
    let text = "---\na: b\n---\n# Plan\n\nOne. Two\nlines here.\n\n```js\nignored();\n```\n\n- [ ] item ~~gone~~ `a. B`\n  - below\n";
    let found: Vec<(u32, String)> = texts(text);
    let found: Vec<(u32, &str)> = found
        .iter()
        .map(|(line, text)| (*line, text.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (4, "Plan"),
            (6, "One."),
            (6, "Two lines here."),
            (13, "item a. B"),
            (14, "below")
        ]
    );
    let (all, _) = statements(text);
    assert_eq!(all[4].context[0].text, "item a. B");
    assert_eq!(all[2].context[0].kind, ContextKind::Before);
    assert_eq!(
        all[4].context.last().map(|it| it.text.as_str()),
        Some("Plan")
    );
}

#[test]
fn rows_know_their_column_and_their_subject() {
    let text = "| Topic | Decision |\n| --- | --- |\n| CSRF | a token. Always |\n";
    let (all, _) = statements(text);
    assert_eq!(all[0].text, "a token.");
    assert_eq!(all[1].subject.as_deref(), Some("CSRF"));
    assert_eq!(
        (all[0].line, all[0].context[0].text.as_str()),
        (3, "Decision")
    );
}

#[test]
fn a_line_before_a_list_introduces_it() {
    let (all, _) = statements("Out of scope:\n\n- one\n- two\n\nAfter.\n");
    assert_eq!(all[1].context[0].text, "Out of scope:");
    let after = &all[3].context;
    assert!(after.iter().all(|it| it.kind == ContextKind::Before));
}

#[test]
fn the_own_check_list_decides_nothing_until_it_is_checked() {
    let list = "- [ ] **Is it rotated?** (`refresh-token/rotation`, high)\n  - Rotate it.\n";
    assert_eq!(texts(list).len(), 0);
    assert_eq!(texts(&list.replace("[ ]", "[x]")).len(), 3);
    assert_eq!(texts(&format!("{list}- [ ] after\n")).len(), 1);
}

#[test]
fn deep_nesting_ends() {
    let text: String = (0..3000)
        .map(|depth| format!("{}- a\n", " ".repeat(depth * 2)))
        .collect();
    assert!(!statements(&text).0.is_empty());
    assert!(!statements(&">".repeat(50_000)).1);
}
