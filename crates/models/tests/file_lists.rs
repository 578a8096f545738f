//! Patterns of lists of files.

use firedoor_models::for_tests::file_lists::{below, is_taken};

#[test]
fn patterns_take_paths() {
    assert!(is_taken("/a/**/*.ts", "/a/b/c.ts"));
    assert!(is_taken("/a/**/*.ts", "/a/c.ts"));
    assert!(!is_taken("/a/*.ts", "/a/b/c.ts"));
    assert!(is_taken("/a/{b,c}/?.@(ts|js)", "/a/c/d.js"));
    assert!(is_taken("/a/!(*.part).@(ts|js)", "/a/list.ts"));
    assert!(!is_taken("/a/!(*.part).@(ts|js)", "/a/list.part.ts"));
    assert!(is_taken("/a/index.(ts|js)", "/a/index.ts"));
    assert_eq!(below("/a/b", "./../c/*.js"), "/a/c/*.js");
}
