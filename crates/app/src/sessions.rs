//! What keeps log-ins and one-time tokens, and what ends them: questions for rules.

use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::facts::{FieldSets, FieldsByAsset};
use crate::joins::conditions;
use crate::key_kinds::is_of_another_kind;
use crate::passwords::is_password;
use crate::query::{
    accesses, account_assets, are_exclusive, handler_accesses, is_token, opens_session,
};
use crate::{
    Access, AssetKind, Check, Control, Effect, EffectKind, EntryPoint, Field, Map, Operation,
    Origin, Provenance, RequestPart, SessionOperation, Verdict,
};

/// The assets that keep sessions: guards look callers up in them, or log-ins put a token into them that alone
/// opens a session later.
pub fn session_assets(map: &Map) -> Vec<Ustr> {
    map.facts
        .sessions
        .get_or_init(|| find_session_assets(map))
        .clone()
}

fn find_session_assets(map: &Map) -> Vec<Ustr> {
    let made = made_at_log_in(map);
    let accounts = account_assets(map);
    let tallies = crate::counting::tallies(map);
    let mut assets = Vec::new();
    let mut opened = Vec::new();
    let mut renewed = Vec::new();
    for entry in &map.entry_points {
        let issue = entry
            .effects
            .iter()
            .find(|other| other.layer.is_none() && matches!(other.kind, EffectKind::Issue(_)));
        for (effect, access) in accesses(entry) {
            let in_guard = is_in_guard(entry, effect);
            if effect.layer.is_some() && !access.operation.is_write() {
                let proving = conditions(map, access).filter(|(asset, _, field)| {
                    proves(&field.value, in_guard)
                        && made.contains(asset)
                        && !accounts.contains(asset)
                });
                assets.extend(proving.map(|(asset, ..)| asset));
            }
            if accounts.contains(&access.asset) || tallies.contains(&access.asset) {
                continue;
            }
            if made.contains(&access.asset) && is_guard_inside(entry, effect, access) {
                assets.push(access.asset);
            }
            let is_made = effect.layer.is_none()
                && access.operation == Operation::Create
                && access
                    .values
                    .iter()
                    .chain(&access.key)
                    .any(|field| is_token(&field.value));
            if is_made && issue.is_some_and(|issue| !are_exclusive(entry, effect, issue)) {
                opened.push(access.asset);
            }
            if effect.layer.is_none()
                && issue.is_some()
                && is_found_by_token_alone(entry, effect, access)
            {
                renewed.push(access.asset);
            }
        }
    }
    assets.extend(opened.into_iter().filter(|asset| renewed.contains(asset)));
    assets.sort();
    assets.dedup();
    assets
}

/// The assets of which whoever logs in gets a record; a log-in proves a password or code, where there are such, and
/// else is open to whoever is not known yet: a key that its owner makes for a program is no session.
pub fn made_at_log_in(map: &Map) -> Vec<Ustr> {
    map.facts
        .made_at_log_in
        .get_or_init(|| find_made_at_log_in(map))
        .clone()
}

fn find_made_at_log_in(map: &Map) -> Vec<Ustr> {
    let proves = |entry: &&EntryPoint| {
        crate::query::verifies_password(entry) || crate::query::verifies_code(entry)
    };
    let proving: Vec<&EntryPoint> = map.entry_points.iter().filter(proves).collect();
    let logging_in = match proving.is_empty() {
        true => {
            let all = map.entry_points.iter();
            all.filter(|entry| entry.verdict(Control::Authentication) != Verdict::Enforced)
                .collect()
        }
        false => proving,
    };
    let mut assets: Vec<Ustr> = logging_in
        .into_iter()
        .flat_map(handler_accesses)
        .filter(|(_, access)| access.operation == Operation::Create)
        .map(|(_, access)| access.asset)
        .collect();
    assets.sort();
    assets.dedup();
    assets
}

