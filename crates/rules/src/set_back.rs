//! Counters that each attempt sets back before it is counted: a part of the rule about guards that cannot act.

use firedoor_app::{Access, Effect, EntryPoint, Field, Operation, counting, query};

/// Returns where a count of attempts is set to a number of its own right before it is raised, without asking whether it is
/// there already: it never comes to its limit.
pub fn set_back(entry: &EntryPoint) -> Option<&Effect> {
    let all: Vec<(&Effect, &Access)> = query::accesses(entry).collect();
    all.iter()
        .enumerate()
        .find_map(|(place, (effect, written))| {
            let field = written.values.iter().find(|it| is_number(it))?;
            let is_set = matches!(written.operation, Operation::Create | Operation::Update)
                && !written.is_conditional
                && !counting::counts(written);
            let mut later = all[place + 1..].iter();
            let is_raised = is_set
                && later.any(|(other, raised)| {
                    is_same_count(written, raised)
                        && other.function == effect.function
                        && effect.checks.iter().all(|it| other.checks.contains(it))
                        && raises(raised, field)
                        && is_asked(entry, raised)
                });
            is_raised.then_some(*effect)
        })
}

fn is_number(field: &Field) -> bool {
    let is_numeric = |text: &str| text.parse::<f64>().is_ok();
    field.operator == "="
        && field.name != "expires"
        && field.value.literal().is_some_and(|text| is_numeric(&text))
}

/// Holds if both are found by the same key.
fn is_same_count(one: &Access, other: &Access) -> bool {
    let key = |access: &Access| {
        let mut keys = access.key.iter();
        keys.find(|field| field.name == "key")
            .map(|field| field.value.clone())
    };
    one.asset == other.asset && key(one).is_some_and(|it| key(other) == Some(it))
}

fn raises(access: &Access, field: &Field) -> bool {
    let mut values = access.values.iter();
    values.any(|it| it.name == field.name && it.operator == "+=")
}

/// Holds if a check refuses by the number that is raised.
fn is_asked(entry: &EntryPoint, raised: &Access) -> bool {
    let counts = counting::Counts::of([raised]);
    let mut checks = entry.checks.iter().filter(|check| check.refusal.is_some());
    checks.any(|check| counting::asks_for_count(check, &counts))
}
