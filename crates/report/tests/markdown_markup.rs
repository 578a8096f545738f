//! Whatever is given, it stays text in Markdown.

use firedoor_report::for_tests::markdown::{code, escape};

#[test]
fn markup_in_names_stays_text() {
    assert_eq!(escape("<b>a|b</b>"), "&lt;b&gt;a\\|b&lt;/b&gt;");
    assert_eq!(code("a|b"), "`a\\|b`");
    assert_eq!(code("a`b"), "`` a`b ``");
}
