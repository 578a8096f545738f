//! Paths that agents name stay in the tree.

use firedoor_mcp::for_tests::checked_path;

#[test]
fn paths_stay_in_the_tree() {
    let path = |text: &str| checked_path("file", &Some(text.to_owned()));
    assert_eq!(path("./src/app.ts"), Ok(Some(String::from("src/app.ts"))));
    assert_eq!(path("  "), Ok(None));
    for bad in [
        "/etc/passwd",
        "../x",
        "a/../../x",
        "C:/x",
        "..\\x",
        "a\u{0}b",
    ] {
        assert!(path(bad).is_err(), "{bad}");
    }
    assert!(path(&"x".repeat(10_000)).is_err());
}
