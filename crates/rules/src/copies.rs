//! What a key-value store holds for a while of other assets: copies, which are nobody's own.
//!
//! Whoever changes the original throws its copy away, so that the next reader makes a new one. Nobody loses anything by
//! that, whose ever the original is; what is told from a copy is told of the original.

use firedoor_app::{Access, AssetKind, Map, Operation, Origin, query};
use ustr::Ustr;

/// Holds if what is kept there comes from records of other assets and ends by itself, and nothing that is kept there is
/// a secret or says who is asking, as sessions and codes are.
pub fn is_copy(map: &Map, asset: Ustr) -> bool {
    let is_beside = map
        .asset(asset)
        .is_some_and(|it| it.kind == AssetKind::KeyValue);
    if !is_beside {
        return false;
    }
    let entries = map.entry_points.iter();
    let written: Vec<&Access> = entries
        .flat_map(query::accesses)
        .map(|(_, access)| access)
        .filter(|access| access.asset == asset)
        .filter(|access| access.operation.is_write() && access.operation != Operation::Delete)
        .collect();
    written.iter().any(|access| is_for_a_while(access))
        && !written.iter().any(|access| is_of_its_own(access))
}

/// Records of other assets are put there, with a time when they end.
fn is_for_a_while(access: &Access) -> bool {
    let is_told =
        |origin: &Origin| matches!(origin, Origin::Record { asset, .. } if *asset != access.asset);
    access.values.iter().any(|field| field.name == "expires")
        && access
            .values
            .iter()
            .any(|field| field.value.origins().iter().any(is_told))
}

/// Something is put there that is nowhere else.
fn is_of_its_own(access: &Access) -> bool {
    let is_own = |origin: &Origin| {
        matches!(
            origin,
            Origin::Random { .. } | Origin::Digest | Origin::Signature
        ) || origin.is_of_principal()
    };
    let mut values = access.values.iter();
    values.any(|field| field.operator != "=" || field.value.origins().iter().any(is_own))
}
