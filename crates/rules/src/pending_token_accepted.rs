//! Finds half-finished log-ins whose token or session already counts as a full one.

use firedoor_app::{
    Access, Check, CheckKind, Control, Effect, EffectKind, EntryPoint, Field, Map, Operation,
    Origin, Provenance, counting, openings, query, second_factors, sessions,
};
use ustr::Ustr;

use crate::token_kinds::{Issued, Verified, accepts, is_proof, issued, verified};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "pending-token-accepted",
    class: "two-factor",
    summary: "what is given out before the second factor passes as a full log-in",
    severity: Severity::Critical,
    cwe: &["CWE-287", "CWE-308"],
    remediation: "Give the half-finished log-in a token of another kind, and let the guard refuse it.",
    page: include_str!("../fixtures/pending-token-accepted/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    if second_factors::second_factors(map).is_empty() {
        return;
    }
    for made in issued(map).filter(|made| is_pending(map, made)) {
        let taken = verified(map)
            .filter(is_proof)
            .find(|found| accepts(found, made.token) && guards(map, found));
        let Some(found) = taken else {
            continue;
        };
        let guard = found
            .effect
            .layer
            .and_then(|number| found.entry.layers.get(number as usize));
        let mut finding = findings
            .at(found.effect.span, &found.effect.function)
            .symbol(&made.effect.function)
            .entry_point(made.entry)
            .confidence(Confidence::High)
            .title(format!("`{}` takes the token of a half-finished log-in", found.effect.function))
            .message(format!(
                "`{}` gives it out when the code is still to come; it is signed with the same key, and nothing tells it apart.",
                made.entry.id()
            ))
            .because("issued", made.effect.span, "it is issued before the second factor")
            .because("accepted", found.effect.span, "it is accepted as proof of who is asking");
        if let Some(guard) = guard {
            finding = finding.because("guard", guard.span, "this guard takes it");
        }
        finding.report();
    }
    for entry in &map.entry_points {
        marked_session(map, entry, findings);
    }
}

/// Holds if the verification is a guard's, and not the step that finishes the log-in.
fn guards(map: &Map, found: &Verified<'_>) -> bool {
    found.entry.verdict(Control::Authentication).refuses()
        && !query::verifies_code(found.entry)
        && openings::session_opening(map, found.entry).is_none()
}

/// Holds if the token is given out since there is a second factor, where a session is opened otherwise.
fn is_pending(map: &Map, made: &Issued<'_>) -> bool {
    let entry = made.entry;
    if made.effect.layer.is_some() || query::verifies_code(entry) {
        return false;
    }
    let is_held = entry
        .checks_of(made.effect)
        .any(|check| second_factors::is_about_second_factor(map, check) && says_there_is(check));
    // Where there is none, what is given out is a full log-in, whatever else is looked at on the way.
    let is_full = entry.checks_of(made.effect).any(|check| {
        let mut operands = check.operands.iter();
        operands.any(|it| second_factors::names_second_factor(map, it)) && says_there_is_none(check)
    });
    let has_other = entry.effects.iter().any(|other| {
        let opens = match &other.kind {
            EffectKind::Issue(_) => true,
            // What is noted of wrong codes opens nothing.
            EffectKind::Access(access) => {
                access.operation == Operation::Create && !notes_try(map, access)
            }
            _ => false,
        };
        opens && query::are_exclusive(entry, made.effect, other)
    });
    is_held && !is_full && has_other
}

/// Holds for a count of tries: a number in a store that forgets, which some are made larger in.
fn notes_try(map: &Map, access: &Access) -> bool {
    let mut all = query::all_accesses_of_asset(map, access.asset);
    all.any(|(_, _, other)| counting::counts(other))
}

/// Holds if the check says that the account has no second factor.
fn says_there_is_none(check: &Check) -> bool {
    let is_nothing = |it: &Provenance| it.literal().is_some_and(|text| text == "null");
    check.alternatives.is_empty()
        && match check.kind {
            CheckKind::Presence => !check.outcome,
            CheckKind::Equality => check.outcome && check.operands.iter().any(is_nothing),
            _ => false,
        }
}

/// Holds if the check says that the account has a second factor, whatever the client sends.
fn says_there_is(check: &Check) -> bool {
    if check.operands.iter().any(Provenance::is_from_client) {
        return false;
    }
    let constant = check.operands.iter().find_map(|operand| operand.literal());
    match check.kind {
        CheckKind::Presence => check.outcome,
        CheckKind::Equality => match constant.as_deref() {
            Some("null" | "false" | "undefined" | "0") => !check.outcome,
            _ => check.outcome,
        },
        _ => false,
    }
}

/// A full session that is only marked, where the guard does not look at the mark.
fn marked_session(map: &Map, entry: &EntryPoint, findings: &mut Findings) {
    if query::verifies_code(entry) || entry.verdict(Control::Authentication).refuses() {
        return;
    }
    let kept = sessions::session_assets(map);
    for (effect, access) in query::handler_accesses(entry) {
        if access.operation != Operation::Create || !kept.contains(&access.asset) {
            continue;
        }
        let asks = entry
            .checks_of(effect)
            .any(|check| second_factors::is_about_second_factor(map, check));
        let mark = access.values.iter().find(|field| {
            is_of_second_factor(map, field) && !is_looked_at(map, access.asset, field.name)
        });
        let (Some(mark), false) = (mark, asks) else {
            continue;
        };
        report_mark(entry, effect, access.asset, mark, findings);
    }
}

fn report_mark(
    entry: &EntryPoint,
    effect: &Effect,
    asset: Ustr,
    mark: &Field,
    findings: &mut Findings,
) {
    findings
        .at_entry(entry)
        .symbol(&mark.name)
        .confidence(Confidence::High)
        .title(format!(
            "`{}` opens a full session before the second factor",
            entry.id()
        ))
        .message(format!(
            "`{}` of {asset} says that the code is still to come, and guards do not look at it.",
            mark.name
        ))
        .because("opens", effect.span, "the session is opened here")
        .report();
}

/// Holds if the value says whether the account has a second factor.
fn is_of_second_factor(map: &Map, field: &Field) -> bool {
    let accounts = query::account_assets(map);
    second_factors::second_factors(map)
        .iter()
        .any(|(asset, place)| {
            field.value.origins().iter().any(|origin| match origin {
                Origin::Record {
                    asset: found,
                    field,
                    ..
                } => {
                    found == asset
                        && (!accounts.contains(asset) || second_factors::same_root(field, place))
                }
                _ => false,
            })
        })
}

/// Holds if most entry points whose callers are proven look at the field of the session.
fn is_looked_at(map: &Map, asset: Ustr, name: Ustr) -> bool {
    let guarded = map.entry_points.iter().filter(|entry| {
        entry.verdict(Control::Authentication).refuses()
            && query::accesses(entry).any(|(_, access)| access.asset == asset)
    });
    let (mut looking, mut all) = (0, 0);
    for entry in guarded {
        all += 1;
        let in_check = entry.checks.iter().any(|check| {
            check
                .provenance()
                .record_fields(asset)
                .any(|field| field == name)
        });
        let in_key = query::accesses(entry).any(|(_, access)| {
            access.asset == asset && access.key.iter().any(|field| field.name == name)
        });
        looking += usize::from(in_check || in_key);
    }
    all == 0 || looking * 2 > all
}
