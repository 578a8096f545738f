//! Rewards that are given once, where what would tell that they were given is declared and never used; and rewards of
//! which the client says when they were given last: parts of the rule about repeatable rewards.

use firedoor_app::lookups::is_identifier;
use firedoor_app::ownership::{is_clients_choice, ties};
use firedoor_app::{
    Access, Asset, AssetField, AssetKind, Check, CheckKind, Effect, EntryPoint, Field, Map,
    Operation, Origin, Provenance, Refusal, RequestPart, query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::privileged::find_word;
use crate::repeatable_reward::is_of_layers;

/// What is declared to remember who had the reward.
pub struct Unkept {
    /// Its name.
    pub name: String,
    /// Where it is declared.
    pub span: Span,
}

/// Returns the asset, or the field of the record that is raised, that would remember the reward and that nothing in
/// the application reads or writes. Nothing else that is stored may have been asked before the payment.
pub fn unkept(map: &Map, entry: &EntryPoint, effect: &Effect, access: &Access) -> Option<Unkept> {
    let used: Vec<Ustr> = query::accesses(entry)
        .map(|(_, access)| access.asset)
        .collect();
    let of_asset = map
        .assets
        .iter()
        .filter(|asset| asset.kind == AssetKind::Table && !is_used(map, asset.name))
        .find_map(|asset| {
            let refers = references(map, asset).unwrap_or_default();
            let is_about_both = refers.len() > 1
                && refers.iter().all(|other| used.contains(other))
                && refers.contains(&access.asset);
            (is_about_both && !is_earned(entry, (effect, access.asset), &refers)).then(|| Unkept {
                name: asset.name.to_string(),
                span: asset.span,
            })
        });
    of_asset.or_else(|| {
        if !is_tied(entry, access) {
            return None;
        }
        let asset = map.asset(access.asset)?;
        let field = asset.fields.iter().find(|field| {
            let is_date = field
                .kind
                .is_some_and(|kind| kind.to_ascii_lowercase().contains("date"));
            is_date && !is_kept_by_store(field) && !is_touched(map, access.asset, field.name)
        })?;
        (!is_earned(entry, (effect, access.asset), &[])).then(|| Unkept {
            name: format!("{}.{}", asset.name, field.name),
            span: asset.span,
        })
    })
}

/// Returns what the records of an asset are about, if they tell nothing else than that it goes together, and when.
fn references(map: &Map, asset: &Asset) -> Option<Vec<Ustr>> {
    let is_aside = |field: &&AssetField| {
        let name = field.name.to_ascii_lowercase();
        matches!(name.as_str(), "id" | "_id" | "at" | "_at")
            || ["_at", "date", "time"]
                .iter()
                .any(|end| name.ends_with(end))
            || field
                .kind
                .is_some_and(|kind| kind.to_ascii_lowercase().contains("date"))
    };
    asset
        .fields
        .iter()
        .filter(|field| field.refers_to.is_some() || !is_aside(field))
        .map(|field| field.refers_to.or_else(|| named_by(map, &field.name)))
        .collect()
}

/// `player_id` and `playerId` name records of `players` and of `Player`.
fn named_by(map: &Map, field: &str) -> Option<Ustr> {
    let name = field
        .strip_suffix("_id")
        .or_else(|| field.strip_suffix("Id"))?
        .to_ascii_lowercase();
    let is_named = |asset: &&Asset| {
        let own = asset.name.to_ascii_lowercase();
        own == name || own.strip_suffix('s') == Some(name.as_str())
    };
    map.assets.iter().find(is_named).map(|asset| asset.name)
}

/// When a record was made, changed or is to go is what stores and libraries fill in.
fn is_kept_by_store(field: &AssetField) -> bool {
    let name = field.name.to_ascii_lowercase();
    let is_clock = |default: &Provenance| {
        let mut origins = default.origins().iter();
        origins.any(|origin| !matches!(origin, Origin::Literal(_)))
    };
    field.is_expiry
        || field.default.as_ref().is_some_and(is_clock)
        || ["creat", "updat", "modif", "delet"]
            .iter()
            .any(|word| name.contains(word))
}

fn is_used(map: &Map, asset: Ustr) -> bool {
    map.entry_points
        .iter()
        .any(|entry| query::accesses(entry).any(|(_, access)| access.asset == asset))
}

/// Returns the look-up of what the reward is paid from, by something that the client sends, where it stays as it is and
/// nothing tells that it was taken.
pub fn paid_from<'m>(
    map: &Map,
    entry: &'m EntryPoint,
    paid: &Access,
    field: &Field,
) -> Option<(&'m Effect, Ustr)> {
    let source = field
        .value
        .origins()
        .iter()
        .find_map(|origin| match origin {
            Origin::Record {
                asset,
                field,
                of_principal: false,
            } if *asset != paid.asset && !field.is_empty() => Some(*asset),
            _ => None,
        })?;
    let (found, look_up) = query::handler_accesses(entry).find(|(effect, access)| {
        access.asset == source
            && access.operation == Operation::Read
            && (is_found_by_what_is_sent(access) || is_own_and_named(entry, effect, access))
    })?;
    let is_untouched = is_table(map, source)
        && leaves_no_trace(map, entry, (paid, field), (found, look_up))
        && !is_own_time(entry, Check::provenance);
    is_untouched.then_some((found, source))
}

