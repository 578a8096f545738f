//! Finds callbacks of log-ins through another site that anybody's browser can be sent to.

use firedoor_app::{
    Check, CheckKind, Effect, EffectKind, EntryPoint, Map, Origin, Provenance, RequestPart,
    TokenKind, query,
};

use crate::oauth_flow::{asked, exchange, is_behind_log_in, logs_in, sends};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "oauth-state-missing",
    class: "oauth",
    summary: "the callback takes a code without knowing that this browser asked for it",
    severity: Severity::Medium,
    cwe: &["CWE-352"],
    remediation: "Send a random `state`, keep it in a cookie or session of this browser, and compare them before the code is exchanged.",
    page: include_str!("../fixtures/oauth-state-missing/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        let found = exchange(entry).or_else(|| by_library(map, entry));
        let found = found.or_else(|| posted(entry));
        let Some(effect) = found.filter(|_| logs_in(map, entry)) else {
            continue;
        };
        let Some((confidence, message)) = unbound(entry, effect) else {
            continue;
        };
        findings
            .at_entry(entry)
            .confidence(confidence)
            .title(format!("`{}` exchanges anybody's code", entry.id()))
            .message(format!(
                "{message}, so that a victim can be logged in to an attacker's account."
            ))
            .because("exchanges", effect.span, "the code is exchanged here")
            .report();
    }
}

/// Returns where a library exchanges the code, and is not told to keep a state. Where the same layer starts log-ins
/// and ends them, only the end is named.
fn by_library<'m>(map: &Map, entry: &'m EntryPoint) -> Option<&'m Effect> {
    let found = |entry: &'m EntryPoint| {
        query::verifications(entry)
            .find(|(_, found)| found.kind == TokenKind::Opaque && is_code(&found.token))
            .filter(|(_, found)| {
                let mut required = found.requires.iter();
                !required.any(|field| is_of_browser(&field.value))
            })
            .map(|(effect, _)| effect)
    };
    let is_start = |other: &EntryPoint| {
        other
            .path
            .strip_prefix(entry.path.as_str())
            .is_some_and(|rest| rest.starts_with('/'))
            && query::verifications(other).any(|(_, found)| is_code(&found.token))
    };
    found(entry).filter(|_| !map.entry_points.iter().any(is_start))
}

/// A page of the application posts the code with its state, and leaves it to the server to find the state among those
/// that it has made: what is not posted the page may compare by itself.
fn posted(entry: &EntryPoint) -> Option<&Effect> {
    let is_posted = |value: &Provenance, wanted: fn(&str) -> bool| {
        value.origins().iter().any(
            |origin| matches!(origin, Origin::Request(RequestPart::Body, name) if wanted(name)),
        )
    };
    let finds_state = query::handler_accesses(entry).any(|(_, access)| {
        let mut key = access.key.iter();
        key.any(|field| is_posted(&field.value, |name| name.contains("state")))
            && !access.key.iter().any(|field| is_of_browser(&field.value))
    });
    if is_behind_log_in(entry) || !finds_state {
        return None;
    }
    asked(entry).find(|effect| sends(effect, |value| is_posted(value, |name| name == "code")))
}

/// Says how a browser that never asked gets its code exchanged; `None` if it does not.
fn unbound(entry: &EntryPoint, exchange: &Effect) -> Option<(Confidence, &'static str)> {
    let is_sent_along = match &exchange.kind {
        EffectKind::Send { content, .. } => content.iter().any(|field| is_of_browser(&field.value)),
        _ => false,
    };
    let is_seen = |check: &Check| {
        let mut asked = entry.checks_of(exchange);
        asked.any(|part| part.span == check.span && sees_browser(part))
    };
    let is_there = entry.checks_of(exchange).any(asks_for_browser);
    let is_compared = entry.checks_of(exchange).any(|check| {
        compares_browser(check, is_seen(check)) && (is_there || !is_met_by_nothing(check))
    });
    if is_compared {
        return None;
    }
    // Whoever compares the state, and only where the browser keeps one, sends nothing along either where it keeps none.
    let is_only_where_kept = !is_there && entry.checks_of(exchange).any(compares_state);
    if is_sent_along && !is_only_where_kept {
        return None;
    }
    let is_skipped = entry.checks_of(exchange).any(sees_browser);
    if is_skipped {
        return Some((
            Confidence::High,
            "What the browser keeps is compared only where it is there, or not at all",
        ));
    }
    let is_compared = query::comparisons(entry)
        .any(|(_, found)| is_of_browser(&found.given) || is_of_browser(&found.expected));
    if is_compared {
        return None;
    }
    let is_known = posted(entry).is_some()
        || entry.checks_of(exchange).any(is_state_compared)
        || query::verifications(entry).any(|(_, found)| is_state(&found.token));
    match is_known {
        true => Some((
            Confidence::Medium,
            "The state is one that this server has made, but for whichever browser asked",
        )),
        false => Some((
            Confidence::High,
            "No value of the request is compared with a cookie or session of this browser before the code is exchanged",
        )),
    }
}

