//! Guards that are removed must be missed: each guard of the map is taken out of the code, one at a time, and the
//! map of what is left must show it at every entry point that the guard covered.

use std::sync::Arc;

use firedoor_analysis::{Options, Parsed, Report, ReportedFinding, analyse_parsed, compare};
use firedoor_app::diff::{Direction, EntryChange};
use firedoor_app::{Control, EntryPoint, Layer, LayerKind};
use firedoor_ir::{Module, NoteKind};
use firedoor_source::{FileId, FileSet, Span};
use rayon::prelude::*;
use ustr::Ustr;

use crate::guards::{Guard, guards};
use crate::removal::{Edit, NotMade};

/// What a self-test tells.
#[derive(Clone, Debug, Default)]
pub struct SelfTest {
    /// The guards that were taken out, in the order of their places.
    pub trials: Vec<Trial>,
    /// How many guards there are, of which a limit may have left some out.
    pub guards: usize,
}

/// How many guards became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Noticed, whatever by.
    pub noticed: usize,
    /// Noticed by the list alone, since another guard stands.
    pub another: usize,
    /// Noticed by the list alone, since the code behind the guard fails without it.
    pub failure: usize,
    /// Not noticed.
    pub missed: usize,
    /// Mounted a second time.
    pub repeated: usize,
    /// Not taken out.
    pub not_made: usize,
}

impl Counts {
    /// Returns how many were taken out.
    pub fn made(self) -> usize {
        self.noticed + self.missed
    }

    /// Returns the share that was noticed; nothing if none was taken out.
    pub fn share(self) -> Option<f64> {
        (self.made() > 0).then(|| self.noticed as f64 / self.made() as f64)
    }
}

impl SelfTest {
    /// Counts what became of the guards.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for trial in &self.trials {
            match trial.outcome {
                Outcome::Noticed { by, .. } => {
                    counts.noticed += 1;
                    counts.another += usize::from(by == Sign::Another);
                    counts.failure += usize::from(by == Sign::Failure);
                }
                Outcome::Missed(_) => counts.missed += 1,
                Outcome::Repeated => counts.repeated += 1,
                Outcome::NotMade(_) => counts.not_made += 1,
            }
        }
        counts
    }
}

/// What became of the map when a guard was taken out.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The guard.
    pub guard: Guard,
    /// What became of the map.
    pub outcome: Outcome,
}

/// What became of the map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every entry point that the guard covered shows that it is gone, or a finding came.
    Noticed {
        /// Why that counts.
        by: Sign,
        /// The numbers of entry points of which the verdicts are as they were, since another guard stands.
        unchanged: Vec<usize>,
    },
    /// Some entry points that should have changed did not; their numbers.
    Missed(Vec<usize>),
    /// The same guard is mounted there a second time, so that nothing changes, rightly.
    Repeated,
    /// The guard could not be taken out alone; why.
    NotMade(NotMade),
}

/// What shows that a guard is gone, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// A verdict of an entry point that it covered is worse.
    Verdict,
    /// There is a finding that was not there.
    Finding,
    /// The list of guards or checks is shorter. The verdicts are as they were, since another guard of the kind
    /// stands.
    Another,
    /// The list of guards or checks is shorter. The verdicts are as they were, since the code behind the guard
    /// fails without it, and so lets nobody pass.
    Failure,
}

impl Sign {
    /// Returns the word for it in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Sign::Verdict => "verdict",
            Sign::Finding => "finding",
            Sign::Another => "another_guard",
            Sign::Failure => "failure",
        }
    }
}

/// What is tested.
pub struct Subject<'a> {
    /// The files.
    pub files: &'a FileSet,
    /// The files, parsed.
    pub parsed: &'a Parsed,
    /// What the user has configured.
    pub options: &'a Options,
    /// The report on the files as they are.
    pub report: &'a Report,
}

/// Takes out at most `limit` guards, spread evenly over all; `done` hears of each that is finished, and of how many
/// there are.
pub fn self_test(
    subject: &Subject<'_>,
    limit: Option<usize>,
    done: impl Fn(usize) + Sync,
) -> SelfTest {
    let all = guards(&subject.report.map, subject.files, &subject.parsed.modules);
    let number = all.len();
    let chosen = sample(all, limit);
    let tried = chosen.len();
    let trials = chosen
        .into_par_iter()
        .map(|guard| {
            let outcome = outcome(subject, &guard);
            done(tried);
            Trial { guard, outcome }
        })
        .collect();
    SelfTest {
        trials,
        guards: number,
    }
}

/// Returns the guards that a self-test with this limit takes out.
pub fn sample(all: Vec<Guard>, limit: Option<usize>) -> Vec<Guard> {
    let number = all.len();
    let Some(limit) = limit.filter(|limit| *limit < number) else {
        return all;
    };
    let all = all.into_iter().enumerate();
    let is_chosen = |index: usize| index * limit / number != (index + 1) * limit / number;
    all.filter(|(index, _)| is_chosen(*index))
        .map(|(_, guard)| guard)
        .collect()
}

