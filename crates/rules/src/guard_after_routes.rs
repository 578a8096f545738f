//! Finds guards that are registered behind the entry points of their scope.

use firedoor_app::{Control, EntryPoint, Layer, LayerKind, Map, Origin, RequestPart, query};

use crate::exposure::{is_public_by_nature, worst};
use crate::{Confidence, Findings, Rule, Severity};

/// The rule.
pub static RULE: Rule = Rule {
    id: "guard-after-routes",
    class: "guard-not-wired",
    summary: "a guard is registered after the entry points that it should protect",
    severity: Severity::High,
    cwe: &["CWE-696"],
    remediation: "Register the guard before the routes: layers run in the order in which they are registered.",
    page: include_str!("../fixtures/guard-after-routes/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    report_unread(map, findings);
    for entry in &map.entry_points {
        // What decorates a function that is registered already is no layer (`dead-guard`).
        let layers = entry.late.iter();
        for layer in layers.filter(|layer| layer.kind != LayerKind::Inline) {
            if is_unread(entry, layer) {
                continue;
            }
            if let Some(control) = missed(map, entry, layer).or_else(|| idle(map, entry, layer)) {
                report(entry, layer, control, findings);
            }
        }
    }
}

/// Reports limits that entry points name and no limiter before them asks for. One list of limiters is shared by many, so
/// that all of them are one finding, which the entry point names at which guesses are made.
fn report_unread(map: &Map, findings: &mut Findings) {
    let named = map.entry_points.iter().filter_map(|entry| {
        let mut late = entry.late.iter();
        let layer = late.find(|layer| is_unread(entry, layer) && is_tighter(entry, layer))?;
        Some((entry, layer))
    });
    let mut found: Vec<(&EntryPoint, &Layer)> = named.collect();
    found.sort_by_key(|(entry, _)| {
        (
            !query::verifies_password(entry),
            !query::verifies_code(entry),
        )
    });
    let Some((entry, layer)) = found.first() else {
        return;
    };
    let others = match found.len() {
        1 => String::new(),
        number => format!(" and {} others", number - 1),
    };
    let mut finding = findings
        .at_entry(entry)
        .symbol(&layer.name)
        .title(format!(
            "nothing reads the limit that `{}`{others} names",
            entry.id()
        ))
        .message(format!(
            "Only `{}` asks for it, and that is not among the limiters here: a list that a view sets replaces the one of the settings.",
            layer.name
        ))
        .because("named", layer.mounted, "the limit is named for this entry point");
    if let Some(wide) = entry.layers.iter().find(|layer| layer.throttle.is_some()) {
        finding = finding.because(
            "counts",
            wide.mounted,
            format!("`{}` lets far more through", wide.name),
        );
    }
    finding.report();
}

/// The entry point names a limit for a limiter that does not run before it.
fn is_unread(entry: &EntryPoint, layer: &Layer) -> bool {
    is_marked(entry, layer) && layer.throttle.is_some()
}

/// Returns the control of a guard that stands before no entry point at all, of those that the entry point needs. A lesser
/// guard before it, as one of the same family for a lower role, does not do what this one should.
fn idle(map: &Map, entry: &EntryPoint, layer: &Layer) -> Option<Control> {
    let stands = |other: &EntryPoint| {
        let mut own = other.layers.iter();
        own.any(|own| own.mounted == layer.mounted)
    };
    let control = layer
        .controls
        .iter()
        .copied()
        .find(|control| match control {
            Control::RateLimit => query::verifies_password(entry) || query::verifies_code(entry),
            Control::Authorization => {
                query::changes_state(entry) && query::is_administrative_path(&entry.path)
            }
            _ => false,
        })?;
    (!map.entry_points.iter().any(stands)).then_some(control)
}

/// Returns the control that the entry point lacks, needs and would have from the layer.
fn missed(map: &Map, entry: &EntryPoint, layer: &Layer) -> Option<Control> {
    layer.controls.iter().copied().find(|control| {
        // What a decorator asks for is meant, whatever the route does.
        !entry.verdict(*control).refuses()
            && (is_marked(entry, layer)
                || is_needed(map, entry, *control) && !comes_with_callers(entry, layer, *control))
    })
}

/// A guard that finds out who is asking, and refuses some of those, is for those who come with its credential. Where
/// the entry point has one of its own that its handler looks at, as a token that opens the next session, or one that it
/// only takes back, those callers are none of the guard's.
fn comes_with_callers(entry: &EntryPoint, layer: &Layer, control: Control) -> bool {
    let is_of_callers = matches!(control, Control::Authorization | Control::Ownership)
        && layer.controls.contains(&Control::Authentication);
    let mut before = entry
        .layers
        .iter()
        .filter(|it| it.kind != LayerKind::Inline);
    is_of_callers
        && !query::is_administrative_path(&entry.path)
        && !before.any(|it| it.controls.contains(&Control::Authentication))
}

/// The limiter would let through far less than what the others before the entry point do.
fn is_tighter(entry: &EntryPoint, layer: &Layer) -> bool {
    let hourly = |layer: &Layer| {
        let throttle = layer.throttle.as_ref()?;
        let window = throttle.window.filter(|window| *window > 0)?;
        Some(throttle.limit?.saturating_mul(3_600) / window)
    };
    let Some(own) = hourly(layer) else {
        return false;
    };
    // What the handler counts by itself is something else, as attempts at one account.
    let mut others = entry.layers.iter().filter(|other| other.throttle.is_some());
    others.all(|other| hourly(other).is_some_and(|other| other / TIGHTER >= own))
}

/// So many times fewer requests are another kind of limit.
const TIGHTER: u64 = 5;

/// A decorator at the route asks for the guard, which is not mounted there.
fn is_marked(entry: &EntryPoint, layer: &Layer) -> bool {
    layer.mounted == entry.registered
}

fn is_needed(map: &Map, entry: &EntryPoint, control: Control) -> bool {
    match control {
        Control::RateLimit => query::verifies_password(entry) || query::verifies_code(entry),
        Control::Authentication => {
            !is_public_by_nature(map, entry)
                && worst(map, entry, &entry.exposed)
                    .is_some_and(|found| found.confidence > Confidence::Low)
        }
        // A guard of callers stands behind what is there for those who are none yet: log-in, sign-up, a mailed link.
        Control::Authorization | Control::Ownership => {
            let is_open = is_public_by_nature(map, entry)
                && !entry.verdict(Control::Authentication).refuses();
            !is_open && (query::changes_state(entry) || query::is_administrative_path(&entry.path))
        }
        // Pages of others matter where a browser brings along what proves the caller.
        Control::Csrf | Control::Origin => {
            query::changes_state(entry) && entry.credentials.iter().any(is_brought_along)
        }
        _ => query::changes_state(entry),
    }
}

fn is_brought_along(origin: &Origin) -> bool {
    match origin {
        Origin::Request(RequestPart::Cookie | RequestPart::Session, _) => true,
        Origin::Request(RequestPart::Header, name) => name == "cookie",
        _ => false,
    }
}

fn report(entry: &EntryPoint, layer: &Layer, control: Control, findings: &mut Findings) {
    if is_marked(entry, layer) {
        report_marked(entry, layer, control, findings);
        return;
    }
    findings
        .at_entry(entry)
        .symbol(&layer.name)
        .title(format!(
            "`{}` runs only after `{}` has answered",
            layer.name,
            entry.id()
        ))
        .message(format!(
            "The {} guard is registered behind the route, which answers and never calls it.",
            control.as_str()
        ))
        .because(
            "mounted",
            layer.mounted,
            format!("`{}` is registered here, too late", layer.name),
        )
        .because("guard", layer.span, "the guard")
        .report();
}

fn report_marked(entry: &EntryPoint, layer: &Layer, control: Control, findings: &mut Findings) {
    findings
        .at_entry(entry)
        .symbol(&layer.name)
        .title(format!("`{}` does not run before `{}`", layer.name, entry.id()))
        .message(format!(
            "A decorator says what the {} guard is to ask for, as at other routes, which have the guard; this one has not, and nobody reads what it says.",
            control.as_str()
        ))
        .because("marked", layer.mounted, "the decorators of this route")
        .because("guard", layer.span, "the guard")
        .report();
}
