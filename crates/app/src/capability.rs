//! Links and tokens that are permission enough: whoever has one may do what it is for.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::lookups::is_identifier;
use crate::query::{accesses, is_random};
use crate::vouchers::is_voucher;
use crate::{
    Access, Check, Effect, EffectKind, EntryPoint, Field, Map, Operation, Origin, Provenance,
    RequestPart, VerifyToken,
};

/// Holds if what `entry` does hangs on a token that was given to one person: a look-up by something
/// unguessable that the client sends outside of credentials, or its verification.
pub fn is_capability(map: &Map, entry: &EntryPoint) -> bool {
    let is_verified = |found: &VerifyToken| found.is_verified && is_sent_in_the_open(&found.token);
    let is_found = |access: &Access| {
        access.key.iter().any(|field| {
            field.operator == "="
                && is_sent_in_the_open(&field.value)
                && (field.value.origins().contains(&Origin::Digest)
                    || is_random_field(map, access.asset, field.name)
                    || is_identifier(&field.name) && is_voucher(map, access.asset))
        })
    };
    entry
        .effects
        .iter()
        .filter(|effect| match &effect.kind {
            EffectKind::Verify(found) => is_verified(found),
            EffectKind::Access(access) => is_found(access),
            _ => false,
        })
        .any(|effect| !is_for_all(map, entry, effect))
}

/// Holds for what a layer does that stands before most entry points of the application: it says nothing of one of
/// them.
fn is_for_all(map: &Map, entry: &EntryPoint, effect: &Effect) -> bool {
    let layer = effect
        .layer
        .and_then(|number| entry.layers.get(number as usize));
    let Some(layer) = layer else {
        return false;
    };
    let all = || {
        map.entry_points
            .iter()
            .filter(|other| other.app == entry.app)
    };
    let has_it = |other: &&EntryPoint| {
        let mut own = other.layers.iter();
        own.any(|own| own.span == layer.span && own.mounted == layer.mounted)
    };
    let number = all().filter(has_it).count();
    number > FEW && number * 4 >= all().count() * 3
}

/// So many entry points say nothing about what most have.
const FEW: usize = 4;

fn is_sent_in_the_open(value: &Provenance) -> bool {
    value.origins().iter().any(|origin| {
        matches!(
            origin,
            Origin::Request(
                RequestPart::Path | RequestPart::Query | RequestPart::Body | RequestPart::Message,
                _
            )
        )
    })
}

/// Holds if records of `asset` get a random value in `field`, as far as writes or its default show. What names a
/// record is shown around, however random it is.
pub fn is_random_field(map: &Map, asset: Ustr, field: Ustr) -> bool {
    let is_name = matches!(field.as_str(), "id" | "_id" | "uuid" | "slug" | "username")
        || field.ends_with("_id")
        || field.ends_with("Id");
    if is_name {
        return false;
    }
    let is_default = map
        .asset(asset)
        .and_then(|asset| asset.field(&field))
        .and_then(|field| field.default.as_ref())
        .is_some_and(is_random);
    is_default
        || map
            .facts
            .random
            .get_or_init(|| random_fields(map))
            .contains(&(asset, field))
}

/// Holds if the same word of the client may be the number of the record as well, at the same place: what is a name or a
/// number is no secret, however random the name is.
pub(crate) fn is_number_too(
    entry: &EntryPoint,
    effect: &Effect,
    access: &Access,
    field: &Field,
) -> bool {
    let mut others = crate::query::handler_accesses(entry)
        .filter(|(other, it)| other.span == effect.span && it.asset == access.asset);
    others.any(|(_, other)| {
        let mut key = other.key.iter();
        key.any(|it| {
            it.operator == "=" && crate::lookups::is_identifier(&it.name) && it.value == field.value
        })
    })
}

fn random_fields(map: &Map) -> FxHashSet<(Ustr, Ustr)> {
    let accesses = map.entry_points.iter().flat_map(accesses);
    let values = accesses.flat_map(|(_, access)| {
        let key = access
            .key
            .iter()
            .filter(|_| access.operation == Operation::Create);
        let random =
            access.values.iter().chain(key).filter(|value| {
                is_random(&value.value) && !crate::lookups::is_reference(&value.value)
            });
        random.map(|value| (access.asset, value.name))
    });
    let mut random: FxHashSet<(Ustr, Ustr)> = values.collect();
    // A name that people choose for themselves is none, whatever those are called who come by another way.
    let all = map.entry_points.iter().flat_map(self::accesses);
    for (_, access) in all.filter(|(_, it)| it.operation == Operation::Create) {
        for field in access.values.iter().filter(|field| is_chosen(&field.value)) {
            random.remove(&(access.asset, field.name));
        }
    }
    random
}

/// Holds for what the client has sent as it is.
fn is_chosen(value: &Provenance) -> bool {
    value.is_from_client()
        && !value.origins().iter().any(|origin| {
            matches!(
                origin,
                Origin::Random { .. } | Origin::Digest | Origin::Signature
            )
        })
}

/// Holds if fields of other records are examined, and none of the asset's.
pub(crate) fn is_of_others(check: &Check, asset: Ustr) -> bool {
    let records = || {
        let origins = check.operands.iter().flat_map(Provenance::origins);
        origins.filter_map(|origin| match origin {
            Origin::Record { asset, .. } => Some(*asset),
            _ => None,
        })
    };
    records().next().is_some() && !records().any(|of| of == asset)
}

/// Holds if chance has a part in the value, or it is a digest of a record and the time, which stands for a secret though
/// it is none.
pub(crate) fn is_made_up(value: &Provenance) -> bool {
    let is_part = |origin: &Origin| {
        matches!(
            origin,
            Origin::Digest | Origin::Clock | Origin::Literal(_) | Origin::Record { .. }
        )
    };
    let origins = value.origins();
    crate::lookups::is_random(value)
        || origins.contains(&Origin::Digest)
            && origins.contains(&Origin::Clock)
            && origins.iter().all(is_part)
}
