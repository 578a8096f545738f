//! Balances that clients set as a whole: a part of the rule about values that clients are believed.

use firedoor_app::{Access, EntryPoint, Field, Map, Operation, Origin, query};

use crate::client_value::{Known, is_counted, written_fields};

/// The client sets what is in a purse that accounts are paid from elsewhere: as much as is taken out there, where
/// enough is in it, an account has more. A stock of things is taken from too, and nobody gets money for it.
pub fn is_common_purse(map: &Map, access: &Access, field: &Field) -> bool {
    let accounts = query::account_assets(map);
    let is_candidate = is_sent(field)
        && !accounts.contains(&access.asset)
        && firedoor_app::is_taken_from(map, access.asset, field.name);
    if !is_candidate {
        return false;
    }
    let pays = |other: &EntryPoint| {
        let taken = written_fields(other).filter(|(_, taken, value)| {
            let mut key = taken.key.iter();
            (taken.asset, value.name) == (access.asset, field.name)
                && is_counted(taken, value)
                && key.any(|it| it.name == field.name && matches!(it.operator, ">" | ">="))
        });
        let mut amounts = taken.map(|(_, taken, value)| moved(taken, value));
        amounts.any(|amount| {
            written_fields(other).any(|(_, given, value)| {
                accounts.contains(&given.asset)
                    && value.operator == "+="
                    && !amount.is_empty()
                    && moved(given, value) == amount
            })
        })
    };
    map.entry_points.iter().any(pays)
}

/// What is added or taken: where the sum is worked out in the statement, what was there before is no part of it.
fn moved<'f>(access: &Access, field: &'f Field) -> Vec<&'f Origin> {
    let is_old = |origin: &Origin| matches!(origin, Origin::Record { asset, field: old, .. } if (*asset, *old) == (access.asset, field.name));
    let origins = field.value.origins().iter();
    origins.filter(|origin| !is_old(origin)).collect()
}

/// The caller sets what his own account has, and other entry points count with it.
pub fn is_own_balance(map: &Map, known: &Known, access: &Access, field: &Field) -> bool {
    is_set_for_own(access, field)
        && query::account_assets(map).contains(&access.asset)
        && known.is_counted_with(access.asset, field.name)
}

/// The caller sets what his group has, and another server, that reports payments, raises it.
pub fn is_filled_by_server(servers: &[&EntryPoint], access: &Access, field: &Field) -> bool {
    let fills = |server: &&EntryPoint| {
        written_fields(server).any(|(_, written, value)| {
            let is_same = (written.asset, value.name) == (access.asset, field.name);
            is_same && is_counted(written, value)
        })
    };
    is_set_for_own(access, field) && servers.iter().any(fills)
}

/// Holds if a record of the caller's, or of his group's, gets the value that he sends, whatever it was before.
pub fn is_set_for_own(access: &Access, field: &Field) -> bool {
    access.operation == Operation::Update
        && is_sent(field)
        && access.key.iter().any(|key| query::is_principal(&key.value))
}

/// Holds if the client says what the field becomes, whatever it was before.
fn is_sent(field: &Field) -> bool {
    // Where nothing is sent, a number that is written there is taken.
    let is_default = |text: &str| text == "null" || text.parse::<f64>().is_ok();
    let is_sent = |origin: &Origin| {
        origin.is_from_client() || matches!(origin, Origin::Literal(text) if is_default(text))
    };
    field.operator == "="
        && field.value.is_from_client()
        && field.value.origins().iter().all(is_sent)
}
