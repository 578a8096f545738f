//! Records that are made as the caller's own or below what is, for the rule `missing-role-check`: an owner needs no role.

use firedoor_app::ownership::ties;
use firedoor_app::{Access, Check, CheckKind, Effect, EntryPoint, Origin, query};

/// Holds if the record says that it is the caller's, or one that is made along with it in one statement does, such as a
/// group's first member; or if it lies below what is the caller's.
pub fn is_made_own(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let along = query::handler_accesses(entry)
        .filter(|(other, along)| other.span == effect.span && along.operation.is_write());
    let mut values = along.flat_map(|(_, along)| &along.values);
    values.any(|field| query::is_principal(&field.value)) || is_below_own(entry, effect, access)
}

/// Holds if whoever does not own the record that this one is made below is refused before: its owner was compared with
/// the caller.
fn is_below_own(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let compares_owner = |check: &Check| {
        let mut others = check.operands.iter().filter(|it| !query::is_principal(it));
        check.kind == CheckKind::Equality
            && check.outcome
            && check.refusal.is_some()
            && check.operands.iter().any(query::is_principal)
            && others.any(|it| {
                let mut origins = it.origins().iter();
                origins.any(|it| matches!(it, Origin::Record { field, .. } if !field.is_empty()))
            })
    };
    let ties = ties(entry, effect);
    entry.checks_of(effect).any(compares_owner)
        && access.values.iter().any(|it| ties.touches(&it.value))
}
