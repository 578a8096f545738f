//! What second factors and proofs are kept in, and what hangs on them: questions for rules.

use ustr::Ustr;

use crate::passwords::{is_kept_password, is_password};
use crate::query::{account_assets, comparisons, handler_accesses, is_code};
use crate::{
    Access, Check, CheckKind, Condition, Effect, EntryPoint, Map, Operation, Origin, Provenance,
    RequestPart,
};

/// The places in which second factors are kept: what codes are compared with.
pub fn second_factors(map: &Map) -> Vec<(Ustr, Ustr)> {
    map.facts
        .second_factors
        .get_or_init(|| find_second_factors(map))
        .clone()
}

fn find_second_factors(map: &Map) -> Vec<(Ustr, Ustr)> {
    let mut places = Vec::new();
    for entry in &map.entry_points {
        for (_, comparison) in comparisons(entry).filter(|(_, found)| is_code(found)) {
            for origin in comparison.expected.origins() {
                if let Origin::Record { asset, field, .. } = origin {
                    places.push((*asset, *field));
                }
            }
        }
    }
    places.sort();
    places.dedup();
    places
}

/// Holds if the check asks for a second factor, or whether there is one, or hangs on such a question.
pub fn is_about_second_factor(map: &Map, check: &Check) -> bool {
    names_second_factor(map, &check.provenance())
}

/// Holds if the value is made of a second factor, or of what says whether there is one.
pub fn names_second_factor(map: &Map, value: &Provenance) -> bool {
    let places = second_factors(map);
    let accounts = account_assets(map);
    value.origins().iter().any(|origin| match origin {
        Origin::Record { asset, field, .. } => {
            places.iter().any(|(kept, place)| {
                kept == asset && (!accounts.contains(asset) || same_root(field, place))
            }) || switches(map).contains(&(*asset, *field))
        }
        _ => false,
    })
}

/// The fields that say whether, since when, and which second factor is on, however they are called: one word is
/// written into them where the secret is cleared, and another, or the time, where a code was right.
fn switches(map: &Map) -> &[(Ustr, Ustr)] {
    map.facts.second_switches.get_or_init(|| {
        let places = second_factors(map);
        // What is written in place of the secret is a constant; another secret is no clearing.
        let is_constant = |value: &Provenance| {
            let mut origins = value.origins().iter();
            origins.all(|origin| matches!(origin, Origin::Literal(_)))
        };
        let clears = |access: &Access| {
            let values = access.values.iter();
            let mut kept = values
                .filter(|field| places.contains(&(access.asset, field.name)))
                .peekable();
            kept.peek().is_some() && kept.all(|field| is_constant(&field.value))
        };
        let off = words(map, &|_, access| clears(access));
        let on = words(map, &|entry, access| {
            !clears(access) && crate::query::verifies_code(entry)
        });
        let is_switch = |(place, word): &((Ustr, Ustr), Word)| {
            !places.contains(place)
                && *word != Word::Time
                && on
                    .iter()
                    .any(|(other, other_word)| other == place && other_word != word)
        };
        off.into_iter()
            .filter(is_switch)
            .map(|(place, _)| place)
            .collect()
    })
}

/// What is written into a field that says whether something is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// A constant.
    Constant(Ustr),
    /// When it was done.
    Time,
}

fn word(value: &Provenance) -> Option<Word> {
    let is_time = !value.is_empty() && value.origins().iter().all(|it| matches!(it, Origin::Clock));
    match is_time {
        true => Some(Word::Time),
        false => value.literal().map(Word::Constant),
    }
}

/// The constants and times that are written into fields by the changes that `is_wanted` accepts.
fn words(map: &Map, is_wanted: &dyn Fn(&EntryPoint, &Access) -> bool) -> Vec<((Ustr, Ustr), Word)> {
    let mut found = Vec::new();
    for entry in &map.entry_points {
        let changes = handler_accesses(entry).filter(|(_, access)| {
            access.operation == Operation::Update && is_wanted(entry, access)
        });
        for (_, access) in changes {
            let values = access.values.iter();
            found.extend(
                values.filter_map(|value| Some(((access.asset, value.name), word(&value.value)?))),
            );
        }
    }
    found
}

/// Holds if two fields are parts of one nested object, or share the first word of their names
/// (`twoFactor.enabled`, `twoFactor.secret`; `totp_enabled`, `totp_secret`).
pub fn same_root(a: &str, b: &str) -> bool {
    let root = |name: &str| -> String {
        let nested = name.split('.').next().unwrap_or(name);
        if nested.len() < name.len() {
            return nested.to_owned();
        }
        let words: String = nested.chars().take_while(|c| *c != '_').collect();
        words
            .chars()
            .enumerate()
            .take_while(|(index, c)| *index == 0 || !c.is_uppercase())
            .map(|(_, c)| c)
            .collect()
    };
    !a.is_empty() && root(a) == root(b)
}

