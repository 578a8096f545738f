//! What changed between two maps of one application: doors, guards and verdicts, never lines.
//!
//! Entry points are the same if their ids are; one whose path changed is recognised by the name of its handler. A
//! guard that stands before the same entry points as before has not changed, wherever it is mounted now.

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::{Control, EntryPoint, GuardDefinition, Layer, LayerKind, Map, Verdict};

/// What changed from one map to another.
#[derive(Clone, Debug, Default)]
pub struct MapDiff<'a> {
    /// Entry points that are new.
    pub added: Vec<&'a EntryPoint>,
    /// Entry points that are gone.
    pub removed: Vec<&'a EntryPoint>,
    /// Entry points whose path, verdicts or guards are not the same.
    pub changed: Vec<EntryChange<'a>>,
    /// Guards that are defined now and were not.
    pub guards_added: Vec<&'a GuardDefinition>,
    /// Guards that were defined and are no more.
    pub guards_removed: Vec<&'a GuardDefinition>,
}

/// An entry point in both maps.
#[derive(Clone, Debug)]
pub struct EntryChange<'a> {
    /// As it was.
    pub before: &'a EntryPoint,
    /// As it is.
    pub after: &'a EntryPoint,
    /// The verdicts that are not the same, in the order of controls.
    pub verdicts: Vec<VerdictChange>,
    /// The names of the guards that stood before it and do no more, in their order.
    pub lost: Vec<Ustr>,
    /// The names of the guards that stand before it now, in their order.
    pub gained: Vec<Ustr>,
    /// The controls that fewer checks are for than before, inside the handler or inside a layer that still stands
    /// before it, with how many fewer.
    pub checks_lost: Vec<(Control, usize)>,
}

/// Another verdict about a control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictChange {
    /// The control.
    pub control: Control,
    /// What was known.
    pub before: Verdict,
    /// What is known.
    pub after: Verdict,
}

/// What another verdict means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// Whoever was refused may not be any more.
    Weakened,
    /// What was known is unknown.
    Obscured,
    /// What was unknown is known, and nothing says that it was better before.
    Resolved,
    /// Refused more often than before.
    Strengthened,
}

impl Direction {
    /// Returns the word for it in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Weakened => "weakened",
            Direction::Obscured => "obscured",
            Direction::Resolved => "resolved",
            Direction::Strengthened => "strengthened",
        }
    }
}

impl VerdictChange {
    /// Returns what the change means.
    pub fn direction(&self) -> Direction {
        match (rank(&self.before), rank(&self.after)) {
            (None, _) => Direction::Resolved,
            (_, None) => Direction::Obscured,
            (Some(before), Some(after)) if after < before => Direction::Weakened,
            _ => Direction::Strengthened,
        }
    }
}

impl EntryChange<'_> {
    /// Holds if its id is another one.
    pub fn is_moved(&self) -> bool {
        self.before.id() != self.after.id()
    }

    /// Holds if some verdict went this way.
    pub fn goes(&self, direction: Direction) -> bool {
        self.verdicts
            .iter()
            .any(|change| change.direction() == direction)
    }
}

/// How much a verdict refuses; nothing if that is unknown.
fn rank(verdict: &Verdict) -> Option<u8> {
    match verdict {
        Verdict::Enforced => Some(3),
        Verdict::Conditional(_) => Some(2),
        Verdict::Observed => Some(1),
        Verdict::Absent => Some(0),
        Verdict::Unknown(_) => None,
    }
}

/// Returns what changed from `before` to `after`.
pub fn diff<'a>(before: &'a Map, after: &'a Map) -> MapDiff<'a> {
    let (pairs, removed, added) = pair(&before.entry_points, &after.entry_points);
    let changed = pairs
        .into_iter()
        .filter_map(|(before, after)| change(before, after))
        .collect();
    let (guards_removed, guards_added) = guards(before, after);
    MapDiff {
        added,
        removed,
        changed,
        guards_added,
        guards_removed,
    }
}

fn change<'a>(before: &'a EntryPoint, after: &'a EntryPoint) -> Option<EntryChange<'a>> {
    let (lost, gained) = differences(&guard_names(before), &guard_names(after));
    let change = EntryChange {
        before,
        after,
        verdicts: verdicts(before, after),
        lost,
        gained,
        checks_lost: checks_lost(before, after),
    };
    let is_same = change.verdicts.is_empty()
        && change.checks_lost.is_empty()
        && change.lost.is_empty()
        && change.gained.is_empty()
        && !change.is_moved();
    (!is_same).then_some(change)
}

/// A condition in other words is the same verdict: who wants to know it reads the map.
fn verdicts(before: &EntryPoint, after: &EntryPoint) -> Vec<VerdictChange> {
    Control::ALL
        .into_iter()
        .map(|control| VerdictChange {
            control,
            before: before.verdict(control),
            after: after.verdict(control),
        })
        .filter(|change| change.before.as_str() != change.after.as_str())
        .collect()
}

/// The guards before an entry point. A check inside the handler has no name of its own, and shows in the verdicts.
fn guard_names(entry: &EntryPoint) -> Vec<Ustr> {
    entry
        .layers
        .iter()
        .filter(|layer| layer.kind == LayerKind::Layer && !layer.controls.is_empty())
        .map(|layer| layer.name)
        .collect()
}

