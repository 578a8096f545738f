//! Answers in pages.

use firedoor_mcp::for_tests::{Answer, MOST_CHARACTERS, page};

fn answer(number: usize, length: usize) -> Answer {
    Answer {
        heading: String::from("heading"),
        items: (0..number)
            .map(|at| format!("{at}:{}", "x".repeat(length)))
            .collect(),
        noun: "things",
    }
}

#[test]
fn pages_follow_each_other_and_end() {
    let answer = answer(30, 1_000);
    let mut seen = 0;
    let mut cursor: Option<String> = None;
    for _ in 0..30 {
        let text = page(&answer, cursor.as_deref(), "d").unwrap_or_default();
        assert!(text.chars().count() <= MOST_CHARACTERS + 200);
        assert_eq!(text.starts_with("heading"), seen == 0);
        assert!(text.contains(&format!("{seen}:x")), "{seen}");
        seen += text.matches(":x").count();
        let next = text
            .split("cursor \"")
            .nth(1)
            .and_then(|it| it.split('"').next());
        match next {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    assert_eq!(seen, 30);
}

#[test]
fn what_is_too_long_is_cut_and_what_is_no_cursor_is_refused() {
    let text = page(&answer(1, 100_000), None, "d").unwrap_or_default();
    assert!(text.ends_with("… (cut)") && text.len() < 5_000);
    for cursor in ["", "x", "-1", "1-other", "99-d", "1"] {
        assert!(page(&answer(3, 1), Some(cursor), "d").is_err(), "{cursor}");
    }
}

#[test]
fn control_characters_are_made_visible() {
    let answer = Answer {
        items: vec![String::from("a\u{1b}[31m\u{202e}b")],
        ..Answer::default()
    };
    assert_eq!(
        page(&answer, None, "d").unwrap_or_default(),
        "a␛[31m\u{fffd}b"
    );
}
