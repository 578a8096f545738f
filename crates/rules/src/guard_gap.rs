//! Finds entry points that lack a guard which most of their siblings have.

use firedoor_app::ownership::looks_up_caller;
use firedoor_app::sessions::{ends_record, session_assets};
use firedoor_app::{
    Access, Check, CheckKind, Control, Effect, EffectKind, EntryPoint, Field, LayerKind, Map,
    Operation, Origin, Provenance, RequestPart, SendChannel, SessionOperation, Transport, Verdict,
    exchange, lookups, query,
};

use crate::exposure::{is_public_by_nature, is_tidying, worst};
use crate::socket::is_kept_in_order;
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "guard-gap",
    class: "broken-access-control",
    summary: "most siblings have a guard that this entry point lacks",
    severity: Severity::Medium,
    cwe: &["CWE-862"],
    remediation: "Give it the guard that its siblings have, or mount the guard on the router for all of them.",
    page: include_str!("../fixtures/guard-gap/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    crate::router_gap::check(map, findings);
    for entry in &map.entry_points {
        // Another site sends browsers to where its code is exchanged, and they bring nothing else along.
        let is_callback = exchange::exchange(entry).is_some() && query::is_reading(entry);
        if is_public_by_nature(map, entry) || only_ends_session(map, entry) || is_callback {
            continue;
        }
        if let Some(gap) = router_gap(map, entry) {
            report(entry, Control::Authorization, &gap, findings);
            continue;
        }
        let mut is_told = false;
        for control in [Control::Authentication, Control::Authorization] {
            if let Some(gap) = gap(map, entry, control) {
                is_told = true;
                report(entry, control, &gap, findings);
            }
        }
        // What is personal is told by the rule about open entry points.
        if is_told {
            continue;
        }
        if let Some(guarded) = crate::administration_gap::neighbours(map, entry)
            && !tells(map, entry)
        {
            let all = guarded.len();
            report(
                entry,
                Control::Authentication,
                &Gap { guarded, all },
                findings,
            );
        }
    }
}

/// Whoever is not logged in has nothing to lose where all that is done is to log the caller out.
fn only_ends_session(map: &Map, entry: &EntryPoint) -> bool {
    let sessions = session_assets(map);
    let ends = |effect: &Effect| match &effect.kind {
        EffectKind::Session(operation, _) => *operation == SessionOperation::Destroy,
        EffectKind::Access(access) => {
            let is_ended = sessions.contains(&access.asset)
                && is_callers_session(entry, access)
                && ends_by_itself(map, access);
            is_ended || is_kept_in_order(map, access)
        }
        _ => false,
    };
    let mut does = entry
        .effects
        .iter()
        .filter(|effect| effect.layer.is_none())
        .filter(|effect| match &effect.kind {
            EffectKind::Access(access) => access.operation.is_write(),
            EffectKind::Session(..) | EffectKind::Send { .. } | EffectKind::Issue(_) => true,
            _ => false,
        })
        .peekable();
    let mut effects = entry.effects.iter();
    let is_ended = |effect: &Effect| match &effect.kind {
        EffectKind::Access(access) => sessions.contains(&access.asset) && ends(effect),
        _ => ends(effect),
    };
    does.peek().is_some() && effects.any(is_ended) && does.all(ends)
}

/// Holds if what the caller brings along says which session it is, or which was looked up before: no number that he
/// sends does, and nothing that is the same for everybody.
fn is_callers_session(entry: &EntryPoint, access: &Access) -> bool {
    let is_his = |access: &Access| access.key.iter().any(is_brought_along);
    let is_of_record = |field: &Field| {
        let mut origins = field.value.origins().iter();
        field.operator == "="
            && !field.value.is_empty()
            && origins
                .all(|it| matches!(it, Origin::Record { asset, .. } if *asset == access.asset))
    };
    let mut looked_up = query::accesses(entry)
        .filter(|(_, it)| it.asset == access.asset && it.operation == Operation::Read)
        .peekable();
    is_his(access)
        || access.key.iter().any(is_of_record)
            && looked_up.peek().is_some()
            && looked_up.all(|(_, it)| is_his(it))
}