/// Holds if the handler itself looks up who is asking, by what the client carries with each request, and refuses
/// whoever is not found. The second step of a log-in finds what the first has left, which is no session yet.
fn is_guard_inside(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let is_carried = |field: &Field| {
        field.operator == "="
            && !field
                .value
                .origins()
                .iter()
                .any(|it| matches!(it, Origin::Principal(_)))
            && field.value.origins().iter().any(|origin| match origin {
                Origin::Request(RequestPart::Cookie, _) => !origin.is_kept_meanwhile(),
                _ => origin.is_identity(),
            })
    };
    let decides = |check: &Check| {
        let provenance = check.provenance();
        provenance.record_fields(access.asset).next().is_some()
    };
    effect.layer.is_none()
        && access.operation == Operation::Read
        && access.key.iter().any(is_carried)
        && entry.verdict(Control::Authentication) == Verdict::Enforced
        && !crate::query::verifies_password(entry)
        && !crate::query::verifies_code(entry)
        && entry.checks.iter().any(decides)
}

/// Nothing else says whose record it is.
fn is_found_by_token_alone(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    // What it is joined with in the same query says nothing more.
    let is_joined = |asset: Ustr| {
        asset != access.asset
            && accesses(entry).any(|(other, it)| other.span == effect.span && it.asset == asset)
    };
    access.operation != Operation::Create
        && access
            .key
            .iter()
            .any(|field| is_presented_token(&field.value))
        && !access.key.iter().any(|field| {
            field.value.origins().iter().any(|origin| match origin {
                Origin::Principal(_) | Origin::Claim(_) => true,
                Origin::Record { asset, .. } => !is_joined(*asset),
                _ => false,
            })
        })
}

fn is_in_guard(entry: &EntryPoint, effect: &Effect) -> bool {
    effect
        .layer
        .and_then(|number| entry.layers.get(number as usize))
        .is_some_and(|layer| layer.controls.contains(&Control::Authentication))
}

/// Holds if the value says who is asking: by its name, because it is the digest of what a client carries with each
/// request, or because a guard finds somebody by it.
fn proves(value: &Provenance, is_in_guard: bool) -> bool {
    let origins = value.origins();
    let is_digest = origins.contains(&Origin::Digest) || origins.contains(&Origin::Signature);
    origins.iter().any(|origin| match origin {
        Origin::Principal(_) => true,
        Origin::Request(RequestPart::Cookie, _) if is_digest || is_in_guard => {
            !origin.is_kept_meanwhile()
        }
        _ => origin.is_identity(),
    })
}

/// The fields of a session asset that guards look at: in keys, and in checks behind a look-up.
pub fn fields_that_end(map: &Map, asset: Ustr) -> Vec<Ustr> {
    let ending = map.facts.ending.get_or_init(|| find_fields_that_end(map));
    ending.get(&asset).cloned().unwrap_or_default()
}

/// The fields that guards look at of a session that they look up with each request. Where it is only renewed says
/// nothing of them: what guards do not look at ends the session for nobody before its token runs out.
fn guarded_fields(map: &Map) -> FieldSets {
    let mut fields = FieldSets::default();
    for entry in &map.entry_points {
        let looked_up: FxHashSet<Ustr> = accesses(entry)
            .filter(|(effect, access)| {
                access.operation == Operation::Read && is_in_guard(entry, effect)
            })
            .flat_map(|(_, access)| conditions(map, access))
            .filter(|(.., field)| field.operator == "=" && crate::query::is_principal(&field.value))
            .map(|(asset, ..)| asset)
            .collect();
        if looked_up.is_empty() {
            continue;
        }
        let reads = accesses(entry)
            .filter(|(effect, _)| is_in_guard(entry, effect))
            .flat_map(|(_, access)| conditions(map, access))
            .filter(|(asset, ..)| looked_up.contains(asset));
        for (asset, name, _) in reads {
            fields.entry(asset).or_default().insert(name);
        }
        // What decided whether there is a record at all is looked at, too.
        let refusing = entry.checks.iter().filter(|it| it.refusal.is_some());
        for origin in refusing.flat_map(Check::origins) {
            if let Origin::Record { asset, field, .. } = origin
                && !field.is_empty()
                && looked_up.contains(asset)
            {
                fields.entry(*asset).or_default().insert(*field);
            }
        }
    }
    fields
}

