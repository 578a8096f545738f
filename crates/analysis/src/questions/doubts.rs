//! Verdicts that hang on something which the code does not say: a condition, or a function that cannot be seen into.

use firedoor_app::{Control, EntryPoint, Layer, LayerKind, Map, Verdict};
use firedoor_source::Span;
use indexmap::IndexMap;
use ustr::Ustr;

use super::{Answer, Importance, Question, QuestionKind, identity, phrase, toml_string};
use crate::Report;

/// The controls whose doubts are asked about: the others say less about who may come in.
const CONTROLS: [Control; 3] = [
    Control::Authentication,
    Control::Authorization,
    Control::Ownership,
];

/// What several entry points have in common.
#[derive(Default)]
struct Doubt {
    entry_points: Vec<String>,
    controls: Vec<Control>,
    places: Vec<Span>,
    guard: Option<Ustr>,
}

/// Returns whether conditions hold in production, and whether what is unknown refuses.
pub fn questions(report: &Report) -> Vec<Question> {
    let mut conditions: IndexMap<String, Doubt> = IndexMap::new();
    let mut unknown: IndexMap<String, Doubt> = IndexMap::new();
    for entry in open_ones(&report.map) {
        for control in CONTROLS {
            match entry.controls.get(&control) {
                Some(Verdict::Conditional(words)) => note(&mut conditions, words, entry, control),
                Some(Verdict::Unknown(words)) => note(&mut unknown, words, entry, control),
                _ => {}
            }
        }
    }
    let conditions = conditions
        .iter()
        .map(|(words, doubt)| condition(words, doubt));
    let unknown = unknown.iter().map(|(words, doubt)| refuses(words, doubt));
    conditions.chain(unknown).collect()
}

fn open_ones(map: &Map) -> impl Iterator<Item = &EntryPoint> {
    let entries = map.entry_points.iter();
    entries.filter(|entry| entry.public_because.is_none())
}

fn note(doubts: &mut IndexMap<String, Doubt>, words: &str, entry: &EntryPoint, control: Control) {
    let doubt = doubts.entry(words.to_owned()).or_default();
    let id = entry.id();
    if !doubt.entry_points.contains(&id) {
        doubt.entry_points.push(id);
    }
    if !doubt.controls.contains(&control) {
        doubt.controls.push(control);
    }
    match layer_of(entry, words, control) {
        Some(layer) => {
            doubt.places.push(layer.span);
            if layer.kind == LayerKind::Layer && !layer.name.starts_with('(') {
                doubt.guard = doubt.guard.or(Some(layer.name));
            }
            doubt.places.push(layer.mounted);
        }
        None => doubt.places.push(entry.registered),
    }
}

/// Returns the layer that the doubt is about.
fn layer_of<'a>(entry: &'a EntryPoint, words: &str, control: Control) -> Option<&'a Layer> {
    let is_meant = |verdict: &Verdict| verdict.detail() == Some(words);
    let mut layers = entry.layers.iter();
    layers.find(|layer| is_meant(&layer.verdict_of(control)) || is_meant(&layer.verdict))
}

fn condition(words: &str, doubt: &Doubt) -> Question {
    let controls = controls(doubt);
    let mut answers = Vec::new();
    if let Some(guard) = doubt.guard {
        answers.push(Answer::settings(
            "yes: it refuses wherever this runs",
            declared(guard, doubt),
        ));
    }
    answers.push(Answer::change(
        "no, or not surely: refuse without the condition, and let the program not start where a setting is missing",
    ));
    Question {
        id: identity(QuestionKind::Condition, words),
        kind: QuestionKind::Condition,
        importance: Importance::High,
        text: format!(
            "{controls} of {} hangs on `{words}`: is it certain in production that it refuses?",
            phrase(&doubt.entry_points)
        ),
        known: vec![match doubt.guard {
            Some(guard) => format!("`{guard}` refuses in one case and not in the other."),
            None => String::from("It is refused in one case and not in the other."),
        }],
        entry_points: doubt.entry_points.clone(),
        places: doubt.places.clone(),
        answers,
    }
}

fn refuses(words: &str, doubt: &Doubt) -> Question {
    let controls = controls(doubt);
    let text = match doubt.guard {
        Some(guard) => format!(
            "Does `{guard}` refuse whoever lacks {}? It stands before {}.",
            controls.to_lowercase(),
            phrase(&doubt.entry_points)
        ),
        None => format!(
            "Is anybody without {} refused at {}?",
            controls.to_lowercase(),
            phrase(&doubt.entry_points)
        ),
    };
    let mut answers = Vec::new();
    if let Some(guard) = doubt.guard {
        answers.push(Answer::settings("yes, always", declared(guard, doubt)));
    }
    answers.push(Answer::change(
        "no: mount a guard that does; nothing needs to be kept, since unknown is what is known then",
    ));
    Question {
        id: identity(QuestionKind::Unknown, words),
        kind: QuestionKind::Unknown,
        importance: match doubt.controls.contains(&Control::Authentication) {
            true => Importance::High,
            false => Importance::Medium,
        },
        text,
        known: vec![format!("It is not known because {words}.")],
        entry_points: doubt.entry_points.clone(),
        places: doubt.places.clone(),
        answers,
    }
}

/// Returns the controls as the beginning of a sentence.
fn controls(doubt: &Doubt) -> String {
    let words: Vec<String> = doubt
        .controls
        .iter()
        .map(|control| control.as_str().replace('_', " "))
        .collect();
    let text = words.join(" and ");
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

/// Returns the lines that declare `guard`.
fn declared(guard: Ustr, doubt: &Doubt) -> String {
    let lines: Vec<String> = doubt
        .controls
        .iter()
        .map(|control| {
            format!(
                "[[guards]]\nname = {}\ncontrol = \"{}\"",
                toml_string(guard.as_str()),
                control.as_str()
            )
        })
        .collect();
    lines.join("\n")
}
