//! What people pay for: records with a price that another server reports as paid. Shared by the rules about payments.

use firedoor_app::{
    Access, CheckKind, Effect, EffectKind, EntryPoint, Field, Map, Operation, Origin, Provenance,
    SendChannel, query,
};
use ustr::Ustr;

use crate::client_value::{is_from_server, written_fields};
use crate::privileged::is_money_name;

/// A place where an order becomes paid because another server says so.
pub struct Settlement<'m> {
    /// The entry point.
    pub entry: &'m EntryPoint,
    /// The change of the order.
    pub effect: &'m Effect,
    /// The access.
    pub access: &'m Access,
    /// The field that says that it is paid.
    pub field: &'m Field,
}

/// Returns the places where payments are booked after the sender was proven to be no client.
pub fn settlements(map: &Map) -> impl Iterator<Item = Settlement<'_>> {
    let entries = map
        .entry_points
        .iter()
        .filter(|entry| is_from_server(entry));
    entries.flat_map(move |entry| {
        let booked = written_fields(entry).filter(move |(_, access, field)| {
            access.operation == Operation::Update
                && says_paid(field)
                && !prices(map, access.asset).is_empty()
        });
        booked.map(move |(effect, access, field)| Settlement {
            entry,
            effect,
            access,
            field,
        })
    })
}

/// Holds if the value says that something was paid for: in a word, or as the time, or the yes, of a field of that name.
pub fn says_paid(field: &Field) -> bool {
    let name = field.name.to_ascii_lowercase();
    let is_named = name.strip_prefix("is_").unwrap_or(&name);
    let is_named = matches!(
        is_named,
        "paid" | "ispaid" | "paid_at" | "paidat" | "paid_on"
    );
    let is_yes = |origin: &Origin| match origin {
        Origin::Clock => true,
        Origin::Literal(text) => text == "true",
        _ => false,
    };
    let mut origins = field.value.origins().iter();
    if is_named && !field.value.is_empty() && origins.all(is_yes) {
        return true;
    }
    field.value.origins().iter().any(|origin| {
        matches!(origin, Origin::Literal(text)
            if matches!(text.to_ascii_lowercase().as_str(), "paid" | "succeeded" | "completed" | "captured"))
    })
}

/// Returns the fields of the records of `asset` that say what they cost, declared or written.
pub fn prices(map: &Map, asset: Ustr) -> Vec<Ustr> {
    let declared = map.asset(asset).into_iter().flat_map(|asset| &asset.fields);
    let written = query::accesses_of_asset(map, asset)
        .filter(|(_, _, access)| access.operation == Operation::Create)
        .flat_map(|(_, _, access)| &access.values);
    let mut names: Vec<Ustr> = declared
        .map(|field| field.name)
        .chain(written.map(|field| field.name))
        .filter(|name| is_money_name(name))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Holds if what is given for the payment is worked out from something else than what was paid: a plan, or what a pack
/// holds, and not the amount itself, as where somebody charges an account.
pub fn gives_something_else(settled: &Settlement<'_>, price: Ustr) -> bool {
    let order = settled.access.asset;
    let given = written_fields(settled.entry).filter(|(_, access, _)| access.asset != order);
    let values: Vec<&Provenance> = given.map(|(_, _, field)| &field.value).collect();
    !values.is_empty()
        && !values
            .iter()
            .any(|value| value.record_fields(order).any(|field| field == price))
}

/// Holds if something that happens on the way to the booking asks for the amount: in the key, or in a check.
pub fn asks_for_amount(settled: &Settlement<'_>, prices: &[Ustr]) -> bool {
    let is_price = |value: &Provenance| {
        let mut fields = value.record_fields(settled.access.asset);
        fields.any(|field| prices.contains(&field))
    };
    let is_asked = |entry: &EntryPoint, effect: &Effect| {
        entry
            .checks_of(effect)
            .any(|check| check.kind != CheckKind::Failure && is_price(&check.provenance()))
    };
    let accesses =
        || query::accesses(settled.entry).filter(|(_, it)| it.asset == settled.access.asset);
    accesses().any(|(_, access)| access.key.iter().any(|field| prices.contains(&field.name)))
        || settled
            .entry
            .effects
            .iter()
            .any(|effect| is_asked(settled.entry, effect))
}

/// Holds if another server is asked, which may say what was paid.
pub fn asks_server(entry: &EntryPoint) -> bool {
    entry.effects.iter().any(|effect| {
        matches!(
            effect.kind,
            EffectKind::Send {
                channel: SendChannel::Http,
                ..
            }
        )
    })
}
