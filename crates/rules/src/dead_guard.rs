//! Finds guards that cannot act: limiters that skip every request, allow more than anybody sends or count under
//! a key that never repeats, and guards that refuse elsewhere and refuse nobody where they are mounted here.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use firedoor_app::{
    Access, Check, CheckKind, Control, EffectKind, EntryPoint, Flag, GuardDefinition,
    IN_PRODUCTION, Layer, LayerKind, MADE_ANEW, Map, NO_NUMBER, NO_SUCH_LIMIT, Operation, Origin,
    Provenance, Refusal, RequestPart, SETTING_MISSING, Throttle, Verdict, query,
};
use firedoor_source::Span;

use crate::missing_field::missing_field;
use crate::set_back::set_back;
use crate::throttle::{changing_inside, throttles};
use crate::unasked::unasked;
use crate::{Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "dead-guard",
    class: "guard-not-wired",
    summary: "a guard is mounted and cannot refuse anybody",
    severity: Severity::High,
    cwe: &["CWE-799", "CWE-863"],
    remediation: "Count under a key that stays the same for one client, with a limit that attempts can reach, and skip nothing; put the decorators of guards below that of the route.",
    page: include_str!("../fixtures/dead-guard/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    for guard in map.guards.iter().filter(|guard| !guard.is_used) {
        if let Some(entry) = wrapped(map, guard) {
            report_wrapped(guard, entry, findings);
        }
    }
    let mut entries: Vec<&EntryPoint> = map.entry_points.iter().collect();
    // What can be guessed at matters most, before what is behind a log-in.
    entries.sort_by_key(|entry| {
        let is_behind = entry.verdict(Control::Authentication).refuses();
        (!query::verifies_password(entry), is_behind)
    });
    report_uncalled(&entries, findings);
    let mut missed: Vec<Span> = Vec::new();
    for entry in &map.entry_points {
        if let Some((check, asked, declared)) = missing_field(map, entry)
            && !missed.contains(&check.span)
        {
            missed.push(check.span);
            report_missing(entry, check, (&asked, &declared), findings);
        }
    }
    let mut early: Vec<Span> = Vec::new();
    let working = OnceCell::new();
    for entry in &map.entry_points {
        if let Some((check, layer)) = asks_too_early(map, entry, &working)
            && !early.contains(&check.span)
        {
            early.push(check.span);
            report_early(entry, check, layer, findings);
        }
    }
    // One setting or function that makes keys serves many limiters.
    let mut seen = Vec::new();
    let mut counted: Vec<Span> = Vec::new();
    let mut idle: Vec<(&EntryPoint, &Layer, &Layer)> = Vec::new();
    let guards = RoleGuards::of(map);
    report_set_back(&entries, findings);
    report_unasked(map, findings);
    for entry in entries {
        for (throttle, span, name) in throttles(entry) {
            if let Some(why) = dead(throttle)
                && !seen.contains(&(why, &throttle.key))
            {
                seen.push((why, &throttle.key));
                report(entry, span, &name, why, findings);
            }
        }
        if let Some((key, span, name, part)) = changing_inside(entry)
            && !seen.iter().any(|(_, known)| *known == key)
            && !counted.contains(&span)
        {
            counted.push(span);
            let why = format!("its key holds {part}, and is another one each time");
            report(entry, span, &name, &why, findings);
        }
        for layer in &entry.layers {
            if let Some(other) = acts_elsewhere(&guards, entry, layer)
                && !idle.iter().any(|(_, known, _)| is_same_mount(known, layer))
            {
                idle.push((entry, layer, other));
            }
        }
    }
    report_unheard(map, findings);
    for (entry, layer, other) in &idle {
        // A slip happens once or twice; who mounts it again and again means it to let everybody through.
        let alike = idle.iter().filter(|(_, it, _)| it.span == layer.span);
        if alike.count() < MEANT {
            report_idle(entry, layer, other, findings);
        }
    }
}

/// In so many places a guard that refuses nobody is meant.
const MEANT: usize = 4;

fn is_same_mount(one: &Layer, other: &Layer) -> bool {
    (one.span, one.mounted) == (other.span, other.mounted)
}

