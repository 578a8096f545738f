//! Finds guards that are there only under a condition that production need not meet.

use firedoor_app::{
    Check, CheckKind, Control, Effect, EffectKind, EntryPoint, Layer, LayerKind, Map, Origin,
    Provenance, SessionOperation, Transport, Verdict, query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::cookie_use::{credentials, takes};
use crate::exposure::is_public_by_nature;
use crate::fail_open_guard::open_layers;
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "conditional-guard",
    class: "guard-not-wired",
    summary: "a guard is mounted or acts only under a condition",
    severity: Severity::Medium,
    cwe: &["CWE-863"],
    remediation: "Mount the guard always; let settings change its numbers, not its presence.",
    page: include_str!("../fixtures/conditional-guard/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    // A guard that lets requests on where a setting is missing is a finding of its own.
    let told: Vec<Span> = map
        .entry_points
        .iter()
        .flat_map(|entry| open_layers(map, entry))
        .map(|layer| layer.span)
        .collect();
    let mut found: Vec<Conditional<'_>> = Vec::new();
    for entry in map
        .entry_points
        .iter()
        .filter(|entry| entry.transport == Transport::Http)
    {
        for control in [
            Control::Authentication,
            Control::Authorization,
            Control::RateLimit,
            Control::Csrf,
            Control::Origin,
        ] {
            if let Some((layer, condition)) = conditional(map, entry, control)
                && !(is_own(&condition) && told.contains(&layer.span))
            {
                add(&mut found, entry, layer, condition);
            }
        }
        if let Some((layer, condition)) = ranked_besides(map, entry) {
            add(&mut found, entry, layer, condition);
        }
        if let Some((layer, setting)) = counts_by_setting(entry) {
            add(&mut found, entry, layer, format!("not {setting}"));
        }
    }
    for conditional in &found {
        report(conditional, findings);
    }
}

/// A guard at one place, with the entry points that it leaves open.
struct Conditional<'m> {
    layer: &'m Layer,
    condition: String,
    entries: Vec<&'m EntryPoint>,
}

fn conditional<'m>(
    map: &Map,
    entry: &'m EntryPoint,
    control: Control,
) -> Option<(&'m Layer, String)> {
    let Verdict::Conditional(condition) = entry.verdict(control) else {
        return None;
    };
    let matters = match control {
        Control::RateLimit => query::verifies_password(entry) || query::verifies_code(entry),
        Control::Authentication if is_public_by_nature(map, entry) => false,
        Control::Csrf | Control::Origin => is_carried_elsewhere(map, entry),
        _ => !entry.effects.is_empty(),
    };
    let is_so = |layer: &&Layer| matches!(layer.verdict_of(control), Verdict::Conditional(_));
    let layer = entry.layers.iter().find(is_so).filter(|_| matters)?;
    (layer.kind != LayerKind::Inline || keeps_something(entry)).then_some((layer, condition))
}

/// Returns the guard that asks for a rank besides that of the guards before it, and is mounted only under a condition, where
/// the same one is mounted before others whatever holds.
fn ranked_besides<'m>(map: &'m Map, entry: &'m EntryPoint) -> Option<(&'m Layer, String)> {
    let is_same = |layer: &Layer, other: &Layer| {
        layer.kind == LayerKind::Layer && (layer.span, layer.name) == (other.span, other.name)
    };
    let is_enforced = |layer: &Layer| layer.verdict_of(Control::Authorization) == Verdict::Enforced;
    let has = |entry: &EntryPoint, wanted: &Layer| {
        let mut layers = entry.layers.iter();
        layers.any(|it| is_same(it, wanted) && is_enforced(it))
    };
    if entry.verdict(Control::Authorization) != Verdict::Enforced || entry.effects.is_empty() {
        return None;
    }
    entry.layers.iter().find_map(|layer| {
        let Verdict::Conditional(condition) = layer.verdict_of(Control::Authorization) else {
            return None;
        };
        let is_elsewhere = || map.entry_points.iter().any(|other| has(other, layer));
        let is_mounting = layer.kind == LayerKind::Layer && !is_own(&condition);
        (is_mounting && !has(entry, layer) && is_elsewhere()).then_some((layer, condition))
    })
}

