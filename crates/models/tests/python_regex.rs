//! Where an expression of Python has to begin and end.

use firedoor_models::for_tests::python::anchored;

#[test]
fn what_is_asked_is_written_out() {
    assert_eq!(anchored("[a-z]+$", false), "^[a-z]+$");
    assert_eq!(anchored("^[a-z]+", true), "^[a-z]+$");
    assert_eq!(anchored("a|b", true), "^(?:a|b)$");
    assert_eq!(anchored("^a$", true), "^a$");
}
