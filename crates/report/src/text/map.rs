//! `firedoor map`: a tree for each application, with what stands before each entry point.

use firedoor_app::{Control, EntryPoint, Layer, LayerKind, Map, Verdict};
use indexmap::IndexMap;

use super::notes::notes;
use super::style::{self, BOLD, DIM, DOUBTFUL, Paint};
use super::table::{Cell, table};
use super::wrap::hang;
use crate::coverage::{controls_of, group_label, groups};
use crate::shape::{Place, accesses};
use crate::words::{self, count};
use crate::{Context, clean};

/// Renders the map.
pub(super) fn render(context: &Context) -> String {
    let paint = Paint {
        is_on: context.view.is_coloured,
    };
    let map = &context.report.map;
    let mut text = String::new();
    if map.entry_points.is_empty() {
        text.push_str("No entry points were found.\n");
    } else {
        text.push_str(&legend(paint));
    }
    for (app, groups) in groups_by_app(map) {
        text.push_str(&heading(app, &groups, paint));
        for entries in &groups {
            text.push_str(&group(context, entries, paint));
        }
    }
    text.push_str(&idle_guards(context, paint));
    text.push_str(&assets(context, paint));
    text.push_str(&notes(context, paint));
    text
}

fn legend(paint: Paint) -> String {
    let verdicts = [
        Verdict::Enforced,
        Verdict::Conditional(String::new()),
        Verdict::Observed,
        Verdict::Absent,
        Verdict::Unknown(String::new()),
    ];
    let words: Vec<String> = verdicts
        .iter()
        .map(|verdict| {
            let mark = paint.paint(style::verdict(verdict), style::mark(verdict));
            format!("{mark} {}", verdict.as_str())
        })
        .collect();
    format!("authentication: {}\n", words.join("  "))
}

fn groups_by_app(map: &Map) -> IndexMap<&str, Vec<Vec<&EntryPoint>>> {
    let mut apps: IndexMap<&str, Vec<Vec<&EntryPoint>>> = IndexMap::new();
    for ((app, _), entries) in groups(map) {
        apps.entry(app).or_default().push(entries);
    }
    apps
}

fn heading(app: &str, groups: &[Vec<&EntryPoint>], paint: Paint) -> String {
    let entries: Vec<&EntryPoint> = groups.iter().flatten().copied().collect();
    let mut frameworks: Vec<&str> = entries.iter().map(|entry| entry.framework).collect();
    frameworks.sort_unstable();
    frameworks.dedup();
    format!(
        "\n{} {}\n",
        paint.paint(BOLD, &clean(app)),
        paint.paint(
            DIM,
            &format!(
                "({}, {})",
                frameworks.join(" and "),
                count(entries.len(), "entry point", "entry points")
            )
        )
    )
}

fn group(context: &Context, entries: &[&EntryPoint], paint: Paint) -> String {
    let label = group_label(entries);
    let shared = shared_layers(entries);
    let mut text = format!("\n  {}\n", paint.paint(BOLD, &clean(&label)));
    if shared > 0 {
        text.push_str(&paint.paint(DIM, "  every request here passes"));
        text.push('\n');
        text.push_str(&layers(
            context,
            &entries[0].layers[..shared],
            "    ",
            paint,
        ));
    }
    for entry in entries {
        text.push_str(&entry_point(context, entry, shared, paint));
    }
    text
}

/// Returns how many layers all of `entries` have in common at their start, so that they are told once.
fn shared_layers(entries: &[&EntryPoint]) -> usize {
    let [first, others @ ..] = entries else {
        return 0;
    };
    if others.is_empty() {
        return 0;
    }
    let is_shared = |(index, layer): &(usize, &Layer)| {
        layer.kind == LayerKind::Layer
            && others
                .iter()
                .all(|other| other.layers.get(*index) == Some(layer))
    };
    first
        .layers
        .iter()
        .enumerate()
        .take_while(is_shared)
        .count()
}

fn entry_point(context: &Context, entry: &EntryPoint, shared: usize, paint: Paint) -> String {
    let verdict = entry.verdict(Control::Authentication);
    let has_verdict = controls_of(entry)
        .iter()
        .any(|(control, _)| *control == Control::Authentication);
    let mark = if has_verdict {
        paint.paint(style::verdict(&verdict), style::mark(&verdict))
    } else {
        String::from(" ")
    };
    let place = Place::new(context.files, entry.handler.span).to_string();
    let mut text = format!(
        "\n  {mark} {}  {}\n",
        paint.paint(BOLD, &clean(&entry.id())),
        paint.paint(DIM, &format!("{} {place}", clean(&entry.handler.name)))
    );
    text.push_str(&layers(context, &entry.layers[shared..], "      ", paint));
    for (word, what) in remarks(entry) {
        text.push_str(&hang(
            &format!("      {word:<8} "),
            &clean(&what),
            context.view.width,
        ));
    }
    text
}