fn find_fields_that_end(map: &Map) -> FieldsByAsset {
    let mut fields = FieldSets::default();
    for entry in &map.entry_points {
        // Where a session is renewed, a change that happens only where the key still matches looks it up too.
        let mut effects = entry.effects.iter();
        let renews = effects.any(|effect| matches!(effect.kind, EffectKind::Issue(_)));
        let reads = accesses(entry).filter(|(effect, access)| {
            let is_look_up = !access.operation.is_write() && !is_list(access);
            is_look_up || (renews && access.is_conditional && decides(entry, effect, access))
        });
        for (asset, name, _) in reads.flat_map(|(_, access)| conditions(map, access)) {
            fields.entry(asset).or_default().insert(name);
        }
        for check in entry.checks.iter().filter(|check| check.refusal.is_some()) {
            crate::query::add_record_fields(&mut fields, check);
        }
    }
    let kept = session_assets(map);
    let guarded = guarded_fields(map).into_iter();
    fields.extend(guarded.filter(|(asset, _)| kept.contains(asset)));
    crate::facts::in_order(fields)
}

/// Holds if what the change has found decides something that comes after it: one that ends whatever is still open looks
/// nobody up.
pub fn decides(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let later = entry
        .effects
        .iter()
        .skip_while(|it| !std::ptr::eq(*it, effect))
        // What is thrown for another reason is told of at the end, and comes after nothing.
        .filter(|it| !matches!(it.kind, EffectKind::Respond { is_error: true, .. }))
        .filter(|it| !are_exclusive(entry, effect, it));
    let mut ids = later.flat_map(|it| &it.checks);
    ids.any(|id| {
        let check = entry.check(*id);
        !effect.checks.contains(id)
            && check.refusal.is_some()
            && check
                .provenance()
                .record_fields(access.asset)
                .next()
                .is_some()
    })
}

/// Holds if many records are read, and not one by its identifier or by what a client carries: whoever is shown his
/// sessions is not looked up by them.
fn is_list(access: &Access) -> bool {
    let names_one = |field: &Field| {
        let origins = field.value.origins();
        let mut is_sent = origins.iter().map(|origin| {
            matches!(
                origin,
                Origin::Digest | Origin::Signature | Origin::Request(..)
            )
        });
        field.operator == "="
            && (matches!(field.name.as_str(), "id" | "_id" | "pk") || is_sent.any(|it| it))
    };
    access.is_many && !access.key.is_empty() && !access.key.iter().any(names_one)
}

/// Holds if the write ends, or replaces, what a record of the asset stands for: it is deleted, or a field
/// that look-ups or checks examine is changed.
pub fn ends_record(map: &Map, access: &Access) -> bool {
    match access.operation {
        _ if finds_nothing(access) || digests_kept(access) => false,
        _ if is_of_another_kind(map, access) => false,
        Operation::Delete => true,
        Operation::Update => {
            let fields = fields_that_end(map, access.asset);
            access.values.is_empty()
                || access
                    .values
                    .iter()
                    .any(|field| fields.contains(&field.name))
        }
        _ => false,
    }
}

/// Holds if two fields are each held against what stands in the other one, as where two arguments were taken one for the
/// other: no record is like that.
fn finds_nothing(access: &Access) -> bool {
    let held_against = |field: &Field| match field.value.origins() {
        [
            Origin::Record {
                asset,
                field: other,
                ..
            },
        ] if *asset == access.asset && field.operator == "=" && *other != field.name => {
            Some(*other)
        }
        _ => None,
    };
    let keys = || access.key.iter();
    keys().any(|one| {
        held_against(one).is_some_and(|name| {
            keys().any(|other| other.name == name && held_against(other) == Some(one.name))
        })
    })
}

/// Holds if the write changes a number beside the accounts that guards compare with one in the caller's token, so
/// that all tokens of before are refused.
pub fn moves_generation(map: &Map, access: &Access) -> bool {
    let is_kept_apart = map
        .asset(access.asset)
        .is_some_and(|asset| asset.kind == AssetKind::KeyValue);
    access.operation.is_write()
        && is_kept_apart
        && !is_of_another_kind(map, access)
        && map
            .facts
            .generations
            .get_or_init(|| find_generations(map))
            .contains(&access.asset)
}

