//! One entry point: a line for the list, and its way from the outside to what it keeps.

use firedoor_app::{Control, EntryPoint, Layer, LayerKind, Verdict};
use firedoor_source::FileSet;

use super::markup::Page;
use crate::coverage::controls_of;
use crate::shape::{Place, accesses};
use crate::words;

/// Returns the sign of a verdict; colour only repeats what it says.
pub(super) fn mark(verdict: &str) -> &'static str {
    match verdict {
        "enforced" => "●",
        "conditional" => "◐",
        "observed" => "○",
        "absent" => "✗",
        "unknown" => "?",
        _ => "·",
    }
}

/// Returns the verdict of authentication, or nothing where the control means nothing.
pub(super) fn authentication(entry: &EntryPoint) -> &'static str {
    controls_of(entry)
        .iter()
        .find(|(control, _)| *control == Control::Authentication)
        .map_or("", |(_, verdict)| verdict.as_str())
}

/// Writes the line that stands for the entry point.
pub(super) fn summary(page: &mut Page, entry: &EntryPoint) {
    let verdict = authentication(entry);
    page.within("summary", &[], |page| {
        let label = format!("authentication {verdict}");
        let attributes = [("class", verdict), ("role", "img"), ("aria-label", &*label)];
        page.element("span", &attributes, mark(verdict));
        page.within("span", &[("class", "title")], |page| {
            page.within("code", &[], |page| {
                page.element("b", &[], &entry.method);
                let path = entry
                    .id()
                    .split_once(' ')
                    .map_or_else(String::new, |(_, path)| format!(" {path}"));
                page.text(&path);
            });
            page.within("span", &[("class", "chain")], |page| chain(page, entry));
        });
    });
}

/// The guards on the way, in order: what is no guard is seen when the line is opened.
fn chain(page: &mut Page, entry: &EntryPoint) {
    for layer in entry
        .layers
        .iter()
        .filter(|layer| !layer.controls.is_empty())
    {
        let controls: Vec<String> = layer
            .controls
            .iter()
            .map(|it| words::control(*it))
            .collect();
        page.within("span", &[("class", layer.verdict.as_str())], |page| {
            page.text(mark(layer.verdict.as_str()));
            page.text(" ");
            page.text(&controls.join(", "));
        });
        page.text(" ");
    }
    let assets: Vec<String> = accesses(&entry.effects)
        .into_iter()
        .map(|it| it.name)
        .collect();
    if !assets.is_empty() {
        page.text(&format!("→ {}", assets.join(", ")));
    }
}

/// Writes the way of a request, from the outside to the assets.
pub(super) fn layers(page: &mut Page, files: &FileSet, entry: &EntryPoint) {
    let boundary = entry
        .layers
        .iter()
        .position(|layer| layer.verdict_of(Control::Authentication) == Verdict::Enforced)
        .or_else(|| entry.layers.iter().position(authenticates));
    let (inside, before): (Vec<_>, Vec<_>) = entry
        .layers
        .iter()
        .enumerate()
        .partition(|(_, layer)| layer.kind == LayerKind::Inline);
    page.within("ol", &[("class", "way")], |page| {
        page.element("li", &[("class", "end")], "outside");
        if boundary.is_none() {
            page.element("li", &[("class", "boundary open")], open_words(entry));
        }
        for (place, item) in before {
            layer(page, files, item, boundary == Some(place));
        }
        handler(page, files, entry);
        for (place, item) in inside {
            layer(page, files, item, boundary == Some(place));
        }
        for access in accesses(&entry.effects) {
            page.within("li", &[("class", "asset")], |page| {
                page.element("b", &[], &access.name);
                page.element(
                    "span",
                    &[("class", "soft")],
                    &format!(" {}", access.access.join(", ")),
                );
            });
        }
    });
}

/// Tests that build layers by hand, and libraries, may know the verdict of the whole layer only.
fn authenticates(layer: &Layer) -> bool {
    layer.controls.contains(&Control::Authentication) && layer.verdict == Verdict::Enforced
}

