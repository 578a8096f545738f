//! Whatever is given, it stays text in a page.

use firedoor_report::for_tests::html::Page;

#[test]
fn what_is_given_never_becomes_markup() {
    let mut page = Page::default();
    page.element(
        "p",
        &[("title", "\"><script>alert('x')</script>")],
        "</p><script>alert(1)</script>&amp;\u{1b}",
    );
    assert_eq!(
        page.finish(),
        "<p title=\"&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\">\
         &lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;␛</p>\n"
    );
}

#[test]
fn names_between_backticks_are_code() {
    let mut page = Page::default();
    page.prose("`a<b` is not `c`");
    page.prose(", a lone ` stays");
    assert_eq!(
        page.finish(),
        "<code>a&lt;b</code> is not <code>c</code>, a lone ` stays"
    );
}

#[test]
fn switches_have_no_value() {
    let mut page = Page::default();
    page.within("details", &[("open", ""), ("class", "")], |_| {});
    assert_eq!(page.finish(), "<details open class=\"\"></details>\n");
}