fn layers(context: &Context, layers: &[Layer], indent: &str, paint: Paint) -> String {
    let rows: Vec<Vec<Cell>> = layers
        .iter()
        .map(|layer| {
            let guard = layer_controls(layer);
            let (mark, mark_style) = if layer.controls.is_empty() {
                ("·", DIM)
            } else {
                (style::mark(&layer.verdict), style::verdict(&layer.verdict))
            };
            vec![
                Cell::left(mark).styled(mark_style),
                Cell::left(clean(&layer.name).into_owned()),
                Cell::left(clean(&guard).into_owned()).styled(mark_style),
                Cell::left(layer_place(context, layer)).styled(DIM),
            ]
        })
        .collect();
    table(&rows, indent, paint)
}

/// Returns what a layer is good for, with what weakens it.
fn layer_controls(layer: &Layer) -> String {
    let mut words: Vec<String> = layer
        .controls
        .iter()
        .map(|at| words::control(*at))
        .collect();
    if let Some(numbers) = layer.throttle.as_ref().and_then(words::throttle) {
        words.push(numbers);
    }
    let mut text = words.join(", ");
    match &layer.verdict {
        Verdict::Conditional(condition) => text.push_str(&format!(" only if {condition}")),
        Verdict::Observed if !layer.controls.is_empty() => text.push_str(" read, not required"),
        Verdict::Unknown(reason) => text.push_str(&format!(" unknown: {reason}")),
        _ => {}
    }
    if layer.fails_open.is_some() {
        text.push_str(", lets pass when it fails");
    }
    if layer.kind == LayerKind::ErrorHandler {
        text.push_str("error handler");
    }
    text
}

fn layer_place(context: &Context, layer: &Layer) -> String {
    let mounted = Place::new(context.files, layer.mounted);
    let defined = Place::new(context.files, layer.span);
    match layer.kind {
        LayerKind::Inline => format!("inside the handler, {mounted}"),
        _ if mounted == defined => mounted.to_string(),
        _ => format!("{defined}, mounted {mounted}"),
    }
}

/// Returns what is said of an entry point below its layers.
fn remarks(entry: &EntryPoint) -> Vec<(&'static str, String)> {
    let mut remarks = Vec::new();
    let uses: Vec<String> = accesses(&entry.effects)
        .iter()
        .map(|asset| format!("{} ({})", asset.name, asset.access.join(", ")))
        .collect();
    if !uses.is_empty() {
        remarks.push(("uses", uses.join(", ")));
    }
    let mut lacks = Vec::new();
    for (control, verdict) in controls_of(entry) {
        let control = words::control(control);
        match verdict {
            Verdict::Absent => lacks.push(control),
            Verdict::Unknown(reason) => remarks.push(("unknown", format!("{control}: {reason}"))),
            Verdict::Conditional(condition) => {
                remarks.push(("partly", format!("{control}, only if {condition}")));
            }
            Verdict::Observed => {
                remarks.push(("observed", format!("{control}: read, and nobody refused")))
            }
            Verdict::Enforced => {}
        }
    }
    if !lacks.is_empty() {
        remarks.push(("lacks", lacks.join(", ")));
    }
    if let Some(reason) = &entry.public_because {
        remarks.push(("public", reason.clone()));
    }
    remarks.extend(entry.unresolved.iter().map(|text| ("unseen", text.clone())));
    remarks
}

/// A guard that covers nothing is most often a mistake, so it has a place of its own.
fn idle_guards(context: &Context, paint: Paint) -> String {
    let rows: Vec<Vec<Cell>> = context
        .report
        .map
        .guards
        .iter()
        .filter(|guard| guard.covers.is_empty())
        .map(|guard| {
            let controls: Vec<String> = guard
                .controls
                .iter()
                .map(|at| words::control(*at))
                .collect();
            vec![
                Cell::left(clean(&guard.name).into_owned()).styled(DOUBTFUL),
                Cell::left(controls.join(", ")),
                Cell::left(Place::new(context.files, guard.span).to_string()).styled(DIM),
            ]
        })
        .collect();
    section("Guards that cover nothing", &rows, paint)
}

fn assets(context: &Context, paint: Paint) -> String {
    let map = &context.report.map;
    let rows: Vec<Vec<Cell>> = map
        .assets
        .iter()
        .map(|asset| {
            let users = map
                .entry_points
                .iter()
                .filter(|entry| {
                    accesses(&entry.effects)
                        .iter()
                        .any(|used| used.name == asset.name.as_str())
                })
                .count();
            vec![
                Cell::left(clean(&asset.name).into_owned()),
                Cell::left(format!(
                    "used by {}",
                    count(users, "entry point", "entry points")
                )),
                Cell::left(Place::new(context.files, asset.span).to_string()).styled(DIM),
            ]
        })
        .collect();
    section("Assets", &rows, paint)
}

fn section(title: &str, rows: &[Vec<Cell>], paint: Paint) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!(
        "\n{}\n{}",
        paint.paint(BOLD, title),
        table(rows, "  ", paint)
    )
}
