//! Every file is parsed once, side by side.

use firedoor_ir::{Module, NoteKind};
use firedoor_project::Project;
use firedoor_source::{FileId, FileSet, Skipped};
use rayon::prelude::*;

use crate::SkippedPart;

/// Returns the modules of all files that a front end knows, in the order of the files.
pub fn parse(files: &FileSet) -> Vec<Module> {
    let all: Vec<(FileId, &firedoor_source::File)> = files.iter().collect();
    all.par_iter()
        .filter_map(|(id, file)| firedoor_lang::lower(*id, file))
        .collect()
}

/// Returns what was left out, with the parts of files that were not understood.
pub fn skipped(files: &FileSet, modules: &[Module], project: &Project) -> Vec<SkippedPart> {
    let mut skipped: Vec<SkippedPart> = files.skipped.iter().map(skipped_file).collect();
    for module in modules {
        for note in &module.notes {
            skipped.push(SkippedPart {
                path: files.file(module.file).path.clone(),
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
        reason: skipped.reason.as_str(),
        span: None,
        detail: skipped.detail.clone(),
    }
}