/// Returns the entry point whose function a limiter wraps too late: its decorator stands above that of the route,
/// which has registered the function without it.
pub fn wrapped<'m>(map: &'m Map, guard: &GuardDefinition) -> Option<&'m EntryPoint> {
    let is_loose = guard.throttle.is_some() && guard.covers.is_empty() && guard.mounts.is_empty();
    let mut entries = map.entry_points.iter();
    entries.find(|entry| {
        is_loose && entry.handler.name == guard.name && entry.handler.span.file == guard.span.file
    })
}

fn report_wrapped(guard: &GuardDefinition, entry: &EntryPoint, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .span(guard.span)
        .symbol(&guard.name)
        .title(format!("the limiter of `{}` never runs", guard.name))
        .message(format!(
            "Its decorator stands above that of the route, so that `{}` calls the function without it.",
            entry.id()
        ))
        .because("registered", entry.registered, "the function is registered here, without the limiter")
        .report();
}

/// Reports guards that are made for an entry point and that nobody calls. One function makes them for many.
fn report_uncalled(entries: &[&EntryPoint], findings: &mut Findings) {
    let mut seen: Vec<(Span, Span)> = Vec::new();
    for entry in entries {
        let mut above = entry.late.iter();
        let found = above.find(|layer| {
            layer.kind == LayerKind::Inline
                && is_needed(entry, layer)
                && !seen.contains(&(layer.span, layer.mounted))
        });
        if let Some(layer) = found {
            seen.push((layer.span, layer.mounted));
            report_above(entry, layer, findings);
        }
    }
}

/// Holds if nothing else before the entry point does what the guard would do whatever the settings are. Limits add up:
/// one by address and one by account are two.
fn is_needed(entry: &EntryPoint, layer: &Layer) -> bool {
    let mut controls = layer.controls.iter();
    controls.any(|control| {
        *control == Control::RateLimit || entry.verdict(*control) != Verdict::Enforced
    })
}

fn report_above(entry: &EntryPoint, layer: &Layer, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .symbol(&layer.name)
        .title(format!("the guard of `{}` never runs", entry.handler.name))
        .message(format!(
            "Its decorator stands above that of the route, its class behind that of the view, or a dependency makes it and nobody calls it, so that `{}` runs without it.",
            entry.id()
        ))
        .because("registered", entry.registered, "the function is registered here, without the guard")
        .because("guard", layer.span, "the function that is guarded")
        .report();
}

/// The guards that refuse for want of a right, by their place, in the order of the map.
pub struct RoleGuards<'m>(BTreeMap<Span, Vec<&'m Layer>>);

impl<'m> RoleGuards<'m> {
    /// Returns those of `map`.
    pub fn of(map: &'m Map) -> RoleGuards<'m> {
        let mut guards: BTreeMap<Span, Vec<&Layer>> = BTreeMap::new();
        for layer in map.entry_points.iter().flat_map(|entry| &entry.layers) {
            if layer.kind == LayerKind::Layer
                && layer.verdict == Verdict::Enforced
                && layer.controls.contains(&Control::Authorization)
            {
                guards.entry(layer.span).or_default().push(layer);
            }
        }
        RoleGuards(guards)
    }
}

/// Returns where the guard refuses users, if it is one of those that are made for each place, and refuses
/// nobody at this place.
pub fn acts_elsewhere<'m>(
    guards: &RoleGuards<'m>,
    entry: &EntryPoint,
    layer: &Layer,
) -> Option<&'m Layer> {
    let is_idle = layer.kind == LayerKind::Layer
        && layer.verdict == Verdict::Absent
        && layer.throttle.is_none()
        && entry.verdict(Control::Authentication) == Verdict::Enforced;
    let is_made_up_for = entry.layers.iter().any(|other| {
        other.span == layer.span && other.verdict.refuses() && !std::ptr::eq(other, layer)
    });
    if !is_idle || is_made_up_for || loads_what_is_named(entry, layer) {
        return None;
    }
    let acting = guards.0.get(&layer.span)?;
    // One that stands before many at once, and refuses others of them, is told by a mark on each whom to let on.
    if acting.iter().any(|other| other.mounted == layer.mounted) {
        return None;
    }
    acting
        .iter()
        .copied()
        .find(|other| other.mounted != layer.mounted)
        .filter(|other| !asks_how_long_ago(entry, other))
}

