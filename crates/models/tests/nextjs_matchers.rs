//! Which paths matchers of Next.js take.

use firedoor_models::for_tests::nextjs::{Cover, Expression, of_glob, of_text, tried};

#[test]
fn globs_take_what_picomatch_takes() {
    let takes = |glob: &str, path: &str| {
        let made = of_glob(glob, true).expect("a glob");
        tried(&Expression::new(&made).expect("an expression"), path)
    };
    assert_eq!(takes("/open/**", "/open"), Cover::Always);
    assert_eq!(takes("/open/**", "/open/{id}/more"), Cover::Always);
    assert_eq!(takes("/open/**", "/opened"), Cover::Never);
    assert_eq!(takes("/open/*", "/open/{id}"), Cover::Always);
    assert_eq!(takes("/open/*", "/open/{id}/more"), Cover::Never);
    assert_eq!(takes("/v2.0/{a,b}", "/v2.0/b"), Cover::Always);
    assert_eq!(takes("/v2.0/{a,b}", "/v210/b"), Cover::Never);
    assert_eq!(takes("/api*", "/api"), Cover::Always);
    for unread in ["!/open", "#open", "/v/{1..3}", "/v/{a}", "/a**"] {
        assert_eq!(of_glob(unread, true), None, "{unread}");
    }
    let below = of_glob("/open/**", false).expect("a glob");
    let below = Expression::new(&below).expect("an expression");
    assert_eq!(tried(&below, "/open"), Cover::Never);
    assert_eq!(tried(&below, "/open/more"), Cover::Always);
}

#[test]
fn templates_are_taken_in_whole_or_in_part() {
    assert_eq!(of_text("/api/:path*", "/api/users/{id}"), Cover::Always);
    assert_eq!(
        of_text("/api/admin/:path", "/api/admin/{rest*}"),
        Cover::Sometimes
    );
    assert_eq!(of_text("/((?!api).*)", "/api/users/{id}"), Cover::Never);
    assert_eq!(of_text("/dashboard/:path*", "/api/users"), Cover::Never);
    assert_eq!(of_text("/x(?<=y)", "/x"), Cover::Unknown);
}
