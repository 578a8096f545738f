//! Which fields hold passwords, told by what is done with them: however an application calls them.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::query::{comparisons, handler_accesses, is_password_name};
use crate::{ComparisonKind, Control, EffectKind, EntryPoint, Map, Origin, Provenance};

/// Holds if records of `asset` keep a password in `field`: by its name, or because somebody who is not known yet is
/// asked for it, and what people choose is hashed into it.
pub fn is_password(map: &Map, asset: Ustr, field: Ustr) -> bool {
    is_password_name(&field) || fields(map).contains(&(asset, field))
}

/// Holds if a password has a part in the value.
pub fn has_password(map: &Map, value: &Provenance) -> bool {
    value
        .origins()
        .iter()
        .any(|origin| is_kept_password(map, origin))
}

/// Holds if it is a password that is kept.
pub fn is_kept_password(map: &Map, origin: &Origin) -> bool {
    matches!(origin, Origin::Record { asset, field, .. } if is_password(map, *asset, *field))
}

fn fields(map: &Map) -> &FxHashSet<(Ustr, Ustr)> {
    map.facts.passwords.get_or_init(|| find_fields(map))
}

fn find_fields(map: &Map) -> FxHashSet<(Ustr, Ustr)> {
    let compared: FxHashSet<(Ustr, Ustr)> = map
        .entry_points
        .iter()
        .filter(|entry| !entry.verdict(Control::Authentication).refuses())
        .flat_map(comparisons)
        .filter(|(_, found)| found.kind == ComparisonKind::Password && found.given.is_from_client())
        .flat_map(|(_, found)| found.expected.origins())
        .filter_map(|origin| match origin {
            Origin::Record { asset, field, .. } if !field.is_empty() => Some((*asset, *field)),
            _ => None,
        })
        .collect();
    let chosen: FxHashSet<(Ustr, Ustr)> = map.entry_points.iter().flat_map(hashed).collect();
    compared.intersection(&chosen).copied().collect()
}

/// The fields into which the handler hashes what its client chooses.
fn hashed(entry: &EntryPoint) -> Vec<(Ustr, Ustr)> {
    let hashes: Vec<&Provenance> = entry
        .effects
        .iter()
        .filter_map(|effect| match &effect.kind {
            EffectKind::HashPassword(password) if password.is_from_client() => Some(password),
            _ => None,
        })
        .collect();
    if hashes.is_empty() {
        return Vec::new();
    }
    let is_hash = |value: &Provenance| {
        let has = |part: &&Provenance| part.origins().iter().all(|o| value.origins().contains(o));
        value.origins().contains(&Origin::Digest) && hashes.iter().any(has)
    };
    handler_accesses(entry)
        .filter(|(_, access)| access.operation.is_write())
        .flat_map(|(_, access)| access.values.iter().map(|field| (access.asset, field)))
        .filter(|(_, field)| is_hash(&field.value))
        .map(|(asset, field)| (asset, field.name))
        .collect()
}