/// On every way past the check something that only this browser has is compared; whether it is there is no
/// comparison. Of a test whose parts are not known the best is assumed, unless one `is_seen` that is about the browser.
fn compares_browser(check: &Check, is_seen: bool) -> bool {
    let is_about_browser = |operands: &[Provenance]| operands.iter().any(is_of_browser);
    let is_compared = check.condition.always(&|kind, operands, holds| match kind {
        CheckKind::Presence => operands.iter().any(|operand| is_outcome(operand, holds)),
        CheckKind::Shape | CheckKind::Failure => false,
        _ => !is_with_nothing(operands) && is_about_browser(operands),
    });
    let is_opaque = matches!(check.kind, CheckKind::Other | CheckKind::Library);
    is_compared || ((is_opaque || !is_seen) && is_of_browser(&check.provenance()))
}

/// The same stands for both where nothing is kept or sent, so that a browser that keeps nothing passes: two empty
/// texts, or what is sent for what is kept.
fn is_met_by_nothing(check: &Check) -> bool {
    let [left, right] = check.operands.as_slice() else {
        return false;
    };
    let stands_for_nothing = |origin: &&Origin| {
        matches!(
            origin,
            Origin::Literal(_) | Origin::Request(RequestPart::Query, _)
        )
    };
    let is_both = |origin: &Origin| right.origins().contains(origin);
    (is_of_browser(left) || is_of_browser(right))
        && left
            .origins()
            .iter()
            .filter(stands_for_nothing)
            .any(is_both)
}

/// Holds if what this browser keeps must be there, and be more than nothing.
fn asks_for_browser(check: &Check) -> bool {
    let only_browser =
        |operand: &Provenance| is_of_browser(operand) && !operand.is_from(RequestPart::Query);
    match check.kind {
        CheckKind::Presence => check.outcome && check.operands.iter().any(only_browser),
        CheckKind::Equality => {
            !check.outcome
                && check.operands.iter().any(only_browser)
                && check
                    .operands
                    .iter()
                    .any(|operand| operand.literal().is_some())
        }
        CheckKind::Bound => {
            check.operands.iter().any(only_browser)
                && check
                    .operands
                    .iter()
                    .any(|operand| operand.literal().is_some())
        }
        _ => false,
    }
}

/// Holds if a part of the check examines something that only this browser has.
fn sees_browser(check: &Check) -> bool {
    check
        .condition
        .ever(&|_, operands, _| operands.iter().any(is_of_browser))
}

/// Holds if on some way past the check the state is compared with what the browser keeps.
fn compares_state(check: &Check) -> bool {
    check.condition.ever(&|kind, operands, _| {
        !matches!(
            kind,
            CheckKind::Presence | CheckKind::Shape | CheckKind::Failure
        ) && operands.iter().any(is_of_browser)
            && operands.iter().any(is_state)
    })
}

/// What a function made of both says whether they are the same; it does not where it says so without a cookie too.
fn is_outcome(value: &Provenance, holds: bool) -> bool {
    let is_given = value.is_from(RequestPart::Query);
    let passing = if holds { "true" } else { "false" };
    let is_constant = |origin: &Origin| matches!(origin, Origin::Literal(text) if text == passing);
    is_of_browser(value) && is_given && !value.origins().iter().any(is_constant)
}

/// `cookie === undefined` asks whether it is there.
fn is_with_nothing(operands: &[Provenance]) -> bool {
    operands.iter().any(|operand| {
        operand.is_empty()
            || operand
                .literal()
                .is_some_and(|text| text == "null" || text.is_empty())
    })
}

fn is_code(value: &Provenance) -> bool {
    value.origins().iter().any(|origin| {
        matches!(origin, Origin::Request(RequestPart::Query, name) if name.as_str() == "code")
    })
}

/// What a signed cookie holds is proven, and so stands as the caller's.
fn is_of_browser(value: &Provenance) -> bool {
    let is_proven =
        |origin: &Origin| matches!(origin, Origin::Principal(field) if !field.is_empty());
    value.is_from(RequestPart::Cookie)
        || value.is_from(RequestPart::Session)
        || value.origins().iter().any(is_proven)
}

/// That there is a `state`, and that it is a text, binds it to nobody.
fn is_state_compared(check: &Check) -> bool {
    let is_fixed = |operand: &Provenance| {
        let origins = operand.origins();
        origins
            .iter()
            .all(|origin| matches!(origin, Origin::Literal(_)))
    };
    let is_about_form = match check.kind {
        CheckKind::Presence | CheckKind::Shape | CheckKind::Bound => true,
        _ => check.operands.len() > 1 && check.operands.iter().any(is_fixed),
    };
    is_state(&check.provenance()) && !is_about_form
}

/// A `state` that is looked up or verified.
fn is_state(value: &Provenance) -> bool {
    value.origins().iter().any(|origin| {
        matches!(origin, Origin::Request(RequestPart::Query | RequestPart::Body, name) if name.as_str() != "code" && name.contains("state"))
    })
}
