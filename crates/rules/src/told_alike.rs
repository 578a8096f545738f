//! Whether two entry points tell the same of records: shared by the rules about objects.

use firedoor_app::ownership::{self, Usage, Use};
use firedoor_app::{EffectKind, EntryPoint, query};
use ustr::Ustr;

use crate::unowned::is_identifier;

/// Holds unless the other use keeps back something else of what nobody makes in his own name: a part of it that is not
/// told here, or the right to change it, which few have among those who may see it.
pub(crate) fn tells_alike(usage: &Usage<'_>, other: &Usage<'_>) -> bool {
    if usage.kind != Use::Tell {
        return true;
    }
    let reads_only = query::is_reading(other.entry);
    // Who acts for what is his looks his own up, and that keeps nothing back from those who only read.
    if other.kind == Use::Find && !reads_only {
        return false;
    }
    if other.kind != Use::Tell || !reads_only {
        return ownership::rank_guards(other.entry).is_empty();
    }
    let below = other.entry.path.strip_prefix(usage.entry.path.as_str());
    if !below.is_some_and(|rest| rest.starts_with('/')) {
        return true;
    }
    let asset = usage.access.asset;
    let own = told_fields(usage.entry, asset);
    let others = told_fields(other.entry, asset);
    own.is_empty() || others.is_empty() || others.iter().any(|field| own.contains(field))
}

/// The fields of records of the asset that answers tell, numbers left out.
fn told_fields(entry: &EntryPoint, asset: Ustr) -> Vec<Ustr> {
    let mut fields = Vec::new();
    for answer in ownership::answers_with(entry, asset) {
        let EffectKind::Respond { body, .. } = &answer.kind else {
            continue;
        };
        let told = body.iter();
        fields.extend(told.flat_map(|field| field.value.record_fields(asset)));
    }
    // Of a record that is told whole it is not known which fields it has.
    if fields.iter().any(|field| field.is_empty()) {
        fields.clear();
    }
    fields.retain(|field| !is_identifier(field));
    fields
}
