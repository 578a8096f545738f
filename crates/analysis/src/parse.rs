//! Every file is parsed once, side by side.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use firedoor_eval::words;
use firedoor_ir::{Module, NoteKind};
use firedoor_project::Project;
use firedoor_source::{File, FileId, FileSet, Skipped};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::SkippedPart;

/// The files of an analysis as programs.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The modules of all files that a front end knows, in the order of the files.
    pub modules: Vec<Arc<Module>>,
    /// The files at which a front end failed.
    pub failed: Vec<SkippedPart>,
}

impl Parsed {
    /// Parses all files that `cache` does not know.
    pub fn new(files: &FileSet, cache: Option<&ParseCache>) -> Parsed {
        let (modules, failed) = parse(files, cache);
        Parsed { modules, failed }
    }

    /// Returns the programs of `files`, which differ from those that were parsed in the text of `changed` alone.
    pub fn with_changed(&self, files: &FileSet, changed: FileId) -> Parsed {
        let file = files.file(changed);
        let mut parsed = self.clone();
        parsed.failed.retain(|part| part.path != file.path);
        let place = parsed.modules.iter().position(|it| it.file == changed);
        match (lower(changed, file), place) {
            (Some(Ok(module)), Some(place)) => parsed.modules[place] = module,
            (Some(Ok(module)), None) => {
                parsed.modules.push(module);
                parsed.modules.sort_by_key(|module| module.file);
            }
            (Some(Err(part)), place) => {
                parsed.failed.push(part);
                place.map(|place| parsed.modules.remove(place));
            }
            (None, _) => {}
        }
        parsed
    }
}

/// Returns the modules of all files that a front end knows, in the order of the files, and the files at which
/// a front end failed.
pub(crate) fn parse(
    files: &FileSet,
    cache: Option<&ParseCache>,
) -> (Vec<Arc<Module>>, Vec<SkippedPart>) {
    let all: Vec<(FileId, &File)> = files.iter().collect();
    let lowered: Vec<Result<Arc<Module>, SkippedPart>> = all
        .par_iter()
        .filter_map(|(id, file)| match cache {
            Some(cache) => cache.lower(*id, file),
            None => lower(*id, file),
        })
        .collect();
    if let Some(cache) = cache {
        cache.tidy();
    }
    let mut modules = Vec::with_capacity(lowered.len());
    let mut failed = Vec::new();
    for outcome in lowered {
        match outcome {
            Ok(module) => modules.push(module),
            Err(part) => failed.push(part),
        }
    }
    (modules, failed)
}

fn lower(id: FileId, file: &File) -> Option<Result<Arc<Module>, SkippedPart>> {
    let outcome = guarded(file, || firedoor_lang::lower(id, file))?;
    Some(outcome.map(Arc::new))
}

/// The modules of texts that were parsed before, for whoever analyses many commits of one repository.
///
/// An analysis with it gives what one without it gives.
#[derive(Debug, Default)]
pub struct ParseCache {
    inner: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    modules: FxHashMap<Text, Kept>,
    /// The bytes of all texts.
    bytes: usize,
    /// Counts the analyses.
    clock: u64,
}

/// The path of a file, which decides how it is read, and the hash of its text.
type Text = (String, [u8; 32]);

#[derive(Debug)]
struct Kept {
    module: Arc<Module>,
    bytes: usize,
    used: u64,
}

impl ParseCache {
    /// The most bytes of texts whose modules are kept; a module takes some times as many.
    const MOST_BYTES: usize = 48 << 20;

    fn lower(&self, id: FileId, file: &File) -> Option<Result<Arc<Module>, SkippedPart>> {
        firedoor_lang::front_end_for(&file.path)?;
        let hash = *blake3::hash(file.text.as_bytes()).as_bytes();
        let text = (file.path.clone(), hash);
        let known = self.find(&text);
        if let Some(module) = known {
            // The same text at another position: its places are in another file.
            if module.file == id {
                return Some(Ok(module));
            }
            let moved = Arc::new(module.in_file(id));
            self.keep(text, file, &moved);
            return Some(Ok(moved));
        }
        let outcome = lower(id, file)?;
        if let Ok(module) = &outcome {
            self.keep(text, file, module);
        }
        Some(outcome)
    }

    fn find(&self, text: &Text) -> Option<Arc<Module>> {
        let mut known = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = known.clock;
        let parsed = known.modules.get_mut(text)?;
        parsed.used = clock;
        Some(Arc::clone(&parsed.module))
    }

    fn keep(&self, text: Text, file: &File, module: &Arc<Module>) {
        let mut known = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let parsed = Kept {
            module: Arc::clone(module),
            bytes: file.text.len(),
            used: known.clock,
        };
        known.bytes += file.text.len();
        if let Some(old) = known.modules.insert(text, parsed) {
            known.bytes -= old.bytes;
        }
    }

    /// Forgets what the last analyses did not use, once it is too much.
    fn tidy(&self) {
        let mut known = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let known = &mut *known;
        if known.bytes > ParseCache::MOST_BYTES {
            let oldest = known.clock.saturating_sub(1);
            known.modules.retain(|_, parsed| parsed.used >= oldest);
            known.bytes = known.modules.values().map(|parsed| parsed.bytes).sum();
        }
        known.clock += 1;
    }
}

fn guarded(
    file: &File,
    lower: impl FnOnce() -> Option<Module>,
) -> Option<Result<Module, SkippedPart>> {
    match catch_unwind(AssertUnwindSafe(lower)) {
        Ok(module) => module.map(Ok),
        Err(what) => Some(Err(SkippedPart {
            path: file.path.clone(),
            rule: None,
            reason: "parser-failed",
            span: None,
            detail: format!(
                "firedoor failed while it read this file; please report this: {}",
                words(what.as_ref())
            ),
        })),
    }
}

/// Returns what was left out, with the parts of files that were not understood.
pub fn skipped(files: &FileSet, modules: &[Arc<Module>], project: &Project) -> Vec<SkippedPart> {
    let mut skipped: Vec<SkippedPart> = files.skipped.iter().map(skipped_file).collect();
    for module in modules {
        for note in &module.notes {
            skipped.push(SkippedPart {
                path: files.file(module.file).path.clone(),
                rule: None,
                reason: match note.kind {
                    NoteKind::SyntaxError => "syntax-error",
                    NoteKind::TooDeep => "too-deep",
                    NoteKind::Unsupported => "unsupported",
                },
                span: Some(note.span),
                detail: note.detail.clone(),
            });
        }
    }
    for note in project.notes() {
        skipped.push(SkippedPart {
            path: files.file(note.file).path.clone(),
            rule: None,
            reason: "unreadable-manifest",
            span: None,
            detail: note.message.clone(),
        });
    }
    skipped.sort();
    skipped
}

fn skipped_file(skipped: &Skipped) -> SkippedPart {
    SkippedPart {
        path: skipped.path.clone(),
        rule: None,
        reason: skipped.reason.as_str(),
        span: None,
        detail: skipped.detail.clone(),
    }
}
