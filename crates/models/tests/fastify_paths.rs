//! How Fastify joins and reads paths.

use firedoor_models::for_tests::fastify::{join, templates};

#[test]
fn prefixes_are_joined_with_one_slash() {
    assert_eq!(join("/api", "/users"), "/api/users");
    assert_eq!(join("/api", "users"), "/api/users");
    assert_eq!(join("/api/", "/users"), "/api/users");
    assert_eq!(join("/api", ""), "/api");
    assert_eq!(join("", "/users"), "/users");
}

#[test]
fn paths_are_templates() {
    assert_eq!(templates("/a/:id"), ["/a/{id}"]);
    assert_eq!(templates("/a/:id(^\\d+(x)$)/b"), ["/a/{id}/b"]);
    assert_eq!(templates("/a/:x-:y"), ["/a/{x}-{y}"]);
    assert_eq!(templates("/a/:id?"), ["/a", "/a/{id}"]);
    assert_eq!(templates("/files/*"), ["/files/{path*}"]);
    assert_eq!(templates("/a/::b"), ["/a/:b"]);
    assert_eq!(templates("/a/"), ["/a"]);
    assert_eq!(templates(""), ["/"]);
    assert_eq!(templates("*"), ["/{path*}"]);
    assert_eq!(templates("/a(b"), ["/a(b"]);
    assert_eq!(templates("/:a(b"), ["/{a}"]);
}
