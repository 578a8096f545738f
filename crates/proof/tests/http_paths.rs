//! Paths as they are sent, and as they are compared.

use firedoor_proof::for_tests::{escaped, is_same};

#[test]
fn a_slash_at_the_end_is_no_other_path() {
    assert!(is_same("/items", "/items/?a=b"));
    assert!(!is_same("/items", "/login"));
}

#[test]
fn what_may_not_stand_in_a_path_is_escaped() {
    assert_eq!(escaped("/a b\r\nX: y/ä"), "/a%20b%0D%0AX:%20y/%C3%A4");
}