/// Holds if the layer looks up what the path names, and says where that is missing: it is needed for that here, whatever
/// else it asks of who changes or deletes.
fn loads_what_is_named(entry: &EntryPoint, layer: &Layer) -> bool {
    let number = entry.layers.iter().position(|it| std::ptr::eq(it, layer));
    let number = number.and_then(|number| u32::try_from(number).ok());
    let is_named = |value: &Provenance| value.is_from(RequestPart::Path);
    let is_missed = |access: &Access| {
        entry.checks.iter().any(|check| {
            let mut operands = check.operands.iter();
            check.kind == CheckKind::Presence
                && check.refusal.as_ref().and_then(Refusal::status) == Some(404)
                && operands.any(|it| it.record_fields(access.asset).next().is_some())
        })
    };
    number.is_some()
        && query::accesses(entry).any(|(effect, access)| {
            effect.layer == number
                && access.operation == Operation::Read
                && access.key.iter().any(|field| is_named(&field.value))
                && !access
                    .key
                    .iter()
                    .any(|field| query::is_principal(&field.value))
                && is_missed(access)
        })
}

/// Holds if what the guard asks elsewhere is asked here too, and is how long ago the caller did something: that is no
/// right of his, and refuses all the same.
fn asks_how_long_ago(entry: &EntryPoint, guard: &Layer) -> bool {
    entry.checks.iter().any(|check| {
        let origins = || check.operands.iter().flat_map(Provenance::origins);
        guard.places.iter().any(|place| place.span == check.span)
            && check
                .refusal
                .as_ref()
                .is_some_and(|it| *it != Refusal::Return)
            && origins().any(|it| *it == Origin::Clock)
            && check.operands.iter().any(query::is_principal)
    })
}

/// Returns the check of a guard that asks for what another layer attaches only afterwards, and lets on whoever has
/// nothing attached: elsewhere the same guard asks what a log-in has attached.
fn asks_too_early<'m>(
    map: &'m Map,
    entry: &'m EntryPoint,
    working: &OnceCell<BTreeSet<Span>>,
) -> Option<(&'m Check, &'m Layer)> {
    if entry.verdict(Control::Authentication) != Verdict::Enforced {
        return None;
    }
    let is_attached = |value: &Provenance| value.is_from(RequestPart::Context);
    let lets_on = |part: &Check| {
        part.kind == CheckKind::Presence
            && !part.outcome
            && part.operands.iter().any(is_attached)
            && !part.provenance().is_of_principal()
    };
    let works_elsewhere = |check: &Check| {
        let working = working.get_or_init(|| {
            let all = map.entry_points.iter().flat_map(|other| &other.checks);
            let works = all.filter(|other| other.provenance().is_of_principal());
            works.map(|other| other.span).collect()
        });
        working.contains(&check.span)
    };
    let check = entry.checks.iter().find(|check| {
        check.refusal.is_some()
            && check.is_alternative
            && check.alternatives.iter().any(lets_on)
            && works_elsewhere(check)
    })?;
    let mut layers = entry.layers.iter();
    let layer = layers.find(|layer| {
        layer.kind == LayerKind::Layer
            && layer.controls.contains(&Control::Authorization)
            && layer.places.iter().any(|it| it.span == check.span)
    })?;
    let mut later = entry
        .layers
        .iter()
        .skip_while(|it| !std::ptr::eq(*it, layer));
    later
        .any(|it| it.controls.contains(&Control::Authentication))
        .then_some((check, layer))
}

fn report_missing(
    entry: &EntryPoint,
    check: &Check,
    (asked, declared): (&str, &str),
    findings: &mut Findings,
) {
    findings
        .at_entry(entry)
        .span(check.span)
        .symbol(asked)
        .title(format!("`{}` is held against nothing", entry.id()))
        .message(format!(
            "There is no field `{asked}`, but one `{declared}`: what is worked out from it is no number, of which nothing is greater, so that nobody is refused."
        ))
        .because("asks", check.span, "it is asked for here")
        .report();
}

fn report_early(entry: &EntryPoint, check: &Check, layer: &Layer, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .span(check.span)
        .symbol(&layer.name)
        .title(format!(
            "`{}` asks before it is known who is there",
            layer.name
        ))
        .message(format!(
            "It stands before the log-in of `{}`, finds nobody, and lets everybody on.",
            entry.id()
        ))
        .because("mounted", layer.mounted, "it is mounted here")
        .report();
}

fn report_idle(entry: &EntryPoint, layer: &Layer, other: &Layer, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .span(layer.mounted)
        .symbol(&layer.name)
        .title(format!("`{}` refuses nobody at `{}`", layer.name, entry.id()))
        .message(
            "The same guard refuses users elsewhere; what it is asked for here is something that it lets everybody do.",
        )
        .because("compared-with", other.mounted, "here it refuses")
        .because("guard", layer.span, "the guard")
        .report();
}

