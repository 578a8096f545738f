//! The names of Python's standard library.

use firedoor_project::for_tests::{NAMES, is_standard};

#[test]
fn the_table_is_ordered() {
    assert!(NAMES.is_sorted());
    assert!(is_standard("logging") && !is_standard("fastapi"));
}
