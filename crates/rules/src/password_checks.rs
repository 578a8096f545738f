//! What hangs on a password that the client sends: shared by the rule about who has an account.

use firedoor_app::{Check, CheckKind, ComparisonKind, Effect, EntryPoint, Origin, query};

/// What the client sends that passwords are compared with.
pub fn passwords_given(entry: &EntryPoint) -> Vec<Origin> {
    query::comparisons(entry)
        .filter(|(_, found)| found.kind == ComparisonKind::Password)
        .flat_map(|(_, found)| found.given.origins().to_vec())
        .collect()
}

/// Holds if a password was compared first, and what is answered hangs on that.
pub fn hangs_on_password(entry: &EntryPoint, effect: &Effect) -> bool {
    let mut given = passwords_given(entry);
    // That the body as a whole has the right shape is asked whatever the password is.
    given.retain(|origin| matches!(origin, Origin::Request(_, name) if !name.is_empty()));
    entry.checks_of(effect).flat_map(Check::parts).any(|check| {
        let mut examined = check.operands.iter().flat_map(|operand| operand.origins());
        let mut control = check.control.origins().iter();
        check.kind == CheckKind::Proof
            || examined.any(|origin| given.contains(origin))
            || control.any(|origin| given.contains(origin))
    })
}
