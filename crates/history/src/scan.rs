//! Goes along a line of changes: finds out which commits must be analysed, has them analysed side by side, and tells
//! what each of them did.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use firedoor_analysis::{Options, ParseCache, analyse_with};
use firedoor_rules::Confidence;
use globset::GlobSet;
use rayon::prelude::*;

use crate::agents::Agents;
use crate::history::{Change, History, Reading};
use crate::line::{self, Line, Range, Step};
use crate::snapshot::{Known, Snapshot, Spot};
use crate::trace::{Origin, Tracer};
use crate::trajectory::{Trajectory, shares};
use crate::tree_diff::{TreeDiff, tree_diff};
use crate::{Commit, HistoryError, Repository, Store, StoreError, message};

/// The form of what is kept: whoever changes what a snapshot says counts it up.
const FORM: u32 = 1;
/// The stack of a thread that analyses, as much as a program starts with.
pub const STACK: usize = 16 << 20;
/// The bytes of objects of the repository that each thread keeps.
const OBJECTS: usize = 32 << 20;

/// What the user has configured about one commit.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What the analysis wants to know.
    pub options: Options,
    /// Paths that are not read.
    pub ignored: GlobSet,
}

/// What is asked.
pub struct Request<'a> {
    /// What the user called the newest commit.
    pub branch: String,
    /// The newest commit.
    pub head: Commit,
    /// Which changes count.
    pub range: Range,
    /// Findings that are less sure do not count.
    pub least: Confidence,
    /// The name of the file with settings.
    pub settings_file: &'a str,
    /// Reads the settings of a commit from the text of that file, if it has it.
    pub settings: &'a (dyn Fn(Option<&str>) -> Result<Settings, String> + Sync),
    /// The agents that are looked for.
    pub agents: &'a Agents,
    /// Whatever else an analysis depends on: the program itself, and settings that are in no commit.
    pub identity: &'a str,
    /// Is told how many of how many commits are analysed.
    pub progress: &'a (dyn Fn(usize, usize) + Sync),
}

/// Returns what the changes did. What `store` knows is not worked out again, and what is worked out is kept there.
///
/// # Errors
/// If the newest commit cannot be read. What is wrong with others is a note.
pub fn history(
    repository: &Repository,
    request: &Request<'_>,
    store: Option<Store>,
) -> Result<History, HistoryError> {
    let mut repository = repository.share();
    repository.inner.object_cache_size_if_unset(OBJECTS);
    let line = line::line(&repository, request.head, request.range)?;
    let steps: Vec<&Step> = line.base.iter().chain(&line.steps).collect();
    let (diffs, keys) = differences(&repository, request, &line, &steps);
    let wanted = wanted(&steps, &keys);
    let (snapshots, trouble) = snapshots(&repository, request, &wanted, store);
    let mut history = tell(request, &line, &diffs, &keys, &snapshots);
    history.trouble = trouble;
    let merged = line::merged(&repository, &line);
    for (change, signs) in history.changes.iter_mut().zip(merged) {
        change.commits = signs.len();
        let agents: BTreeSet<String> = signs
            .iter()
            .flat_map(|signs| request.agents.of(signs))
            .collect();
        change.agents = agents.into_iter().collect();
    }
    let diffs: Vec<TreeDiff> = diffs.into_iter().map(Result::unwrap_or_default).collect();
    trace(&mut history, &mut Tracer::new(&repository.inner, &diffs));
    history.agents = shares(&history.changes, &history.findings);
    Ok(history)
}

type Differences = Vec<Result<TreeDiff, HistoryError>>;

/// Returns what each change did to files, and for each of `steps` under which key its analysis is kept.
fn differences(
    repository: &Repository,
    request: &Request<'_>,
    line: &Line,
    steps: &[&Step],
) -> (Differences, Vec<String>) {
    let folder = match repository.folder.as_str() {
        "" => String::new(),
        folder => format!("{folder}/"),
    };
    let mut diffs = Vec::with_capacity(line.steps.len());
    let mut keys: Vec<String> = Vec::with_capacity(steps.len());
    let mut last = None;
    for (place, step) in steps.iter().enumerate() {
        let is_base = place == 0 && line.base.is_some();
        let mut is_same = false;
        if !is_base {
            let diff = tree_diff(&repository.inner, last, Some(step.tree), &folder);
            is_same = diff.as_ref().is_ok_and(|diff| !diff.is_relevant);
            diffs.push(diff);
        }
        last = Some(step.tree);
        let key = match keys.last() {
            Some(key) if is_same => key.clone(),
            _ => key(request, &folder, step),
        };
        keys.push(key);
    }
    (diffs, keys)
}