/// Holds if there is something that a check inside the handler keeps people from: a log-out that sends whom it does not
/// know to one page and whom it knows to another does neither of them a favour.
fn keeps_something(entry: &EntryPoint) -> bool {
    let is_told = |value: &Provenance| {
        let mut origins = value.origins().iter();
        origins.any(|it| !matches!(it, Origin::Literal(_) | Origin::Environment { .. }))
    };
    let mut own = entry.effects.iter().filter(|it| it.layer.is_none());
    own.any(|effect| match &effect.kind {
        EffectKind::Respond { body, is_error, .. } => {
            !is_error && body.iter().any(|field| is_told(&field.value))
        }
        EffectKind::Session(operation, _) => *operation != SessionOperation::Destroy,
        EffectKind::Redirect(_)
        | EffectKind::SetHeader(..)
        | EffectKind::ClearCookie(_)
        | EffectKind::Verify(_)
        | EffectKind::Continue => false,
        _ => true,
    })
}

/// Holds if the entry point changes something for whoever a cookie shows, which browsers add to what other pages have
/// them send: there a guard that asks for the page matters, and no other is there.
fn is_carried_elsewhere(map: &Map, entry: &EntryPoint) -> bool {
    let mut cookies = credentials(map).filter(|found| takes(entry, found.cookie));
    let is_guarded = [Control::Csrf, Control::Origin]
        .into_iter()
        .any(|control| entry.verdict(control) == Verdict::Enforced);
    query::changes_state(entry)
        && entry.verdict(Control::Authentication).refuses()
        && !is_guarded
        && cookies.any(|found| found.cookie.same_site.as_deref() != Some("strict"))
}

/// Returns the limiter of a log-in that refuses only where a setting is there which nothing sets by default.
fn counts_by_setting(entry: &EntryPoint) -> Option<(&Layer, Ustr)> {
    let is_guessed = query::verifies_password(entry) || query::verifies_code(entry);
    if !is_guessed || entry.verdict(Control::RateLimit) != Verdict::Enforced {
        return None;
    }
    let is_refusal = |effect: &&Effect| {
        matches!(
            effect.kind,
            EffectKind::Respond {
                status: Some(429),
                ..
            }
        )
    };
    let refusals: Vec<&Effect> = entry.effects.iter().filter(is_refusal).collect();
    let needed = refusals
        .iter()
        .flat_map(|effect| entry.checks_of(effect))
        .find_map(needed_setting)?;
    let names = |check: &Check| {
        let mut origins = check.operands.iter().flat_map(Provenance::origins);
        origins.any(|origin| matches!(origin, Origin::Environment { name, .. } if *name == needed))
    };
    let layer = entry
        .layers
        .iter()
        .find(|layer| layer.verdict_of(Control::RateLimit).refuses())?;
    let mut refusals = refusals.iter();
    let is_always = refusals.all(|effect| entry.checks_of(effect).any(names));
    // Without the setting there may be nothing to guess: it switches the entry point on, and not the limiter. What asks
    // for the setting or for attempts that are left is the limiter.
    let is_setting =
        |origin: &Origin| matches!(origin, Origin::Environment { .. } | Origin::Literal(_));
    let is_switch = |check: &Check| {
        let mut origins = check.operands.iter().flat_map(Provenance::origins);
        names(check) && origins.all(is_setting)
    };
    let mut guessed = query::comparisons(entry).map(|(effect, _)| effect);
    let is_off = guessed.all(|effect| entry.checks_of(effect).any(is_switch));
    (is_always && !is_off).then_some((layer, needed))
}