/// Returns the look-up of what a fixed reward is paid for: a record of the caller's that the client names and that is in a
/// certain state, where it stays as it is and nothing tells that it was paid for.
pub fn paid_for<'m>(
    map: &Map,
    entry: &'m EntryPoint,
    payment: &Effect,
    (paid, field): (&Access, &Field),
) -> Option<(&'m Effect, Ustr)> {
    let is_fixed = |origin: &Origin| match origin {
        Origin::Literal(_) => true,
        Origin::Record { asset, .. } => *asset == paid.asset,
        _ => false,
    };
    if !field.value.origins().iter().all(is_fixed) {
        return None;
    }
    let refusing = || {
        let mut checks = entry.checks_of(payment);
        let is_own = |check: &&Check| check.refusal.is_some() && !is_of_layers(entry, check);
        std::iter::from_fn(move || checks.find(is_own))
    };
    let names_field = |operand: &Provenance, source: Ustr| {
        operand.record_fields(source).any(|name| !name.is_empty())
    };
    // A state has a word, or is told by a time: `if match.finished_at is None: raise …`.
    let is_in_state = |check: &Check, source: Ustr| {
        let is_nothing = |it: &Provenance| it.literal().is_some_and(|word| word == "null");
        let is_word = |it: &Provenance| it.literal().is_some() && !is_nothing(it);
        let is_asked = match check.kind {
            CheckKind::Equality if check.outcome => check.operands.iter().any(is_word),
            CheckKind::Equality => check.operands.iter().any(is_nothing),
            CheckKind::Presence => check.outcome,
            _ => false,
        };
        is_asked && !check.is_alternative && check.operands.iter().any(|it| names_field(it, source))
    };
    let is_callers = |check: &Check, source: Ustr| {
        check.kind == CheckKind::Equality
            && check.outcome
            && check.operands.iter().any(query::is_principal)
            && check.operands.iter().any(|it| names_field(it, source))
    };
    let (found, look_up) = query::handler_accesses(entry).find(|(effect, access)| {
        let source = access.asset;
        access.operation == Operation::Read
            && source != paid.asset
            && is_table(map, source)
            && refusing().any(|check| is_in_state(check, source))
            && (is_own_and_named(entry, effect, access)
                || is_named_alone(access) && refusing().any(|check| is_callers(check, source)))
    })?;
    // Whether the caller is shut out for a while decides everything, and is no time of the reward's.
    let examined = |check: &Check| {
        let origins = check.operands.iter().flat_map(Provenance::origins);
        Provenance::new(origins.cloned())
    };
    // A line that there can be only one of fails the second time, and that is answered.
    let is_answered = |check: &&Check| {
        let status = check.refusal.as_ref().and_then(Refusal::status);
        check.kind == CheckKind::Failure
            && matches!(status, Some(400..=499))
            && !is_of_layers(entry, check)
    };
    let tried = entry.checks.iter().filter(is_answered);
    let tried: Vec<_> = tried.map(|check| check.span).collect();
    let is_conflict = query::handler_accesses(entry).any(|(effect, access)| {
        access.operation == Operation::Create
            && entry
                .checks_of(effect)
                .any(|check| tried.contains(&check.span))
    });
    let is_untouched = leaves_no_trace(map, entry, (paid, field), (found, look_up))
        && !is_conflict
        && !is_own_time(entry, examined);
    is_untouched.then_some((found, look_up.asset))
}

