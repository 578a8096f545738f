//! Whatever is given, it stays text in XML.

use firedoor_report::for_tests::junit::escape;

#[test]
fn markup_stays_text() {
    assert_eq!(
        escape("</failure>&\"\u{1}\u{ffff}]]>"),
        "&lt;/failure&gt;&amp;&quot;␁\u{fffd}]]&gt;"
    );
}
