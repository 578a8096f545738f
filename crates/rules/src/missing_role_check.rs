//! Finds administrative entry points that ask for a log-in and for no role.

use std::collections::BTreeSet;

use firedoor_app::lookups::is_identifier;
use firedoor_app::sessions::{made_at_log_in, session_assets};
use firedoor_app::{
    Access, CheckKind, Control, Effect, EntryPoint, Field, Layer, LayerKind, Map, Operation,
    Origin, Transport, Verdict, query,
};
use firedoor_source::Span;

use crate::below_own::is_made_own;
use crate::dead_guard::{RoleGuards, acts_elsewhere};
use crate::demands::Scale;
use crate::exposure::{is_found_by_credential, is_tidying};
use crate::foreign_accounts::{foreign_account, keeps_rank};
use crate::lesser_role::{Lesser, lesser};
use crate::oauth_flow::{is_behind_log_in, logs_in, word};
use crate::privileged::{find_word, is_rank_name};
use crate::rank_within;
use crate::shortfall::{Shortfall, shortfalls};
use crate::socket::{is_connection, is_kept_in_order, is_memory, listens};
use crate::unowned::is_author;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "missing-role-check",
    class: "broken-access-control",
    summary: "an administrative entry point asks for a log-in only",
    severity: Severity::High,
    cwe: &["CWE-862"],
    remediation: "Mount the guard that its administrative neighbours have, or check the role before anything is done.",
    page: include_str!("../fixtures/missing-role-check/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let guards = RoleGuards::of(map);
    for entry in &map.entry_points {
        let is_for_all = entry.verdict(Control::Authentication) == Verdict::Enforced
            && entry.verdict(Control::Authorization) == Verdict::Absent
            && entry.public_because.is_none()
            && query::knows_user(map, entry);
        let is_dead = entry
            .layers
            .iter()
            .any(|layer| acts_elsewhere(&guards, entry, layer).is_some());
        if !is_for_all
            || is_dead
            || asks_in_look_up(map, entry)
            || is_log_in(map, entry)
            || entry.transport == Transport::Job
        {
            continue;
        }
        let reason = in_administrative_area(map, entry)
            .or_else(|| by_asset(map, entry))
            .or_else(|| by_field(map, entry))
            .or_else(|| by_value(map, entry))
            .or_else(|| by_creation(map, entry))
            .or_else(|| by_account(map, entry));
        if let Some(reason) = reason {
            report(entry, &reason, findings);
        }
    }
    for entry in &map.entry_points {
        if let Some(lesser) = lesser(map, entry).filter(|_| entry.public_because.is_none()) {
            report_lesser(entry, &lesser, findings);
        }
    }
    for (entry, shortfall) in shortfalls(map, &Scale::of(map)) {
        if entry.public_because.is_none() && !findings.tell_of(entry) {
            report_shortfall(entry, &shortfall, findings);
        }
    }
    for entry in &map.entry_points {
        if entry.transport != Transport::Http || findings.tell_of(entry) {
            continue;
        }
        if let Some(found) = rank_within::unranked(map, entry) {
            rank_within::report(entry, &found, findings);
        }
    }
    crate::scopes::check(map, findings);
}

/// Holds if somebody becomes known here by the word of another site: whoever comes has no role yet.
fn is_log_in(map: &Map, entry: &EntryPoint) -> bool {
    !is_behind_log_in(entry) && word(map, entry).is_some() && logs_in(map, entry)
}

/// Why an entry point should ask for a role.
struct Reason<'m> {
    words: String,
    span: Span,
    confidence: Confidence,
    /// A neighbour that asks, with its guard; `None` if nobody asks.
    example: Option<(&'m EntryPoint, &'m Layer)>,
}

