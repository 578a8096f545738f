//! The part of an application that edits of some files can have changed.
//!
//! Wiring a program is cheap next to sending requests through each of its entry points. So all is wired, and requests
//! go only where they may meet an edited file: where the handler or a layer stands in one, or uses one, directly or through
//! others; where an edited file registers the entry point or mounts a layer; and where the wiring is another than it was.

use std::cell::RefCell;
use std::collections::BTreeSet;

use firedoor_app::{EntryPoint, LayerKind, Map};
use firedoor_eval::Program;
use firedoor_models::DoorFacts;
use firedoor_source::{FileId, FileSet, Span};
use rustc_hash::FxHashMap;
use ustr::Ustr;

/// What was edited, and what was there before.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// The paths of the files that were edited.
    pub edited: Vec<String>,
    /// The [`signature`]s of the entry points before.
    pub known: BTreeSet<String>,
}

impl Part {
    /// Returns the edited files; nothing if one of them is no code, whose effects cannot be told.
    pub(crate) fn edited(&self, files: &FileSet) -> Option<Vec<FileId>> {
        let edited = self.edited.iter();
        edited
            .map(|path| files.find(path).filter(|_| is_code(path)))
            .collect()
    }
}

fn is_code(path: &str) -> bool {
    use firedoor_source::intake::{Interest, interest};
    matches!(interest(path), Some(Interest::Script | Interest::Source))
}

/// Returns what is known of the wiring of an entry point: its id and its layers.
pub fn signature(entry: &EntryPoint) -> String {
    let layers = entry.layers.iter();
    let layers: Vec<Ustr> = layers
        .filter(|layer| layer.kind != LayerKind::Inline)
        .map(|layer| layer.name)
        .collect();
    signature_of(&entry.id(), &layers)
}

fn signature_of(id: &str, layers: &[Ustr]) -> String {
    let layers: Vec<&str> = layers.iter().map(Ustr::as_str).collect();
    format!("{id}\n{}", layers.join(","))
}

/// Returns the map of what may have changed.
pub(crate) fn wire(program: &Program<'_>, edited: &[FileId], part: &Part) -> Map {
    let touched = crate::wire::importers(program, edited);
    // Most layers stand before many entry points.
    let asked: RefCell<FxHashMap<Span, bool>> = RefCell::default();
    let meets = |span: Span| {
        let known = asked.borrow().get(&span).copied();
        known.unwrap_or_else(|| {
            let used = crate::uses::uses(program, span);
            let meets = edited.contains(&span.file) || !used.is_disjoint(&touched);
            asked.borrow_mut().insert(span, meets);
            meets
        })
    };
    crate::wire::wire_part(program, &|door: &DoorFacts| {
        door.mounted.iter().any(|file| edited.contains(file))
            || !part.known.contains(&signature_of(&door.id, &door.layers))
            || door.defined.iter().any(|span| meets(*span))
    })
}
