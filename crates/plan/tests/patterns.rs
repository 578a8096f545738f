//! What can be looked for in a sentence.

use firedoor_plan::for_tests::{Pattern, Place, Words, words};

fn place(pattern: &str, text: &str) -> Option<Place> {
    let pattern = Pattern::parse(pattern, &|words| words).expect("the pattern is well formed");
    pattern.find(&Words::new(words(text)), 0)
}

#[test]
fn words_in_order() {
    assert_eq!(
        place("refresh token", "the refreshTokens rotate"),
        Some((1, 3))
    );
    assert_eq!(
        place("rotat* .. (every|each) use", "rotated on each use"),
        Some((0, 4))
    );
    assert_eq!(
        place("a (very|rather) big? dog", "a very dog"),
        Some((0, 3))
    );
    assert_eq!(place("# (min*|hour)", "within 15min"), Some((1, 3)));
    assert_eq!(place("^ later $", "later"), Some((0, 1)));
    assert_eq!(place("^ later $", "much later"), None);
}

#[test]
fn terms_anywhere() {
    assert!(place("store & token", "token in a store").is_some());
    assert!(place("store & !token", "token in a store").is_none());
    assert!(place("store & !token", "milk in a store").is_some());
}

#[test]
fn faults_are_told() {
    for text in ["", "(a", "!a", "a & "] {
        assert!(Pattern::parse(text, &|words| words).is_err(), "{text}");
    }
}
