//! Single sentences and small plans: what each mechanism of the reading is good for.

use firedoor_plan::{Document, Review, review};

fn reviewed(text: &str) -> Review {
    review(&[Document {
        file: String::from("plan.md"),
        text: text.to_owned(),
    }])
}

/// Returns the state of a decision; nothing if the design does not have its part.
fn state(text: &str, id: &str) -> Option<&'static str> {
    let review = reviewed(text);
    let found = review.decisions.iter().find(|decision| decision.id == id);
    found.map(|decision| decision.state.as_str())
}

#[track_caller]
fn is(text: &str, id: &str, wanted: &str) {
    assert_eq!(state(text, id), Some(wanted), "{text}");
}

const ROTATION: &str = "refresh-token/rotation";

#[test]
fn a_decision_may_stand_away_from_its_part() {
    is(
        "We use refresh tokens.\n\n## Rules\n\nAll tokens are rotated on use.\n",
        ROTATION,
        "decided",
    );
    is(
        "## Refresh tokens\n\n- live 30 days\n- rotated\n",
        ROTATION,
        "decided",
    );
    is(
        "| Topic | Decision |\n| --- | --- |\n| Refresh token rotation | yes |\n",
        ROTATION,
        "decided",
    );
    is(
        "| Topic | Decision |\n| --- | --- |\n| Refresh token rotation | no |\n",
        ROTATION,
        "unsafe",
    );
    is(
        "| Topic | Decision |\n| --- | --- |\n| Refresh token rotation | TBD |\n",
        ROTATION,
        "open",
    );
}

#[test]
fn the_nearest_name_of_a_family_counts() {
    let text = "Access tokens expire after 15 minutes, refresh tokens never expire.";
    is(text, "jwt/expiry", "decided");
    is(text, "refresh-token/expiry", "unsafe");
}

#[test]
fn negations_and_refusals() {
    is("Refresh tokens are not rotated.", ROTATION, "unsafe");
    is(
        "There is no refresh token without rotation.",
        ROTATION,
        "decided",
    );
    is(
        "The refresh token is never kept in localStorage.",
        "refresh-token/storage",
        "decided",
    );
    is(
        "The refresh token is kept in localStorage.",
        "refresh-token/storage",
        "unsafe",
    );
    is(
        "We take payments. A price that the client sends is rejected.",
        "payment/price",
        "decided",
    );
    is(
        "We take payments. The client sends the price.",
        "payment/price",
        "unsafe",
    );
    is(
        "There are roles. The role is taken from the request.",
        "role/source",
        "unsafe",
    );
}

#[test]
fn deferrals_and_doubts() {
    is(
        "We use refresh tokens. Rotation comes later.",
        ROTATION,
        "deferred",
    );
    is(
        "We use refresh tokens. TODO: rotate refresh tokens.",
        ROTATION,
        "deferred",
    );
    is(
        "We use refresh tokens.\n\n## Out of scope\n\n- token rotation\n",
        ROTATION,
        "deferred",
    );
    is(
        "We use refresh tokens. Should refresh tokens be rotated?",
        ROTATION,
        "open",
    );
    is(
        "Are refresh tokens used? Yes. Each refresh token is rotated.",
        ROTATION,
        "decided",
    );
    is("We use ~~rotated~~ refresh tokens.", ROTATION, "open");
    is(
        "We use refresh tokens.\n\n```\nrotated on each use\n```\n",
        ROTATION,
        "open",
    );
}

#[test]
fn a_part_that_is_not_built_is_none() {
    for text in [
        "# Plan\n\n## Non-goals\n\n- refresh tokens\n",
        "Refresh tokens are out of scope.",
        "We do not use refresh tokens.",
        "Should we use refresh tokens?",
        "## Alternatives considered\n\nLong sessions with refresh tokens.\n",
        "```\nrefresh tokens\n```\n",
    ] {
        assert_eq!(state(text, ROTATION), None, "{text}");
    }
}

#[test]
fn what_others_could_do_decides_nothing() {
    let text =
        "We use refresh tokens.\n\n## Threats\n\nA refresh token in localStorage is stolen.\n";
    is(text, "refresh-token/storage", "open");
}

#[test]
fn the_evidence_is_the_sentence_with_its_line() {
    let review = reviewed("# Plan\n\nWe use refresh tokens.\nThey are\nnot rotated.\n");
    let found = review
        .decisions
        .iter()
        .find(|decision| decision.id == ROTATION);
    let quote = &found.expect("it is there").evidence[0];
    assert_eq!(
        (quote.line, quote.text.as_str()),
        (4, "They are not rotated.")
    );
}

#[test]
fn the_same_text_gives_the_same_answer() {
    let text = include_str!("../fixtures/plans/01-allergy-tracker.md");
    assert_eq!(reviewed(text), reviewed(text));
}

#[test]
fn any_text_is_read() {
    let texts = [
        "", "\0", "#", "|", "- [ ]", "~~", "`", "\u{feff}", "؟؟؟", "&nbsp;", "[a]: b", "\\",
    ];
    for text in texts {
        let _ = reviewed(&text.repeat(500));
    }
    let all = include_str!("../fixtures/plans/19-clinic.md");
    for end in (0..all.len())
        .step_by(97)
        .filter(|end| all.is_char_boundary(*end))
    {
        let _ = reviewed(&all[..end]);
    }
}

#[test]
fn https_is_no_plural_and_an_answer_puts_off_what_was_asked() {
    is(
        "We set a cookie. It is sent over HTTPS only.",
        "cookie/secure",
        "decided",
    );
    let text = "We use refresh tokens.\n\nAre refresh tokens rotated?\n\nAfter the pilot.\n";
    is(text, ROTATION, "deferred");
}

#[test]
fn good_and_bad_words_at_one_place_are_weighed_by_length() {
    let text =
        "People log in with a password. The same answer comes whether or not the account exists.";
    is(text, "accounts/enumeration", "decided");
}

#[test]
fn words_of_a_family_mean_its_only_member() {
    let text = "# Plan\n\nPartners get API keys.\n\n## Storage\n\nA key is hashed.\n";
    is(text, "api-key/storage", "decided");
}

#[test]
fn a_way_to_say_it_with_a_negation_makes_no_other_way_negative() {
    is(
        "# Shop\n\nBuyers pay by card. The browser sends no amount.\n",
        "payment/price",
        "decided",
    );
    is(
        "# Accounts\n\nPeople sign in with a password. We say nothing about whether the account exists.\n",
        "accounts/enumeration",
        "decided",
    );
}
