//! Lines that break between words.

use firedoor_report::for_tests::text::{hang, pad, wrap};

#[test]
fn lines_break_between_words() {
    assert_eq!(wrap("aa bb  cc dd", 5), ["aa bb", "cc dd"]);
    assert_eq!(wrap("a-very-long-word b", 5), ["a-very-long-word", "b"]);
    assert_eq!(hang("- ", "aa bb", 4), "- aa bb\n");
    assert!(wrap("", 5).is_empty());
}

#[test]
fn wide_characters_take_two_columns() {
    assert_eq!(pad("日本", 5), "日本 ");
}
