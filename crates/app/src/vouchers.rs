//! Records whose own number is the secret: one-time links that name a record, which chance has numbered and no answer
//! tells.
//!
//! A number that chance makes is no secret by itself, since it is shown around. It is one where nobody is ever told it,
//! and where what is found by it is thrown away once what it says has been done: nobody but who was sent it has it.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::lookups::is_identifier;
use crate::query::{accesses_of_asset, handler_accesses, is_random, is_random_field};
use crate::{Access, AssetKind, EffectKind, EntryPoint, Map, Operation, Origin};

/// Holds if records of `asset` are such vouchers: numbered by chance, told to nobody, and used up.
pub fn is_voucher(map: &Map, asset: Ustr) -> bool {
    let all = map.facts.vouchers.get_or_init(|| vouchers(map));
    all.contains(&asset)
}

fn vouchers(map: &Map) -> FxHashSet<Ustr> {
    let used = map.entry_points.iter().flat_map(|entry| {
        handler_accesses(entry)
            .filter(|(_, access)| access.operation == Operation::Read)
            .filter(|(_, access)| is_named(access) && is_used_up(entry, access.asset))
            .map(|(_, access)| access.asset)
    });
    let used: FxHashSet<Ustr> = used.collect();
    let mut vouchers = used;
    vouchers.retain(|asset| is_numbered_by_chance(map, *asset) && !is_told(map, *asset));
    vouchers.extend(tickets(map));
    vouchers
}

/// What a store of keys and values keeps under names that chance has made, and whoever names one takes out at once: the
/// ticket by which a socket is opened.
fn tickets(map: &Map) -> impl Iterator<Item = Ustr> {
    let kept = map.assets.iter();
    let kept = kept.filter(|asset| asset.kind == AssetKind::KeyValue);
    let is_by_name = |access: &Access| {
        let mut key = access.key.iter();
        key.any(|it| it.name == "key" && it.operator == "=" && it.value.is_from_client())
    };
    let is_taken_once = move |asset: Ustr| {
        let mut named = accesses_of_asset(map, asset)
            .filter(|(_, _, access)| is_by_name(access))
            .peekable();
        named.peek().is_some() && named.all(|(_, _, access)| access.operation == Operation::Delete)
    };
    kept.map(|asset| asset.name).filter(move |asset| {
        is_taken_once(*asset) && is_random_field(map, *asset, Ustr::from("key"))
    })
}

/// The client names the record by its number.
fn is_named(access: &Access) -> bool {
    access.key.iter().any(|field| {
        field.operator == "=" && is_identifier(&field.name) && field.value.is_from_client()
    })
}

/// What the record says is done to another, and the record is thrown away.
fn is_used_up(entry: &EntryPoint, asset: Ustr) -> bool {
    let is_thrown_away = |access: &Access| {
        let mut key = access.key.iter();
        access.operation == Operation::Delete
            && access.asset == asset
            && key.any(|field| is_identifier(&field.name) && field.operator == "=")
    };
    let does_its_word = |access: &Access| {
        let mut fields = access.key.iter().chain(&access.values);
        access.operation.is_write()
            && access.asset != asset
            && fields.any(|field| field.value.record_fields(asset).next().is_some())
    };
    let done: Vec<&Access> = handler_accesses(entry).map(|(_, access)| access).collect();
    done.iter().any(|access| is_thrown_away(access))
        && done.iter().any(|access| does_its_word(access))
}

fn is_numbered_by_chance(map: &Map, asset: Ustr) -> bool {
    map.asset(asset)
        .filter(|it| it.kind == AssetKind::Table)
        .is_some_and(|it| {
            it.fields.iter().any(|field| {
                is_identifier(&field.name) && field.default.as_ref().is_some_and(is_random)
            })
        })
}

/// Holds if an answer tells the number of a record, or the record as a whole.
fn is_told(map: &Map, asset: Ustr) -> bool {
    let is_number = |origin: &Origin| {
        matches!(origin, Origin::Record { asset: told, field, .. }
            if *told == asset && is_identifier(field))
    };
    let mut effects = map.entry_points.iter().flat_map(|entry| &entry.effects);
    effects.any(|effect| match &effect.kind {
        EffectKind::Respond { body, .. } => {
            let mut told = body.iter().flat_map(|field| field.value.origins());
            told.any(is_number)
        }
        _ => false,
    })
}
