//! What a key-value store holds for a while of other assets: copies, which are nobody's own.
//!
//! Whoever changes the original throws its copy away, so that the next reader makes a new one. Nobody loses anything by
//! that, whose ever the original is; what is told from a copy is told of the original.

use firedoor_app::{Access, AssetKind, Field, Map, Operation, Origin, query};
use ustr::Ustr;

/// Holds if all that is put there is a copy.
pub fn is_copy(map: &Map, asset: Ustr) -> bool {
    let entries = map.entry_points.iter();
    let mut written = entries
        .flat_map(query::accesses)
        .map(|(_, access)| access)
        .filter(|access| access.asset == asset)
        .filter(|access| access.operation.is_write() && access.operation != Operation::Delete)
        .peekable();
    written.peek().is_some() && written.all(|access| copies(map, access))
}

/// Holds if what other assets hold is kept for a while beside them. What the client sends, what nobody may guess, and
/// who is asking is in no copy, and no secret is what it is found by.
pub fn copies(map: &Map, access: &Access) -> bool {
    let is_beside = map
        .asset(access.asset)
        .is_some_and(|asset| asset.kind == AssetKind::KeyValue);
    let is_time = |field: &&Field| field.name == "expires";
    let mut kept = access.values.iter().filter(|field| !is_time(field));
    let is_told =
        |origin: &Origin| matches!(origin, Origin::Record { asset, .. } if *asset != access.asset);
    let is_secret = |origin: &Origin| {
        matches!(
            origin,
            Origin::Random { .. } | Origin::Digest | Origin::Signature
        )
    };
    let is_own = |origin: &Origin| {
        is_secret(origin) || origin.is_from_client() || matches!(origin, Origin::Principal(_))
    };
    let mut keys = access.key.iter().flat_map(|field| field.value.origins());
    !keys.any(is_secret)
        && is_beside
        && access.operation == Operation::Create
        && access.spread.is_empty()
        && access.values.iter().any(|field| is_time(&field))
        && kept.all(|field| {
            let origins = field.value.origins();
            field.operator == "=" && origins.iter().any(is_told) && !origins.iter().any(is_own)
        })
}
