//! Nothing that is told to GitHub is a command of its own.

use firedoor_report::for_tests::github::{data, property};

#[test]
fn nothing_starts_a_command_of_its_own() {
    assert_eq!(data("a\n::error::b\r100%"), "a%0A::error::b␍100%25");
    assert_eq!(property("a,b::c\n"), "a%2Cb%3A%3Ac%0A");
}
