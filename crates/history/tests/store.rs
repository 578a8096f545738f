//! What becomes of stores that are damaged, foreign, newer or too large.

use firedoor_history::for_tests::{FORM, MOST_BYTES, connection, put, tidy_above, title as found};
use firedoor_history::{Store, StoreError};
use firedoor_testkit::Folder;
use rusqlite::Connection;

fn title(store: &mut Store, key: &str) -> Option<String> {
    found(store, key).expect("the store works")
}

#[test]
fn what_is_kept_is_found_by_the_next_run() {
    let folder = Folder::empty();
    let path = folder.0.join("s.sqlite");
    let mut first = Store::open(&path).expect("it can be made");
    let mut second = Store::open(&path).expect("two may use it");
    put(&mut first, "a", "one").expect("it is kept");
    put(&mut second, "a", "one").expect("it is kept");
    assert_eq!(title(&mut second, "a").as_deref(), Some("one"));
    drop((first, second));
    let mut third = Store::open(&path).expect("it is there");
    assert_eq!(title(&mut third, "a").as_deref(), Some("one"));
    assert_eq!(title(&mut third, "b"), None);
}

#[test]
fn what_was_changed_by_hand_is_worked_out_again() {
    let folder = Folder::empty();
    let path = folder.0.join("s.sqlite");
    for damage in [
        "UPDATE part SET body = replace(body, 'one', 'two')",
        "UPDATE snapshot SET body = replace(body, '[', '[\"x\",')",
        "UPDATE snapshot SET body = '{'",
        "DELETE FROM part",
    ] {
        let mut store = Store::open(&path).expect("it can be made");
        put(&mut store, "a", "one").expect("it is kept");
        connection(&store).execute_batch(damage).expect("it is SQL");
        let mut store = Store::open(&path).expect("it is there");
        assert_eq!(title(&mut store, "a"), None, "{damage}");
        put(&mut store, "a", "one").expect("it is kept");
        assert_eq!(title(&mut store, "a").as_deref(), Some("one"), "{damage}");
    }
}

#[test]
fn foreign_newer_and_broken_files_are_left_alone() {
    let folder = Folder::empty().write(
        "text.sqlite",
        "no database, and long enough to be one ".repeat(40),
    );
    let foreign = folder.0.join("foreign.sqlite");
    let other = Connection::open(&foreign).expect("it can be made");
    other
        .execute_batch("CREATE TABLE x (y)")
        .expect("it is SQL");
    assert!(matches!(Store::open(&foreign), Err(StoreError::Foreign)));
    let newer = folder.0.join("newer.sqlite");
    let store = Store::open(&newer).expect("it can be made");
    let set = connection(&store).pragma_update(None, "user_version", FORM + 1);
    set.expect("it is SQL");
    drop(store);
    assert!(matches!(Store::open(&newer), Err(StoreError::Newer)));
    let text = folder.0.join("text.sqlite");
    assert!(matches!(Store::open(&text), Err(StoreError::Broken(_))));
    assert!(matches!(Store::open(&folder.0), Err(StoreError::Broken(_))));
}

#[test]
fn a_store_that_is_too_large_forgets_what_is_not_used() {
    let folder = Folder::empty();
    let path = folder.0.join("s.sqlite");
    let mut store = Store::open(&path).expect("it can be made");
    put(&mut store, "old", "old").expect("it is kept");
    put(&mut store, "used", "used").expect("it is kept");
    let mut store = Store::open(&path).expect("it is there");
    assert_eq!(title(&mut store, "used").as_deref(), Some("used"));
    tidy_above(&mut store, MOST_BYTES).expect("it works");
    assert_eq!(
        title(&mut Store::open(&path).expect("it is there"), "old").as_deref(),
        Some("old")
    );
    let mut store = Store::open(&path).expect("it is there");
    assert_eq!(title(&mut store, "used").as_deref(), Some("used"));
    tidy_above(&mut store, 0).expect("it works");
    let mut store = Store::open(&path).expect("it is there");
    assert_eq!(title(&mut store, "old"), None);
    assert_eq!(title(&mut store, "used").as_deref(), Some("used"));
    let parts = "SELECT count(*) FROM part";
    let parts: i64 = connection(&store)
        .query_row(parts, [], |row| row.get(0))
        .expect("it is SQL");
    assert_eq!(parts, 2, "the entry points and one finding");
}