/// Holds if the value is who is asking, or the credential that he came with, as it is kept.
fn is_brought_along(field: &Field) -> bool {
    let is_credential = |origin: &Origin| match origin {
        Origin::Request(RequestPart::Cookie, _) => !origin.is_kept_meanwhile(),
        _ => origin.is_of_principal() || origin.is_identity(),
    };
    let is_made_of = |origin: &Origin| {
        is_credential(origin)
            || matches!(
                origin,
                Origin::Digest
                    | Origin::Signature
                    | Origin::Literal(_)
                    | Origin::Environment { .. }
            )
    };
    let origins = field.value.origins();
    field.operator == "=" && origins.iter().any(is_credential) && origins.iter().all(is_made_of)
}

/// Holds if the record is gone, or noted as over.
fn ends_by_itself(map: &Map, access: &Access) -> bool {
    let is_note = |field: &Field| {
        let mut origins = field.value.origins().iter();
        !field.value.is_empty()
            && origins.all(|it| matches!(it, Origin::Clock | Origin::Literal(_)))
    };
    let is_noted = || {
        !access.values.is_empty() && access.spread.is_empty() && access.values.iter().all(is_note)
    };
    ends_record(map, access) && (access.operation == Operation::Delete || is_noted())
}

struct Gap<'m> {
    guarded: Vec<&'m EntryPoint>,
    all: usize,
}

/// Siblings are those of the same router that change state too (or read too).
fn gap<'m>(map: &'m Map, entry: &'m EntryPoint, control: Control) -> Option<Gap<'m>> {
    let is_open = match entry.verdict(control) {
        Verdict::Absent => true,
        // Where a layer reads who is asking for all of them, it is the guard of each that refuses. What is plain
        // without siblings is another rule's.
        Verdict::Observed => {
            // Who is let in without a name is decided by more than one check where roles are asked for behind it.
            let asks_more = entry.verdict(Control::Authorization).refuses();
            // What is kept in order while a reader is answered is no work of his.
            control == Control::Authentication
                && !asks_more
                && !tells(map, entry)
                && !query::is_reading(entry)
        }
        _ => false,
    };
    if !is_open || entry.effects.is_empty() {
        return None;
    }
    if control == Control::Authorization && entry.verdict(Control::Ownership).refuses() {
        return None;
    }
    if control == Control::Authorization && !query::knows_user(map, entry) {
        return None;
    }
    // Sockets have rules of their own.
    if control == Control::Authentication && entry.transport == Transport::WebSocket {
        return None;
    }
    let changes = query::changes_state(entry) && !only_tidies(map, entry);
    if !changes && !tells(map, entry) {
        return None;
    }
    let peers: Vec<&EntryPoint> = query::siblings(map, entry)
        .filter(|other| {
            other.transport == entry.transport && query::changes_state(other) == changes
        })
        // A connection does not do what its messages do.
        .filter(|other| other.message.is_some() == entry.message.is_some())
        .filter(|other| control != Control::Authorization || shares_asset(entry, other))
        .collect();
    let guarded: Vec<&EntryPoint> = peers
        .iter()
        .copied()
        .filter(|other| other.verdict(control) == Verdict::Enforced)
        .collect();
    if control == Control::Authorization
        && (guarded.iter().all(|other| is_below(entry, other))
            || is_about_own_records(map, entry)
            || !has_own_work(entry, &peers)
            || makes_what_is_asked(map, entry, &guarded))
    {
        return None;
    }
    let is_most = guarded.len() >= 2 && guarded.len() * 4 >= peers.len() * 3;
    (is_most && (changes || control == Control::Authentication)).then_some(Gap {
        guarded,
        all: peers.len(),
    })
}

/// Holds if a reader is answered, and all that is written meanwhile is the application's own affair.
fn only_tidies(map: &Map, entry: &EntryPoint) -> bool {
    let mut effects = entry.effects.iter().filter(|effect| effect.layer.is_none());
    query::is_reading(entry)
        && effects.all(|effect| match &effect.kind {
            EffectKind::Access(access) => {
                !access.operation.is_write() || is_tidying(map, entry, access)
            }
            EffectKind::Send {
                channel: SendChannel::Http,
                to,
                content,
            } => {
                // What the application asks of another server for itself is the same whoever asks, and whatever it has.
                let is_fixed = |value: &Provenance| {
                    let mut origins = value.origins().iter();
                    origins.all(|it| {
                        matches!(
                            it,
                            Origin::Literal(_) | Origin::Clock | Origin::Environment { .. }
                        )
                    })
                };
                is_fixed(to) && content.iter().all(|field| is_fixed(&field.value))
            }
            EffectKind::Send { .. } | EffectKind::Session(..) => false,
            _ => true,
        })
}

