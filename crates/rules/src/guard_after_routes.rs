//! Finds guards that are registered behind the entry points of their scope.

use firedoor_app::{Control, EntryPoint, Layer, LayerKind, Map, query};

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
    for entry in &map.entry_points {
        // What decorates a function that is registered already is no layer (`dead-guard`).
        let layers = entry.late.iter();
        for layer in layers.filter(|layer| layer.kind != LayerKind::Inline) {
            if let Some(control) = missed(map, entry, layer).or_else(|| idle(map, entry, layer)) {
                report(entry, layer, control, findings);
            }
        }
    }
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
        !entry.verdict(*control).refuses()
            && match control {
                Control::RateLimit => {
                    query::verifies_password(entry) || query::verifies_code(entry)
                }
                Control::Authentication => {
                    !is_public_by_nature(map, entry)
                        && worst(map, entry, &entry.exposed)
                            .is_some_and(|found| found.confidence > Confidence::Low)
                }
                Control::Authorization | Control::Ownership => {
                    query::changes_state(entry) || query::is_administrative_path(&entry.path)
                }
                _ => query::changes_state(entry),
            }
    })
}

fn report(entry: &EntryPoint, layer: &Layer, control: Control, findings: &mut Findings) {
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
