//! Who may be asked.

use firedoor_proof::for_tests::own_path;
use firedoor_proof::probe::{Target, TargetError};

#[test]
fn only_this_machine_is_asked_unless_another_is_named_twice() {
    assert!(Target::parse("http://127.0.0.1:3000", None).is_ok());
    assert!(Target::parse("http://[::1]:3000/api/", None).is_ok());
    assert!(Target::parse("http://localhost", None).is_ok());
    let elsewhere = Target::parse("http://192.0.2.1:80", None);
    assert_eq!(elsewhere, Err(TargetError::Elsewhere("192.0.2.1".into())));
    let other = Target::parse("http://192.0.2.1", Some("192.0.2.2"));
    assert_eq!(other, Err(TargetError::Elsewhere("192.0.2.1".into())));
    assert!(Target::parse("http://192.0.2.1", Some("192.0.2.1")).is_ok());
}

#[test]
fn what_is_no_plain_address_is_refused() {
    assert_eq!(
        Target::parse("https://localhost", None),
        Err(TargetError::Encrypted)
    );
    assert_eq!(
        Target::parse("http://a:b@localhost", None),
        Err(TargetError::Credentials)
    );
    for text in [
        "",
        "localhost",
        "ftp://localhost",
        "http://localhost/?a=b",
        "http://",
        "\u{1b}[2J",
    ] {
        let refused = Target::parse(text, None);
        assert!(matches!(refused, Err(TargetError::Malformed(_))), "{text}");
    }
}

#[test]
fn redirects_are_followed_on_the_same_host_only() {
    let target = Target::parse("http://127.0.0.1:3000/api", None).expect("it is well formed");
    let own = |location: &str| own_path(&target, location);
    assert_eq!(own("/api/items/").as_deref(), Some("/items/"));
    assert_eq!(
        own("http://127.0.0.1:3000/api/x?y=1").as_deref(),
        Some("/x?y=1")
    );
    for location in [
        "http://127.0.0.1:3001/api/x",
        "http://example.org/api/x",
        "//example.org/api",
        "/apix",
        "https://127.0.0.1:3000/api/x",
    ] {
        assert_eq!(own(location), None, "{location}");
    }
}
