//! Records that are found by a secret which the client presents, and what becomes of them: resets, invites,
//! log-in links, recovery codes.
//!
//! Such a record is told by its field: somewhere in the application chance writes it. Whether it works once, for
//! a while, or for one person only is told by what the entry point that takes it examines and changes.

use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::capability::is_made_up;
use crate::counting::only_counts;
use crate::query::{accesses_of_asset, are_exclusive, handler_accesses};
use crate::sessions::decides;
use crate::{
    Access, AssetKind, Check, CheckKind, Effect, EffectKind, EntryPoint, Field, Map, Operation,
    Origin, Provenance, RequestPart,
};

/// A record that an entry point finds by a secret of the client.
#[derive(Clone, Copy, Debug)]
pub struct Lookup<'m> {
    /// The entry point.
    pub entry: &'m EntryPoint,
    /// The effect.
    pub effect: &'m Effect,
    /// The access that finds the record; it may change or delete it at once.
    pub access: &'m Access,
    /// The part of the key that is the secret.
    pub field: &'m Field,
}

impl Lookup<'_> {
    /// Holds if the key also says whose record it must be: the secret is one of a person who is known already.
    pub fn names_person(&self) -> bool {
        self.access.key.iter().any(|field| {
            field.operator == "="
                && field.value.origins().iter().any(|origin| {
                    matches!(
                        origin,
                        Origin::Principal(_) | Origin::Claim(_) | Origin::Record { .. }
                    )
                })
        })
    }
}

/// Returns the records that `entry` finds by a secret that the client sends outside of credentials.
pub fn lookups<'m>(map: &'m Map, entry: &'m EntryPoint) -> Vec<Lookup<'m>> {
    handler_accesses(entry)
        .filter(|(_, access)| access.operation != Operation::Create && !only_counts(map, access))
        .filter_map(|(effect, access)| {
            let field = access.key.iter().find(|field| {
                field.operator == "="
                    && is_presented(&field.value)
                    && !is_identifier(&field.name)
                    && is_secret_field(map, access.asset, field)
                    && !crate::capability::is_number_too(entry, effect, access, field)
            })?;
            Some(Lookup {
                entry,
                effect,
                access,
                field,
            })
        })
        .collect()
}

/// Holds if it is what the client sends in the open: neither a credential, nor made by the server.
pub fn is_presented(value: &Provenance) -> bool {
    let is_sent = value.origins().iter().any(|origin| {
        matches!(
            origin,
            Origin::Request(
                RequestPart::Path | RequestPart::Query | RequestPart::Body | RequestPart::Message,
                _
            )
        )
    });
    // A digest may be made of whose secret it is, too.
    is_sent
        && (value.origins().contains(&Origin::Digest)
            || !value.origins().iter().any(|origin| {
                matches!(
                    origin,
                    Origin::Record { .. } | Origin::Principal(_) | Origin::Claim(_)
                )
            }))
}

/// Holds if the name is that of a primary key.
pub fn is_identifier(name: &str) -> bool {
    matches!(name, "id" | "_id" | "pk" | "")
}

fn is_secret_field(map: &Map, asset: Ustr, field: &Field) -> bool {
    // Another record that it belongs to is no secret, whatever that one holds.
    let declared = map.asset(asset).and_then(|asset| asset.field(&field.name));
    if declared.is_some_and(|field| field.refers_to.is_some()) {
        return false;
    }
    let written = map.facts.written.get_or_init(|| written_fields(map));
    written
        .get(&(asset, field.name))
        .copied()
        .unwrap_or_else(|| {
            let default = declared.and_then(|field| field.default.as_ref());
            default.is_some_and(is_random) || field.value.origins().contains(&Origin::Digest)
        })
}

/// Holds if a whole record is written, of which the store keeps the key.
pub(crate) fn is_reference(value: &Provenance) -> bool {
    value
        .origins()
        .iter()
        .any(|origin| matches!(origin, Origin::Record { field, .. } if field.is_empty()))
}