/// Its path says so, and its neighbours ask.
fn in_administrative_area<'m>(map: &'m Map, entry: &EntryPoint) -> Option<Reason<'m>> {
    if !query::is_administrative_path(&entry.path) {
        return None;
    }
    let done = query::handler_accesses(entry);
    let mut done = done.filter(|(_, access)| !is_connection(map, entry, access));
    let effect = done.next().map(|(effect, _)| effect);
    let effect = effect.or_else(|| listens(entry))?;
    // Whoever is asked whether the record is his is asked for more than a log-in.
    let asks_whose =
        query::guards(entry, Control::Ownership).any(|it| it.kind == LayerKind::Inline);
    if asks_whose || is_registered(map, entry, effect) {
        return None;
    }
    let guarded: Vec<&EntryPoint> = map
        .entry_points
        .iter()
        .filter(|other| asks_for_role(other))
        .collect();
    let neighbour = guarded
        .iter()
        .find(|other| query::is_administrative_path(&other.path));
    let example = neighbour.or_else(|| guarded.first()).copied();
    let has_ranks = query::account_assets(map)
        .iter()
        .any(|asset| keeps_rank(map, *asset));
    if example.is_none() && !has_ranks {
        return None;
    }
    Some(Reason {
        words: "lies in the administrative area".to_owned(),
        span: effect.span,
        confidence: match neighbour {
            Some(_) => Confidence::High,
            None => Confidence::Medium,
        },
        example: match example {
            Some(example) => Some(with_guard(example)?),
            None => None,
        },
    })
}

/// Holds if the caller is looked for in a table of its own before this, by nothing that he sends: a list of those
/// who may. The session that he comes with is none.
fn is_registered(map: &Map, entry: &EntryPoint, effect: &Effect) -> bool {
    let accounts = query::account_assets(map);
    let sessions = session_assets(map);
    let is_list = |asset: ustr::Ustr| {
        !accounts.contains(&asset)
            && !sessions.contains(&asset)
            && query::accesses(entry).any(|(_, access)| {
                access.asset == asset
                    && !access.operation.is_write()
                    && access.key.iter().any(refers_to_caller)
                    && !access.key.iter().any(|field| field.value.is_from_client())
            })
    };
    entry.checks_of(effect).any(|check| {
        let origins = check.operands.iter().flat_map(|operand| operand.origins());
        let mut own = origins.filter_map(|origin| match origin {
            Origin::Record {
                asset,
                of_principal: true,
                ..
            } => Some(*asset),
            _ => None,
        });
        check.kind == CheckKind::Presence
            && check.outcome
            && check.refusal.is_some()
            && own.any(is_list)
    })
}

/// Holds if the caller's own account is looked up once more by what he may do, held against constants, and whoever is
/// not found is refused.
fn asks_in_look_up(map: &Map, entry: &EntryPoint) -> bool {
    let accounts = query::account_assets(map);
    let is_constant = |field: &Field| {
        let mut origins = field.value.origins().iter();
        !field.value.is_empty() && origins.all(|origin| matches!(origin, Origin::Literal(_)))
    };
    let asks = |access: &Access| {
        let mut key = access.key.iter();
        accounts.contains(&access.asset)
            && !access.operation.is_write()
            && key.clone().any(|field| query::is_principal(&field.value))
            && key.any(|field| {
                // `banned_at` says as little of what somebody may do as `is_banned`.
                let is_state = find_word(&field.name, |word| matches!(word, "verified" | "banned"));
                is_rank_name(&field.name) && !is_state && is_constant(field)
            })
    };
    let is_refused = |asset: ustr::Ustr| {
        entry.checks.iter().any(|check| {
            let is_whole = |origin: &Origin| {
                matches!(origin, Origin::Record { asset: own, field, of_principal: true }
                    if *own == asset && field.is_empty())
            };
            let mut origins = check.operands.iter().flat_map(|it| it.origins());
            check.refusal.is_some() && origins.any(is_whole)
        })
    };
    query::accesses(entry).any(|(_, access)| asks(access) && is_refused(access.asset))
}

/// Holds if the list shows what is on offer, as a flag says, and nothing of it is anybody's.
fn is_on_offer(map: &Map, access: &Access) -> bool {
    let is_flag = |field: &Field| field.value.literal().is_some_and(|text| text == "true");
    let is_constant = |field: &Field| field.value.literal().is_some();
    let accounts = query::account_assets(map);
    let declared = map.asset(access.asset).into_iter();
    let mut declared = declared.flat_map(|asset| &asset.fields);
    access.operation == Operation::Read
        && access.key.iter().any(is_flag)
        && access.key.iter().all(is_constant)
        && query::owner_fields(map, access.asset).is_empty()
        && !accounts.contains(&access.asset)
        && !declared.any(|field| field.refers_to.is_some_and(|to| accounts.contains(&to)))
}

/// A record that is found by its own key is the caller himself.
fn refers_to_caller(field: &Field) -> bool {
    query::is_principal(&field.value) && !is_identifier(&field.name)
}

