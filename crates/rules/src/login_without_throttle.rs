//! Finds log-ins at which passwords can be guessed without end.

use firedoor_app::{
    Check, CheckKind, CompareSecret, ComparisonKind, Control, Effect, EffectKind, EntryPoint, Map,
    Operation, Origin, Provenance, RequestPart, Verdict, query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::counted_late::counted_late;
use crate::throttle::{is_password_throttled, is_throttled, throttles, with_place};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "login-without-throttle",
    class: "rate-limit",
    summary: "passwords can be guessed without limit",
    severity: Severity::High,
    cwe: &["CWE-307"],
    remediation: "Limit attempts by account and by address before the password is compared.",
    page: include_str!("../fixtures/login-without-throttle/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let mut seen: Vec<(Span, Option<Span>)> = Vec::new();
    let is_open = is_door_open(map);
    for entry in &map.entry_points {
        if !query::verifies_password(entry)
            || query::is_capability(map, entry)
            || is_password_throttled(map, entry)
        {
            continue;
        }
        let Some(comparison) = comparison(entry) else {
            continue;
        };
        let compared = comparison.span;
        if is_own_choice(entry, compared) {
            continue;
        }
        // Behind the log-in, one function that asks for the password again is one thing to repair; and so is a layer
        // that is mounted once and asks everybody.
        let is_behind = entry.verdict(Control::Authentication).refuses();
        let layer = mounted(entry, comparison).filter(|_| !is_behind);
        if layer.is_some() || is_behind {
            let place = (compared, layer);
            if seen.contains(&place) {
                continue;
            }
            seen.push(place);
        }
        report(entry, compared, is_open, findings);
    }
    for entry in &map.entry_points {
        report_shared(map, entry, findings);
        report_late(map, entry, findings);
    }
}

/// A count of the account, or of what the password stands before, that stops nobody.
fn report_late(map: &Map, entry: &EntryPoint, findings: &mut Findings) {
    let late = counted_late(entry).filter(|_| is_password_throttled(map, entry));
    if let Some(late) = late
        && late.secret.kind == ComparisonKind::Password
    {
        findings
            .at_entry(entry)
            .symbol("late")
            .confidence(Confidence::Medium)
            .title(format!("guesses are counted too late at `{}`", entry.id()))
            .message(late.side.words())
            .because("compares", late.compared, "the password is compared here")
            .because("counts", late.counted, "the attempt is counted here")
            .report();
    }
}

/// What somebody has put a password before, as a link or a room, is no account; the password can be guessed as well.
fn report_shared(map: &Map, entry: &EntryPoint, findings: &mut Findings) {
    let Some(check) = entry.checks.iter().find(|check| compares_shared(check)) else {
        return;
    };
    if query::verifies_password(entry)
        || query::is_capability(map, entry)
        || entry.verdict(Control::Authentication).refuses()
        || is_throttled(map, entry)
    {
        return;
    }
    let finding = findings
        .at_entry(entry)
        .symbol("shared")
        .confidence(Confidence::Medium)
        .title(format!("a password can be guessed at `{}`", entry.id()))
        .message(numbers(entry))
        .because("compares", check.span, "the password is compared here");
    with_place(finding, entry).report();
}

/// What the client sends as a password has to be the one that a record holds.
fn compares_shared(check: &Check) -> bool {
    let last = |name: &str| query::is_password_name(name.rsplit('.').next().unwrap_or(name));
    let is_sent = |origin: &Origin| match origin {
        Origin::Request(RequestPart::Body | RequestPart::Query | RequestPart::Message, name) => {
            last(name)
        }
        _ => false,
    };
    let is_kept = |origin: &Origin| match origin {
        Origin::Record { field, .. } => last(field),
        _ => false,
    };
    let [one, other] = check.operands.as_slice() else {
        return false;
    };
    let only = |value: &Provenance, is_so: &dyn Fn(&Origin) -> bool| {
        !value.is_empty() && value.origins().iter().all(is_so)
    };
    check.kind == CheckKind::Equality
        && (only(one, &is_sent) && only(other, &is_kept)
            || only(one, &is_kept) && only(other, &is_sent))
}

/// Holds if the account is made on the way to the comparison: its password is the one that the same request chose.
fn is_own_choice(entry: &EntryPoint, compared: Span) -> bool {
    let is_comparison = |effect: &Effect| {
        effect.span == compared && matches!(effect.kind, EffectKind::CompareSecret(_))
    };
    let Some(place) = entry.effects.iter().position(is_comparison) else {
        return false;
    };
    let comparison = &entry.effects[place];
    let EffectKind::CompareSecret(found) = &comparison.kind else {
        return false;
    };
    entry.effects[..place].iter().any(|effect| {
        let is_before = effect
            .checks
            .iter()
            .all(|check| comparison.checks.contains(check));
        matches!(&effect.kind, EffectKind::Access(access)
            if is_before && access.operation == Operation::Create && is_of(found, access.asset))
    })
}

/// Holds if a comparison is with what records of this asset hold.
fn is_of(found: &CompareSecret, asset: Ustr) -> bool {
    let mut origins = found.expected.origins().iter();
    origins.any(|origin| matches!(origin, Origin::Record { asset: own, .. } if *own == asset))
}

/// Returns the effect that compares the password.
fn comparison(entry: &EntryPoint) -> Option<&Effect> {
    let mut comparisons = query::comparisons(entry);
    let (effect, _) = comparisons.find(|(_, found)| found.kind == ComparisonKind::Password)?;
    Some(effect)
}

/// Returns where the layer is mounted that the effect is of.
fn mounted(entry: &EntryPoint, effect: &Effect) -> Option<Span> {
    let layer = entry.layers.get(effect.layer? as usize)?;
    Some(layer.mounted)
}

/// Holds if passwords can be guessed where people log in.
fn is_door_open(map: &Map) -> bool {
    map.entry_points.iter().any(|entry| {
        query::verifies_password(entry)
            && !entry.verdict(Control::Authentication).refuses()
            && !query::is_capability(map, entry)
            && !is_throttled(map, entry)
    })
}

fn report(entry: &EntryPoint, compared: Span, is_open: bool, findings: &mut Findings) {
    let is_behind = entry.verdict(Control::Authentication) == Verdict::Enforced;
    let finding = findings
        .at_entry(entry)
        .confidence(match is_behind {
            // Whoever guesses here has somebody's session already. Where the log-in itself lets guess, nobody needs
            // one for it.
            true if is_open => Confidence::Low,
            true => Confidence::Medium,
            false => Confidence::High,
        })
        .title(format!("passwords can be guessed at `{}`", entry.id()))
        .message(numbers(entry))
        .because("compares", compared, "the password is compared here");
    with_place(finding, entry).report();
}

/// Says which limits there are, and that they are too wide.
pub fn numbers(entry: &EntryPoint) -> String {
    let wide: Vec<String> = throttles(entry)
        .iter()
        .map(
            |(throttle, _, name)| match (throttle.limit, throttle.window) {
                (Some(limit), Some(window)) => {
                    format!("`{name}` allows {limit} in {window} seconds")
                }
                _ => format!("`{name}` does not count by anything that stays the same"),
            },
        )
        .collect();
    if wide.is_empty() {
        return "No limiter, lockout or count of attempts stands before it.".to_owned();
    }
    format!(
        "What stands before it does not stop guessing: {}.",
        wide.join(", ")
    )
}