/// Holds if a proof that refuses stands before the effect: a password, code, token or signature, or a decision
/// that hangs on one.
pub fn is_proven(map: &Map, entry: &EntryPoint, effect: &Effect) -> bool {
    let secrets = map.facts.secret_places.get_or_init(|| secret_places(map));
    entry.checks_of(effect).any(|check| {
        let is_proof = check.kind == CheckKind::Proof && check.outcome && !is_of_guard(check);
        check.refusal.is_some()
            && (is_proof || hangs_on_secret(map, check, secrets))
            && !has_way_around(map, check)
    })
}

/// Holds if the check also lets those pass who prove nothing: who have no password, or send no code.
fn has_way_around(map: &Map, check: &Check) -> bool {
    let is_asked_nothing = |kind: CheckKind, operands: &[Provenance]| {
        let mut origins = operands.iter().flat_map(Provenance::origins);
        let is_idle = |origin: &Origin| {
            is_kept_password(map, origin)
                || matches!(
                    origin,
                    Origin::Literal(_)
                        | Origin::Request(
                            RequestPart::Body | RequestPart::Query | RequestPart::Message,
                            _
                        )
                )
        };
        matches!(kind, CheckKind::Presence | CheckKind::Equality) && origins.all(is_idle)
    };
    // Of whoever has a second factor, that he has one is not asked in place of it.
    let is_on = |kind: CheckKind, operands: &[Provenance]| {
        kind == CheckKind::Presence && operands.iter().all(|it| names_second_factor(map, it))
    };
    let asks = |kind: CheckKind, operands: &[Provenance], holds: bool| {
        !(is_asked_nothing(kind, operands) || holds && is_on(kind, operands))
    };
    check.is_alternative && !without_opposites(&check.condition).always(&asks)
}

/// "It was so, or this held; it was not so, or that held" leaves this or that.
fn without_opposites(condition: &Condition) -> Condition {
    let Condition::Any(parts) = condition else {
        return condition.clone();
    };
    let is_opposite = |one: &Condition, other: &Condition| match (one, other) {
        (
            Condition::Test {
                kind,
                operands,
                holds,
            },
            Condition::Test {
                kind: its_kind,
                operands: its_operands,
                holds: its_holds,
            },
        ) => kind == its_kind && operands == its_operands && holds != its_holds,
        _ => false,
    };
    let left = parts.iter().filter(|part| {
        let mut others = parts.iter();
        !others.any(|other| is_opposite(part, other))
    });
    Condition::Any(left.cloned().collect())
}

/// A result that was worked out from what the client sends and from a stored secret.
fn hangs_on_secret(map: &Map, check: &Check, secrets: &[(Ustr, Ustr)]) -> bool {
    let all = check.provenance();
    let is_sent = all.is_from(RequestPart::Body)
        || all.is_from(RequestPart::Message)
        || all.is_from(RequestPart::Query);
    let is_secret = |origin: &Origin| match origin {
        Origin::Record { asset, field, .. } => {
            secrets.contains(&(*asset, *field)) || is_password(map, *asset, *field)
        }
        _ => false,
    };
    // "No password, or the right one" also passes where there is none.
    let asks_whether = check.kind == CheckKind::Presence
        && check.operands.iter().any(|operand| {
            !operand.is_empty()
                && operand
                    .origins()
                    .iter()
                    .all(|origin| is_kept_password(map, origin))
        });
    is_sent && !asks_whether && all.origins().iter().any(is_secret)
}

/// What codes are compared with, and what codes of people who are known are found by.
fn secret_places(map: &Map) -> Vec<(Ustr, Ustr)> {
    let mut places = second_factors(map);
    for entry in &map.entry_points {
        for lookup in crate::lookups::lookups(map, entry) {
            if lookup.names_person() {
                places.push((lookup.access.asset, lookup.field.name));
                places.push((lookup.access.asset, Ustr::from("")));
            }
        }
    }
    places.sort();
    places.dedup();
    places
}

/// The proof of the caller's own credential is the guard's, and says nothing about this request; nor does the token that a
/// page of the application has.
fn is_of_guard(check: &Check) -> bool {
    let is_caller = |operand: &Provenance| {
        let mut origins = operand.origins().iter();
        !operand.is_empty() && origins.all(|origin| matches!(origin, Origin::Principal(_)))
    };
    crate::judge::is_about_page(check)
        || !check.operands.is_empty() && check.operands.iter().all(is_caller)
        || check.provenance().origins().iter().any(Origin::is_identity)
}
