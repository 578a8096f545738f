//! Tests of what no fixture can show: depth, and bytes that no editor keeps.

use std::sync::Arc;

use firedoor_ir::{ExpressionKind, Module, NoteKind, StatementKind};
use firedoor_lang::for_tests::is_too_deep;
use firedoor_source::{FileId, FileSet};

fn lower(text: &str) -> Module {
    let files = FileSet::new([("app.py".to_string(), Arc::from(text))]);
    firedoor_lang::lower(FileId(0), files.file(FileId(0))).expect("the ending is known")
}

/// Constructs that nest: what opens a level, what stands in the middle, and what closes a level.
const NESTING: &[(&str, &str, &str)] = &[
    ("(", "1", ")"),
    ("[", "1", "]"),
    ("[1, ", "1", "]"),
    ("{1: ", "1", "}"),
    ("f(", "1", ")"),
    ("f(a, ", "1", ")"),
    ("a[", "1", "]"),
    ("not ", "1", ""),
    ("-", "1", ""),
    ("await ", "x", ""),
    ("yield ", "x", ""),
    ("lambda: ", "1", ""),
    ("(lambda a, b: ", "1", ")"),
    ("[lambda a, b: ", "1", "]"),
    ("(0, lambda a, b: lambda c, d: ", "1", ")"),
    ("lambda a=", "1", ": 1"),
    ("1 if 1 else ", "1", ""),
    ("'a' if 'b' else ", "1", ""),
    ("1 + ", "1", ""),
    ("1 ** ", "1", ""),
    ("a < ", "1", ""),
    ("a and b or ", "1", ""),
    ("a = ", "1", ""),
    ("a := ", "1", ""),
    ("a", "1", ".b"),
    ("", "a", ".b"),
    ("", "a", "()"),
    ("", "a", "[0]"),
    ("", "a", "(0, 1).b"),
    ("", "a", " if b else c"),
    ("", "'a'", " 'b'"),
    ("f'{", "1", "}'"),
    ("f\"{f'{", "1", "}'}\""),
    ("f'{1:{", "1", "}}'"),
    ("f'{a:{b:'", "1", "'}}"),
    ("f'''{", "1", "}'''"),
    ("*", "a", ""),
    ("async ", "x = 1", ""),
    ("if x: ", "pass", ""),
    ("if x, y: ", "pass", ""),
    ("try: ", "pass", ""),
    ("class A: ", "pass", ""),
    ("x: ", "1", ""),
    ("x: '", "1", "'"),
    ("match x:\n case ", "1", ""),
    ("else: ", "pass", ""),
    ("def f(", "", ""),
    ("(def f(a, ", "", ""),
    ("(\ndef f(", "", ""),
    ("f(\n", "", ""),
    ("@", "x", ""),
    ("if a:\n  pass\nel", "if b: pass", ""),
];

#[test]
fn deep_texts_do_not_overflow_the_stack() {
    for (open, middle, close) in NESTING {
        for depth in [300, 2900, 20_000] {
            let nested = format!("{}{middle}{}\n", open.repeat(depth), close.repeat(depth));
            for before in ["", "x = ", "match x:\n case "] {
                lower(&format!("{before}{nested}"));
            }
        }
    }
}

#[test]
fn deep_blocks_do_not_overflow_the_stack() {
    for line in [
        "if x:", "def f():", "class A:", "try:", "match x:", "with x:", "else:",
    ] {
        for depth in [90, 1000] {
            let lines = (0..depth).map(|depth| format!("{}{line}\n", " ".repeat(depth)));
            lower(&lines.collect::<String>());
        }
    }
}

#[test]
fn a_text_that_is_too_deep_is_refused_as_a_whole() {
    let module = lower(&"(".repeat(100_000));
    assert_eq!(module.notes.len(), 1);
    assert_eq!(module.notes[0].kind, NoteKind::TooDeep);
}

#[test]
fn the_inner_part_of_a_deep_expression_is_missing() {
    let module = lower(&format!("x = {}1\ny = 2\n", "not ".repeat(1000)));
    let kinds: Vec<NoteKind> = module.notes.iter().map(|note| note.kind).collect();
    assert_eq!(kinds, [NoteKind::TooDeep]);
    assert_eq!(module.body.len(), 2);
}

#[test]
fn long_chains_stay_flat() {
    let alternatives = vec!["x == 1"; 2000].join(" or ");
    let names = vec!["a"; 1000].join(" = ");
    for text in [
        format!("x = ({})\n", alternatives.replace(" or ", " or\n")),
        format!("{}\n", vec!["'a'"; 5000].join(" ")),
        format!("x = [{}]\n", vec!["(a.b)"; 50_000].join(", ")),
        format!("{names}\n"),
    ] {
        let module = lower(&text);
        assert!(depth_of(&module) < 300, "{}", &text[..40]);
    }
}

/// Returns how deep the expressions of `module` are at most, following operands and targets.
fn depth_of(module: &Module) -> usize {
    let mut depths: Vec<usize> = Vec::new();
    for expression in &module.expressions {
        let inner = match &expression.kind {
            ExpressionKind::Logical(_, left, right) => [*left, *right],
            ExpressionKind::Assign { value, .. } => [*value, *value],
            _ => {
                depths.push(1);
                continue;
            }
        };
        let deepest = inner.iter().map(|id| depths[id.0 as usize]).max();
        depths.push(deepest.unwrap_or(0) + 1);
    }
    depths.into_iter().max().unwrap_or(0)
}

#[test]
fn ordinary_texts_are_not_too_deep() {
    let line = "app.get('/a', f\"{x:>{y}}\", lambda a, b: a.b(c)[d]) # (((( not here\n";
    let text = line.repeat(20_000);
    assert!(!is_too_deep(&text));
    // What was left open ends at the next statement.
    let text = format!("f(\n{}", "def g(): return a.b.c\n".repeat(20_000));
    assert!(!is_too_deep(&text));
    // Brackets in strings and comments open nothing.
    let brackets = "(".repeat(10_000);
    for quote in ["'", "\"", "\"\"\"", "r'", "b\"", "f'", "Rb'''"] {
        let close = quote.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        assert!(!is_too_deep(&format!("x = {quote}{brackets}{close}\n")));
    }
    assert!(!is_too_deep(&format!("# {brackets}\n")));
}

#[test]
fn a_mark_at_the_start_and_other_line_ends_are_understood() {
    let module = lower("\u{feff}import os\r\n\x0cif os:\r\n\tx = 1\r\n\ty = 2\r\n");
    assert!(module.notes.is_empty(), "{:?}", module.notes);
    let StatementKind::If { then, .. } = &module.body[1].kind else {
        panic!("{:?}", module.body);
    };
    assert_eq!(then.len(), 2);
    assert_eq!(module.body[0].span.start, 3);
}

#[test]
fn remarks_have_the_place_of_their_comment() {
    let module = lower("x = 1  #  firedoor: allow(a) why \n");
    let (span, text) = &module.remarks[0];
    assert_eq!((span.start, span.end), (7, 33));
    assert_eq!(text, "allow(a) why");
}