/// Holds if the entry point changes something that its siblings do not all change at the same place, as a count of
/// requests and the time when somebody was last seen are.
fn has_own_work(entry: &EntryPoint, peers: &[&EntryPoint]) -> bool {
    let changes_at = |other: &EntryPoint, span: firedoor_source::Span| {
        query::handler_accesses(other)
            .any(|(effect, access)| access.operation.is_write() && effect.span == span)
    };
    query::handler_accesses(entry).any(|(effect, access)| {
        let is_common = || peers.iter().all(|other| changes_at(other, effect.span));
        access.operation.is_write()
            && (peers.len() < 2 || !is_common())
            && !throws_away_empty(entry, effect, access)
    })
}

/// Holds if what is deleted has nothing in it any more, as a room that the last one has left.
fn throws_away_empty(entry: &EntryPoint, effect: &Effect, access: &Access) -> bool {
    let is_size = |origin: &Origin| {
        matches!(origin, Origin::Record { asset, field, .. }
            if *asset == access.asset && matches!(field.as_str(), "" | "size" | "length"))
    };
    let is_about_size = |check: &Check| {
        let mut origins = check.operands.iter().flat_map(|it| it.origins());
        origins.any(is_size)
    };
    let is_empty = |check: &Check| match check.kind {
        CheckKind::Equality => {
            let mut operands = check.operands.iter();
            check.outcome && operands.any(|it| it.literal().is_some_and(|it| it == "0"))
        }
        CheckKind::Presence => !check.outcome,
        _ => false,
    };
    access.operation == Operation::Delete
        && entry
            .checks_of(effect)
            .any(|check| !check.is_alternative && is_empty(check) && is_about_size(check))
}

/// Holds if what its siblings ask for is a record of the caller's that is made here: who joins is no member yet.
fn makes_what_is_asked(map: &Map, entry: &EntryPoint, guarded: &[&EntryPoint]) -> bool {
    let accounts = query::account_assets(map);
    let is_his = |field: &Field| query::is_principal(&field.value) && !field.value.is_from_client();
    let mut made = query::handler_accesses(entry)
        .filter(|(_, access)| access.operation == Operation::Create)
        .filter(|(_, access)| !accounts.contains(&access.asset))
        .filter(|(_, access)| access.values.iter().any(is_his));
    made.any(|(_, access)| {
        // What is asked of it elsewhere is not for him to say.
        let is_said = |asked: ustr::Ustr| {
            let mut values = access.values.iter();
            values.any(|field| field.name == asked && field.value.is_from_client())
        };
        let is_it = |origin: &Origin| {
            matches!(origin, Origin::Record { asset, field, of_principal: true }
                if *asset == access.asset && !is_said(*field))
        };
        let asks = |check: &Check| {
            let mut examined = check.operands.iter().flat_map(|it| it.origins());
            check.refusal.is_some() && examined.any(is_it)
        };
        guarded.iter().all(|other| other.checks.iter().any(asks))
    })
}

/// Holds if the other is about one of the things that the entry point makes or lists: nobody has a role yet in what
/// is only made.
fn is_below(entry: &EntryPoint, other: &EntryPoint) -> bool {
    let rest = other.path.strip_prefix(entry.path.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.starts_with("/{"))
}

/// Nearly every route of its router has a layer that asks for a permission, whatever the routes do; this one,
/// which is called to do something, has none.
fn router_gap<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<Gap<'m>> {
    let is_asked = entry.verdict(Control::Authorization).refuses()
        || entry.verdict(Control::Ownership).refuses();
    let is_call = acts(entry) && entry.verdict(Control::Authentication).refuses();
    if is_asked || !is_call || is_of_caller(entry) || !query::knows_user(map, entry) {
        return None;
    }
    let peers: Vec<&EntryPoint> = query::siblings(map, entry)
        .filter(|other| other.transport == Transport::Http)
        .collect();
    let guarded: Vec<&EntryPoint> = peers
        .iter()
        .copied()
        .filter(|other| has_permission_layer(other))
        .collect();
    let is_most = guarded.len() >= 5 && guarded.len() * 5 >= peers.len() * 4;
    let is_above = guarded.iter().all(|other| is_below(entry, other));
    let is_joined = makes_what_is_asked(map, entry, &guarded);
    (is_most && !is_above && !is_joined).then_some(Gap {
        guarded,
        all: peers.len(),
    })
}

