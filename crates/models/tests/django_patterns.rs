//! Templates of Django's routes and expressions.

use firedoor_models::for_tests::django::{of_regex, of_route};

#[test]
fn routes() {
    let read = of_route("users/<int:pk>/files/<path:rest>");
    assert_eq!(read.text, "users/{pk}/files/{rest*}");
    assert!(read.parameters[0].is_number);
    assert_eq!(of_route("a/<slug>/").text, "a/{slug}/");
}

#[test]
fn expressions() {
    assert_eq!(
        of_regex(r"^a/(?P<y>[0-9]{4})/(?P<s>[\w-]+)/$").text,
        "a/{y}/{s}/"
    );
    assert_eq!(of_regex(r"^b/(\d+)/$").text, "b/{arg1}/");
    assert_eq!(of_regex(r"^c/(?:page-(?P<n>\d+)/)?$").text, "c/");
    assert_eq!(of_regex(r"^robots\.txt$").text, "robots.txt");
    assert_eq!(of_regex(r"^d/(?P<rest>.*)$").text, "d/{rest*}");
    assert_eq!(of_regex(r"^e/(?:one|two)/?$").text, "e/one/");
    assert!(!of_regex("((((").text.contains('('));
    of_regex("(?P<");
    of_regex("[");
    of_regex("a\\");
}