/// The fields that handlers write, with whether chance has a part in any such value.
fn written_fields(map: &Map) -> FxHashMap<(Ustr, Ustr), bool> {
    let mut written = FxHashMap::default();
    for (_, access) in map.entry_points.iter().flat_map(handler_accesses) {
        if access.operation.is_write() {
            for value in &access.values {
                // What says whose record it is is no secret, even where that account holds a random value.
                let is_secret = is_made_up(&value.value) && !is_reference(&value.value);
                *written.entry((access.asset, value.name)).or_default() |= is_secret;
            }
        }
        // What is kept under what the client sends, as the count of his attempts, is kept under no secret.
        let is_made = access.operation == Operation::Create;
        for key in access.key.iter().filter(|_| access.operation.is_write()) {
            let is_secret = is_random(&key.value) && !is_reference(&key.value);
            if is_secret || is_made && is_presented(&key.value) {
                *written.entry((access.asset, key.name)).or_default() |= is_secret;
            }
        }
    }
    written
}

/// The parts of the key that are written with the record: what a key-value store finds it by is all that it knows of it.
fn kept_under<'m>(map: &Map, access: &'m Access) -> &'m [Field] {
    let is_put = matches!(access.operation, Operation::Create | Operation::Update);
    let kind = map.asset(access.asset).map(|asset| asset.kind);
    match is_put && kind == Some(AssetKind::KeyValue) {
        true => &access.key,
        false => &[],
    }
}

/// Holds if chance has a part in the value, good or bad.
pub fn is_random(value: &Provenance) -> bool {
    value
        .origins()
        .iter()
        .any(|origin| matches!(origin, Origin::Random { .. }))
}

/// Returns every write of a field, with its entry point.
pub fn writes_of(
    map: &Map,
    asset: Ustr,
    name: Ustr,
) -> impl Iterator<Item = (&EntryPoint, &Effect, &Provenance)> {
    accesses_of_asset(map, asset)
        .filter(|(_, _, access)| access.operation.is_write())
        .flat_map(move |(entry, effect, access)| {
            access
                .values
                .iter()
                .filter(move |value| value.name == name)
                .map(move |value| (entry, effect, &value.value))
        })
}

/// Returns where records are made, or given a new secret, that the look-up can find: with the effect and the value
/// of the secret. Fixed parts of the key, such as a purpose, agree with what is written.
pub fn makers<'m>(
    map: &'m Map,
    lookup: &Lookup<'m>,
) -> impl Iterator<Item = (&'m EntryPoint, &'m Effect, &'m Provenance)> {
    let (asset, name, key) = (lookup.access.asset, lookup.field.name, &lookup.access.key);
    accesses_of_asset(map, asset)
        .filter(move |(_, _, access)| {
            access.operation.is_write() && values_agree(&access.values, key)
        })
        .flat_map(move |(entry, effect, access)| {
            // A store of keys and values is given the secret as the key.
            let keys = match access.operation {
                Operation::Create => &access.key,
                _ => kept_under(map, access),
            };
            let written = access.values.iter().chain(keys);
            written
                .filter(move |value| value.name == name)
                .map(move |value| (entry, effect, &value.value))
        })
}

/// Text that is written is the text that is asked for.
pub fn values_agree(values: &[Field], key: &[Field]) -> bool {
    values.iter().all(|value| {
        key.iter()
            .filter(|wanted| wanted.name == value.name && wanted.operator == "=")
            .all(
                |wanted| match (value.value.literal(), wanted.value.literal()) {
                    (Some(written), Some(wanted)) => written == wanted,
                    _ => true,
                },
            )
    })
}

/// What the use of a record does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// It works once, or a counted number of times.
    Consumed,
    /// It is consumed only where the client, or another condition, wants it.
    Sometimes,
    /// It works again.
    Kept,
}

/// Returns what happens to the record where `used`, what it is good for, happens.
pub fn consumption(lookup: &Lookup<'_>, used: &Effect) -> Use {
    let mut outcome = Use::Kept;
    let writes = handler_accesses(lookup.entry).filter(|(effect, access)| {
        access.asset == lookup.access.asset
            && access.operation.is_write()
            && access.operation != Operation::Create
            && keys_agree(access, lookup.access)
            && !misses(access, lookup)
            && !spares(access, lookup)
            && !is_marked_before(lookup, effect, access)
            && !is_for_other_kind(access, lookup, used)
            // What the second turn of a loop does hangs on both outcomes of one test.
            && (std::ptr::eq(*effect, used) || !are_exclusive(lookup.entry, effect, used))
            && ends(lookup, access)
    });
    for (effect, _) in writes {
        if !is_optional(lookup.entry, effect, &[used, lookup.effect]) {
            return Use::Consumed;
        }
        outcome = Use::Sometimes;
    }
    outcome
}

