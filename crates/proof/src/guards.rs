//! The guards that a map says cover an entry point, each with what would take it out of the code.

use std::sync::Arc;

use firedoor_app::{CheckPlace, Control, EntryPoint, Layer, LayerKind, Map, Transport};
use firedoor_ir::Module;
use firedoor_source::{FileSet, Span};
use indexmap::IndexMap;
use ustr::Ustr;

use crate::removal::{Edit, NotMade, Trees, Wanted, of_check, of_layer};

/// A guard that covers entry points.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Its name; that of the handler for a check inside it.
    pub name: Ustr,
    /// What it is.
    pub kind: LayerKind,
    /// What it is good for.
    pub controls: Vec<Control>,
    /// Where it is mounted, or where the check stands.
    pub place: Span,
    /// The entry points that it covers, as numbers into the map's.
    pub covers: Vec<usize>,
    /// What takes it out of the code, or why nothing does.
    pub removal: Result<Edit, NotMade>,
}

/// What tells guards apart: the same edit takes out the same guard, whatever it is called.
type Key = (Span, Ustr, Result<Edit, NotMade>);

/// Returns the guards of the map, in the order of their places. `modules` are those that the map is of.
pub fn guards(map: &Map, files: &FileSet, modules: &[Arc<Module>]) -> Vec<Guard> {
    let trees = Trees::new(files, modules);
    let mut found: IndexMap<Key, Guard> = IndexMap::new();
    for (number, entry) in map.entry_points.iter().enumerate() {
        for (place, layer) in entry.layers.iter().enumerate() {
            if !layer.verdict.refuses() {
                continue;
            }
            match layer.kind {
                LayerKind::ErrorHandler => {}
                // What answers an upgrade is no layer that could be left out: the checks in it are the guards.
                LayerKind::Layer if !is_handling(&trees, entry, layer) => {
                    let wanted = Wanted {
                        entry,
                        layer,
                        twin: twin(&entry.layers[..place], layer),
                    };
                    let removal = of_layer(&trees, &wanted);
                    add(
                        &mut found,
                        number,
                        layer,
                        layer.mounted,
                        &layer.controls,
                        removal,
                    );
                }
                LayerKind::Inline | LayerKind::Layer => {
                    for check in layer.places.iter().filter(|it| is_first_side(layer, it)) {
                        let removal = of_check(&trees, entry, check);
                        add_check(&mut found, number, layer, check, removal);
                    }
                }
            }
        }
    }
    let mut guards: Vec<Guard> = found.into_values().collect();
    guards.sort_by(|a, b| (a.place, a.name, &a.removal).cmp(&(b.place, b.name, &b.removal)));
    guards
}

/// Holds for a function that makes connections and is written where it is registered.
fn is_handling(trees: &Trees<'_>, entry: &EntryPoint, layer: &Layer) -> bool {
    let is_listener = || {
        let callee = trees.callee(layer.mounted);
        callee.is_some_and(|name| name == "on" || name == "once")
    };
    let is_function = layer.mounted == layer.span && trees.callee(layer.mounted).is_none();
    entry.transport == Transport::WebSocket
        && (is_function || is_listener() || is_consumer(entry, layer))
}

/// The consumers of Django's channels accept or refuse connections by themselves.
fn is_consumer(entry: &EntryPoint, layer: &Layer) -> bool {
    entry.framework == "django" && layer.name.ends_with(".connect")
}

/// Where both sides of a test lead to a refusal, the one that it was written for is the one that it holds on.
fn is_first_side(layer: &Layer, check: &CheckPlace) -> bool {
    let is_other = |other: &CheckPlace| {
        other.span == check.span && other.control == check.control && !other.passes
    };
    !check.passes || !layer.places.iter().any(is_other)
}

/// Returns how many of the layers before are the same one, mounted by the same registration.
fn twin(before: &[Layer], layer: &Layer) -> usize {
    let is_same = |other: &&Layer| {
        other.name == layer.name && other.span == layer.span && other.mounted == layer.mounted
    };
    before.iter().filter(is_same).count()
}

fn add_check(
    found: &mut IndexMap<Key, Guard>,
    number: usize,
    layer: &Layer,
    check: &CheckPlace,
    removal: Result<Edit, NotMade>,
) {
    add(found, number, layer, check.span, &[check.control], removal);
}

fn add(
    found: &mut IndexMap<Key, Guard>,
    number: usize,
    layer: &Layer,
    place: Span,
    controls: &[Control],
    removal: Result<Edit, NotMade>,
) {
    let key = match &removal {
        Ok(edit) => (edit.span, Ustr::from(""), removal.clone()),
        Err(_) => (place, layer.name, removal.clone()),
    };
    let guard = found.entry(key).or_insert_with(|| Guard {
        name: layer.name,
        kind: layer.kind,
        controls: Vec::new(),
        place,
        covers: Vec::new(),
        removal,
    });
    guard.controls.extend(controls);
    guard.controls.sort();
    guard.controls.dedup();
    if guard.covers.last() != Some(&number) {
        guard.covers.push(number);
    }
}
