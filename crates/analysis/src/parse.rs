//! Every file is parsed once, side by side.

use std::panic::{AssertUnwindSafe, catch_unwind};

use firedoor_eval::words;
use firedoor_ir::{Module, NoteKind};
use firedoor_project::Project;
use firedoor_source::{File, FileId, FileSet, Skipped};
use rayon::prelude::*;

use crate::SkippedPart;

/// The files of an analysis as programs.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// The modules of all files that a front end knows, in the order of the files.
    pub modules: Vec<Module>,
    /// The files at which a front end failed.
    pub failed: Vec<SkippedPart>,
}

impl Parsed {
    /// Parses all files.
    pub fn new(files: &FileSet) -> Parsed {
        let (modules, failed) = parse(files);
        Parsed { modules, failed }
    }

    /// Returns the programs of `files`, which differ from those that were parsed in the text of `changed` alone.
    pub fn with_changed(&self, files: &FileSet, changed: FileId) -> Parsed {
        let file = files.file(changed);
        let mut parsed = self.clone();
        parsed.failed.retain(|part| part.path != file.path);
        let place = parsed.modules.iter().position(|it| it.file == changed);
        match (guarded(file, || firedoor_lang::lower(changed, file)), place) {
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
pub(crate) fn parse(files: &FileSet) -> (Vec<Module>, Vec<SkippedPart>) {
    let all: Vec<(FileId, &File)> = files.iter().collect();
    let lowered: Vec<Result<Module, SkippedPart>> = all
        .par_iter()
        .filter_map(|(id, file)| guarded(file, || firedoor_lang::lower(*id, file)))
        .collect();
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
pub fn skipped(files: &FileSet, modules: &[Module], project: &Project) -> Vec<SkippedPart> {
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
