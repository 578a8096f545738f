//! Alternatives that are shared until one is changed.

use firedoor_eval::Atom;
use firedoor_eval::for_tests::Atoms;

#[test]
fn a_copy_is_changed_by_itself() {
    let mut first = Atoms::none();
    assert!(first.is_empty());
    first.push(Atom::Null);
    first.push(Atom::Bool(true));
    let mut copy = first.clone();
    copy.push(Atom::Undefined);
    assert_eq!((first.len(), copy.len()), (2, 3));
    let kept = copy.filtered(|atom| *atom != Atom::Bool(true));
    assert_eq!(*kept, [Atom::Null, Atom::Undefined]);
}
