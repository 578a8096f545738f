//! What is worked out once for a map.

use firedoor_app::for_tests::{accounts_are_known, cookies_are_known};
use firedoor_app::{Map, query};

#[test]
fn cookies_are_looked_for_once() {
    let map = Map::default();
    assert_eq!(query::all_cookies(&map).count(), 0);
    assert!(cookies_are_known(&map));
}

#[test]
fn a_clone_is_asked_anew() {
    let map = Map::default();
    assert!(query::account_assets(&map).is_empty());
    assert!(accounts_are_known(&map));
    assert!(!accounts_are_known(&map.clone()));
}
