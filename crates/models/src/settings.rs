//! What settings are where the environment does not say: shared by models whose guards can be switched off.

use firedoor_app::{Origin, Provenance};
use firedoor_eval::{Atom, Machine, Test, TestId, TestKind, Value};

/// Returns whether a value that hangs on settings is true where the environment says nothing: by their own
/// defaults, and by what follows from them.
pub(crate) fn by_default(machine: &mut Machine<'_>, value: &Value) -> Option<bool> {
    if let Some(default) = known(value) {
        return default.truth();
    }
    let (test, is_negated) = value.test?;
    let outcome = outcome(machine, test, 0)?;
    Some(outcome != is_negated)
}

fn known(value: &Value) -> Option<Value> {
    value.filter(|atom| !matches!(atom, Atom::Unknown(_)))
}

/// Returns how a test of several parts comes out. One part may be enough, whatever the others say.
pub(crate) fn joined(test: &Test, mut part: impl FnMut(TestId) -> Option<bool>) -> Option<bool> {
    let mut is_known = true;
    for (id, is_negated) in &test.parts {
        match part(*id) {
            Some(holds) if (holds != *is_negated) != test.is_conjunction => {
                return Some(!test.is_conjunction);
            }
            Some(_) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(test.is_conjunction)
}

fn outcome(machine: &mut Machine<'_>, test: TestId, depth: usize) -> Option<bool> {
    let test = machine.test(test).clone();
    if depth > 6 {
        return None;
    }
    if !test.parts.is_empty() {
        return joined(&test, |part| outcome(machine, part, depth + 1));
    }
    match (test.kind, test.operands.as_slice()) {
        (TestKind::Truth, [value]) => by_default(machine, value),
        (TestKind::Equality, [left, right]) => Some(known(left)?.atoms() == known(right)?.atoms()),
        (TestKind::Membership, [left, right]) => {
            let (left, right) = (known(left)?, known(right)?);
            let elements = machine.elements_of(&right).0;
            Some(elements.iter().any(|it| it.atoms() == left.atoms()))
        }
        _ => None,
    }
}

/// Holds if a default among the settings is a text that says no, and that is true for all that asks whether it is
/// there.
pub(crate) fn says_no(provenance: &Provenance) -> bool {
    provenance.origins().iter().any(|origin| match origin {
        Origin::Environment {
            fallback: Some(text),
            ..
        } => matches!(
            text.to_ascii_lowercase().as_str(),
            "off" | "no" | "none" | "0" | "disabled"
        ),
        _ => false,
    })
}