/// Holds if the write looks for the secret as it was sent, where the look-up takes its digest, or the other way round:
/// it finds nothing.
fn misses(access: &Access, lookup: &Lookup<'_>) -> bool {
    let is_digest = |value: &Provenance| {
        let mut origins = value.origins().iter();
        origins.any(|origin| matches!(origin, Origin::Digest | Origin::Signature))
    };
    let is_only_sent = |value: &Provenance| {
        let mut origins = value.origins().iter();
        origins.all(|origin| {
            origin.is_from_client() || matches!(origin, Origin::Digest | Origin::Signature)
        })
    };
    let wanted = &lookup.field.value;
    access
        .key
        .iter()
        .filter(|field| field.name == lookup.field.name && field.operator == "=")
        .any(|field| {
            is_presented(&field.value)
                && is_only_sent(&field.value)
                && is_only_sent(wanted)
                && is_digest(&field.value) != is_digest(wanted)
        })
}

/// Holds if the write leaves out the very record that was found, as one does that ends all others of a person.
fn spares(access: &Access, lookup: &Lookup<'_>) -> bool {
    let asset = lookup.access.asset;
    access.key.iter().any(|field| {
        let is_left_out = matches!(field.operator, "!=" | "not in");
        let is_found = field.value.record_fields(asset).any(|it| it == field.name);
        let is_presented = field.name == lookup.field.name && is_presented(&field.value);
        is_left_out && (is_identifier(&field.name) && is_found || is_presented)
    })
}

/// Holds if the write looks for records without a mark that the one in hand has just got: whoever ends all other tokens
/// of a person after that leaves this one as it is.
fn is_marked_before(lookup: &Lookup<'_>, effect: &Effect, access: &Access) -> bool {
    let lacking = access
        .key
        .iter()
        .filter(|field| field.operator == "=" && field.value.literal().is_some());
    let wanted: Vec<&Field> = lacking.collect();
    handler_accesses(lookup.entry)
        .take_while(|(before, _)| !std::ptr::eq(*before, effect))
        .filter(|(_, marking)| {
            marking.asset == access.asset
                && marking.operation == Operation::Update
                && marking
                    .key
                    .iter()
                    .any(|field| field.name == lookup.field.name && is_presented(&field.value))
        })
        .flat_map(|(_, marking)| &marking.values)
        .any(|set| {
            let mut names = wanted.iter().filter(|field| field.name == set.name);
            set.operator == "=" && names.any(|field| is_changed_by(field, set))
        })
}

/// Holds if the write wants another constant in a field than the one that the record was found by or asked for, as where
/// tokens for one purpose are used and those for another are deleted.
fn is_for_other_kind(access: &Access, lookup: &Lookup<'_>, used: &Effect) -> bool {
    let asset = lookup.access.asset;
    let is_asked = |check: &Check, name: Ustr, word: Ustr| {
        let is_field = |it: &Provenance| it.record_fields(asset).any(|found| found == name);
        let mut words = check.operands.iter().filter_map(Provenance::literal);
        check.kind == CheckKind::Equality
            && check.outcome
            && !check.is_alternative
            && check.operands.iter().any(is_field)
            && words.any(|other| other != word)
    };
    let has_other = |field: &Field, word: Ustr| {
        let mut checks = lookup.entry.checks_of(used).flat_map(Check::parts);
        let mut keys = lookup.access.key.iter();
        keys.any(|key| {
            key.name == field.name
                && key.operator == "="
                && key.value.literal().is_some_and(|other| other != word)
        }) || checks.any(|check| is_asked(check, field.name, word))
    };
    access.key.iter().any(|field| {
        let word = field.value.literal().filter(|_| field.operator == "=");
        word.is_some_and(|word| has_other(field, word))
    })
}

/// Holds if `effect` hangs on a decision of the client that none of `others` hangs on.
pub fn is_optional(entry: &EntryPoint, effect: &Effect, others: &[&Effect]) -> bool {
    effect
        .checks
        .iter()
        .filter(|id| !others.iter().any(|other| other.checks.contains(id)))
        .map(|id| entry.check(*id))
        .any(|check| {
            check.refusal.is_none()
                && !check.operands.is_empty()
                && check.operands.iter().any(Provenance::is_from_client)
                && check.operands.iter().all(|operand| {
                    operand.is_from_client()
                        || operand
                            .origins()
                            .iter()
                            .all(|origin| matches!(origin, Origin::Literal(_)))
                })
        })
}

