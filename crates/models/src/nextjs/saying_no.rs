//! What a server action says where it does not do what it was asked for.
//!
//! An action has no status to answer with: what it returns is handed to the page, and the page shows what is wrong. A
//! guard that throws is mostly caught by what all actions are made with, which hands its words on in an object.

use firedoor_app::EffectKind;
use firedoor_eval::{Answer, Atom, Call, Machine, ObjectKind, ReturnPath, Value};
use ustr::Ustr;

use super::response::{REDIRECT, REFUSED};
use crate::ModelHost;

/// Fields that are there, or true, where something is wrong.
const COMPLAINTS: [&str; 3] = ["error", "errors", "serverError"];

/// Fields that are false where something is wrong.
const SUCCESSES: [&str; 2] = ["success", "ok"];

/// Fields by whose word the page tells one outcome from another.
const OUTCOMES: [&str; 5] = ["status", "state", "type", "kind", "result"];

/// Words for an outcome that is none.
const FAILURES: [&str; 10] = [
    "error",
    "failure",
    "failed",
    "fail",
    "denied",
    "refused",
    "rejected",
    "forbidden",
    "unauthorized",
    "unauthenticated",
];

/// An action that returns before it has done anything, or says that something is wrong, refuses.
pub(super) fn says_no(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    path: &ReturnPath,
    is_one_of_several: bool,
) -> bool {
    if let Some(id) = path.value.only_object() {
        let property = |name: &&str| machine.heap.property(id, Ustr::from(name)).cloned();
        let complains = COMPLAINTS
            .iter()
            .filter_map(property)
            .any(|value| machine.truth(&value) == Some(true));
        let fails = SUCCESSES
            .iter()
            .filter_map(property)
            .any(|value| machine.truth(&value) == Some(false));
        let is_failure = |text: Ustr| {
            let text = text.to_ascii_lowercase();
            FAILURES.contains(&text.as_str())
        };
        let names_failure = OUTCOMES
            .iter()
            .filter_map(property)
            .any(|value| value.text().is_some_and(is_failure));
        return complains || fails || names_failure;
    }
    let is_empty = path.value.is_nothing() || path.value.only() == Some(Atom::Bool(false));
    is_empty && !is_one_of_several && !path.decided.is_empty() && !has_worked(host, path)
}

/// `unstable_rethrow(error)` throws on what `redirect` and `notFound` have thrown, and does nothing with the rest
/// (<https://nextjs.org/docs/app/api-reference/functions/unstable_rethrow>).
pub(super) fn rethrow(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let error = call.arguments.get(0);
    let is_own = error.only_object().is_some_and(|id| {
        matches!(machine.heap.get(id).kind, ObjectKind::Host(path) if path == REDIRECT || path == REFUSED)
    });
    match is_own {
        true => machine.throw(error, call.span),
        false => Ok(Some(Value::undefined())),
    }
}

/// Holds if something was done on this way.
fn has_worked(host: &ModelHost, path: &ReturnPath) -> bool {
    let state = host.state();
    let mut own = state
        .run
        .effects
        .iter()
        .filter(|effect| effect.step == state.run.step);
    own.any(|effect| {
        let is_cleared = matches!(effect.kind, EffectKind::ClearCookie(_));
        (is_cleared || crate::request::is_work(&effect.kind))
            && effect
                .decided
                .iter()
                .all(|step| path.decided.contains(step))
    })
}
