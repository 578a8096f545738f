//! Lists that the query only narrows: nobody names a record by a kind, a state or a word to search for.

use firedoor_app::ownership::{Usage, Use, is_clients_choice, key_of};
use firedoor_app::{Check, CheckKind, Field, Map, Origin, RequestPart};

use crate::unowned::is_identifier;

/// Holds for a list that the query narrows, by no number: where nothing is found it is empty, and nobody is refused.
pub(crate) fn is_browsed(map: &Map, usage: &Usage<'_>) -> bool {
    let asset = usage.access.asset;
    // What the field refers to is named by its number, whatever the field is called.
    let names_record = |field: &Field| {
        let declared = map.asset(asset).and_then(|it| it.field(&field.name));
        is_identifier(&field.name) || declared.is_some_and(|it| it.refers_to.is_some())
    };
    let is_of_query = |origin: &Origin| match origin {
        Origin::Request(part, _) => *part == RequestPart::Query,
        _ => true,
    };
    let key = key_of(usage.entry, usage.access);
    let mut chosen = key.iter().filter(|field| is_clients_choice(&field.value));
    let is_narrowed =
        chosen.all(|field| !names_record(field) && field.value.origins().iter().all(is_of_query));
    let is_looked_for = |check: &Check| {
        let mut operands = check.operands.iter();
        check.kind == CheckKind::Presence
            && check.refusal.is_some()
            && operands.any(|operand| operand.record_fields(asset).next().is_some())
    };
    usage.kind == Use::Tell && is_narrowed && !usage.entry.checks.iter().any(is_looked_for)
}

/// Holds for a list below a group that is itself shown to whoever names it: who is in it is no secret either.
pub(crate) fn is_of_open_group(usages: &[Usage<'_>], usage: &Usage<'_>) -> bool {
    let is_group = |other: &&Usage<'_>| {
        let rest = usage.entry.path.strip_prefix(other.entry.path.as_str());
        other.kind == Use::Tell
            && !other.is_scoped
            && other.access.asset != usage.access.asset
            && other.entry.path.ends_with('}')
            && other.entry.method == usage.entry.method
            && rest.is_some_and(|rest| rest.starts_with('/') && !rest.contains('{'))
    };
    usage.kind == Use::Tell && usage.access.is_many && usages.iter().any(|other| is_group(&other))
}
