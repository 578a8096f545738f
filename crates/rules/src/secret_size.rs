//! How many values a stored secret can have: shared by the rules about guessing.

use firedoor_app::{
    Access, CheckKind, EntryPoint, Field, Map, Operation, Origin, Provenance, RequestPart, lookups,
    query,
};
use firedoor_source::Span;
use ustr::Ustr;

/// Secrets of fewer bits than these fall to somebody who only asks often enough.
const GUESSABLE_BITS: u32 = 44;

/// A short secret that a client sends.
pub struct Guess {
    /// Of which asset it is a field.
    pub asset: Ustr,
    /// Which field.
    pub field: Ustr,
    /// How many unpredictable bits it has.
    pub bits: u32,
    /// Where it is compared or looked up.
    pub span: Span,
}

/// Returns a short stored secret that the client of `entry` can try values for.
pub fn guess(map: &Map, entry: &EntryPoint) -> Option<Guess> {
    looked_up(map, entry).or_else(|| compared(map, entry))
}

fn looked_up(map: &Map, entry: &EntryPoint) -> Option<Guess> {
    query::handler_accesses(entry).find_map(|(effect, access)| {
        access.key.iter().find_map(|field| {
            let is_tried = field.operator == "=" && is_sent(&field.value);
            // What finds somebody once, and is taken away by that, is a code, and no name of his.
            let is_taken = access.values.iter().any(|value| value.name == field.name);
            let is_shown = query::account_assets(map).contains(&access.asset) && !is_taken;
            let bits = (is_tried && !is_shown)
                .then(|| bits_of(map, access.asset, field.name, &access.key))??;
            Some(Guess {
                asset: access.asset,
                field: field.name,
                bits,
                span: effect.span,
            })
        })
    })
}

fn compared(map: &Map, entry: &EntryPoint) -> Option<Guess> {
    let checks = entry.checks.iter().filter(|check| {
        check.kind == CheckKind::Equality && check.refusal.is_some() && check.operands.len() == 2
    });
    checks
        .flat_map(|check| {
            let [left, right] = [&check.operands[0], &check.operands[1]];
            [(check.span, left, right), (check.span, right, left)]
        })
        .filter(|(_, given, _)| is_sent(given))
        .find_map(|(span, _, expected)| {
            expected.origins().iter().find_map(|origin| match origin {
                Origin::Record { asset, field, .. } => Some(Guess {
                    asset: *asset,
                    field: *field,
                    bits: (!query::account_assets(map).contains(asset))
                        .then(|| bits_of(map, *asset, *field, &[]))??,
                    span,
                }),
                _ => None,
            })
        })
}

fn is_sent(value: &Provenance) -> bool {
    [
        RequestPart::Path,
        RequestPart::Query,
        RequestPart::Body,
        RequestPart::Message,
    ]
    .into_iter()
    .any(|part| value.is_from(part))
}

/// Returns the bits of the random values that records of `asset` which the key can find get in `field`, if they are few.
fn bits_of(map: &Map, asset: Ustr, field: Ustr, key: &[Field]) -> Option<u32> {
    // What people choose, or show around, is no secret.
    if is_chosen(map, asset, field) {
        return None;
    }
    let bits = made_bits(map, asset, field, key)
        .map(|bits| bits.unwrap_or(u32::MAX))
        .max()?;
    (bits < GUESSABLE_BITS).then_some(bits)
}

/// Returns the bits of the random values that records of `asset` which the key can find get in `field`, where known.
fn made_bits<'m>(
    map: &'m Map,
    asset: Ustr,
    field: Ustr,
    key: &'m [Field],
) -> impl Iterator<Item = Option<u32>> + 'm {
    let written = query::all_accesses_of_asset(map, asset)
        .filter(move |(_, _, access)| {
            access.operation.is_write() && lookups::values_agree(&access.values, key)
        })
        .flat_map(|(_, _, access)| access.values.iter().chain(given_keys(access)))
        .filter(move |value| value.name == field)
        .map(|value| &value.value);
    let default = map
        .asset(asset)
        .and_then(|asset| asset.field(&field))
        .and_then(|field| field.default.as_ref());
    written
        .chain(default)
        .flat_map(Provenance::origins)
        .filter_map(|origin| match origin {
            Origin::Random { bits, .. } => Some(*bits),
            _ => None,
        })
}

/// Holds if what a client has to hit is a field of a record that chance always fills with so much that nobody hits it.
pub fn is_long(map: &Map, expected: &Provenance) -> bool {
    let [Origin::Record { asset, field, .. }] = expected.origins() else {
        return false;
    };
    let mut made = made_bits(map, *asset, *field, &[]).peekable();
    made.peek().is_some()
        && made.all(|bits| bits.is_some_and(|bits| bits >= GUESSABLE_BITS))
        && !is_chosen(map, *asset, *field)
}

fn is_chosen(map: &Map, asset: Ustr, field: Ustr) -> bool {
    query::all_accesses_of_asset(map, asset).any(|(_, _, access)| {
        let mut values = access.values.iter().chain(given_keys(access));
        values.any(|value| value.name == field && value.value.is_from_client())
    })
}

/// Returns the keys under which a key-value store takes in something new: there the secret is the key, and no value.
/// One that names the caller besides is hit by nobody else.
fn given_keys(access: &Access) -> impl Iterator<Item = &Field> {
    let is_new = access.operation == Operation::Create;
    let keys = access.key.iter().filter(move |_| is_new);
    keys.filter(|key| !query::is_principal(&key.value))
}
