//! Entry points that a guard of the whole application stands before, and lets through because they are marked so.

use firedoor_app::{Control, EntryPoint, Map, Verdict};

/// Holds if a layer that stands before the entry point asks those of others who they are, mounted at the same place, and
/// nobody here: a mark such as `@Public()`, or a list of paths, says that this one is for everybody, so that somebody has
/// decided it.
pub fn is_let_through(map: &Map, entry: &EntryPoint) -> bool {
    entry.layers.iter().any(|layer| {
        layer.verdict_of(Control::Authentication) == Verdict::Absent
            && map.entry_points.iter().any(|other| {
                other.layers.iter().any(|it| {
                    it.mounted == layer.mounted
                        && it.span == layer.span
                        && it.verdict_of(Control::Authentication) == Verdict::Enforced
                })
            })
    })
}