/// The verdict may stay as it is, since another check refuses too; that one is gone must not be overlooked. Of a
/// layer that is gone itself, that says enough.
fn checks_lost(before: &EntryPoint, after: &EntryPoint) -> Vec<(Control, usize)> {
    let mut lost: Vec<(Control, usize)> = Vec::new();
    for (index, layer) in before.layers.iter().enumerate() {
        let is_counted = before.layers[..index].iter().any(|it| is_like(it, layer));
        let is_gone = !after.layers.iter().any(|it| is_like(it, layer));
        if is_counted || (is_gone && layer.kind != LayerKind::Inline) {
            continue;
        }
        for control in Control::ALL {
            let fewer =
                places(before, layer, control).saturating_sub(places(after, layer, control));
            match lost.iter_mut().find(|(known, _)| *known == control) {
                Some((_, count)) => *count += fewer,
                None if fewer > 0 => lost.push((control, fewer)),
                None => {}
            }
        }
    }
    lost.sort();
    lost
}

/// Holds for layers of one name; all checks inside the handler are one.
fn is_like(layer: &Layer, other: &Layer) -> bool {
    layer.kind == other.kind && (layer.kind == LayerKind::Inline || layer.name == other.name)
}

/// Returns how many checks for the control stand in the layers of the entry point that are like this one.
fn places(entry: &EntryPoint, like: &Layer, control: Control) -> usize {
    let own = entry.layers.iter().filter(|layer| is_like(layer, like));
    own.flat_map(|layer| &layer.places)
        .filter(|place| place.control == control)
        .count()
}

/// Returns what only `before` has and what only `after` has, counting repetitions.
fn differences(before: &[Ustr], after: &[Ustr]) -> (Vec<Ustr>, Vec<Ustr>) {
    let without = |from: &[Ustr], other: &[Ustr]| {
        let mut rest = other.to_vec();
        let mut left = from.to_vec();
        left.retain(|name| match rest.iter().position(|it| it == name) {
            Some(place) => {
                rest.remove(place);
                false
            }
            None => true,
        });
        left
    };
    (without(before, after), without(after, before))
}

type Pairs<'a> = (
    Vec<(&'a EntryPoint, &'a EntryPoint)>,
    Vec<&'a EntryPoint>,
    Vec<&'a EntryPoint>,
);

/// Returns the entry points that are in both, in the order of `after`; those that are only in `before`, and those
/// that are only in `after`.
fn pair<'a>(before: &'a [EntryPoint], after: &'a [EntryPoint]) -> Pairs<'a> {
    let mut old: Vec<&EntryPoint> = before.iter().collect();
    let mut new: Vec<&EntryPoint> = after.iter().collect();
    let mut pairs = Vec::new();
    // Two applications of one tree may have an id in common, and an application may move to another file.
    take_pairs(&mut old, &mut new, &mut pairs, |entry| {
        Some((entry.id(), Some(entry.app)))
    });
    take_pairs(&mut old, &mut new, &mut pairs, |entry| {
        Some((entry.id(), None::<Ustr>))
    });
    take_unique_pairs(&mut old, &mut new, &mut pairs);
    let positions: FxHashMap<*const EntryPoint, usize> = after
        .iter()
        .enumerate()
        .map(|(position, entry)| (std::ptr::from_ref(entry), position))
        .collect();
    pairs.sort_by_key(|(_, entry)| positions.get(&std::ptr::from_ref(*entry)).copied());
    (pairs, old, new)
}

/// Takes those with equal keys out of both lists, first with first.
fn take_pairs<'a, K: Eq + std::hash::Hash>(
    old: &mut Vec<&'a EntryPoint>,
    new: &mut Vec<&'a EntryPoint>,
    pairs: &mut Vec<(&'a EntryPoint, &'a EntryPoint)>,
    key: impl Fn(&EntryPoint) -> Option<K>,
) {
    let mut waiting: FxHashMap<K, std::collections::VecDeque<&'a EntryPoint>> =
        FxHashMap::default();
    for entry in old.iter() {
        if let Some(key) = key(entry) {
            waiting.entry(key).or_default().push_back(entry);
        }
    }
    new.retain(|entry: &&EntryPoint| {
        let found = key(entry).and_then(|key| waiting.get_mut(&key)?.pop_front());
        pairs.extend(found.map(|before| (before, *entry)));
        found.is_none()
    });
    let taken: FxHashSet<*const EntryPoint> = pairs
        .iter()
        .map(|(before, _)| std::ptr::from_ref(*before))
        .collect();
    old.retain(|entry| !taken.contains(&std::ptr::from_ref(*entry)));
}

/// Takes those whose handler has a name that no other left-over has on its side.
fn take_unique_pairs<'a>(
    old: &mut Vec<&'a EntryPoint>,
    new: &mut Vec<&'a EntryPoint>,
    pairs: &mut Vec<(&'a EntryPoint, &'a EntryPoint)>,
) {
    let key = |entry: &EntryPoint| {
        let is_named = !entry.handler.name.starts_with('(');
        is_named.then_some((entry.transport, entry.method, entry.handler.name))
    };
    let count = |list: &[&EntryPoint], entry: &EntryPoint| {
        list.iter().filter(|other| key(other) == key(entry)).count()
    };
    let (before, after) = (old.clone(), new.clone());
    take_pairs(old, new, pairs, |entry| {
        let is_unique = count(&before, entry) <= 1 && count(&after, entry) <= 1;
        key(entry).filter(|_| is_unique)
    });
}

fn guards<'a>(
    before: &'a Map,
    after: &'a Map,
) -> (Vec<&'a GuardDefinition>, Vec<&'a GuardDefinition>) {
    let only_in = |one: &'a Map, other: &Map| {
        one.guards
            .iter()
            .filter(|guard| !other.guards.iter().any(|it| it.name == guard.name))
            .collect()
    };
    (only_in(before, after), only_in(after, before))
}
