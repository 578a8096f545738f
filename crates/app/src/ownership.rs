//! Whose record it is, and whether that was asked: questions for rules.
//!
//! A caller is tied to a record when the principal is part of the key it is found by, or of a check that stands
//! before what is done with it. Ties are followed: a membership found by the principal and a family's number ties
//! that number, and what is found by the number is tied too.

use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::query::{
    accesses, all_accesses_of_asset, comparisons, handler_accesses, is_principal, tells,
    verifications,
};
use crate::{
    Access, Asset, Check, CheckKind, Control, Effect, EffectKind, EntryPoint, Field, Layer,
    LayerKind, Map, Operation, Origin, Provenance, Refusal, RequestPart, TokenKind, user_control,
};

mod alternatives;
mod joins;
mod ranks;
mod ties;

pub use ranks::{Ranks, is_for_higher_rank};
use ties::KnownTies;
pub use ties::{Memory, Ties, is_only_for_others, ties};

/// Holds if the client names things by it: a part of the path, query, body or message with a name, or a message that
/// is nothing but the name of a thing.
fn is_chosen(origin: &Origin) -> bool {
    let is_whole_message =
        matches!(origin, Origin::Request(RequestPart::Message, name) if name.is_empty());
    is_whole_message
        || matches!(
            origin,
            Origin::Request(
                RequestPart::Path | RequestPart::Query | RequestPart::Body | RequestPart::Message
                    | RequestPart::Header | RequestPart::Handshake,
                name
            ) if !name.is_empty() && !origin.is_identity()
        )
}

/// Holds if the value is what the client sends in the open, and nothing of the caller's.
pub fn is_clients_choice(value: &Provenance) -> bool {
    !is_principal(value) && is_sent_openly(value)
}

/// Holds if part of the value is what the client sends in the open, whatever else is in it.
pub fn is_sent_openly(value: &Provenance) -> bool {
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

/// Returns by what the records of the access are chosen. Where a record is looked up first, and then changed by its
/// own number, that is what it was looked up by.
pub fn key_of<'m>(entry: &'m EntryPoint, access: &'m Access) -> Vec<&'m Field> {
    let is_found = |field: &Field| is_found_by_itself(access, field);
    let mut key: Vec<&Field> = access.key.iter().collect();
    if access.operation == Operation::Read || !access.key.iter().any(is_found) {
        return key;
    }
    let is_others = key.iter().filter(|field| is_found(field)).all(|field| {
        let mut origins = field.value.origins().iter();
        !origins.any(|it| matches!(it, Origin::Record { asset, of_principal: true, .. } if *asset == access.asset))
    });
    key.retain(|field| !is_found(field));
    for (effect, other) in accesses(entry) {
        // Where a layer has looked the caller up, the record that the handler found is another.
        let is_caller =
            effect.layer.is_some() && other.key.iter().all(|it| is_principal(&it.value));
        let is_read = other.asset == access.asset && other.operation == Operation::Read;
        if is_read && !(is_caller && is_others) {
            key.extend(&other.key);
        }
    }
    key
}

/// Holds if this part of the key of the access is what a record of the same asset says of itself.
fn is_found_by_itself(access: &Access, field: &Field) -> bool {
    field.operator == "=" && field.value.record_fields(access.asset).next().is_some()
}

/// Holds if the answer is only reached on ways of which each asks something of the record or of the caller: a
/// refusal stands on the way on which all of that failed, as where a function returns early for owners, for what is
/// public, and for whom it was shared with.
fn is_scoped_by_refusal(entry: &EntryPoint, access: &Access, answer: &Effect) -> bool {
    let is_refusal = |effect: &&Effect| {
        effect.layer.is_none() && matches!(effect.kind, EffectKind::Respond { is_error: true, .. })
    };
    entry.effects.iter().filter(is_refusal).any(|refusal| {
        let failed: Vec<_> = entry
            .checks_of(refusal)
            .filter(|check| {
                !entry
                    .checks_of(answer)
                    .any(|passed| passed.span == check.span && passed.outcome == check.outcome)
            })
            .collect();
        let is_excluded = failed.iter().any(|check| {
            entry
                .checks_of(answer)
                .any(|passed| passed.span == check.span && passed.outcome != check.outcome)
        });
        let compares = failed.iter().any(|check| {
            let provenance = check.provenance();
            // What could not be done with them, as where an answer has the wrong shape, compares nothing.
            check.kind != CheckKind::Failure
                && is_principal(&provenance)
                && provenance.record_fields(access.asset).next().is_some()
        });
        !is_excluded
            && compares
            && failed.iter().all(|check| {
                let operands = check.operands.iter();
                operands.flat_map(Provenance::origins).all(|origin| {
                    matches!(
                        origin,
                        Origin::Record { .. } | Origin::Principal(_) | Origin::Literal(_)
                    )
                })
            })
    })
}

/// Holds if the caller, or what was tied to the caller, is part of the key.
pub fn is_keyed_by_caller(entry: &EntryPoint, access: &Access, effect: &Effect) -> bool {
    let ties = ties(entry, effect);
    access
        .key
        .iter()
        .any(|field| is_principal(&field.value) || ties.touches(&field.value))
}

/// How entry points treat the records of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Records are told in an answer.
    Tell,
    /// Records are looked up for the handler's own work.
    Find,
    /// Records are changed.
    Change,
    /// Records are removed.
    Remove,
}

