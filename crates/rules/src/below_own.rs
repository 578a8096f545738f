//! Records that are made below what is the caller's own, for the rule `missing-role-check`: an owner needs no role.

use firedoor_app::ownership::ties;
use firedoor_app::{Access, Check, CheckKind, Effect, EntryPoint, Origin, query};

/// Holds if whoever does not own the record that this one is made below is refused before: its owner was compared with
/// the caller.
pub fn is_below_own(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
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