fn with_guard(example: &EntryPoint) -> Option<(&EntryPoint, &Layer)> {
    let guard = query::guards(example, Control::Authorization).next()?;
    Some((example, guard))
}

fn asks_for_role(entry: &EntryPoint) -> bool {
    entry.verdict(Control::Authorization) == Verdict::Enforced
}

/// Holds if the record is named by its identifier: a list of one tells no more than the record.
fn is_one(access: &Access) -> bool {
    let mut keys = access.key.iter();
    keys.any(|field| field.operator == "=" && is_bare_id(&field.name))
}

/// Holds for what the process remembers and does not tell: whoever a message goes to is looked for among all who are
/// connected.
fn is_kept_back(map: &Map, entry: &EntryPoint, access: &Access) -> bool {
    let asset = access.asset;
    is_memory(map, asset) && !entry.effects.iter().any(|it| query::tells(it, asset))
}

/// Everything else that touches the asset asks for a role.
fn by_asset<'m>(map: &'m Map, entry: &EntryPoint) -> Option<Reason<'m>> {
    query::handler_accesses(entry).find_map(|(effect, access)| {
        let is_telling = match access.operation {
            Operation::Read => {
                access.is_many && !is_one(access) && !is_kept_back(map, entry, access)
            }
            // To take one of what is there is to use it.
            Operation::Update => {
                access.values.is_empty() || access.values.iter().any(|it| !is_counted(it))
            }
            Operation::Delete => true,
            Operation::Create | Operation::Count => false,
        };
        if !is_telling
            || is_on_offer(map, access)
            || is_own(access)
            || is_found_by_credential(access)
            || is_found_by_caller(entry, effect, access)
            || is_tidying(map, entry, access)
            || is_kept_in_order(map, access)
        {
            return None;
        }
        let others = others_with(map, entry, access.asset, |other| !is_own(other));
        let is_same_kind = others
            .iter()
            .any(|other| query::is_administrative_path(&other.path));
        let all_ask = others.iter().all(|other| asks_for_role(other));
        if !all_ask || others.len() < 2 || entry.verdict(Control::Ownership).refuses() {
            return None;
        }
        let example = others.first().copied()?;
        Some(Reason {
            words: format!("{} {}", verb(access), access.asset),
            span: effect.span,
            confidence: match is_same_kind && others.len() > 2 {
                true => Confidence::High,
                false => Confidence::Medium,
            },
            example: Some(with_guard(example)?),
        })
    })
}

/// It changes or deletes what others change only with a role.
fn by_field<'m>(map: &'m Map, entry: &EntryPoint) -> Option<Reason<'m>> {
    if entry.verdict(Control::Ownership).refuses() {
        return None;
    }
    let (accounts, logged) = (query::account_assets(map), made_at_log_in(map));
    query::handler_accesses(entry).find_map(|(effect, access)| {
        let is_change = matches!(access.operation, Operation::Update | Operation::Delete);
        let is_log_out = access.operation == Operation::Delete && logged.contains(&access.asset);
        let is_of_self = is_own(access) && (accounts.contains(&access.asset) || is_log_out);
        if !is_change
            || is_of_self
            || is_found_by_credential(access)
            || is_found_by_caller(entry, effect, access)
            || is_tidying(map, entry, access)
            || is_kept_in_order(map, access)
        {
            return None;
        }
        let others = others_with(map, entry, access.asset, |other| is_at_most(other, access));
        let all_ask = others.iter().all(|other| asks_for_role(other));
        let neighbour = others
            .iter()
            .find(|other| other.group.0 == entry.group.0 && asks_for_role(other));
        let is_worse = access.operation == Operation::Delete && neighbour.is_some();
        let example = neighbour
            .or(others.first())
            .copied()
            .filter(|_| all_ask || is_worse)?;
        Some(Reason {
            words: format!("{} {}", verb(access), access.asset),
            span: effect.span,
            confidence: Confidence::Medium,
            example: Some(with_guard(example)?),
        })
    })
}