/// Reports each place where a limit is given to a counter that nobody has set up, at what anybody can ask for, or guess at,
/// first.
fn report_unheard(map: &Map, findings: &mut Findings) {
    let all = map.entry_points.iter();
    let mut found: Vec<(&EntryPoint, Span)> = all
        .filter_map(|entry| Some((entry, unheard(entry)?)))
        .collect();
    found.sort_by_key(|(entry, _)| {
        let is_for_known = entry.verdict(Control::Authentication).refuses();
        (is_for_known, !query::verifies_password(entry))
    });
    let mut seen: Vec<Span> = Vec::new();
    for (entry, span) in found {
        if !seen.contains(&span) {
            seen.push(span);
            let why = "no counter has the name that it gives";
            report(entry, span, &entry.handler.name, why, findings);
        }
    }
}

/// Returns where a limit is given to a counter that nobody has set up.
fn unheard(entry: &EntryPoint) -> Option<Span> {
    let is_unheard =
        |throttle: &Throttle| throttle.skips == Flag::Conditional(NO_SUCH_LIMIT.to_owned());
    let mut effects = entry.effects.iter();
    let found = effects.find(
        |effect| matches!(&effect.kind, EffectKind::Throttle(throttle) if is_unheard(throttle)),
    );
    found.map(|effect| effect.span)
}

fn dead(throttle: &Throttle) -> Option<&'static str> {
    if throttle.skips == Flag::On {
        return Some("it skips every request");
    }
    if throttle.skips == Flag::Conditional(SETTING_MISSING.to_owned()) {
        return Some(
            "it skips every request where a setting is missing, as every text begins with nothing",
        );
    }
    if throttle.skips == Flag::Conditional(IN_PRODUCTION.to_owned()) {
        return Some("it skips every request in production");
    }
    if throttle.skips == Flag::Conditional(NO_NUMBER.to_owned()) {
        return Some(
            "its limit is worked out from a value that is not there, and no count is greater than that",
        );
    }
    if throttle.skips == Flag::Conditional(MADE_ANEW.to_owned()) {
        return Some("each request makes one of its own, which has counted nothing yet");
    }
    let changes = throttle.key.origins().iter().any(|origin| match origin {
        Origin::Random { .. } | Origin::Clock => true,
        Origin::Request(firedoor_app::RequestPart::Address, field) => {
            field.to_ascii_lowercase().contains("port")
        }
        _ => false,
    });
    if changes {
        return Some("its key differs from request to request");
    }
    // Where several may come within a second, and then as many again, nobody is kept waiting: a window in seconds where
    // thousandths are asked for.
    if throttle.window == Some(0) && throttle.limit.is_some_and(|limit| limit >= 5) {
        return Some("it starts to count anew within a second");
    }
    let per_minute = match (throttle.limit, throttle.window) {
        (Some(limit), Some(window)) if window > 0 => limit.saturating_mul(60) / window,
        (Some(limit), None) => limit,
        _ => 0,
    };
    (per_minute > 100_000).then_some("nobody reaches its limit")
}

fn report_unasked(map: &Map, findings: &mut Findings) {
    for entry in &map.entry_points {
        if let Some(effect) = unasked(map, entry) {
            let why = "nobody looks at what the limiter says";
            report(entry, effect.span, &effect.function, why, findings);
        }
    }
}

fn report_set_back(entries: &[&EntryPoint], findings: &mut Findings) {
    // One function serves many limits.
    let mut seen: Vec<Span> = Vec::new();
    for entry in entries {
        if let Some(effect) = set_back(entry)
            && !seen.contains(&effect.span)
        {
            seen.push(effect.span);
            let why = "each attempt sets the number back before it is counted";
            report(entry, effect.span, &effect.function, why, findings);
        }
    }
}

fn report(entry: &EntryPoint, span: Span, name: &str, why: &str, findings: &mut Findings) {
    findings
        .at(span, name)
        .entry_point(entry)
        .title(format!("`{name}` counts and never refuses"))
        .message(format!(
            "It stands before `{}` and limits nothing: {why}.",
            entry.id()
        ))
        .because(
            "stands-before",
            entry.registered,
            format!("`{}`", entry.id()),
        )
        .report();
}
