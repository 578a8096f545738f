//! Records that say themselves that everybody may see them: shared parts of the rules about sockets.
//!
//! `if (room.hidden) return` lets everybody in who meets a room that is not hidden. Which fields say so, and which only
//! say how far something has got, other entry points tell: those that list, for whoever is logged in, what the same
//! word is written in.

use firedoor_app::{
    Access, Check, CheckKind, Control, Effect, EffectKind, EntryPoint, Field, Map, Operation,
    Origin, Transport, query,
};
use ustr::Ustr;

use crate::socket::{is_asked, shows};

/// A field that a check asks about, with the word that passes, or does not.
struct Asked {
    field: Ustr,
    /// `None` for any word that says no.
    word: Option<Ustr>,
    passes: bool,
}

/// Holds if nothing is done with the record before it is asked for the same word by which records are listed over
/// HTTP for whoever is logged in.
pub fn is_open_by_its_word(
    map: &Map,
    entry: &EntryPoint,
    effect: &Effect,
    access: &Access,
) -> bool {
    let asked: Vec<Asked> = entry
        .checks
        .iter()
        .filter(|check| access.operation == Operation::Read && is_before_all(entry, check, effect))
        .filter_map(|check| asked(check, access.asset))
        .collect();
    let is_by_word = |key: &Field| {
        let literal = key.value.literal().filter(|_| key.operator == "=");
        literal.is_some_and(|literal| {
            let mut asked = asked.iter();
            asked.any(|asked| asked.field == key.name && is_let_through(asked, &literal))
        })
    };
    let is_fixed = |key: &Field| {
        let mut origins = key.value.origins().iter();
        origins.all(|origin| matches!(origin, Origin::Literal(_) | Origin::Clock))
    };
    let is_listing = |other: &EntryPoint| {
        query::handler_accesses(other).any(|(found, listed)| {
            listed.asset == access.asset
                && listed.operation == Operation::Read
                && listed.key.iter().any(is_by_word)
                && listed.key.iter().all(is_fixed)
                && !is_asked(other, found, listed)
        })
    };
    !asked.is_empty()
        && map
            .entry_points
            .iter()
            .filter(|other| other.transport == Transport::Http)
            .filter(|other| !other.verdict(Control::Authorization).refuses())
            .any(|other| is_listing(other) && shows(other, access.asset))
}

/// Returns what a check asks of such a record that refuses all others.
fn asked(check: &Check, asset: Ustr) -> Option<Asked> {
    let mut origins = check.operands.iter().flat_map(|it| it.origins());
    let is_own = |origin: &Origin| match origin {
        Origin::Record {
            asset: of, field, ..
        } => *of == asset && !field.is_empty(),
        Origin::Literal(_) => true,
        _ => false,
    };
    if check.refusal.is_none() || check.is_alternative || !origins.all(is_own) {
        return None;
    }
    let mut fields = check.operands.iter().flat_map(|it| it.record_fields(asset));
    let word = match check.kind {
        CheckKind::Presence => None,
        CheckKind::Equality => Some(check.operands.iter().find_map(|it| it.literal())?),
        _ => return None,
    };
    Some(Asked {
        field: fields.next()?,
        word,
        passes: match word {
            Some(_) => check.outcome,
            None => !check.outcome,
        },
    })
}

fn is_let_through(asked: &Asked, word: &str) -> bool {
    let is_no = ["false", "null", "0", ""].contains(&word.to_ascii_lowercase().as_str());
    let is_word = match asked.word {
        Some(wanted) => wanted.eq_ignore_ascii_case(word),
        None => is_no,
    };
    is_word == asked.passes
}

/// Holds if nothing is done or told after the record was found without the check, but that it is refused.
fn is_before_all(entry: &EntryPoint, check: &Check, look_up: &Effect) -> bool {
    let is_nothing = |effect: &Effect| match &effect.kind {
        EffectKind::Respond { is_error, .. } => *is_error,
        EffectKind::Access(found) => !found.operation.is_write(),
        _ => false,
    };
    let mut after = entry
        .effects
        .iter()
        .skip_while(|effect| !std::ptr::eq(*effect, look_up))
        .filter(|effect| look_up.checks.iter().all(|id| effect.checks.contains(id)));
    after.all(|effect| {
        let mut checks = entry.checks_of(effect);
        is_nothing(effect) || checks.any(|it| std::ptr::eq(it, check))
    })
}
