//! What settings say where an application serves its users: shared by models of what is switched on only there.

use firedoor_app::Origin;
use firedoor_eval::{Machine, TestId, TestKind, Value};
use ustr::Ustr;

use crate::ModelHost;
use crate::settings::joined;

/// Returns whether a value that hangs on the kind of installation is true in production, by what such settings are
/// customarily called and set to; `None` if that cannot be told.
pub(crate) fn in_production(
    host: &ModelHost,
    machine: &Machine<'_>,
    value: &Value,
) -> Option<bool> {
    match value.test {
        Some((test, is_negated)) => Some(outcome(host, machine, test, 0)? != is_negated),
        None => switch(host, machine, value),
    }
}

fn outcome(host: &ModelHost, machine: &Machine<'_>, test: TestId, depth: usize) -> Option<bool> {
    let test = machine.test(test);
    if depth > 6 {
        return None;
    }
    if !test.parts.is_empty() {
        return joined(test, |part| outcome(host, machine, part, depth + 1));
    }
    match (test.kind, test.operands.as_slice()) {
        (TestKind::Truth, [value]) => in_production(host, machine, value),
        (TestKind::Equality, [left, right]) => {
            let (name, word) = match (left.text(), right.text()) {
                (None, Some(word)) => (setting(host, machine, left)?, word),
                (Some(word), None) => (setting(host, machine, right)?, word),
                _ => return None,
            };
            is_production(&name, &word)
        }
        (TestKind::Part, [value, part]) => {
            setting(host, machine, value)?;
            match part.text()?.as_str() {
                "http:" | "http://" => Some(false),
                text if text.starts_with("https") => Some(true),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What is switched on for those who write the application is off for its users.
fn switch(host: &ModelHost, machine: &Machine<'_>, value: &Value) -> Option<bool> {
    let name = setting(host, machine, value)?.to_ascii_uppercase();
    let mut words = name.split(|sign: char| !sign.is_alphanumeric());
    words
        .any(|word| matches!(word, "DEBUG" | "DEV" | "DEVELOPMENT"))
        .then_some(false)
}

/// Holds for the name of a setting that says which kind of installation it is.
pub(crate) fn says_kind(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let ends = ["ENV", "STAGE", "MODE"];
    ends.iter().any(|end| name.ends_with(end)) || name.contains("ENVIRONMENT")
}

/// Node's libraries ask for one word; other settings have more than one for it.
fn is_production(name: &str, word: &str) -> Option<bool> {
    if !says_kind(name) {
        return None;
    }
    let name = name.to_ascii_uppercase();
    match word.to_ascii_lowercase().as_str() {
        "production" => Some(true),
        "prod" | "live" => (name == "NODE_ENV").then_some(false),
        "development" | "dev" | "test" | "testing" | "local" => Some(false),
        _ => None,
    }
}

/// The one setting that the value is.
fn setting(host: &ModelHost, machine: &Machine<'_>, value: &Value) -> Option<Ustr> {
    let origins = host.origins_of(machine, value.origins);
    let mut names = origins.iter().filter_map(|origin| match origin {
        Origin::Environment { name, .. } => Some(*name),
        _ => None,
    });
    let name = names.next()?;
    names.all(|other| other == name).then_some(name)
}
