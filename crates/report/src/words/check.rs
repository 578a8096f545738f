//! Checks and refusals, in words.

use firedoor_app::{Check, CheckKind, Refusal};

use super::value::{something, value};

/// Returns what `check` requires, as seen by a request that passes it: `requires that ...`.
pub fn check(check: &Check) -> String {
    format!("requires that {}", condition(check))
}

/// More parts than these are counted and not told.
const MOST_PARTS: usize = 4;

/// One of several ways is enough: each is a test of its own.
fn either(parts: &[Check]) -> String {
    let mut words: Vec<String> = Vec::new();
    for part in parts {
        let said = condition(part);
        if !words.contains(&said) {
            words.push(said);
        }
    }
    let more = words.len().saturating_sub(MOST_PARTS);
    words.truncate(MOST_PARTS);
    let told = words.join(", or ");
    match more {
        0 => told,
        1 => format!("{told}, or another test"),
        more => format!("{told}, or one of {more} other tests"),
    }
}

fn condition(check: &Check) -> String {
    if check.alternatives.len() > 1 {
        return either(&check.alternatives);
    }
    let holds = check.outcome;
    let say = |yes: &str, no: &str| if holds { yes } else { no }.to_owned();
    // That a value may be missing is what a test for presence is about, and no news.
    let words = match check.kind {
        CheckKind::Presence => something,
        _ => value,
    };
    let values: Vec<String> = check.operands.iter().map(words).collect();
    let first = values.first().cloned();
    let first = first.unwrap_or_else(|| words(&check.control));
    // Of several tests at once no two values are held against each other for certain.
    let second = values.get(1).filter(|_| values.len() == 2);
    match (check.kind, second) {
        (CheckKind::Presence, None) => format!("{first} is {}", say("there", "missing")),
        (CheckKind::Equality, Some(second)) => {
            format!("{first} {} {second}", say("equals", "differs from"))
        }
        (CheckKind::Bound, Some(second)) => {
            format!("{first} {} {second}", say("is within", "is not within"))
        }
        (CheckKind::Membership, Some(second)) => {
            format!("{first} {} {second}", say("is among", "is not among"))
        }
        (CheckKind::Proof, Some(second)) => {
            format!(
                "{first} {} {second}",
                say("is proven with", "is not proven with")
            )
        }
        (CheckKind::Proof, None) => format!("{first} is {}", say("valid", "not valid")),
        (CheckKind::Shape, _) => {
            format!("{first} {} the right shape", say("has", "does not have"))
        }
        (CheckKind::Attempts, _) => {
            format!("there were {} attempts", say("not too many", "too many"))
        }
        (CheckKind::Library, _) => {
            format!("the library's guard {} {first}", say("accepts", "refuses"))
        }
        (CheckKind::Failure, _) => format!("work on {first} {}", say("fails", "succeeds")),
        _ => format!(
            "a test of {} {}",
            together(values, first),
            say("holds", "fails")
        ),
    }
}

/// Returns the values that one test looks at, in a list.
fn together(mut values: Vec<String>, first: String) -> String {
    match values.pop() {
        Some(last) if !values.is_empty() => format!("{} and {last}", values.join(", ")),
        _ => first,
    }
}

/// What is not known of an address stands in it as a control character.
fn readable(target: &str) -> String {
    let mut text = String::new();
    for letter in target.chars() {
        match letter.is_control() {
            true if text.ends_with('…') => {}
            true => text.push('…'),
            false => text.push(letter),
        }
    }
    text
}

/// Returns what happens to a request that is refused.
pub(crate) fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Status(status) => format!("answers {status}"),
        Refusal::Redirect(Some(target)) => match readable(target) {
            text if text == "…" => String::from("redirects"),
            text => format!("redirects to {text}"),
        },
        Refusal::Redirect(None) => String::from("redirects"),
        Refusal::Throw(Some(status)) => format!("throws, which answers {status}"),
        Refusal::Throw(None) => String::from("throws"),
        Refusal::Close => String::from("closes the connection"),
        Refusal::Return => String::from("returns without doing the work"),
    }
}
