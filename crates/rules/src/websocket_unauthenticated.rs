//! Finds sockets that act for anybody who connects, while the rest of the application asks who is there.

use firedoor_app::{Control, EffectKind, EntryPoint, Map, RoomKind, Transport, Verdict, query};
use firedoor_source::Span;

use crate::is_public_by_nature;
use crate::socket::{Reach, authenticates, entries, is_memory, reach, siblings};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "websocket-unauthenticated",
    class: "websocket-auth",
    summary: "a socket acts for anybody who connects",
    severity: Severity::High,
    cwe: &["CWE-306"],
    remediation: "Prove who connects in the handshake, or refuse every message until one has proven it.",
    page: include_str!("../fixtures/websocket-unauthenticated/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    if !query::is_anywhere(map, Control::Authentication) {
        return;
    }
    for entry in entries(map) {
        let is_open = matches!(
            entry.verdict(Control::Authentication),
            Verdict::Absent | Verdict::Observed
        );
        if !is_open || is_elsewhere(map, entry) {
            continue;
        }
        if let Some(reach) = past_log_in(map, entry) {
            report(map, entry, &reach, findings);
            continue;
        }
        if authenticates_itself(entry) {
            continue;
        }
        if let Some(reach) = reach(map, entry).or_else(|| overhears(map, entry)) {
            report(map, entry, &reach, findings);
        }
    }
}

/// A connection joins a room that is the same for all, and is told what the program says there, where nearly everything
/// else asks who is there.
fn overhears(map: &Map, entry: &EntryPoint) -> Option<Reach> {
    let joined = entry.exposed.iter().find(|effect| {
        effect.layer.is_none()
            && matches!(&effect.kind, EffectKind::Room(RoomKind::Join, room) if room.literal().is_some())
    })?;
    let proves_later = || siblings(map, entry).any(authenticates);
    (entry.message.is_none() && !proves_later() && is_closed(map)).then(|| Reach {
        words: "listens to a room".to_owned(),
        span: joined.span,
        asset: None,
    })
}

/// Holds if at least nine of ten entry points that reach records, other than the accounts that people log in to, ask who is
/// there.
fn is_closed(map: &Map) -> bool {
    const FEWEST: usize = 5;
    let accounts = query::account_assets(map);
    let reaches_records = |entry: &EntryPoint| {
        let mut accesses = query::handler_accesses(entry);
        accesses
            .any(|(_, access)| !accounts.contains(&access.asset) && !is_memory(map, access.asset))
    };
    let (mut closed, mut all) = (0, 0);
    let pages = map.entry_points.iter().filter(|entry| {
        entry.transport == Transport::Http
            && reaches_records(entry)
            && !is_public_by_nature(map, entry)
    });
    for page in pages {
        all += 1;
        closed += usize::from(page.verdict(Control::Authentication).refuses());
    }
    closed >= FEWEST && closed * 10 >= all * 9
}

/// Holds if the message is the one that proves who is there. A handshake that verifies and lets everybody on proves
/// nothing.
fn authenticates_itself(entry: &EntryPoint) -> bool {
    authenticates(entry)
        && entry.effects.iter().any(|effect| {
            let is_proof = matches!(
                effect.kind,
                EffectKind::Verify(_) | EffectKind::CompareSecret(_)
            );
            is_proof && effect.layer.is_none()
        })
}

/// What messages reach for those who did not pass the log-in that stands before all of them: there is another way.
fn past_log_in(map: &Map, entry: &EntryPoint) -> Option<Reach> {
    if entry.message.is_some() {
        return None;
    }
    let open: Vec<&EntryPoint> = siblings(map, entry)
        .filter(|other| other.verdict(Control::Authentication) == Verdict::Absent)
        .collect();
    let proofs = |other: &EntryPoint| -> Vec<Span> {
        query::verifications(other)
            .filter(|(_, found)| found.is_verified)
            .map(|(effect, _)| effect.span)
            .collect()
    };
    let is_before_all = |span: &Span| open.iter().all(|other| proofs(other).contains(span));
    let has_log_in = open.len() > 2 && proofs(open[0]).iter().any(is_before_all);
    let mut reached = open.iter().filter_map(|other| reach(map, other));
    reached.find(|reach| has_log_in && reach.asset.is_some())
}

/// A socket on which some messages are refused has a rule of its own.
fn is_elsewhere(map: &Map, entry: &EntryPoint) -> bool {
    entry.message.is_some()
        && siblings(map, entry).any(|other| other.verdict(Control::Authentication).refuses())
}

fn report(map: &Map, entry: &EntryPoint, reach: &Reach, findings: &mut Findings) {
    let guarded = map.entry_points.iter().find(|other| {
        other.verdict(Control::Authentication) == Verdict::Enforced
            && reach.asset.is_none_or(|asset| {
                query::handler_accesses(other).any(|(_, access)| access.asset == asset)
            })
    });
    let mut finding = findings
        .at_entry(entry)
        .confidence(match guarded {
            Some(_) => Confidence::High,
            None => Confidence::Medium,
        })
        .title(format!("`{}` {} for anybody who connects", entry.id(), reach.words))
        .message("Neither the handshake nor a message before it proves who is there, while other entry points ask.")
        .because("effect", reach.span, format!("{} here", reach.words));
    if let Some(other) = guarded
        && let Some(guard) = query::guards(other, Control::Authentication).next()
    {
        finding = finding.because(
            "compared-with",
            guard.mounted,
            format!("`{}` has `{}`", other.id(), guard.name),
        );
    }
    finding.report();
}