/// Fixed parts of both keys do not contradict each other, so that both can find the same record.
pub fn keys_agree(a: &Access, b: &Access) -> bool {
    let texts = |field: &crate::Field| -> Option<Vec<Ustr>> {
        let origins = field.value.origins().iter();
        let texts: Option<Vec<Ustr>> = origins
            .map(|origin| match origin {
                Origin::Literal(text) => Some(*text),
                _ => None,
            })
            .collect();
        texts.filter(|texts| !texts.is_empty() && matches!(field.operator, "=" | "in"))
    };
    let agree = |one: &crate::Field, other: &crate::Field| {
        let is_same = one.operator == other.operator && one.operator != "in";
        match (texts(one), texts(other)) {
            (Some(own), Some(others)) if is_same => {
                own.len() > 1 || others.len() > 1 || own == others
            }
            (Some(own), Some(others)) => own.iter().any(|text| others.contains(text)),
            _ => true,
        }
    };
    a.key.iter().all(|field| {
        let mut others = b.key.iter().filter(|other| other.name == field.name);
        others.all(|other| agree(field, other))
    })
}

/// Holds if the write changes what the look-up or a check examines, so that the secret works no more.
fn ends(lookup: &Lookup<'_>, access: &Access) -> bool {
    if access.operation == Operation::Delete {
        // Whoever only clears away what is too old uses nothing up.
        let is_old = |key: &Field| {
            matches!(key.operator, "<" | "<=") && key.value.origins().contains(&Origin::Clock)
        };
        let is_this_one = |key: &Field| {
            key.operator == "=" && (key.name == lookup.field.name || is_identifier(&key.name))
        };
        return !access.key.iter().any(is_old) || access.key.iter().any(is_this_one);
    }
    (access.values.is_empty() && access.spread.is_empty())
        || access.values.iter().any(|value| {
            value.name == lookup.field.name
                || is_nested_in(&lookup.field.name, &value.name)
                || is_examined(lookup, value)
        })
}

fn is_nested_in(name: &str, outer: &str) -> bool {
    !outer.is_empty()
        && name
            .strip_prefix(outer)
            .is_some_and(|rest| rest.starts_with('.'))
}

/// Holds if the entry point looks at the field before it acts, and will find another value than it needs.
fn is_examined(lookup: &Lookup<'_>, value: &Field) -> bool {
    let asset = lookup.access.asset;
    // What a change that nothing hangs on has looked for afterwards lets everybody pass.
    let is_asked = |effect: &Effect, access: &Access| {
        !access.operation.is_write()
            || std::ptr::eq(access, lookup.access)
            || decides(lookup.entry, effect, access)
    };
    let in_key = handler_accesses(lookup.entry)
        .filter(|(effect, access)| access.asset == asset && is_asked(effect, access))
        .flat_map(|(_, access)| &access.key)
        .filter(|key| key.name == value.name)
        .any(|key| is_changed_by(key, value));
    // Of what keeps the moment of the first use, nobody has asked whether there was one.
    let keeps_first =
        is_prolonged(value) && value.value.record_fields(asset).any(|it| it == value.name);
    in_key || !keeps_first && is_checked(lookup, value)
}

/// Holds if a check that refuses looks at the field.
fn is_checked(lookup: &Lookup<'_>, value: &Field) -> bool {
    let asset = lookup.access.asset;
    lookup.entry.checks.iter().any(|check| {
        check.refusal.is_some()
            && !(check.kind == CheckKind::Bound && is_prolonged(value))
            && check
                .provenance()
                .record_fields(asset)
                .any(|field| field == value.name)
    })
}
fn is_changed_by(key: &Field, value: &Field) -> bool {
    if key.operator != "=" {
        return !is_prolonged(value);
    }
    match (key.value.literal(), value.value.literal()) {
        (Some(wanted), Some(written)) => wanted != written,
        (Some(_), None) => true,
        _ => false,
    }
}

/// A time that is set anew only moves the end.
fn is_prolonged(value: &Field) -> bool {
    value.value.origins().contains(&Origin::Clock)
}

/// Holds if the entry point looks at the age of the record: a part of a key or a check compares a time of it.
pub fn examines_age(map: &Map, lookup: &Lookup<'_>) -> bool {
    let asset = lookup.access.asset;
    let is_kept_for_a_while = map.asset(asset).is_none_or(|asset| {
        asset.kind == AssetKind::KeyValue || asset.fields.iter().any(|field| field.is_expiry)
    });
    if is_kept_for_a_while {
        return true;
    }
    let times = time_fields(map, asset);
    let in_key = handler_accesses(lookup.entry)
        .filter(|(_, access)| access.asset == asset)
        .flat_map(|(_, access)| &access.key)
        .any(|key| {
            let is_bound = !matches!(key.operator, "=" | "in" | "!=");
            is_bound && (key.value.origins().contains(&Origin::Clock) || times.contains(&key.name))
        });
    in_key
        || lookup
            .entry
            .checks
            .iter()
            .any(|check| is_about_age(check, asset, &times))
}