fn is_table(map: &Map, name: Ustr) -> bool {
    map.asset(name)
        .is_some_and(|asset| asset.kind == AssetKind::Table)
}

/// Holds if the record that a reward is paid for stays as it is, and nothing is written that could be asked before the
/// next payment.
fn leaves_no_trace(
    map: &Map,
    entry: &EntryPoint,
    (paid, field): (&Access, &Field),
    (found, look_up): (&Effect, &Access),
) -> bool {
    let source = look_up.asset;
    let own = ties(entry, found);
    let is_of_source = |value: &Provenance| {
        let named = look_up.key.iter().filter(|key| !own.touches(&key.value));
        let mut chosen = named
            .flat_map(|key| key.value.origins())
            .filter(|origin| is_chosen(origin));
        value
            .record_fields(source)
            .any(|name| !field.value.record_fields(source).any(|own| own == name))
            || chosen.any(|origin| value.origins().contains(origin))
    };
    let mut writes = query::accesses(entry).filter(|(_, access)| access.operation.is_write());
    let is_noted = writes.any(|(_, access)| {
        access.asset == source
            || access.operation == Operation::Delete
            || access.asset == paid.asset && (access.values.len() > 1 || access.is_conditional)
            || access.key.iter().any(|key| is_of_source(&key.value)) && !is_only_counted(access)
            || access
                .values
                .iter()
                .any(|value| is_of_source(&value.value) && can_be_asked(map, access, value))
    });
    !is_noted
}

/// Holds if something asks whether it is time again for the caller, as `asks` sees it.
fn is_own_time(entry: &EntryPoint, asks: impl Fn(&Check) -> Provenance) -> bool {
    entry.checks.iter().any(|check| {
        let asked = asks(check);
        check.refusal.is_some()
            && !is_of_layers(entry, check)
            && asked.origins().contains(&Origin::Clock)
            && asked.is_of_principal()
    })
}

/// All that the record is found by is what the client names, in the path or elsewhere.
fn is_named_alone(access: &Access) -> bool {
    let mut key = access.key.iter();
    let is_named = |key: &Field| key.operator == "=" && is_clients_choice(&key.value);
    !access.key.is_empty() && key.all(is_named)
}

/// All that the record is found by is what the client sends.
fn is_found_by_what_is_sent(access: &Access) -> bool {
    let mut key = access.key.iter();
    !access.key.is_empty() && key.all(|key| key.operator == "=" && is_sent(&key.value))
}

/// The client names one of those that are the caller's, or his group's.
fn is_own_and_named(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let ties = ties(entry, effect);
    let is_own = |key: &Field| query::is_principal(&key.value) || ties.touches(&key.value);
    let is_named = |key: &Field| {
        key.operator == "=" && is_identifier(&key.name) && is_clients_choice(&key.value)
    };
    access.key.iter().any(is_own) && access.key.iter().any(|key| is_named(key) && !is_own(key))
}

/// The client says which record is meant.
fn is_chosen(origin: &Origin) -> bool {
    is_clients_choice(&Provenance::new([origin.clone()]))
}

/// What is put back on a shelf as often as it is asked for tells nothing.
fn is_only_counted(access: &Access) -> bool {
    !access.values.is_empty() && access.values.iter().all(|value| value.operator != "=")
}

/// Something can be looked for by the value, or there can be only one of it: a line of a log that names what it is
/// about is read by nobody before the next payment.
fn can_be_asked(map: &Map, access: &Access, value: &Field) -> bool {
    if value.operator != "=" {
        return false;
    }
    let Some(declared) = map.asset(access.asset).and_then(|it| it.field(&value.name)) else {
        return true;
    };
    let mut all = query::all_accesses_of_asset(map, access.asset);
    declared.is_unique
        || declared.refers_to.is_some()
        || named_by(map, &value.name).is_some()
        || all.any(|(_, _, other)| other.key.iter().any(|key| key.name == value.name))
}

