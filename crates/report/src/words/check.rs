//! Checks and refusals, in words.

use firedoor_app::{Check, CheckKind, Refusal};

use super::value;

/// Returns what `check` requires, as seen by a request that passes it: `requires that ...`.
pub(crate) fn check(check: &Check) -> String {
    let condition = condition(check);
    if check.outcome {
        format!("requires that {condition}")
    } else {
        format!("requires that it is not the case that {condition}")
    }
}

fn condition(check: &Check) -> String {
    let values: Vec<String> = check.operands.iter().map(value).collect();
    let first = values.first().cloned();
    let first = first.unwrap_or_else(|| value(&check.control));
    let second = values.get(1);
    match (check.kind, second) {
        (CheckKind::Presence, _) => format!("{first} is there"),
        (CheckKind::Equality, Some(second)) => format!("{first} equals {second}"),
        (CheckKind::Bound, Some(second)) => format!("{first} is within {second}"),
        (CheckKind::Membership, Some(second)) => format!("{first} is among {second}"),
        (CheckKind::Proof, Some(second)) => format!("{first} is proven with {second}"),
        (CheckKind::Proof, None) => format!("{first} is valid"),
        (CheckKind::Shape, _) => format!("{first} has the right shape"),
        (CheckKind::Attempts, _) => String::from("there were not too many attempts"),
        (CheckKind::Library, _) => format!("the library's guard accepts {first}"),
        (CheckKind::Failure, _) => format!("work on {first} fails"),
        (_, Some(second)) => format!("a test of {first} and {second} holds"),
        (_, None) => format!("a test of {first} holds"),
    }
}

/// Returns what happens to a request that is refused.
pub(crate) fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Status(status) => format!("answers {status}"),
        Refusal::Redirect(Some(target)) => format!("redirects to {target}"),
        Refusal::Redirect(None) => String::from("redirects"),
        Refusal::Throw(Some(status)) => format!("throws, which answers {status}"),
        Refusal::Throw(None) => String::from("throws"),
        Refusal::Close => String::from("closes the connection"),
        Refusal::Return => String::from("returns without doing the work"),
    }
}