/// Returns the files without what the edit takes out.
pub fn edited(files: &FileSet, edit: &Edit) -> FileSet {
    let text = &files.file(edit.span.file).text;
    let (start, end) = (edit.span.start as usize, edit.span.end as usize);
    let changed = match (text.get(..start), text.get(end..)) {
        (Some(before), Some(after)) => [before, &edit.text, after].concat(),
        _ => text.to_string(),
    };
    files.with_text(edit.span.file, Arc::from(changed))
}

fn outcome(subject: &Subject<'_>, guard: &Guard) -> Outcome {
    let edit = match &guard.removal {
        Ok(edit) => edit,
        Err(reason) => return Outcome::NotMade(reason),
    };
    let changed = edit.span.file;
    let files = edited(subject.files, edit);
    let parsed = subject.parsed.with_changed(&files, changed);
    let errors = |modules: &[Arc<Module>]| -> usize {
        let own = modules.iter().filter(|module| module.file == changed);
        own.flat_map(|module| &module.notes)
            .filter(|note| note.kind == NoteKind::SyntaxError)
            .count()
    };
    if errors(&parsed.modules) > errors(&subject.parsed.modules) {
        return Outcome::NotMade("what is left cannot be parsed");
    }
    let report = analyse_parsed(&files, parsed, subject.options);
    judge(subject.report, &report, guard)
}

/// Compares the maps as `firedoor diff` does.
fn judge(before: &Report, after: &Report, guard: &Guard) -> Outcome {
    let counts = |reported: &ReportedFinding| reported.suppressed.is_none();
    let comparison = compare(before, after, counts);
    let mut missed = Vec::new();
    let mut unchanged = Vec::new();
    let mut signs = Vec::new();
    for number in &guard.covers {
        let entry = &before.map.entry_points[*number];
        let mut changes = comparison.map.changed.iter();
        let change = changes.find(|change| std::ptr::eq(change.before, entry));
        match change.and_then(|change| sign(change, guard)) {
            Some(sign) => {
                signs.push(sign);
                if sign != Sign::Verdict {
                    unchanged.push(*number);
                }
            }
            None => missed.push(*number),
        }
    }
    if !comparison.introduced.is_empty() {
        signs.push(Sign::Finding);
    } else if !missed.is_empty() {
        let is_repeated = |number: &usize| {
            let entry = &before.map.entry_points[*number];
            let mut others = after.map.entry_points.iter();
            let same = others.find(|other| other.app == entry.app && other.id() == entry.id());
            same.is_some_and(|after| stands_elsewhere(entry, after, guard))
        };
        if signs.is_empty() && missed.iter().all(is_repeated) {
            return Outcome::Repeated;
        }
        return Outcome::Missed(missed);
    }
    let by = signs.into_iter().min().unwrap_or(Sign::Finding);
    Outcome::Noticed { by, unchanged }
}

/// Holds if the layer is there still, mounted where it was not before.
fn stands_elsewhere(before: &EntryPoint, after: &EntryPoint, guard: &Guard) -> bool {
    let Ok(edit) = &guard.removal else {
        return false;
    };
    let shift = |place: Span| match place.file == edit.span.file && place.start >= edit.span.end {
        true => (place.start + edit.text.len() as u32) - (edit.span.end - edit.span.start),
        false => place.start,
    };
    let mounted = |entry: &EntryPoint, shift: &dyn Fn(Span) -> u32| -> Vec<(Ustr, FileId, u32)> {
        let layers = entry.layers.iter();
        let own = layers.filter(|it| it.kind == LayerKind::Layer && it.name == guard.name);
        own.map(|it| (it.name, it.mounted.file, shift(it.mounted)))
            .collect()
    };
    let known = mounted(before, &shift);
    let now = mounted(after, &|place| place.start);
    guard.kind == LayerKind::Layer && now.iter().any(|place| !known.contains(place))
}

/// Returns what an entry point shows of a guard that is gone.
fn sign(change: &EntryChange<'_>, guard: &Guard) -> Option<Sign> {
    if change.goes(Direction::Weakened) || change.goes(Direction::Obscured) {
        return Some(Sign::Verdict);
    }
    if change.lost.is_empty() && change.checks_lost.is_empty() {
        return None;
    }
    let others = |control: Control| {
        let after = change.after.layers.iter();
        let mut given = after.filter(move |layer| layer.verdict_of(control).refuses());
        given.any(|layer| gave(change.before, layer, control))
    };
    match guard.controls.iter().all(|control| others(*control)) {
        true => Some(Sign::Another),
        false => Some(Sign::Failure),
    }
}

/// Holds if the layer gave the control before too; of checks inside the handler, if there were some.
fn gave(before: &EntryPoint, layer: &Layer, control: Control) -> bool {
    before.layers.iter().any(|other| {
        let is_same = match layer.kind {
            LayerKind::Inline => other.kind == LayerKind::Inline,
            _ => other.name == layer.name && other.kind == layer.kind,
        };
        is_same && other.verdict_of(control).refuses()
    })
}
