//! Wrong codes that each log-in forgets: a part of the rule about codes without limit.
//!
//! Whoever knows the password has as many tries as he likes, if the right password sets back how often he has tried codes.

use firedoor_app::{Control, Effect, EntryPoint, Map, Operation, Origin, counting, query};
use firedoor_source::Span;
use ustr::Ustr;

/// Where a password sets back the number of wrong codes.
pub struct Forgotten<'m> {
    /// Where the code is compared.
    pub compared: Span,
    /// Where the number is set back.
    pub set_back: Span,
    /// The entry point that does so.
    pub log_in: &'m EntryPoint,
}

/// Returns where the number of wrong codes that the entry point asks for is set back by whoever only knows the password.
pub fn forgotten<'m>(map: &'m Map, entry: &EntryPoint) -> Option<Forgotten<'m>> {
    let compared = query::compared_code(entry)?.span;
    let counted = counted(entry);
    let steps = query::password_entries(map).filter(|step| {
        !std::ptr::eq(*step, entry)
            && !query::verifies_code(step)
            && !step.verdict(Control::Authentication).refuses()
    });
    steps
        .flat_map(|log_in| set_back(log_in).map(move |found| (log_in, found)))
        .find(|(log_in, (_, asset))| counted.contains(asset) && !raises(log_in, *asset))
        .map(|(log_in, (effect, _))| Forgotten {
            compared,
            set_back: effect.span,
            log_in,
        })
}

/// The stores in which the entry point counts, and by whose numbers it refuses.
fn counted(entry: &EntryPoint) -> Vec<Ustr> {
    let counts = counting::Counts::of(query::accesses(entry).map(|(_, access)| access));
    let asked = entry
        .checks
        .iter()
        .filter(|check| check.refusal.is_some() && counting::asks_for_count(check, &counts));
    let assets = asked
        .flat_map(|check| check.operands.iter())
        .flat_map(|operand| operand.origins())
        .filter_map(|origin| match origin {
            Origin::Record { asset, .. } => Some(*asset),
            _ => None,
        });
    assets.filter(|asset| raises(entry, *asset)).collect()
}

fn raises(entry: &EntryPoint, wanted: Ustr) -> bool {
    query::accesses(entry).any(|(_, access)| access.asset == wanted && counting::counts(access))
}

/// What the entry point forgets of the account that it has found.
fn set_back(entry: &EntryPoint) -> impl Iterator<Item = (&Effect, Ustr)> {
    query::accesses(entry).filter_map(|(effect, access)| {
        let mut origins = access.key.iter().flat_map(|field| field.value.origins());
        let is_of_account = origins.any(|it| matches!(it, Origin::Record { .. }));
        (access.operation == Operation::Delete && is_of_account).then_some((effect, access.asset))
    })
}