fn find_generations(map: &Map) -> FxHashSet<Ustr> {
    let mut found = FxHashSet::default();
    for check in map.entry_points.iter().flat_map(|entry| &entry.checks) {
        let mut origins = check.operands.iter().flat_map(Provenance::origins);
        let has_claim = origins.any(|origin| matches!(origin, Origin::Principal(_)));
        if check.refusal.is_none() || !has_claim {
            continue;
        }
        for origin in check.operands.iter().flat_map(Provenance::origins) {
            if let Origin::Record { asset, .. } = origin {
                found.insert(*asset);
            }
        }
    }
    found
}

/// Holds if the handler ends sessions: in an asset that keeps them, or those of the framework.
pub fn ends_sessions(map: &Map, entry: &EntryPoint) -> bool {
    ends_some(map, entry, |_| true)
}

/// Holds if the handler ends the session that the caller comes with, and not only his others.
pub fn ends_own_session(map: &Map, entry: &EntryPoint) -> bool {
    let leaves_own =
        |field: &Field| field.operator == "!=" && crate::query::is_principal(&field.value);
    ends_some(map, entry, |access| !access.key.iter().any(leaves_own))
}

fn ends_some(map: &Map, entry: &EntryPoint, counts: impl Fn(&Access) -> bool) -> bool {
    let sessions = session_assets(map);
    handler_accesses(entry).any(|(effect, access)| {
        sessions.contains(&access.asset)
            && counts(access)
            && ends_record(map, access)
            && !is_routine(map, entry, effect)
            || moves_generation(map, access)
    }) || entry.effects.iter().any(|effect| {
        effect.layer.is_none()
            && matches!(
                effect.kind,
                EffectKind::Session(SessionOperation::Destroy | SessionOperation::Regenerate, _)
            )
    })
}

/// Holds if the key is the digest of what stands in that very field, as where a digest that is kept is taken for the
/// token and digested once more: nothing is found.
pub fn digests_kept(access: &Access) -> bool {
    let is_digest = |origin: &Origin| matches!(origin, Origin::Digest | Origin::Signature);
    access.key.iter().any(|part| {
        let origins = part.value.origins();
        let is_own = |origin: &Origin| match origin {
            Origin::Record { asset, field, .. } => *asset == access.asset && *field == part.name,
            _ => false,
        };
        let is_known = |origin: &Origin| {
            is_own(origin) || is_digest(origin) || matches!(origin, Origin::Environment { .. })
        };
        part.operator == "="
            && origins.iter().any(is_own)
            && origins.iter().any(is_digest)
            && origins.iter().all(is_known)
    })
}

/// Holds if those who only read do the same at the same place: noting when a session was last seen ends it for nobody.
/// A log-in by way of another site is a `GET` too, and may end what was open.
pub fn is_routine(map: &Map, entry: &EntryPoint, effect: &Effect) -> bool {
    let EffectKind::Access(own) = &effect.kind else {
        return false;
    };
    // What is noted is noted of the session that the caller comes with.
    let mut key = own.key.iter();
    let is_own =
        key.any(|field| crate::query::is_principal(&field.value) || field.value.is_credential());
    is_own
        && crate::query::all_accesses_of_asset(map, own.asset).any(|(other, found, access)| {
            found.span == effect.span
                && access == own
                && !std::ptr::eq(other, entry)
                && crate::query::is_reading(other)
                && !opens_session(map, other)
        })
}

/// Returns the effect that gives an account a new password, where the caller does not log in with it.
pub fn password_change<'m>(map: &Map, entry: &'m EntryPoint) -> Option<(&'m Effect, &'m Access)> {
    let accounts = account_assets(map);
    handler_accesses(entry).find(|(_, access)| {
        access.operation == Operation::Update
            && accounts.contains(&access.asset)
            && access.values.iter().any(|field| {
                is_password(map, access.asset, field.name) && is_from_outside(&field.value)
            })
    })
}

fn is_from_outside(value: &Provenance) -> bool {
    value.is_from_client() || value.origins().contains(&Origin::Digest)
}

/// Holds if it is, or is made of, a token that the client sends.
pub fn is_presented_token(value: &Provenance) -> bool {
    let is_sent = value.origins().iter().any(|origin| {
        matches!(
            origin,
            Origin::Request(
                RequestPart::Cookie
                    | RequestPart::Body
                    | RequestPart::Header
                    | RequestPart::Message,
                _
            )
        )
    });
    is_sent && !value.is_of_principal()
}
