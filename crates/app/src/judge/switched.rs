//! Guards of roles that a setting switches on: what lets a known user on where nobody has set it.

use ustr::Ustr;

use super::{Continuation, LayerRun, user_control};
use crate::fails_open::environment_in;
use crate::{Check, CheckKind, Control, Origin, Provenance};

/// Returns the condition in words on which the layer lets everybody on whom it would ask for a role: a setting that is
/// so by default, alone on one of the ways or as one of several reasons of the same test.
pub(super) fn switch(run: &LayerRun) -> Option<String> {
    run.continuations.iter().find_map(switch_of)
}

fn switch_of(way: &Continuation) -> Option<String> {
    let asks = |check: &&Check| check.refusal.is_some() && is_about_rank(check);
    let mut asked = way.checks.iter().filter(asks).peekable();
    if asked.peek().is_none() {
        return way.checks.iter().rev().find_map(by_default);
    }
    let mut words = None;
    for check in asked {
        // Asked for certain: whatever the setting is, this must hold.
        if !check.is_alternative {
            return None;
        }
        words = words.or_else(|| check.alternatives.iter().find_map(by_default));
    }
    words
}

fn is_about_rank(check: &Check) -> bool {
    let mut parts = check.parts().iter();
    parts.any(|part| user_control(part) == Some(Control::Authorization))
}

/// Returns the setting if the check asks for nothing else and comes out as it did where it is not set.
fn by_default(check: &Check) -> Option<String> {
    let (name, fallback) = check.operands.iter().find_map(setting)?;
    let only_settings = check.operands.iter().all(|it| {
        let is_told = |it: &Origin| matches!(it, Origin::Environment { .. } | Origin::Literal(_));
        it.origins().iter().all(is_told)
    });
    let is_off = |text: Ustr| matches!(text.as_str(), "" | "0" | "false" | "off" | "no" | "null");
    let outcome = match check.kind {
        CheckKind::Presence => Some(!fallback.is_none_or(is_off)),
        // What a setting is that nobody has given a value is not known: the installation must.
        CheckKind::Equality => {
            let mut others = check
                .operands
                .iter()
                .filter(|it| environment_in(it).is_none());
            let wanted = others.next().and_then(Provenance::literal);
            wanted.zip(fallback).map(|(wanted, set)| wanted == set)
        }
        _ => None,
    };
    let is_so = only_settings && outcome == Some(check.outcome);
    let negation = if check.outcome { "" } else { "not " };
    is_so.then(|| format!("{negation}{name}"))
}

fn setting(value: &Provenance) -> Option<(Ustr, Option<Ustr>)> {
    value.origins().iter().find_map(|origin| match origin {
        Origin::Environment { name, fallback } => Some((*name, *fallback)),
        _ => None,
    })
}
