//! Negation, deferral and doubt.

use firedoor_plan::for_tests::{GRAMMAR, Mode, grammar, read_grammar};

fn mode(text: &str, of: &str) -> Mode {
    let grammar = grammar();
    let sentence = grammar.words(text);
    let place = grammar.pattern(of).unwrap().find(&sentence, 0);
    let place = place.unwrap_or_else(|| panic!("{of} is not in {text}: {sentence:?}"));
    grammar
        .cues(&sentence, 0, text.ends_with('?'), false)
        .mode(place, false, false)
}

#[test]
fn the_grammar_is_well_formed() {
    let read = read_grammar(GRAMMAR);
    assert!(read.is_ok(), "{:?}", read.err());
    assert_eq!(
        grammar().words("We sign-in via WebSockets")[1].stem,
        "login"
    );
}

#[test]
fn negations_reach_to_the_end_of_their_clause() {
    for text in [
        "refresh tokens are not rotated",
        "there is no need to rotate",
        "rotation is not needed",
        "rotation: no",
        "works without rotation",
        "we skip rotating tokens",
    ] {
        assert_eq!(mode(text, "rotat*"), Mode::No, "{text}");
    }
    for text in [
        "tokens are never logged, and rotated on use",
        "rotated without logging the user out",
        "no token is used without rotation",
        "rotated no later than after an hour",
        "if a token is not valid, all are rotated",
        "tokens without rotation are refused",
    ] {
        assert_eq!(mode(text, "rotat*"), Mode::Yes, "{text}");
    }
}

#[test]
fn what_is_put_off_or_in_doubt() {
    assert_eq!(mode("rotation comes later", "rotat*"), Mode::Later);
    assert_eq!(mode("TODO: rotate them", "rotat*"), Mode::Later);
    assert_eq!(mode("rotation is not in v1", "rotat*"), Mode::Later);
    assert_eq!(mode("Should we rotate them?", "rotat*"), Mode::Unsure);
    assert_eq!(mode("maybe rotate them", "rotat*"), Mode::Unsure);
    assert_eq!(mode("20 minutes later it is rotated", "rotat*"), Mode::Yes);
}
