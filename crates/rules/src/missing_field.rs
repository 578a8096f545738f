//! Checks that hold a bound against a field that no record has: part of the rule about guards that cannot act.

use firedoor_app::{
    AssetKind, Check, CheckKind, EntryPoint, Map, Origin, Provenance, lookups, query,
};
use ustr::Ustr;

/// Returns the check by which the entry point would refuse, with the field that is asked for and the one that is declared:
/// `session.created`, where there is `createdAt`. What is worked out from it is no number, and nothing is greater.
pub fn missing_field<'m>(map: &Map, entry: &'m EntryPoint) -> Option<(&'m Check, Ustr, Ustr)> {
    let mut refusing = entry.checks.iter().filter(|check| {
        check.refusal.is_some() && check.kind == CheckKind::Bound && !check.is_alternative
    });
    refusing.find_map(|check| {
        let mut operands = check.operands.iter();
        let (asked, declared) = operands.find_map(|operand| missing_in(map, operand))?;
        Some((check, asked, declared))
    })
}

/// Returns the one field that the value is worked out from, if there is none of that name.
fn missing_in(map: &Map, value: &Provenance) -> Option<(Ustr, Ustr)> {
    let mut records = Vec::new();
    for origin in value.origins() {
        match origin {
            Origin::Record { asset, field, .. } => records.push((*asset, *field)),
            Origin::Clock | Origin::Literal(_) => {}
            _ => return None,
        }
    }
    let [(asset, name)] = records.as_slice() else {
        return None;
    };
    let declared = map.asset(*asset)?;
    let is_known = declared.kind != AssetKind::Table
        || lookups::is_identifier(name)
        || name.contains('.')
        || declared.field(name).is_some()
        || query::all_accesses_of_asset(map, *asset).any(|(_, _, access)| {
            let mut fields = access.key.iter().chain(&access.values);
            fields.any(|field| field.name == *name)
        });
    let meant = declared
        .fields
        .iter()
        .find(|field| is_short_for(name, &field.name));
    meant.filter(|_| !is_known).map(|field| (*name, field.name))
}

/// `created` stands for `createdAt` and for `created_at`.
fn is_short_for(name: &str, whole: &str) -> bool {
    let rest = whole.strip_prefix(name);
    rest.is_some_and(|rest| ["At", "On", "_at", "_on", "Time", "_time"].contains(&rest))
}