/// A use of an asset's records by a handler.
#[derive(Clone, Debug)]
pub struct Usage<'m> {
    /// The entry point.
    pub entry: &'m EntryPoint,
    /// The access, as an effect.
    pub effect: &'m Effect,
    /// The access.
    pub access: &'m Access,
    /// How.
    pub kind: Use,
    /// Holds if the caller is tied to the records.
    pub is_scoped: bool,
}

/// Returns the uses that the handler of `entry` makes of records that exist, those that a layer loads for it included.
pub fn usages<'m>(entry: &'m EntryPoint) -> impl Iterator<Item = Usage<'m>> {
    let mut own = KnownTies::default();
    let mut is_tied = move |access: &Access, use_of: &Effect| {
        let memory = &entry.memory;
        memory.ask(&mut own, |ties| ties.scopes(entry, access, use_of))
    };
    let used = accesses(entry)
        .filter(|(effect, access)| effect.layer.is_none() || is_loaded_for_handler(entry, access));
    used.filter_map(move |(effect, access)| {
        let (kind, is_scoped) = match access.operation {
            Operation::Create => return None,
            Operation::Count if !is_named(access) => return None,
            Operation::Count => (Use::Find, is_tied(access, effect)),
            Operation::Update => (Use::Change, is_tied(access, effect)),
            Operation::Delete => (Use::Remove, is_tied(access, effect)),
            Operation::Read => {
                let mut answers = answers_with(entry, access.asset).peekable();
                match answers.peek() {
                    None => (Use::Find, is_tied(access, effect)),
                    Some(_) => (
                        Use::Tell,
                        answers.all(|answer| {
                            is_tied(access, answer) || is_scoped_by_refusal(entry, access, answer)
                        }),
                    ),
                }
            }
        };
        Some(Usage {
            entry,
            effect,
            access,
            kind,
            is_scoped,
        })
    })
}

/// Holds if a layer finds a record by what the client sends, and the handler tells it.
fn is_loaded_for_handler(entry: &EntryPoint, access: &Access) -> bool {
    access.operation == Operation::Read
        && access.key.iter().any(|it| is_clients_choice(&it.value))
        && answers_with(entry, access.asset).next().is_some()
}

/// Holds if a record is chosen by its own key.
fn is_named(access: &Access) -> bool {
    let mut key = access.key.iter();
    key.any(|field| field.operator == "=" && crate::lookups::is_identifier(&field.name))
}

/// Returns the answers that tell something of the asset's records that were not found by the principal.
pub fn answers_with(entry: &EntryPoint, asset: Ustr) -> impl Iterator<Item = &Effect> {
    let of_handler = entry.effects.iter().filter(|it| it.layer.is_none());
    of_handler.filter(move |effect| tells(effect, asset))
}

/// The names of the guards of `entry` that ask what a caller is, checks inside the handler included.
pub fn rank_guards(entry: &EntryPoint) -> Vec<Ustr> {
    let layers = rank_layers(entry);
    layers
        .filter_map(|layer| layer_rank(entry, layer))
        .collect()
}

fn rank_layers(entry: &EntryPoint) -> impl Iterator<Item = &Layer> {
    entry
        .layers
        .iter()
        .filter(|layer| layer.controls.contains(&Control::Authorization) && layer.verdict.refuses())
}

/// The name of what a layer asks; `None` if that is no rank.
fn layer_rank(entry: &EntryPoint, layer: &Layer) -> Option<Ustr> {
    match layer.kind {
        LayerKind::Inline => inside_rank(entry),
        _ => asks_for_rank(entry, layer).then(|| name_of(layer)),
    }
}