fn key(request: &Request<'_>, folder: &str, step: &Step) -> String {
    let text = format!("{FORM}\n{}\n{folder}\n{}", request.identity, step.tree);
    blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
}

/// Returns the keys to be known, each once, with a commit of each, in the order of the line.
fn wanted(steps: &[&Step], keys: &[String]) -> Vec<(String, Commit)> {
    let mut seen = BTreeSet::new();
    let pairs = keys.iter().zip(steps);
    pairs
        .filter(|(key, _)| seen.insert(key.as_str()))
        .map(|(key, step)| (key.clone(), Commit(step.commit)))
        .collect()
}

type Snapshots = BTreeMap<String, Result<Arc<Snapshot>, String>>;

/// What the threads share while they analyse.
struct Shared {
    store: Option<Store>,
    trouble: Option<String>,
    done: usize,
    snapshots: Snapshots,
    /// Each finding once, however many commits have it.
    findings: rustc_hash::FxHashSet<Arc<Known>>,
}

impl Shared {
    fn add(&mut self, key: &str, outcome: Result<Snapshot, String>) {
        let outcome = outcome.map(|mut snapshot| {
            for finding in &mut snapshot.findings {
                match self.findings.get(finding) {
                    Some(known) => *finding = Arc::clone(known),
                    None => {
                        self.findings.insert(Arc::clone(finding));
                    }
                }
            }
            Arc::new(snapshot)
        });
        self.snapshots.insert(key.to_owned(), outcome);
    }

    /// Uses the store, if there is one; one that makes trouble is not used again.
    fn with_store<T>(
        &mut self,
        work: impl FnOnce(&mut Store) -> Result<T, StoreError>,
    ) -> Option<T> {
        match work(self.store.as_mut()?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.trouble = Some(format!("the store is not used any further: {error}"));
                self.store = None;
                None
            }
        }
    }
}

fn snapshots(
    repository: &Repository,
    request: &Request<'_>,
    wanted: &[(String, Commit)],
    store: Option<Store>,
) -> (Snapshots, Option<String>) {
    let mut shared = Shared {
        store,
        trouble: None,
        done: 0,
        snapshots: Snapshots::new(),
        findings: Default::default(),
    };
    let mut missing = Vec::new();
    for (key, commit) in wanted {
        match shared.with_store(|store| store.get(key)).flatten() {
            Some(snapshot) => shared.add(key, Ok(snapshot)),
            None => missing.push((key, *commit)),
        }
    }
    let number = missing.len();
    let shared = Mutex::new(shared);
    let cache = ParseCache::default();
    let threads = repository.inner.clone().into_sync();
    let folder = &repository.folder;
    let work = || {
        missing
            .par_iter()
            .with_max_len(1)
            .for_each(|(key, commit)| {
                let repository = Repository {
                    inner: threads.to_thread_local(),
                    folder: folder.clone(),
                };
                let outcome = analyse(&repository, *commit, request, &cache);
                let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                if let Ok(snapshot) = &outcome {
                    shared.with_store(|store| store.put(key, snapshot));
                }
                shared.add(key, outcome);
                shared.done += 1;
                (request.progress)(shared.done, number);
            });
    };
    match rayon::ThreadPoolBuilder::new().stack_size(STACK).build() {
        Ok(pool) => pool.install(work),
        Err(_) => work(),
    }
    let mut shared = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    shared.with_store(Store::tidy);
    (shared.snapshots, shared.trouble)
}

fn analyse(
    repository: &Repository,
    commit: Commit,
    request: &Request<'_>,
    cache: &ParseCache,
) -> Result<Snapshot, String> {
    let reading = |error: HistoryError| error.to_string();
    let text = match repository.text(commit, request.settings_file) {
        Err(HistoryError::NoFolder { .. }) => return Ok(Snapshot::default()),
        text => text.map_err(reading)?,
    };
    let (settings, fault) = match (request.settings)(text.as_deref()) {
        Ok(settings) => (settings, None),
        Err(fault) => (Settings::default(), Some(fault)),
    };
    let files = match repository.files(commit, &settings.ignored) {
        Err(HistoryError::NoFolder { .. }) => return Ok(Snapshot::default()),
        files => files.map_err(reading)?,
    };
    let report = analyse_with(&files, &settings.options, cache);
    let mut snapshot = Snapshot::new(&files, &report);
    snapshot.fault = fault;
    Ok(snapshot)
}

