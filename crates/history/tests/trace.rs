//! Lines that are found again in another text.

use firedoor_history::for_tests::{NEW, line_map};

#[test]
fn lines_are_found_again() {
    assert_eq!(line_map("a\nb\nc\n", "x\na\n  c\n"), [NEW, 0, 2]);
    assert_eq!(line_map("", "a\n"), [NEW]);
    assert_eq!(line_map("a\nb\n", "a\nb\n"), [0, 1]);
    assert_eq!(line_map("a\nb\n", "b\nb2\n"), [1, NEW]);
    assert!(line_map("a\n", "").is_empty());
}
