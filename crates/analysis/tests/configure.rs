//! Patterns of entry points in the configuration.

use firedoor_analysis::for_tests::matches;

#[test]
fn a_star_is_any_text() {
    assert!(matches("GET /x", "GET /x"));
    assert!(matches("GET /x/*", "GET /x/y/z"));
    assert!(matches("* /x", "POST /x"));
    assert!(!matches("GET /x", "GET /xy"));
    assert!(!matches("GET /*/y", "GET /x/z"));
}
