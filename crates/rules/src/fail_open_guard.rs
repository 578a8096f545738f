//! Finds guards that refuse some requests and let others on that they should refuse.

use firedoor_app::{Control, EntryPoint, Layer, LayerKind, Map, Transport, Verdict};
use firedoor_source::Span;

use crate::{Confidence, Findings, Rule, Severity, exposure};

/// The rule.
pub static RULE: Rule = Rule {
    id: "fail-open-guard",
    class: "guard-not-wired",
    summary: "a guard lets requests on when its own check cannot be made",
    severity: Severity::High,
    cwe: &["CWE-636"],
    remediation: "Refuse in every case that is not proven: in the `catch`, without a credential, and without the setting.",
    page: include_str!("../fixtures/fail-open-guard/README.md"),
    check,
};

fn check(map: &Map, findings: &mut Findings) {
    let mut told: Vec<Span> = Vec::new();
    for entry in &map.entry_points {
        for layer in open_layers(map, entry) {
            // A check that many handlers reach bears the name of each, and is one cause.
            let place = layer.fails_open.map(|(span, _)| span);
            if layer.kind == LayerKind::Inline && place.is_some_and(|span| told.contains(&span)) {
                continue;
            }
            told.extend(place);
            report(entry, layer, findings);
        }
    }
}

/// Returns the layers of `entry` that are guards, let requests on all the same, and have something behind them
/// that this matters for.
pub fn open_layers<'m>(map: &Map, entry: &'m EntryPoint) -> Vec<&'m Layer> {
    if entry.transport != Transport::Http {
        return Vec::new();
    }
    let layers = entry
        .layers
        .iter()
        .filter(|layer| layer.fails_open.is_some());
    if entry.verdict(Control::Authentication) == Verdict::Enforced {
        return layers.filter(|layer| asks_for_more(layer)).collect();
    }
    let exposed = exposure::worst(map, entry, &entry.exposed);
    let is_sensitive = !exposure::is_public_by_nature(map, entry)
        && exposed.is_some_and(|found| found.confidence > Confidence::Low);
    layers
        .filter(|layer| is_sensitive && !asks_another(entry, layer))
        .collect()
}

/// Holds if whoever does not bring this credential is asked for another one behind it, unless a setting has it that
/// nobody is: that one is then the guard, and its setting what is told.
fn asks_another(entry: &EntryPoint, layer: &Layer) -> bool {
    let is_left_out = layer
        .fails_open
        .is_some_and(|(_, why)| why.contains("credential"));
    let behind = entry
        .layers
        .iter()
        .skip_while(|it| !std::ptr::eq(*it, layer));
    is_left_out
        && behind.skip(1).any(|it| {
            let verdict = it.verdict_of(Control::Authentication);
            it.kind == LayerKind::Layer
                && (verdict.refuses() || matches!(verdict, Verdict::Conditional(_)))
        })
}

/// Holds if the layer is there to ask what a known user may do, and for nothing else.
fn asks_for_more(layer: &Layer) -> bool {
    layer.controls.contains(&Control::Authorization)
        && !layer.controls.contains(&Control::Authentication)
}

fn report(entry: &EntryPoint, layer: &Layer, findings: &mut Findings) {
    let Some((span, why)) = layer.fails_open else {
        return;
    };
    findings
        .at(layer.span, &layer.name)
        .entry_point(entry)
        .title(format!("`{}` lets requests on {why}", layer.name))
        .message(format!(
            "It refuses other requests, so it is meant as a guard; `{}` relies on it.",
            entry.id()
        ))
        .because("lets-on", span, format!("the request goes on {why}"))
        .because(
            "mounted",
            layer.mounted,
            format!("mounted before `{}`", entry.id()),
        )
        .report();
}