/// Returns the change before a payment that marks what is paid for, if it happens whatever the record was before, and
/// nothing else keeps that it was paid for.
pub fn marked_always<'m>(
    entry: &'m EntryPoint,
    payment: &Effect,
    paid: &Access,
    field: &Field,
) -> Option<(&'m Effect, Ustr)> {
    let source = source_of(paid, field)?;
    let is_fixed = |value: &Field| {
        let mut origins = value.value.origins().iter();
        value.operator == "="
            && origins.all(|origin| matches!(origin, Origin::Literal(_) | Origin::Clock))
    };
    let (marked, mark) = before(entry, payment).find(|(_, access)| {
        access.asset == source
            && access.operation == Operation::Update
            && access.values.iter().any(is_fixed)
    })?;
    let is_state = |key: &Field| {
        mark.values.iter().any(|value| value.name == key.name)
            || is_fixed(key)
            || key.operator != "="
    };
    let asks_state = || {
        let checks = entry
            .checks_of(payment)
            .filter(|check| !is_of_layers(entry, check));
        checks
            .flat_map(|check| check.operands.iter())
            .any(|operand| operand.record_fields(source).any(|name| !name.is_empty()))
    };
    // What was told is kept by its number, which another record cannot have.
    let is_kept = || {
        query::handler_accesses(entry).any(|(_, access)| {
            access.asset != source
                && access.asset != paid.asset
                && access.operation.is_write()
                && access
                    .key
                    .iter()
                    .chain(&access.values)
                    .any(|value| value.value.is_from_client())
        })
    };
    let is_unasked = !mark.key.iter().any(is_state) && !asks_state() && !is_kept();
    is_unasked.then_some((marked, source))
}

/// Returns the change before a payment to the caller that takes him out of a list, and the name of the list, if
/// nothing asks whether he is in it.
pub fn left_unasked<'m>(
    entry: &'m EntryPoint,
    payment: &Effect,
    paid: &Access,
    field: &Field,
) -> Option<(&'m Effect, Ustr)> {
    let source = source_of(paid, field)?;
    before(entry, payment).find_map(|(left, access)| {
        if access.asset != source || access.operation != Operation::Update {
            return None;
        }
        let list = access
            .values
            .iter()
            .find(|value| value.operator == "pull" && query::is_principal(&value.value))?
            .name;
        let is_about_list = |name: Ustr| name == list || name.starts_with(&format!("{list}."));
        let in_key = query::handler_accesses(entry).any(|(_, found)| {
            found.asset == source && found.key.iter().any(|key| is_about_list(key.name))
        });
        let in_check = entry.checks.iter().any(|check| {
            let mut operands = check.operands.iter();
            operands.any(|operand| operand.record_fields(source).any(is_about_list))
        });
        (!in_key && !in_check).then_some((left, list))
    })
}

/// What an amount is taken from: another stored record than the one that is raised.
pub fn source_of(paid: &Access, field: &Field) -> Option<Ustr> {
    field
        .value
        .origins()
        .iter()
        .find_map(|origin| match origin {
            Origin::Record { asset, field, .. } if *asset != paid.asset && !field.is_empty() => {
                Some(*asset)
            }
            _ => None,
        })
}

/// What the handler reads and writes before `effect`.
fn before<'m>(
    entry: &'m EntryPoint,
    effect: &Effect,
) -> impl Iterator<Item = (&'m Effect, &'m Access)> {
    query::handler_accesses(entry).take_while(move |(other, _)| !std::ptr::eq(*other, effect))
}

/// Some entry point names the field: in a key, a value, a check or an answer.
fn is_touched(map: &Map, asset: Ustr, name: Ustr) -> bool {
    let has = |value: &Provenance| value.record_fields(asset).any(|field| field == name);
    map.entry_points.iter().any(|entry| {
        let named = query::accesses(entry).any(|(_, access)| {
            let mut fields = access.key.iter().chain(&access.values);
            fields.any(|field| access.asset == asset && field.name == name || has(&field.value))
        });
        let told = || {
            entry.effects.iter().any(|effect| match &effect.kind {
                firedoor_app::EffectKind::Respond { body, .. } => {
                    body.iter().any(|field| has(&field.value))
                }
                _ => false,
            })
        };
        named
            || entry.checks.iter().any(|check| has(&check.provenance()))
            || entry
                .examined
                .iter()
                .any(|test| test.operands.iter().any(has))
            || told()
    })
}

