//! The tool `map`: entry points with what stands before them.

use std::fmt::Write;

use firedoor_app::query::accesses;
use firedoor_app::{Control, EntryPoint, LayerKind, Verdict};
use firedoor_report::clean;
use firedoor_source::FileSet;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{checked, checked_path, mark, place, word};
use crate::analyses::Analysed;
use crate::page::Answer;

/// Which entry points.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapArguments {
    /// Only entry points whose path contains this, such as `/api/scores`.
    pub path: Option<String>,
    /// Only those registered or handled in this file or folder, relative to the root, such as `src/routes/scores.ts`.
    pub file: Option<String>,
    /// Only those of the router or controller with this name.
    pub router: Option<String>,
    /// Only those with this verdict: `enforced`, `conditional`, `observed`, `absent` or `unknown`.
    pub verdict: Option<String>,
    /// The control that `verdict` is about; `authentication` unless given.
    pub control: Option<String>,
    /// Where to go on, from the end of the page before.
    pub cursor: Option<String>,
}

const VERDICTS: [(&str, &str); 5] = [
    ("enforced", "enforced"),
    ("conditional", "conditional"),
    ("observed", "observed"),
    ("absent", "absent"),
    ("unknown", "unknown"),
];

/// Returns the entry points that `arguments` ask for, those that are guarded least first.
pub fn map(analysed: &Analysed, arguments: &MapArguments) -> Result<Answer, String> {
    let path = checked("path", &arguments.path)?;
    let file = checked_path("file", &arguments.file)?;
    let router = checked("router", &arguments.router)?;
    let controls = Control::ALL.map(|control| (control.as_str(), control));
    let control = checked("control", &arguments.control)?
        .map_or(Ok(Control::Authentication), |it| {
            word("control", &it, &controls)
        })?;
    let verdict = checked("verdict", &arguments.verdict)?;
    let verdict = verdict
        .map(|it| word("verdict", &it, &VERDICTS))
        .transpose()?;
    let files = &analysed.files;
    let all = &analysed.report.map.entry_points;
    let mut entries: Vec<&EntryPoint> = all
        .iter()
        .filter(|entry| path.as_ref().is_none_or(|it| entry.id().contains(it)))
        .filter(|entry| file.as_ref().is_none_or(|it| is_in(files, entry, it)))
        .filter(|entry| {
            router
                .as_ref()
                .is_none_or(|it| entry.group.1 == it.as_str())
        })
        .filter(|entry| verdict.is_none_or(|it| entry.verdict(control).as_str() == it))
        .collect();
    entries.sort_by_key(|entry| rank(&entry.verdict(control)));
    Ok(Answer {
        heading: format!(
            "{} of {} entry points. {} enforced, {} conditional, {} observed, {} absent, {} unknown: {}.",
            entries.len(),
            all.len(),
            "●",
            "◐",
            "○",
            "✗",
            "?",
            control.as_str()
        ),
        items: entries
            .iter()
            .map(|entry| entry_text(files, entry, control))
            .collect(),
        noun: "entry points",
    })
}

fn is_in(files: &FileSet, entry: &EntryPoint, wanted: &str) -> bool {
    let wanted = wanted.trim_end_matches('/');
    [entry.registered, entry.handler.span]
        .into_iter()
        .any(|span| {
            let rest = files.path(span).strip_prefix(wanted);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
}

fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Absent => 0,
        Verdict::Observed => 1,
        Verdict::Unknown(_) => 2,
        Verdict::Conditional(_) => 3,
        Verdict::Enforced => 4,
    }
}

/// Returns an entry point in some lines: verdicts, what it passes, what it uses.
pub fn entry_text(files: &FileSet, entry: &EntryPoint, control: Control) -> String {
    let verdict = entry.verdict(control);
    let mut text = format!(
        "{} {}  {}",
        mark(&verdict),
        clean(&entry.id()),
        place(files, entry.registered)
    );
    if let Some(reason) = &entry.public_because {
        let _ = write!(text, "\n  public on purpose: {}", clean(reason));
    }
    for (verdict, controls) in by_verdict(entry) {
        let _ = write!(text, "\n  {}: {}", clean(&verdict), controls.join(", "));
    }
    let layers: Vec<String> = entry.layers.iter().filter_map(layer).collect();
    if !layers.is_empty() {
        let _ = write!(text, "\n  passes {}", layers.join(", "));
    }
    let uses = uses(entry);
    if !uses.is_empty() {
        let _ = write!(text, "\n  uses {}", uses.join(", "));
    }
    for note in &entry.unresolved {
        let _ = write!(text, "\n  not resolved: {}", clean(note));
    }
    text
}

/// Verdicts with the same words share a line; what is absent comes last, since it is most of them.
fn by_verdict(entry: &EntryPoint) -> Vec<(String, Vec<&'static str>)> {
    let mut groups: IndexMap<String, Vec<&'static str>> = IndexMap::new();
    for (control, verdict) in &entry.controls {
        let words = match verdict.detail() {
            Some(detail) => format!("{} ({detail})", verdict.as_str()),
            None => verdict.as_str().to_owned(),
        };
        groups.entry(words).or_default().push(control.as_str());
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(words, _)| words == "absent");
    groups
}

fn layer(layer: &firedoor_app::Layer) -> Option<String> {
    if layer.kind == LayerKind::ErrorHandler {
        return None;
    }
    let controls: Vec<&str> = layer.controls.iter().map(|it| it.as_str()).collect();
    let name = clean(&layer.name).into_owned();
    Some(match controls.is_empty() {
        true => name,
        false => format!("{name} [{}]", controls.join(", ")),
    })
}

fn uses(entry: &EntryPoint) -> Vec<String> {
    let mut ways: IndexMap<String, Vec<&str>> = IndexMap::new();
    for (_, access) in accesses(entry) {
        let words = ways.entry(clean(&access.asset).into_owned()).or_default();
        let word = access.operation.as_str();
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let ways = ways.into_iter();
    ways.map(|(asset, words)| format!("{asset} ({})", words.join(", ")))
        .collect()
}