fn open_words(entry: &EntryPoint) -> &'static str {
    match entry.verdict(Control::Authentication) {
        Verdict::Absent => "no trust boundary: nobody is asked who they are",
        Verdict::Enforced => "the trust boundary lies within the framework",
        Verdict::Unknown(_) => "whether there is a trust boundary could not be seen",
        Verdict::Conditional(_) => "a trust boundary only at times",
        Verdict::Observed => "no trust boundary: the caller is read, and nobody is refused",
    }
}

fn handler(page: &mut Page, files: &FileSet, entry: &EntryPoint) {
    page.within("li", &[("class", "handler")], |page| {
        page.element("b", &[], &entry.handler.name);
        page.text(" handler ");
        let place = Place::new(files, entry.handler.span).to_string();
        page.element("code", &[("class", "soft")], &place);
    });
}

fn layer(page: &mut Page, files: &FileSet, layer: &Layer, is_boundary: bool) {
    let verdict = match layer.controls.is_empty() {
        true => "plain",
        false => layer.verdict.as_str(),
    };
    page.within("li", &[("class", "layer")], |page| {
        page.element(
            "span",
            &[("class", verdict), ("aria-hidden", "true")],
            mark(verdict),
        );
        page.text(" ");
        page.element("b", &[], &layer.name);
        page.text(" ");
        page.element("span", &[("class", verdict)], &purpose(layer));
        page.text(" ");
        page.element("code", &[("class", "soft")], &place(files, layer));
    });
    if is_boundary {
        let words = "trust boundary: from here on the caller is known";
        page.element("li", &[("class", "boundary")], words);
    }
}

fn place(files: &FileSet, layer: &Layer) -> String {
    let mounted = Place::new(files, layer.mounted);
    let defined = Place::new(files, layer.span);
    match layer.kind {
        LayerKind::Inline => format!("inside the handler, {mounted}"),
        _ if mounted == defined => mounted.to_string(),
        _ => format!("{defined}, mounted {mounted}"),
    }
}

/// Returns what a layer is good for, with what weakens it.
fn purpose(layer: &Layer) -> String {
    let mut words: Vec<String> = layer
        .controls
        .iter()
        .map(|it| words::control(*it))
        .collect();
    if !words.is_empty() {
        words.push(layer.verdict.as_str().to_owned());
    }
    words.extend(layer.verdict.detail().map(str::to_owned));
    words.extend(layer.throttle.as_ref().and_then(words::throttle));
    if layer.fails_open.is_some() {
        words.push(String::from("lets pass when it fails"));
    }
    if layer.kind == LayerKind::ErrorHandler {
        words.push(String::from("error handler"));
    }
    words.join(", ")
}

/// Writes the verdicts with their reasons, and what is to be known besides.
pub(super) fn facts(page: &mut Page, files: &FileSet, entry: &EntryPoint) {
    page.within("ul", &[("class", "verdicts")], |page| {
        for (control, verdict) in controls_of(entry) {
            page.within("li", &[("class", verdict.as_str())], |page| {
                page.text(mark(verdict.as_str()));
                page.text(&format!(
                    " {} {}",
                    words::control(control),
                    verdict.as_str()
                ));
                if let Some(detail) = verdict.detail() {
                    page.text(&format!(": {detail}"));
                }
            });
        }
    });
    let mut remarks: Vec<String> = entry.unresolved.clone();
    remarks.extend(
        entry
            .public_because
            .iter()
            .map(|reason| format!("public on purpose: {reason}")),
    );
    remarks.extend(entry.late.iter().map(|layer| {
        let place = Place::new(files, layer.mounted);
        format!(
            "{} is registered behind it at {place}, and never runs for it",
            layer.name
        )
    }));
    for remark in remarks {
        page.element("p", &[("class", "soft")], &remark);
    }
}
