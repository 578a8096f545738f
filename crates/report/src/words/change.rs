//! Says what changed at an entry point.

use firedoor_app::diff::EntryChange;
use firedoor_app::{Control, EntryPoint};

use super::control;
use crate::clean;
use crate::coverage::controls_of;

/// Returns the other verdicts, such as `authentication enforced → absent`.
pub(crate) fn verdict_changes(change: &EntryChange) -> String {
    let words: Vec<String> = change
        .verdicts
        .iter()
        .map(|verdict| {
            format!(
                "{} {} → {}",
                control(verdict.control),
                verdict.before.as_str(),
                verdict.after.as_str()
            )
        })
        .collect();
    words.join(", ")
}

/// Returns which guards came and went, such as `lost requireAuth`.
pub(crate) fn guard_changes(change: &EntryChange) -> String {
    let list = |names: &[ustr::Ustr]| {
        let names: Vec<_> = names.iter().map(|name| clean(name)).collect();
        names.join(", ")
    };
    let mut lost = list(&change.lost);
    for (kind, _) in &change.checks_lost {
        let comma = if lost.is_empty() { "" } else { ", " };
        lost.push_str(&format!("{comma}a check of {}", control(*kind)));
    }
    match (lost.as_str(), change.gained.as_slice()) {
        ("", []) => String::new(),
        (lost, []) => format!("lost {lost}"),
        ("", gained) => format!("gained {}", list(gained)),
        (lost, gained) => format!("lost {lost}, gained {}", list(gained)),
    }
}

/// Returns how an entry point is guarded: its authentication, and what else refuses.
pub(crate) fn guarding(entry: &EntryPoint) -> String {
    let words: Vec<String> = controls_of(entry)
        .into_iter()
        .filter(|(control, verdict)| *control == Control::Authentication || verdict.refuses())
        .map(|(word, verdict)| format!("{} {}", control(word), verdict.as_str()))
        .collect();
    words.join(", ")
}
