//! Values for the parameters of a path.

use firedoor_proof::probe::fillings;

#[test]
fn a_path_without_parameters_is_itself() {
    assert_eq!(fillings("/items"), ["/items"]);
}

#[test]
fn parameters_are_filled_in_by_their_names() {
    let all = fillings("/users/{id}/mail/{email}/*");
    assert_eq!(all[0], "/users/1/mail/someone@example.org/1");
    assert_eq!(all.len(), 4);
    assert_eq!(fillings("/days/{day}"), ["/days/2020-01-01"]);
}

#[test]
fn what_is_no_template_does_no_harm() {
    for template in ["{", "}", "/{a", "/ä{ö}", "{}{*}", "*"] {
        assert!(!fillings(template).is_empty());
    }
}
