//! Sentences and words.

use firedoor_plan::for_tests::{sentences, stem, words};

fn stems(text: &str) -> Vec<String> {
    words(text).into_iter().map(|word| word.stem).collect()
}

#[test]
fn spellings_of_one_thing_are_the_same_words() {
    let wanted = ["refresh", "token"];
    for text in [
        "refreshToken",
        "refresh-tokens",
        "REFRESH_TOKEN",
        "Refresh Token’s",
    ] {
        assert_eq!(stems(text), wanted, "{text}");
    }
    assert_eq!(stems("isn't can't"), ["is", "not", "can", "not"]);
    assert_eq!(
        stems("15min OAuth sha256"),
        ["15", "min", "oauth", "sha256"]
    );
}

#[test]
fn endings_are_taken_off() {
    for (a, b) in [
        ("expires", "expired"),
        ("cookies", "cookie"),
        ("verifies", "verified"),
        ("hashing", "hashed"),
        ("stored", "storing"),
        ("logged", "logs"),
        ("addresses", "address"),
    ] {
        assert_eq!(stem(a), stem(b));
    }
    assert_eq!(stem("need"), stem("needed"));
    assert_ne!(stem("cors"), stem("core"));
}

#[test]
fn a_sentence_ends_where_it_ends() {
    let text = "Keep it, e.g. in v1.2 of `a. B`. Then stop? Yes; done";
    let code = text.find("`a").unwrap()..text.find("`.").unwrap();
    let found = sentences(text, |index| code.contains(&index));
    let found: Vec<&str> = found.into_iter().map(|range| text[range].trim()).collect();
    assert_eq!(
        found,
        [
            "Keep it, e.g. in v1.2 of `a. B`.",
            "Then stop?",
            "Yes;",
            "done"
        ]
    );
}