/// Something else that is stored, and is not the caller's own, was asked before: the reward may be for that.
fn is_earned(entry: &EntryPoint, (effect, paid): (&Effect, Ustr), known: &[Ustr]) -> bool {
    let counts = |check: &Check| matches!(check.kind, CheckKind::Bound | CheckKind::Attempts);
    entry
        .checks_of(effect)
        .filter(|check| !counts(check) && !is_of_layers(entry, check))
        .flat_map(|check| check.operands.iter().flat_map(Provenance::origins))
        .any(|origin| match origin {
            Origin::Record {
                asset,
                field,
                of_principal: false,
            } => !known.contains(asset) && (*asset != paid || !field.is_empty()),
            Origin::Signature | Origin::Claim(_) => true,
            _ => false,
        })
}

/// Holds if the record that is made counts something, as limiters do: its new value comes from its old one.
pub fn is_count(access: &Access) -> bool {
    access.values.iter().any(|field| {
        let mut old = field.value.record_fields(access.asset);
        old.any(|name| name == field.name)
    })
}

/// Holds if the record is named in the path, and the caller's tie to it was looked up.
pub fn is_tied(entry: &EntryPoint, access: &Access) -> bool {
    access.key.iter().any(|key| {
        let is_path = |origin: &Origin| matches!(origin, Origin::Request(RequestPart::Path, _));
        let Some(path) = key.value.origins().iter().find(|origin| is_path(origin)) else {
            return false;
        };
        query::accesses(entry).any(|(_, tie)| {
            let all = tie.key.iter().map(|field| &field.value);
            let has_path = all.clone().any(|value| value.origins().contains(path));
            has_path && all.clone().any(query::is_principal) && tie.asset != access.asset
        })
    })
}

/// Returns the record that is made for a day which the client names, so that there can be one for each day: by its kind
/// the field is a date, or it is called after a day, and nothing holds it against the clock.
pub fn made_for_any_day<'m>(map: &Map, entry: &'m EntryPoint) -> Option<(&'m Effect, &'m Field)> {
    let is_day = |access: &Access, field: &Field| {
        let declared = map.asset(access.asset).and_then(|it| it.field(&field.name));
        let kind = declared.and_then(|it| it.kind);
        kind.is_some_and(|kind| kind.to_ascii_lowercase().contains("date"))
            || is_day_name(&field.name)
    };
    let is_held = |field: &Field| {
        let examined = entry.checks.iter().map(|check| &check.operands);
        let mut all = examined.chain(entry.examined.iter().map(|test| &test.operands));
        all.any(|operands| {
            let origins = || operands.iter().flat_map(Provenance::origins);
            origins().any(|it| *it == Origin::Clock)
                && origins().any(|it| field.value.origins().contains(it))
        })
    };
    query::handler_accesses(entry).find_map(|(effect, access)| {
        let ties = ties(entry, effect);
        let is_own =
            |field: &Field| query::is_principal(&field.value) || ties.touches(&field.value);
        if access.operation != Operation::Create || !access.values.iter().any(is_own) {
            return None;
        }
        let mut values = access.values.iter();
        let day = values
            .find(|field| is_sent(&field.value) && is_day(access, field) && !is_held(field))?;
        Some((effect, day))
    })
}

/// `day`, `claimed_on`, `weekStart`; an `update` or a `candidate` is none.
fn is_day_name(name: &str) -> bool {
    find_word(name, |word| matches!(word, "day" | "date" | "week" | "on"))
}

/// Returns the change of the caller's record that is made only if the last time lies before one that the client sends,
/// and that stores this time: the client says when it was, and may say any day.
pub fn dated_by_client(entry: &EntryPoint) -> Option<(&Effect, &Field)> {
    query::handler_accesses(entry).find_map(|(effect, access)| {
        let is_own = access.key.iter().any(|key| query::is_principal(&key.value));
        if !is_own || access.operation != Operation::Update {
            return None;
        }
        let dated = access.key.iter().find(|key| {
            matches!(key.operator, "<" | "<=" | "!=")
                && is_sent(&key.value)
                && access
                    .values
                    .iter()
                    .any(|value| value.name == key.name && value.value == key.value)
        })?;
        Some((effect, dated))
    })
}

/// The client sends it, and nothing else has a part in it.
fn is_sent(value: &Provenance) -> bool {
    !value.is_empty()
        && value.origins().iter().all(|origin| {
            matches!(
                origin,
                Origin::Request(
                    RequestPart::Body | RequestPart::Query | RequestPart::Message,
                    _
                )
            )
        })
}