/// Goes along the line with all that is known.
fn tell(
    request: &Request<'_>,
    line: &Line,
    diffs: &Differences,
    keys: &[String],
    snapshots: &Snapshots,
) -> History {
    let mut notes = line.notes.clone();
    let nothing = Arc::new(Snapshot::default());
    let known = |key: &String| snapshots.get(key).and_then(|it| it.as_ref().ok());
    let first = keys.first().filter(|_| line.base.is_some());
    let base = first.and_then(known).unwrap_or(&nothing);
    let mut trajectory = Trajectory::new(base, request.least);
    let base_state = line.base.as_ref().map(|_| trajectory.state());
    let mut changes: Vec<Change> = Vec::with_capacity(line.steps.len());
    let keys = &keys[usize::from(line.base.is_some())..];
    let mut fault = None;
    let mut unreadable: Vec<(String, &str)> = Vec::new();
    for (number, (step, key)) in line.steps.iter().zip(keys).enumerate() {
        let mut change = begin(step);
        let found = snapshots.get(key);
        let is_untouched = diffs[number].as_ref().is_ok_and(|diff| !diff.is_relevant);
        match found {
            Some(Ok(snapshot)) => {
                if is_untouched && number > 0 {
                    change.reading = Reading::Untouched;
                }
                let done = trajectory.step(snapshot, Some(number));
                change.introduced = done.introduced;
                change.repaired = done.repaired;
                if snapshot.fault != fault {
                    fault.clone_from(&snapshot.fault);
                    notes.extend(fault.iter().map(|fault| {
                        let label = change.label();
                        format!("from {label} on, its settings are left out: {fault}")
                    }));
                }
            }
            Some(Err(error)) => {
                change.reading = Reading::Unreadable;
                unreadable.push((change.label().to_owned(), error));
            }
            None => change.reading = Reading::Unreadable,
        }
        change.state = trajectory.state();
        changes.push(change);
    }
    // A clone without its files would otherwise say the same of every change.
    if let Some((label, error)) = unreadable.first() {
        notes.push(match unreadable.len() {
            1 => format!("{label} cannot be read: {error}"),
            many => format!("{label} and {} more cannot be read: {error}", many - 1),
        });
    }
    History {
        branch: request.branch.clone(),
        head: request.head.to_string(),
        notes,
        base: base_state,
        base_commit: line.base.as_ref().map(|base| base.commit.to_string()),
        changes,
        findings: trajectory.lives,
        ..History::default()
    }
}

fn begin(step: &Step) -> Change {
    let name = message::name(&step.signs.message);
    Change {
        commit: step.commit.to_string(),
        number: name.number,
        title: name.title,
        time: step.time,
        commits: 1,
        agents: Vec::new(),
        reading: Reading::Analysed,
        state: Default::default(),
        introduced: Vec::new(),
        repaired: Vec::new(),
    }
}

/// What places with these roles say is where a defect is reached from, and not what it is made of.
const ROADS: [&str; 3] = ["reached", "stands-before", "for-example"];

/// Finds out which changes the places come from that findings rest on.
fn trace(history: &mut History, tracer: &mut Tracer<'_>) {
    for life in &mut history.findings {
        let Some(change) = life.introduced else {
            continue;
        };
        let mut origin = |file: &str, line: u32| {
            let spot = Spot {
                file: file.to_owned(),
                line,
            };
            match tracer.origin(change, &spot) {
                Origin::Before => None,
                Origin::Change(number) => Some(number),
            }
        };
        let mut changes = BTreeSet::from([change]);
        changes.extend(origin(&life.file, life.line));
        for evidence in &mut life.evidence {
            evidence.change = origin(&evidence.file, evidence.line);
            if !ROADS.contains(&evidence.role.as_str()) {
                changes.extend(evidence.change);
            }
        }
        if changes.len() > 1 {
            life.interaction = changes.into_iter().collect();
        }
    }
}