/// The name of a guard; functions that have none are told apart by where they stand.
fn name_of(layer: &Layer) -> Ustr {
    match layer.name.starts_with('(') {
        true => Ustr::from(&format!("{} {:?}", layer.name, layer.span)),
        false => layer.name,
    }
}

/// Holds unless all that the guard asks is met by whoever lacks something: a ban, or the scopes that only those have
/// who come with a token. That gives nobody more rights than others.
fn asks_for_rank(entry: &EntryPoint, layer: &Layer) -> bool {
    let mut places = layer
        .places
        .iter()
        .filter(|place| place.control == Control::Authorization)
        .peekable();
    places.peek().is_none()
        || places.any(|place| {
            let checks = entry.checks.iter();
            let own = checks.filter(|it| it.span == place.span && it.refusal.is_some());
            let (returning, refusing): (Vec<&Check>, Vec<&Check>) =
                own.partition(|it| it.refusal == Some(Refusal::Return));
            // Who has the rank may return from the guard, and whoever has not comes to the refusal behind it.
            let own = if refusing.is_empty() {
                returning
            } else {
                refusing
            };
            // `!req.caller` asks who somebody is, whatever table that is looked up in.
            let is_known = |check: &Check| {
                let mut all = layer.places.iter();
                is_met_by_anybody(check)
                    && all.any(|it| it.control == Control::Authentication && it.span == place.span)
            };
            !own.into_iter()
                .any(|check| is_met_by_lacking(check) || is_known(check) || is_scope(entry, check))
        })
}

/// Holds if the check asks for a scope of the key that the request comes with. The key stands for somebody, and may do at
/// most what he may: who has the scope has no more rights than who comes himself.
pub fn is_scope(entry: &EntryPoint, check: &Check) -> bool {
    let keys = key_assets(entry);
    let stands_for = |asset: Ustr| {
        let names = |origin: &Origin| matches!(origin, Origin::Record { asset: key, of_principal: true, .. } if *key == asset);
        let mut keys = accesses(entry)
            .filter(|(_, access)| access.asset != asset)
            .flat_map(|(_, access)| &access.key);
        keys.any(|field| field.value.origins().iter().any(names))
    };
    let is_office = |value: &Provenance| {
        let text = value.literal().unwrap_or_default().to_ascii_lowercase();
        text.contains("admin") || text.contains("staff")
    };
    check.parts().iter().all(|part| {
        let mut words = part.operands.iter().filter(|it| it.literal().is_some());
        let is_word = words.next().is_some_and(|it| !is_office(it));
        let mut origins = part.operands.iter().flat_map(Provenance::origins);
        let asset = origins.find_map(|origin| match origin {
            Origin::Record {
                asset,
                of_principal: true,
                ..
            } => Some(*asset),
            _ => None,
        });
        part.kind == CheckKind::Membership
            && is_word
            && asset.is_some_and(|asset| keys.contains(&asset) && stands_for(asset))
    })
}

/// Returns the assets of which a layer finds a record by the digest of a credential: keys of an interface for programs,
/// and sessions.
pub fn key_assets(entry: &EntryPoint) -> Vec<Ustr> {
    let is_digest = |field: &Field| {
        let origins = field.value.origins();
        field.value.is_credential()
            && (origins.contains(&Origin::Digest) || origins.contains(&Origin::Signature))
    };
    let found = accesses(entry)
        .filter(|(effect, access)| effect.layer.is_some() && access.key.iter().any(is_digest));
    found.map(|(_, access)| access.asset).collect()
}

/// Holds if all that the check asks, part by part, is that there is somebody.
pub fn is_met_by_anybody(check: &Check) -> bool {
    let is_attribute = |origin: &Origin| match origin {
        Origin::Record { field, .. } => !field.is_empty(),
        Origin::Principal(_) => true,
        _ => false,
    };
    // What stands for somebody, whichever way he has come, holds his record beside what else is known of him.
    let is_whole =
        |origin: &Origin| matches!(origin, Origin::Record { field, .. } if field.is_empty());
    check.parts().iter().all(|part| {
        let origins = || part.operands.iter().flat_map(Provenance::origins);
        let is_somebody = origins().any(is_whole) || !origins().any(is_attribute);
        part.kind == CheckKind::Presence && (!part.outcome || is_somebody)
    })
}

/// Holds if whoever lacks something passes the check: who is not banned, or has no token whose scopes could be too few.
pub fn is_met_by_lacking(check: &Check) -> bool {
    check.parts().iter().any(|part| {
        part.kind == CheckKind::Presence && !part.outcome && part.operands.iter().any(is_principal)
    })
}

