//! Keys that chance alone made, and that are kept under a hash for passwords: nobody has thought of them, and nobody
//! can guess them.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::capability::is_random_field;
use crate::query::{accesses, comparisons, is_password_name};
use crate::{ComparisonKind, EffectKind, Map, Origin, Provenance};

/// Says of comparisons with such keys that a secret is compared in constant time, and no password.
pub(crate) fn settle(map: &mut Map) {
    let keys = keys(map);
    if keys.is_empty() {
        return;
    }
    let is_key = |value: &Provenance| {
        let mut fields = value.origins().iter().filter_map(|origin| match origin {
            Origin::Record { asset, field, .. } => Some((*asset, *field)),
            _ => None,
        });
        let mut is_kept = false;
        fields.all(|field| {
            is_kept = true;
            keys.contains(&field)
        }) && is_kept
    };
    let effects = map.entry_points.iter_mut().flat_map(|it| &mut it.effects);
    for effect in effects {
        if let EffectKind::CompareSecret(found) = &mut effect.kind
            && found.kind == ComparisonKind::Password
            && is_key(&found.expected)
        {
            found.kind = ComparisonKind::ConstantTime;
        }
    }
}

/// The fields that passwords are said to be compared with, and that hold nothing but what chance made.
fn keys(map: &Map) -> FxHashSet<(Ustr, Ustr)> {
    let compared = map.entry_points.iter().flat_map(comparisons);
    let compared = compared.filter(|(_, found)| found.kind == ComparisonKind::Password);
    let fields = compared.flat_map(|(_, found)| found.expected.origins());
    let mut keys: FxHashSet<(Ustr, Ustr)> = fields
        .filter_map(|origin| match origin {
            Origin::Record { asset, field, .. } => Some((*asset, *field)),
            _ => None,
        })
        .filter(|(_, field)| !field.is_empty() && !is_password_name(field))
        .collect();
    keys.retain(|(asset, field)| is_random_field(map, *asset, *field));
    // One that people may change to what they like is a password.
    let written = map.entry_points.iter().flat_map(accesses);
    for (_, access) in written.filter(|(_, access)| access.operation.is_write()) {
        let chosen = access.values.iter().filter(|it| it.value.is_from_client());
        for field in chosen {
            keys.remove(&(access.asset, field.name));
        }
    }
    keys
}