/// It stores what the client sends in fields for which others take what is sent only with a role, and the record is
/// nobody's.
fn by_value<'m>(map: &'m Map, entry: &EntryPoint) -> Option<Reason<'m>> {
    if entry.verdict(Control::Ownership).refuses() {
        return None;
    }
    let accounts = query::account_assets(map);
    query::handler_accesses(entry).find_map(|(effect, access)| {
        let is_named = access.key.iter().any(|field| field.value.is_from_client());
        let given: Vec<_> = sent(access).map(|field| field.name).collect();
        if access.operation != Operation::Update
            || !is_named
            || given.is_empty()
            || accounts.contains(&access.asset)
            || has_owner(map, access)
            || is_found_by_caller(entry, effect, access)
        {
            return None;
        }
        let others = others_with(map, entry, access.asset, |other| {
            sent(other).any(|field| given.contains(&field.name))
        });
        all_ask_for_role(&others, effect, access)
    })
}

/// The reason is that all others which do the same ask for a role.
fn all_ask_for_role<'m>(
    others: &[&'m EntryPoint],
    effect: &Effect,
    access: &Access,
) -> Option<Reason<'m>> {
    let all_ask = others.iter().all(|other| asks_for_role(other));
    let example = others.first().filter(|_| all_ask)?;
    Some(Reason {
        words: format!("{} {}", verb(access), access.asset),
        span: effect.span,
        confidence: Confidence::Medium,
        example: Some(with_guard(example)?),
    })
}

/// Who has made a record is noted in what belongs to the house too.
fn has_owner(map: &Map, access: &Access) -> bool {
    let fields = query::owner_fields(map, access.asset);
    !fields.iter().all(|field| is_author(field))
}

/// The fields that get what the client sends.
fn sent(access: &Access) -> impl Iterator<Item = &Field> {
    let is_write = matches!(access.operation, Operation::Create | Operation::Update);
    let values = access.values.iter().filter(move |_| is_write);
    values.filter(|field| field.operator == "=" && field.value.is_from_client())
}

/// It makes what others make only with a role, and nothing says that it is the caller's.
fn by_creation<'m>(map: &'m Map, entry: &EntryPoint) -> Option<Reason<'m>> {
    query::handler_accesses(entry).find_map(|(effect, access)| {
        let is_sent = access
            .values
            .iter()
            .any(|field| field.value.is_from_client());
        if access.operation != Operation::Create || !is_sent || is_made_own(entry, effect, access) {
            return None;
        }
        let others = others_with(map, entry, access.asset, |other| {
            other.operation == Operation::Create
        });
        all_ask_for_role(&others, effect, access)
    })
}

/// It takes over accounts of others, which needs no example.
fn by_account<'m>(map: &Map, entry: &EntryPoint) -> Option<Reason<'m>> {
    let (words, span) = foreign_account(map, entry)?;
    Some(Reason {
        words,
        span,
        confidence: Confidence::Medium,
        example: None,
    })
}

/// A record that is the caller's own needs no role.
fn is_found_by_caller(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    // Where the key is not known, it may well be the caller's: also where all that is known is that it is one of the
    // collection, as each that a function picks out of it.
    let is_of_itself = |origin: &Origin| match origin {
        Origin::Unknown(_) | Origin::Literal(_) => true,
        Origin::Record { asset, field, .. } => *asset == access.asset && field.is_empty(),
        _ => false,
    };
    let is_unknown = !access.key.is_empty()
        && access.key.iter().all(|field| {
            let mut origins = field.value.origins().iter();
            origins.all(|origin| matches!(origin, Origin::Unknown(_)))
                || field.name == "key" && field.value.origins().iter().all(is_of_itself)
        });
    if is_unknown || is_by_secret(access) || is_of_credential(entry, access) {
        return true;
    }
    let has_owner = access
        .key
        .iter()
        .any(|field| query::is_principal(&field.value) && !is_bare_id(&field.name));
    has_owner || (!is_own(access) && query::is_checked_by_principal(entry, effect))
}

/// The record was found by what the caller's cookie or header carries, as the session is that he comes with.
fn is_of_credential(entry: &EntryPoint, access: &Access) -> bool {
    let is_found =
        |origin: &Origin| matches!(origin, Origin::Record { asset, .. } if *asset == access.asset);
    let is_named = access.key.iter().any(|field| {
        let origins = field.value.origins();
        is_bare_id(&field.name) && !origins.is_empty() && origins.iter().all(is_found)
    });
    let mut earlier = query::accesses(entry).filter(|(_, it)| it.asset == access.asset);
    is_named
        && earlier.any(|(_, it)| {
            let mut key = it.key.iter();
            key.any(|field| is_bare_id(&field.name) && field.value.is_credential())
        })
}