/// What the handler asks of everybody before it does anything, so that asking the same is the same rank. A test that
/// owners pass by another way, such as `owner or admin`, is asked of nobody.
fn inside_rank(entry: &EntryPoint) -> Option<Ustr> {
    let is_work = |effect: &&Effect| {
        effect.layer.is_none()
            && match &effect.kind {
                EffectKind::Access(access) => !looks_up_caller(access),
                EffectKind::Respond {
                    status, is_error, ..
                } => !is_error && status.is_none_or(|status| status < 400),
                _ => false,
            }
    };
    let mut effects = entry.effects.iter().filter(is_work);
    let mut asked: Vec<&Check> = effects.next().map_or_else(Vec::new, |effect| {
        let checks = entry.checks_of(effect);
        // One rank or another is a rank as well.
        let is_rank = |check: &&Check| {
            let mut parts = check.parts().iter();
            parts.all(|part| user_control(part) == Some(Control::Authorization))
        };
        checks.filter(is_rank).collect()
    });
    for effect in effects {
        asked.retain(|check| {
            let mut checks = entry.checks_of(effect);
            checks.any(|other| other.span == check.span && other.outcome == check.outcome)
        });
    }
    let mut words: Vec<String> = asked.into_iter().map(rank_words).collect();
    words.sort();
    words.dedup();
    if words.is_empty() {
        return None;
    }
    words.insert(0, "(inside)".to_owned());
    Some(Ustr::from(&words.join(" ")))
}

/// Who is asking is looked up, or looked up again before a message is served, and it is noted when he was last seen:
/// nothing is done by that.
pub fn looks_up_caller(access: &Access) -> bool {
    let is_made_of_it = |origin: &Origin| {
        origin.is_credential() || matches!(origin, Origin::Digest | Origin::Signature)
    };
    let is_his = |field: &Field| {
        field.value.is_credential() && field.value.origins().iter().all(is_made_of_it)
    };
    let is_clock = |field: &Field| {
        let origins = field.value.origins();
        !origins.is_empty() && origins.iter().all(|it| *it == Origin::Clock)
    };
    let is_seen = match access.operation {
        Operation::Read => true,
        Operation::Update => !access.values.is_empty() && access.values.iter().all(is_clock),
        _ => false,
    };
    is_seen && !access.key.is_empty() && access.key.iter().all(is_his)
}

/// What is asked of the caller, wherever that stands: the attribute, what it is held against, and how it came out.
fn rank_words(check: &Check) -> String {
    let mut words: Vec<String> = check.parts().iter().map(words_of_part).collect();
    words.sort();
    words.join("|")
}

fn words_of_part(check: &Check) -> String {
    let origins = check.operands.iter().flat_map(Provenance::origins);
    let names = origins.map(|origin| match origin {
        Origin::Principal(name) | Origin::Literal(name) => name.as_str(),
        Origin::Record { field, .. } => field.as_str(),
        _ => "?",
    });
    let names: Vec<&str> = names.collect();
    format!("{}:{}", names.join("="), check.outcome)
}

/// Returns the uses that entry points with a known caller make of stored records.
pub fn all_usages(map: &Map) -> Vec<Usage<'_>> {
    let known = map.facts.usages.get_or_init(|| numbered_usages(map));
    let found = known.iter().filter_map(|(entry, effect, kind, is_scoped)| {
        let entry = map.entry_points.get(*entry)?;
        let effect = entry.effects.get(*effect)?;
        let EffectKind::Access(access) = &effect.kind else {
            return None;
        };
        Some(Usage {
            entry,
            effect,
            access,
            kind: *kind,
            is_scoped: *is_scoped,
        })
    });
    found.collect()
}

fn numbered_usages(map: &Map) -> Vec<(usize, usize, Use, bool)> {
    let mut found = Vec::new();
    for (number, entry) in map.entry_points.iter().enumerate() {
        if !entry.verdict(Control::Authentication).refuses() || !knows_caller(entry) {
            continue;
        }
        let mut effects = entry.effects.iter().enumerate();
        for usage in usages(entry) {
            let place = effects.find(|(_, effect)| std::ptr::eq(*effect, usage.effect));
            found.extend(place.map(|(place, _)| (number, place, usage.kind, usage.is_scoped)));
        }
    }
    found
}

