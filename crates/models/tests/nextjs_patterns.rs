//! Which paths the patterns of path-to-regexp match.

use firedoor_models::for_tests::nextjs::{Expression, of_pattern};

fn matches(pattern: &str, path: &str) -> bool {
    let made = of_pattern(pattern).expect("a pattern");
    let expression = Expression::new(&made).expect("an expression");
    expression.is_match(path).expect("an outcome")
}

#[test]
fn look_ahead_leaves_out_prefixes() {
    let pattern = "/((?!api|_next/static|_next/image|favicon.ico).*)";
    assert!(matches(pattern, "/dashboard"));
    assert!(!matches(pattern, "/api/users"));
    assert!(!matches(pattern, "/apiary"));
    assert!(matches(pattern, "/"));
}

#[test]
fn parameters_take_one_segment_or_more() {
    assert!(matches("/about/:path", "/about/a"));
    assert!(!matches("/about/:path", "/about/a/b"));
    assert!(!matches("/about/:path", "/about"));
    assert!(matches("/about/:path*", "/about"));
    assert!(matches("/about/:path*", "/about/a/b"));
    assert!(!matches("/about/:path*", "/aboutus"));
    assert!(matches("/about/:path+", "/about/a/b"));
    assert!(!matches("/about/:path+", "/about"));
    assert!(matches("/about/(.*)", "/about/a"));
    assert!(!matches("/about/(.*)", "/about"));
    assert!(matches("/about(.*)", "/aboutus"));
    assert!(matches("/(api|trpc)(.*)", "/api/users"));
    assert!(matches("/post{/:id}?", "/post"));
    assert!(!matches("/Post", "/post"));
}