/// What is found by the digest of something that the caller holds is his.
fn is_by_secret(access: &Access) -> bool {
    access.key.iter().any(|field| {
        let origins = field.value.origins();
        origins.contains(&Origin::Digest) || origins.contains(&Origin::Signature)
    })
}

fn is_bare_id(name: &str) -> bool {
    matches!(name, "id" | "_id")
}

/// Holds if the other change is of the same kind, or a lesser one.
fn is_at_most(other: &Access, access: &Access) -> bool {
    match access.operation {
        Operation::Delete => matches!(other.operation, Operation::Update | Operation::Delete),
        Operation::Update => {
            other.operation == Operation::Update
                // Counting down what is there is less than saying how much there is.
                && other.values.iter().any(|field| {
                    access.values.iter().any(|own| {
                        own.name == field.name && (!is_counted(own) || is_counted(field))
                    })
                })
        }
        _ => false,
    }
}

/// Holds if the field is counted up or down.
fn is_counted(field: &Field) -> bool {
    matches!(field.operator, "+=" | "-=")
}

/// Holds if the record is found by who is asking.
fn is_own(access: &Access) -> bool {
    access
        .key
        .iter()
        .any(|field| query::is_principal(&field.value))
}

fn others_with<'m>(
    map: &'m Map,
    entry: &EntryPoint,
    asset: ustr::Ustr,
    is_like: impl Fn(&Access) -> bool,
) -> Vec<&'m EntryPoint> {
    let doing: BTreeSet<*const EntryPoint> = query::accesses_of_asset(map, asset)
        .filter(|(_, _, access)| is_like(access))
        .map(|(other, ..)| std::ptr::from_ref(other))
        .collect();
    query::with_users(map)
        .filter(|other| !std::ptr::eq(*other, entry))
        .filter(|other| doing.contains(&std::ptr::from_ref(*other)))
        .collect()
}

fn verb(access: &Access) -> &'static str {
    match access.operation {
        Operation::Read | Operation::Count => "reads everybody's",
        Operation::Create => "creates",
        Operation::Update => "changes",
        Operation::Delete => "deletes",
    }
}

fn report(entry: &EntryPoint, reason: &Reason<'_>, findings: &mut Findings) {
    let mut finding = findings
        .at_entry(entry)
        .confidence(reason.confidence)
        .title(format!("`{}` {} and asks for no role", entry.id(), reason.words))
        .message(
            "Whoever is logged in gets through: no role or permission is asked for, neither before it nor inside it.",
        )
        .because("effect", reason.span, "this is what needs a role");
    if let Some((example, guard)) = reason.example {
        let words = format!("`{}` has `{}`", example.id(), guard.name);
        finding = finding.because("compared-with", guard.mounted, words);
    }
    finding.report();
}

fn report_lesser(entry: &EntryPoint, lesser: &Lesser<'_>, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .confidence(Confidence::Medium)
        .title(format!(
            "`{}` {} and asks for a lower role",
            entry.id(),
            lesser.words
        ))
        .message(format!(
            "Whoever has the lower role has all rights with it; `{}` asks for more.",
            lesser.example.id()
        ))
        .because(
            "effect",
            lesser.effect.span,
            "this is what needs the highest role",
        )
        .because(
            "compared-with",
            lesser.example.registered,
            format!("`{}` lets fewer roles through", lesser.example.id()),
        )
        .report();
}

fn report_shortfall(entry: &EntryPoint, shortfall: &Shortfall<'_>, findings: &mut Findings) {
    let mut finding = findings
        .at_entry(entry)
        .confidence(Confidence::Medium)
        .title(format!(
            "`{}` {} and asks for too low a role",
            entry.id(),
            shortfall.words
        ))
        .because(
            "effect",
            shortfall.effect.span,
            "this is what needs a higher role",
        );
    finding = match shortfall.example {
        Some((example, effect)) => finding
            .message(format!(
                "`{}` asks for more, as do {} in all of the entry points that it was compared with.",
                example.id(),
                shortfall.count
            ))
            .because(
                "compared-with",
                effect.span,
                format!("`{}` does this for a higher role only", example.id()),
            ),
        None => finding.message(
            "There is a higher role than the one that is asked for, and it can be given out too.",
        ),
    };
    finding.report();
}
