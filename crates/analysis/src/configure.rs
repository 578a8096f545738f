//! What the user has configured about the map: extra guards, and entry points that are public on purpose.

use firedoor_app::{Control, Map, Verdict};
use firedoor_source::FileSet;

use crate::Options;

/// Applies the options to the map.
pub fn apply(map: &mut Map, files: &FileSet, options: &Options) {
    for entry in &mut map.entry_points {
        let id = entry.id();
        entry.public_because = options
            .public
            .iter()
            .find(|(pattern, _)| matches(pattern, &id))
            .map(|(_, reason)| reason.clone());
        for (guard, control) in &options.guards {
            declare_guard(entry, files, guard, *control);
        }
    }
}

/// A layer with that name, or defined in that file, is a guard.
fn declare_guard(
    entry: &mut firedoor_app::EntryPoint,
    files: &FileSet,
    guard: &str,
    control: Control,
) {
    let mut is_guarded = false;
    for layer in &mut entry.layers {
        let is_meant = layer.name == guard || files.path(layer.span) == guard;
        if is_meant {
            is_guarded = true;
            if !layer.controls.contains(&control) {
                layer.controls.push(control);
                layer.verdicts.push((control, Verdict::Enforced));
            }
            layer.verdict = Verdict::Enforced;
        }
    }
    if is_guarded {
        entry.controls.insert(control, Verdict::Enforced);
    }
}

/// Holds if `pattern`, in which `*` stands for any text, is `text`.
pub fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(first) = parts.next() else {
        return false;
    };
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut last = first;
    let mut has_star = false;
    for part in parts {
        has_star = true;
        last = part;
        match rest.find(part) {
            Some(position) => rest = &rest[position + part.len()..],
            None => return false,
        }
    }
    rest.is_empty() || (has_star && last.is_empty())
}
