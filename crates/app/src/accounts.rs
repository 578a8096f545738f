//! Which assets hold accounts: the records of people who log in, and not things that have a password of their own.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::lookups::is_identifier;
use crate::query::{accesses, comparisons, handler_accesses, is_password_name, opens_session};
use crate::{
    Access, ComparisonKind, Control, Effect, EffectKind, EntryPoint, Field, Map, Operation, Origin,
    Provenance, RequestPart, SessionOperation,
};

/// Returns the assets whose records a password is compared with, or that are made with one. Where nobody has a
/// password, those that guards look the principal up in.
pub(crate) fn find(map: &Map) -> Vec<Ustr> {
    let mut assets = Vec::new();
    for entry in &map.entry_points {
        for (_, comparison) in
            comparisons(entry).filter(|(_, found)| found.kind == ComparisonKind::Password)
        {
            for origin in comparison.expected.origins() {
                if let Origin::Record { asset, .. } = origin {
                    assets.push(*asset);
                }
            }
        }
        for (_, access) in accesses(entry) {
            let stores_password = access.operation == Operation::Create
                && access
                    .values
                    .iter()
                    .any(|field| is_password_name(&field.name));
            if stores_password {
                assets.push(access.asset);
            }
        }
    }
    if assets.is_empty() {
        let found = map.entry_points.iter().flat_map(principals_found_in);
        assets.extend(found);
    }
    assets.sort();
    assets.dedup();
    let own = found_by_caller(map);
    if !own.is_empty() {
        let all = assets.clone();
        assets.retain(|asset| own.contains(asset) || !is_thing(map, *asset, &all));
    }
    assets
}

/// The assets of which a record is read whose number is that of whoever is asking.
fn found_by_caller(map: &Map) -> FxHashSet<Ustr> {
    let is_callers = |field: &Field| {
        let mut origins = field.value.origins().iter();
        is_identifier(&field.name) && !field.value.is_empty() && origins.all(is_who)
    };
    let all = map.entry_points.iter().flat_map(accesses);
    all.filter(|(_, access)| access.operation == Operation::Read)
        .filter(|(_, access)| !access.key.is_empty() && access.key.iter().all(is_callers))
        .map(|(_, access)| access.asset)
        .collect()
}

fn is_who(origin: &Origin) -> bool {
    matches!(
        origin,
        Origin::Principal(_) | Origin::Request(RequestPart::Session, _)
    )
}

/// Holds if it is something that callers make and give a password to, as a page that they share: nobody is logged in as
/// one by its password, and only who has logged in makes one, or people log in as something else.
fn is_thing(map: &Map, asset: Ustr, all: &[Ustr]) -> bool {
    let is_made_in = |entry: &&EntryPoint| {
        handler_accesses(entry)
            .any(|(_, access)| access.asset == asset && access.operation == Operation::Create)
    };
    let logs_in = |asset: Ustr| map.entry_points.iter().any(|it| logs_in_as(it, asset));
    let mut makers = map.entry_points.iter().filter(is_made_in).peekable();
    let mut is_made_by_callers = || {
        makers.peek().is_some()
            && makers.all(|entry| entry.verdict(Control::Authentication).refuses())
    };
    let is_beside = || {
        let mut others = all.iter().filter(|other| **other != asset);
        opens_nothing(map, asset) && others.any(|other| logs_in(*other))
    };
    (is_made_by_callers() && !logs_in(asset)) || is_beside()
}

/// Holds if its password is compared, and no session and no token follows wherever that is done. A session may be a row
/// of the application's own, with the token of it in a cookie.
fn opens_nothing(map: &Map, asset: Ustr) -> bool {
    let asks = |entry: &&EntryPoint| {
        comparisons(entry).any(|(_, found)| {
            found.kind == ComparisonKind::Password
                && found.expected.record_fields(asset).next().is_some()
        })
    };
    let opens = |entry: &EntryPoint| {
        let mut effects = entry.effects.iter();
        effects.any(|effect| matches!(effect.kind, EffectKind::Issue(_) | EffectKind::Session(..)))
            || opens_session(map, entry)
            || logs_in_as(entry, asset)
    };
    let mut asking = map.entry_points.iter().filter(asks).peekable();
    asking.peek().is_some() && asking.all(|entry| !opens(entry))
}

/// Holds if a session or token says which record of the asset is meant, where its password was compared.
fn logs_in_as(entry: &EntryPoint, asset: Ustr) -> bool {
    let of_asset = |value: &Provenance| value.record_fields(asset).next().is_some();
    let is_asked = comparisons(entry)
        .any(|(_, found)| found.kind == ComparisonKind::Password && of_asset(&found.expected));
    let names = |field: &Field| value_names(&field.value, asset);
    is_asked
        && entry.effects.iter().any(|effect| match &effect.kind {
            EffectKind::Issue(token) => token.claims.iter().any(|field| of_asset(&field.value)),
            EffectKind::Session(SessionOperation::LogIn, _) => true,
            EffectKind::Session(SessionOperation::Write, Some(field)) => of_asset(&field.value),
            EffectKind::Access(access) => {
                access.operation == Operation::Create
                    && access.values.iter().any(names)
                    && !is_membership(entry, access, asset)
            }
            _ => false,
        })
}

/// Holds if whoever has logged in before is noted beside it: he is let into something by its password, and is still who
/// he was.
fn is_membership(entry: &EntryPoint, access: &Access, asset: Ustr) -> bool {
    let is_callers = |origin: &Origin| match origin {
        Origin::Record {
            asset: other,
            of_principal: true,
            ..
        } => *other != asset,
        _ => is_who(origin),
    };
    entry.verdict(Control::Authentication).refuses()
        && access.values.iter().any(|field| {
            let mut origins = field.value.origins().iter();
            !field.value.is_empty() && origins.all(is_callers)
        })
}

fn value_names(value: &Provenance, asset: Ustr) -> bool {
    value
        .record_fields(asset)
        .any(|field| is_identifier(&field))
}

/// The assets in which the guards of an entry point look for the record of who has been proven to be asking.
fn principals_found_in(entry: &EntryPoint) -> impl Iterator<Item = Ustr> {
    let is_guard = |effect: &Effect| {
        let layer = effect.layer.and_then(|it| entry.layers.get(it as usize));
        layer.is_some_and(|layer| layer.verdict_of(Control::Authentication).refuses())
    };
    let is_proven = |field: &Field| {
        let mut origins = field.value.origins().iter();
        !field.value.is_empty() && origins.all(|origin| matches!(origin, Origin::Principal(_)))
    };
    accesses(entry)
        .filter(move |(effect, access)| {
            is_guard(effect)
                && access.operation == Operation::Read
                && access.key.iter().all(is_proven)
                && !access.key.is_empty()
        })
        .map(|(_, access)| access.asset)
}