fn is_about_age(check: &Check, asset: Ustr, times: &[Ustr]) -> bool {
    let all = check.provenance();
    let mut fields = all.record_fields(asset).peekable();
    if fields.peek().is_none() {
        return false;
    }
    // A presence check of a marker (`usedAt`) says nothing about age; one that also sees the clock does.
    sees_clock(check, asset)
        || (check.kind != CheckKind::Presence && fields.any(|field| times.contains(&field)))
}

/// Holds if the check holds something against the time, itself or in what decided it. That the caller's session was
/// held against it, which decided who the caller is, says nothing of this record, and neither does another's age.
fn sees_clock(check: &Check, asset: Ustr) -> bool {
    let is_of_time = |value: &Provenance| value.origins().contains(&Origin::Clock);
    check.operands.iter().any(is_of_time) && !crate::capability::is_of_others(check, asset)
        || (is_of_time(&check.control) && !check.provenance().is_of_principal())
}

/// The fields of `asset` that get a time when a record is made.
pub fn time_fields(map: &Map, asset: Ustr) -> Vec<Ustr> {
    let mut fields = Vec::new();
    for (_, _, access) in accesses_of_asset(map, asset) {
        if access.operation == Operation::Create {
            fields.extend(
                access
                    .values
                    .iter()
                    .filter(|field| field.value.origins().contains(&Origin::Clock))
                    .map(|field| field.name),
            );
        }
    }
    fields.sort();
    fields.dedup();
    fields
}

/// Returns the assets whose records are found by way of a record of `asset`, itself included.
pub fn chain(entry: &EntryPoint, asset: Ustr) -> Vec<Ustr> {
    let mut assets = vec![asset];
    for (_, access) in handler_accesses(entry) {
        let is_next = access
            .key
            .iter()
            .any(|field| is_of_any(&field.value, &assets));
        if is_next && !assets.contains(&access.asset) {
            assets.push(access.asset);
        }
    }
    assets
}

/// Holds if the value is, or comes from, a record of one of the assets.
pub fn is_of_any(value: &Provenance, assets: &[Ustr]) -> bool {
    value
        .origins()
        .iter()
        .any(|origin| matches!(origin, Origin::Record { asset, .. } if assets.contains(asset)))
}

/// Returns the first answer or message in which a value that chance made leaves `entry` for the client.
pub fn random_answer(entry: &EntryPoint) -> Option<(&Effect, Ustr)> {
    entry.effects.iter().find_map(|effect| match &effect.kind {
        EffectKind::Respond {
            body,
            is_error: false,
            ..
        } if effect.layer.is_none() => body
            .iter()
            .find(|field| is_random(&field.value))
            .map(|field| (effect, field.name)),
        _ => None,
    })
}

/// Holds if `entry` chooses records of `asset` by comparing a time of theirs.
pub fn bounds_age(entry: &EntryPoint, asset: Ustr) -> bool {
    handler_accesses(entry)
        .filter(|(_, access)| access.asset == asset)
        .flat_map(|(_, access)| &access.key)
        .any(|key| {
            !matches!(key.operator, "=" | "in" | "!=")
                && key.value.origins().contains(&Origin::Clock)
        })
        || entry.checks.iter().any(|check| {
            sees_clock(check, asset) && check.provenance().record_fields(asset).next().is_some()
        })
}

/// Holds if the look-up asks for a state besides the secret: a constant in its key, or a check of another field
/// of what it finds that refuses.
pub fn has_state(lookup: &Lookup<'_>) -> bool {
    let asset = lookup.access.asset;
    let in_key = lookup
        .access
        .key
        .iter()
        .any(|key| key.operator == "=" && key.value.literal().is_some());
    in_key
        || lookup.entry.checks.iter().any(|check| {
            check.refusal.is_some()
                && check.kind != CheckKind::Bound
                && check
                    .operands
                    .iter()
                    .flat_map(|operand| operand.record_fields(asset))
                    .any(|field| !field.is_empty() && field != lookup.field.name)
        })
}