/// The setting that must be there, or have a certain value, for the check to come out as it did.
fn needed_setting(check: &Check) -> Option<Ustr> {
    let is_off = |text: &str| matches!(text, "" | "0" | "false" | "off" | "no");
    let wanted = || check.operands.iter().find_map(Provenance::literal);
    // A value that is there by default and is another than the one that is asked for switches nothing on.
    let is_unset = |fallback: Option<Ustr>| match fallback {
        Some(text) if check.kind == CheckKind::Equality => {
            is_off(&text) || wanted().is_some_and(|wanted| wanted != text)
        }
        fallback => fallback.is_none_or(|text| is_off(&text)),
    };
    let by_default = |value: &Provenance| {
        let mut origins = value.origins().iter();
        let (name, fallback) = origins.find_map(|origin| match origin {
            Origin::Environment { name, fallback } => Some((*name, *fallback)),
            _ => None,
        })?;
        let is_own = |origin: &Origin| match origin {
            Origin::Environment { name: other, .. } => *other == name,
            Origin::Literal(text) => fallback == Some(*text),
            _ => false,
        };
        (value.origins().iter().all(is_own) && is_unset(fallback)).then_some(name)
    };
    let is_production = |value: &Provenance| {
        value
            .literal()
            .is_some_and(|text| matches!(text.as_str(), "production" | "prod"))
    };
    let is_needed = match check.kind {
        CheckKind::Presence => check.operands.len() == 1,
        CheckKind::Equality => {
            check
                .operands
                .iter()
                .any(|it| it.literal().is_some_and(|text| text != "null"))
                && !check.operands.iter().any(is_production)
        }
        _ => false,
    };
    (is_needed && check.outcome && !check.is_alternative)
        .then(|| check.operands.iter().find_map(by_default))?
}

/// Holds if the condition is one of the guard itself, which names a setting; that of a mounting is a piece of code.
fn is_own(condition: &str) -> bool {
    let is_name = |character: char| {
        character.is_ascii_uppercase() || character.is_ascii_digit() || character == '_'
    };
    let mut names = condition.split(" or ");
    names.all(|name| name.trim_start_matches("not ").chars().all(is_name))
}

/// What is mounted once is told once, however many entry points lie behind it.
fn add<'m>(
    found: &mut Vec<Conditional<'m>>,
    entry: &'m EntryPoint,
    layer: &'m Layer,
    condition: String,
) {
    let known = found.iter_mut().find(|known| {
        known.condition == condition
            && match is_own(&condition) {
                // A check that many handlers reach bears the name of each, and a list of guards is mounted as one.
                true => {
                    let is_inside = |layer: &Layer| layer.kind == LayerKind::Inline;
                    known.layer.span == layer.span || is_inside(known.layer) && is_inside(layer)
                }
                false => known.layer.mounted == layer.mounted,
            }
    });
    match known {
        Some(known)
            if known
                .entries
                .iter()
                .any(|other| std::ptr::eq(*other, entry)) => {}
        Some(known) => known.entries.push(entry),
        None => found.push(Conditional {
            layer,
            condition,
            entries: vec![entry],
        }),
    }
}

/// The condition of a guard's own is the one on which it lets everybody on; that of a mounting the opposite.
fn title(found: &Conditional<'_>) -> String {
    let (name, condition) = (found.layer.name, &found.condition);
    if !is_own(condition) {
        return format!("`{name}` guards only if {condition}");
    }
    match condition
        .strip_prefix("not ")
        .filter(|rest| !rest.contains(' '))
    {
        Some(setting) => format!("`{name}` guards nothing where {setting} is not set"),
        None => format!("`{name}` guards nothing if {condition}"),
    }
}

/// More entry points than these are counted and not named.
const NAMED: usize = 8;

fn report(found: &Conditional<'_>, findings: &mut Findings) {
    let Some((first, others)) = found.entries.split_first() else {
        return;
    };
    let (layer, id) = (found.layer, first.id());
    let reached = match others.len() {
        0 => format!("`{id}` is"),
        count => format!("`{id}` and {count} others are"),
    };
    let mut finding = findings
        .at(layer.mounted, &layer.name)
        .symbol(if is_own(&found.condition) { "" } else { &id })
        .entry_point(first)
        .title(title(found))
        .message(match is_own(&found.condition) {
            true => format!("There {reached} reached as if it were not mounted."),
            false => format!("Otherwise {reached} reached without it."),
        })
        .because("guard", layer.span, "the guard");
    for entry in found.entries.iter().take(NAMED) {
        finding = finding.because("reached", entry.registered, format!("`{}`", entry.id()));
    }
    finding.report();
}