/// Holds if the entry point knows who the caller is, and not only that a signature or shared key is right.
pub fn knows_caller(entry: &EntryPoint) -> bool {
    if is_signed(entry) {
        return false;
    }
    accesses(entry).any(|(_, access)| access.key.iter().any(|field| is_principal(&field.value)))
        || verifications(entry).any(|(_, found)| {
            // What a service signs names the service, if nobody is taken from it.
            found.is_verified && found.kind != TokenKind::Signed && found.token.is_credential()
        })
        || entry
            .checks
            .iter()
            .any(|check| check.kind == CheckKind::Library || is_principal(&check.provenance()))
}

/// Holds if the handler holds a header against a signature over what was sent, and asks nothing of a caller, whatever
/// layers before it look up for browsers.
pub fn is_signed(entry: &EntryPoint) -> bool {
    let compared = comparisons(entry).filter(|(effect, _)| effect.layer.is_none());
    let is_header = |value: &Provenance| value.is_from(RequestPart::Header);
    let is_signature = |value: &Provenance| {
        value.origins().contains(&Origin::Signature)
            && (value.is_from(RequestPart::Body) || value.is_from(RequestPart::File))
    };
    let mut own = compared.map(|(_, found)| [&found.given, &found.expected]);
    own.any(|[one, other]| {
        is_header(one) && is_signature(other) || is_header(other) && is_signature(one)
    }) && !handler_accesses(entry).any(|(_, access)| {
        let mut fields = access.key.iter().chain(&access.values);
        fields.any(|field| is_principal(&field.value))
    })
}

/// Holds if the records are shared by everybody: nobody makes one in his own name, and where the caller is part of
/// a key it is by a relation that another asset declares, as where people choose some of the records for themselves.
pub fn is_shared(map: &Map, asset: Ustr) -> bool {
    let Some(declared) = map.asset(asset).filter(|asset| !asset.fields.is_empty()) else {
        return false;
    };
    let mut keys = all_accesses_of_asset(map, asset)
        .flat_map(|(_, _, access)| &access.key)
        .filter(|field| is_principal(&field.value))
        .peekable();
    keys.peek().is_some()
        && keys.all(|field| is_chosen_elsewhere(declared, &field.name))
        && makers(map, asset).next().is_none()
}

fn is_chosen_elsewhere(declared: &Asset, name: &str) -> bool {
    let is_own = |field: &crate::AssetField| {
        let rest = name.strip_prefix(field.name.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || rest == "_id")
    };
    !name.contains('.') && !declared.fields.iter().any(is_own) && !matches!(name, "id" | "pk")
}

/// Returns the assets that records of `asset` belong to: those that its fields refer to, besides what the caller
/// himself is found in.
pub fn parents_of(map: &Map, asset: Ustr) -> Vec<Ustr> {
    let fields = map.asset(asset).map_or(&[][..], |found| &found.fields);
    let mut parents: Vec<Ustr> = fields
        .iter()
        .filter_map(|field| field.refers_to)
        .filter(|parent| *parent != asset && !is_of_callers(map, *parent))
        .collect();
    parents.sort_by_key(|parent| parent.as_str());
    parents.dedup();
    parents
}

/// Holds if the caller himself, or the tenant that he is of, is a record of the asset: it is found by what proves him.
fn is_of_callers(map: &Map, asset: Ustr) -> bool {
    all_accesses_of_asset(map, asset).any(|(_, _, access)| {
        let mut key = access.key.iter();
        key.any(|it| crate::lookups::is_identifier(&it.name) && is_principal(&it.value))
    })
}

/// Returns the entry points that make records of `asset` in the name of the caller.
pub fn makers(map: &Map, asset: Ustr) -> impl Iterator<Item = &EntryPoint> {
    let known = map.facts.makers.get_or_init(|| numbered_makers(map));
    let numbers = known.get(&asset).into_iter().flatten();
    numbers.filter_map(|number| map.entry_points.get(*number))
}

/// The numbers of the makers of the records of each asset.
fn numbered_makers(map: &Map) -> FxHashMap<Ustr, Vec<usize>> {
    let mut found: FxHashMap<Ustr, Vec<usize>> = FxHashMap::default();
    for (number, entry) in map.entry_points.iter().enumerate() {
        let mut own = KnownTies::default();
        for (effect, access) in handler_accesses(entry) {
            let makers = found.entry(access.asset).or_default();
            let mut is_tied = |value: &Provenance| {
                let ties = entry.memory.ask(&mut own, |known| known.of(entry, effect));
                ties.touches(value)
            };
            if access.operation == Operation::Create
                && makers.last() != Some(&number)
                && access
                    .values
                    .iter()
                    .any(|it| is_principal(&it.value) || is_tied(&it.value))
            {
                makers.push(number);
            }
        }
    }
    found
}
