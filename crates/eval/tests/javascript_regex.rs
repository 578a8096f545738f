//! Expressions that are templates of paths.

use firedoor_eval::for_tests::path_template;

#[test]
fn an_anchored_expression_is_a_template_of_a_path() {
    let template = |pattern: &str| path_template(pattern).map(|text| text.to_string());
    assert_eq!(
        template("^\\/rooms\\/([^/]+)$").as_deref(),
        Some("/rooms/{id}")
    );
    assert_eq!(
        template("^/a-b/(?<room>\\w+)/c/?$").as_deref(),
        Some("/a-b/{room}/c")
    );
    assert_eq!(template("rooms"), None);
}
