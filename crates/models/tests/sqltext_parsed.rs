//! The memory of texts that were parsed.

use std::rc::Rc;

use firedoor_models::sqltext::Parsed;

#[test]
fn a_text_is_parsed_once() {
    let mut parsed = Parsed::default();
    let first = parsed.tree("SELECT name FROM boats WHERE id = 1");
    let again = parsed.tree("SELECT name FROM boats WHERE id = 1");
    assert!(first.is_some_and(|tree| again.is_some_and(|it| Rc::ptr_eq(&tree, &it))));
    assert!(parsed.tree("boats, and others").is_none());
    assert_eq!(parsed.trees.len(), 2);
}
