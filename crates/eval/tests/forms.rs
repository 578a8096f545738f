//! Texts against expressions.

use firedoor_eval::{HOLE, Value, fits};

fn of_path(form: &str, known: &str) -> Option<bool> {
    fits(form, &Value::pattern(&format!("{known}{HOLE}")))
}

#[test]
fn a_known_text_is_decided() {
    assert_eq!(
        fits("^/(shop|club)/", &Value::string("/club/7/")),
        Some(true)
    );
    assert_eq!(
        fits("^/(shop|club)/$", &Value::string("/club/7/")),
        Some(false)
    );
    assert_eq!(fits("^/a(?=b)", &Value::string("/ab")), None);
}

#[test]
fn a_text_that_goes_on_is_decided_where_no_match_could_go_on() {
    assert_eq!(of_path("^/(shop|club)/", "/desk/list/"), Some(false));
    assert_eq!(of_path("^/(shop|club)/", "/club/"), Some(true));
    assert_eq!(of_path("^/(?P<top>[ab])/", "/c/d"), Some(false));
    assert_eq!(of_path("^/desk/[0-9]+/", "/desk/"), None);
    assert_eq!(of_path("^/desk/$", "/desk/"), None);
    assert_eq!(of_path("^/desk/$", "/disk/7/"), Some(false));
    assert_eq!(of_path("^/a|/b", "/c/d"), None);
    assert_eq!(of_path("/b", "/c/d"), None);
}
