//! Values in English.

use firedoor_app::{Origin, Provenance, RequestPart};
use firedoor_report::for_tests::words::{something, value};
use ustr::Ustr;

fn of(origins: &[Origin]) -> Provenance {
    Provenance::new(origins.to_vec())
}

fn literal(text: &str) -> Origin {
    Origin::Literal(Ustr::from(text))
}

fn field(name: &str) -> Origin {
    Origin::Request(RequestPart::Body, Ustr::from(name))
}

#[test]
fn constants_read_like_people_write_them() {
    assert_eq!(value(&of(&[literal("5m")])), "\"5m\"");
    assert_eq!(value(&of(&[literal("401")])), "401");
    assert_eq!(value(&of(&[literal("True")])), "true");
    assert_eq!(value(&of(&[literal("null")])), "nothing");
}

#[test]
fn what_may_be_missing_is_said_last_or_not_at_all() {
    let maybe = of(&[literal("null"), field("name")]);
    assert_eq!(value(&maybe), "body field 'name' or nothing");
    assert_eq!(something(&maybe), "body field 'name'");
    assert_eq!(something(&of(&[literal("null")])), "nothing");
}

#[test]
fn a_digest_is_of_something() {
    let digest = of(&[field("token"), Origin::Digest]);
    assert_eq!(value(&digest), "a digest of body field 'token'");
    assert_eq!(value(&of(&[Origin::Digest])), "a digest");
}

#[test]
fn long_lists_are_cut() {
    let fields: Vec<Origin> = ["a", "b", "c", "d", "e"].map(field).to_vec();
    assert_eq!(value(&of(&fields[..2])), "body field 'a' or body field 'b'");
    assert_eq!(
        value(&of(&fields)),
        "body field 'a', body field 'b', body field 'c' or 2 others"
    );
}