/// Holds if the entry point is called to do something, by its method.
pub(crate) fn acts(entry: &EntryPoint) -> bool {
    entry.transport == Transport::Http
        && matches!(entry.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
}

/// Holds if all that is changed or removed are records that were found by who is asking, and none is made. What his account
/// says that he belongs to is not he.
fn is_about_own_records(map: &Map, entry: &EntryPoint) -> bool {
    let accounts = query::account_assets(map);
    let is_himself = |origin: &Origin| match origin {
        Origin::Principal(claim) => {
            matches!(
                claim.as_str(),
                "" | "sub" | "id" | "_id" | "uid" | "userId" | "user_id"
            )
        }
        Origin::Record {
            asset,
            field,
            of_principal: true,
        } => accounts.contains(asset) && lookups::is_identifier(field),
        _ => false,
    };
    let is_own = |access: &firedoor_app::Access| {
        let mut keys = access.key.iter();
        access.operation != Operation::Create
            && keys.any(|field| {
                let mut origins = field.value.origins().iter();
                !field.value.is_empty() && origins.all(is_himself)
            })
    };
    let mut writes = query::handler_accesses(entry)
        .filter(|(_, access)| access.operation.is_write())
        .peekable();
    writes.peek().is_some() && writes.all(|(_, access)| is_own(access))
}

/// Holds if what it changes is the caller's own.
pub(crate) fn is_of_caller(entry: &EntryPoint) -> bool {
    let mut writes = query::handler_accesses(entry)
        .filter(|(_, access)| access.operation.is_write())
        .peekable();
    let is_own = |access: &firedoor_app::Access| {
        let mut fields = access.key.iter().chain(&access.values);
        fields.any(|field| query::is_principal(&field.value) && !field.value.is_from_client())
    };
    writes.peek().is_some() && writes.all(|(_, access)| is_own(access))
}

/// Holds if a layer before the handler asks for a role or permission.
pub(crate) fn has_permission_layer(entry: &EntryPoint) -> bool {
    query::guards(entry, Control::Authorization).any(|layer| layer.kind == LayerKind::Layer)
        && entry.verdict(Control::Authorization) == Verdict::Enforced
}

/// Holds if what the entry point reads is not for everybody.
fn tells(map: &Map, entry: &EntryPoint) -> bool {
    worst(map, entry, &entry.exposed).is_some_and(|found| found.confidence > Confidence::Low)
}

fn shares_asset(a: &EntryPoint, b: &EntryPoint) -> bool {
    query::handler_accesses(a).any(|(_, own)| {
        own.operation.is_write()
            && own.operation != Operation::Create
            && !looks_up_caller(own)
            && query::handler_accesses(b)
                .any(|(_, other)| other.asset == own.asset && other.operation.is_write())
    })
}

fn report(entry: &EntryPoint, control: Control, gap: &Gap<'_>, findings: &mut Findings) {
    let Some(example) = gap.guarded.first() else {
        return;
    };
    let Some(guard) = query::guards(example, control).next() else {
        return;
    };
    let confidence = if gap.guarded.len() >= 4 && gap.guarded.len() * 10 >= gap.all * 9 {
        Confidence::High
    } else {
        Confidence::Medium
    };
    findings
        .at_entry(entry)
        .symbol(control.as_str())
        .confidence(confidence)
        .title(format!(
            "`{}` lacks the {} that {} of {} siblings have",
            entry.id(),
            control.as_str(),
            gap.guarded.len(),
            gap.all
        ))
        .message(format!(
            "Its siblings are refused by `{}`; nothing of the kind stands before this one.",
            guard.name
        ))
        .because(
            "compared-with",
            example.registered,
            format!("`{}` has `{}`", example.id(), guard.name),
        )
        .because("guard", guard.span, "the guard")
        .report();
}
