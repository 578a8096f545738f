//! Control characters that are made visible.

use std::borrow::Cow;

use firedoor_report::for_tests::escape_json;
use firedoor_report::{clean, clean_lines};

#[test]
fn escape_sequences_become_visible() {
    assert_eq!(clean("a\u{1b}[31m\u{9b}2J\u{202e}b"), "a␛[31m�2J�b");
    assert_eq!(clean("line\nfeed\tand\rtab"), "line␊feed␉and␍tab");
    assert!(matches!(clean("naïve 日本"), Cow::Borrowed(_)));
}

#[test]
fn lines_stay_lines() {
    assert_eq!(clean_lines("a\r\n\tb\u{7f}"), "a\n\tb␡");
}

#[test]
fn json_keeps_its_meaning() {
    let escaped = escape_json("{\n \"a\": \"\u{9b}\"\n}".to_owned());
    assert_eq!(escaped, "{\n \"a\": \"\\u009b\"\n}");
}
