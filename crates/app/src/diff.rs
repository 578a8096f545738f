//! What changed between two maps of one application: doors, guards and verdicts, never lines.
//!
//! Entry points are the same if their ids are; one whose path changed is recognised by the name of its handler. A
//! guard that stands before the same entry points as before has not changed, wherever it is mounted now.

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::{Control, EntryPoint, GuardDefinition, Layer, LayerKind, Map, Transport, Verdict};

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
    let identities = |entries: &[EntryPoint]| entries.iter().map(Identity::of).collect::<Vec<_>>();
    let pairs = pairs(&identities(before), &identities(after));
    let left = |entries: &'a [EntryPoint], taken: FxHashSet<usize>| {
        let numbered = entries.iter().enumerate();
        numbered
            .filter(|(place, _)| !taken.contains(place))
            .map(|(_, entry)| entry)
            .collect()
    };
    let removed = left(before, pairs.iter().map(|(old, _)| *old).collect());
    let added = left(after, pairs.iter().map(|(_, new)| *new).collect());
    let pairs = pairs
        .into_iter()
        .map(|(old, new)| (&before[old], &after[new]))
        .collect();
    (pairs, removed, added)
}

/// What makes an entry point the same in two maps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its id.
    pub id: String,
    /// The file of the application object that it belongs to.
    pub app: Ustr,
    /// How input arrives.
    pub transport: Transport,
    /// Its method.
    pub method: Ustr,
    /// The name of its handler.
    pub handler: Ustr,
}

impl Identity {
    /// Returns the identity of `entry`.
    pub fn of(entry: &EntryPoint) -> Identity {
        Identity {
            id: entry.id(),
            app: entry.app,
            transport: entry.transport,
            method: entry.method,
            handler: entry.handler.name,
        }
    }

    /// What is left of it when its path is another one; nothing if its handler has no name.
    fn without_path(&self) -> Option<(Transport, Ustr, Ustr)> {
        let is_named = !self.handler.starts_with('(');
        is_named.then_some((self.transport, self.method, self.handler))
    }
}

/// Returns the positions of those that are in both, in the order of `after`.
pub fn pairs(before: &[Identity], after: &[Identity]) -> Vec<(usize, usize)> {
    let mut left = Left {
        old: (0..before.len()).collect(),
        new: (0..after.len()).collect(),
        pairs: Vec::new(),
    };
    // Two applications of one tree may have an id in common, and an application may move to another file.
    let in_application = |entry: &Identity| Some((entry.id.clone(), Some(entry.app)));
    left.take(before, after, in_application);
    left.take(before, after, |entry| {
        Some((entry.id.clone(), None::<Ustr>))
    });
    let unique_in = |entries: &[Identity], places: &[usize]| {
        let mut counts: FxHashMap<_, usize> = FxHashMap::default();
        for place in places {
            *counts.entry(entries[*place].without_path()).or_default() += 1;
        }
        counts
    };
    let (old, new) = (unique_in(before, &left.old), unique_in(after, &left.new));
    // A handler has moved only if no other left-over on its side has its name.
    left.take(before, after, |entry| {
        let key = entry.without_path();
        let is_unique = [&old, &new]
            .iter()
            .all(|counts| counts.get(&key).is_none_or(|count| *count <= 1));
        key.filter(|_| is_unique)
    });
    left.pairs.sort_by_key(|(_, new)| *new);
    left.pairs
}

/// The positions that have no partner yet, and the pairs that were found.
struct Left {
    old: Vec<usize>,
    new: Vec<usize>,
    pairs: Vec<(usize, usize)>,
}

impl Left {
    /// Takes those with equal keys out of both lists, first with first.
    fn take<K: Eq + std::hash::Hash>(
        &mut self,
        before: &[Identity],
        after: &[Identity],
        key: impl Fn(&Identity) -> Option<K>,
    ) {
        let mut waiting: FxHashMap<K, std::collections::VecDeque<usize>> = FxHashMap::default();
        for place in &self.old {
            if let Some(key) = key(&before[*place]) {
                waiting.entry(key).or_default().push_back(*place);
            }
        }
        let mut taken = FxHashSet::default();
        let pairs = &mut self.pairs;
        self.new.retain(|place| {
            let found = key(&after[*place]).and_then(|key| waiting.get_mut(&key)?.pop_front());
            taken.extend(found);
            pairs.extend(found.map(|old| (old, *place)));
            found.is_none()
        });
        self.old.retain(|place| !taken.contains(place));
    }
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
