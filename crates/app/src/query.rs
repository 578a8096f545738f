//! The face of the map for rules: questions only.

use crate::{Access, Control, Effect, EffectKind, EntryPoint, Map, Verdict};

/// Returns the accesses to assets that `entry` makes, with the effect each is part of.
pub fn accesses(entry: &EntryPoint) -> impl Iterator<Item = (&Effect, &Access)> {
    entry
        .effects
        .iter()
        .filter_map(|effect| match &effect.kind {
            EffectKind::Access(access) => Some((effect, access)),
            _ => None,
        })
}

/// Holds if `entry` changes what the application keeps.
pub fn changes_state(entry: &EntryPoint) -> bool {
    accesses(entry).any(|(_, access)| access.operation.is_write())
}

/// Returns the other entry points of the same router or controller.
pub fn siblings<'a>(map: &'a Map, entry: &'a EntryPoint) -> impl Iterator<Item = &'a EntryPoint> {
    map.entry_points
        .iter()
        .filter(move |other| other.group.0 == entry.group.0 && !std::ptr::eq(*other, entry))
}

/// Holds if any entry point of the application enforces `control`.
pub fn is_anywhere(map: &Map, control: Control) -> bool {
    map.entry_points
        .iter()
        .any(|entry| entry.verdict(control) == Verdict::Enforced)
}
