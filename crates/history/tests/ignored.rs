//! Which pattern of ignore files decides.

use firedoor_history::for_tests::Ignored;

#[test]
fn the_nearest_pattern_decides() {
    let nothing = Ignored::default();
    let root = Ignored::below(&nothing, "", Some("build/\n*.log\n/top.js\n"));
    let inner = Ignored::below(&root, "a", Some("!keep.log\nlocal.js\n"));
    assert!(root.matches("build", true));
    assert!(!root.matches("build", false));
    assert!(root.matches("top.js", false));
    assert!(!inner.matches("a/top.js", false));
    assert!(inner.matches("a/x.log", false));
    assert!(!inner.matches("a/keep.log", false));
    assert!(inner.matches("a/local.js", false));
    assert!(!root.matches("local.js", false));
}
