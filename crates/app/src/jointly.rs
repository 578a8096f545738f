//! Guards that refuse together: one refuses credentials that are wrong, another those that are missing, and nobody
//! comes past both.
//!
//! Each alone lets somebody on. What one part of the request was for the first it is for the second too, so that a way
//! through both on which it is two things is none.
//!
//! What is cut out of a part (`header.split(' ')[1]`) has the provenance of the part, so that a first guard that only
//! misses the piece is taken for one that misses the header. That is too sure; values would have to say which they are.

use crate::judge::refusal_control;
use crate::{
    Check, CheckKind, Control, EntryPoint, LayerKind, Origin, Provenance, RequestPart, Verdict,
};

/// Takes out of the entry point what only a request reaches that is two things at once, and says of the last of the guards
/// which refuse everybody together that it holds.
pub fn settle_joint_refusals(entry: &mut EntryPoint) {
    let open = entry.controls.get(&Control::Authentication);
    if !matches!(open, Some(Verdict::Observed | Verdict::Absent)) || entry.exposed.is_empty() {
        return;
    }
    // What an attacker has left behind in a layer is no way through all of them.
    let exposed = entry.exposed.iter().enumerate();
    let of_handler = exposed.filter(|(_, effect)| effect.layer.is_none());
    let mut last = None;
    for (_, effect) in of_handler {
        let checks: Vec<&Check> = entry.checks_of(effect).collect();
        let Some(closing) = closing(&checks) else {
            return;
        };
        last = Some(closing.span);
    }
    let Some(place) = last else { return };
    entry.exposed.retain(|effect| effect.layer.is_some());
    entry
        .controls
        .insert(Control::Authentication, Verdict::Enforced);
    let mut layers = entry.layers.iter_mut().rev();
    let guard = layers.find(|layer| {
        layer.kind == LayerKind::Layer
            && [layer.span, layer.mounted].contains(&place)
            && layer.controls.contains(&Control::Authentication)
    });
    if let Some(guard) = guard {
        for (control, verdict) in &mut guard.verdicts {
            if *control == Control::Authentication {
                *verdict = Verdict::Enforced;
            }
        }
        guard.verdict = Verdict::Enforced;
    }
}

/// Returns the check that a request has not passed which has passed the others: it asks for the contrary of what each part of
/// an earlier one has found, and refuses those who bring no credential.
fn closing<'c>(checks: &[&'c Check]) -> Option<&'c Check> {
    checks.iter().enumerate().find_map(|(place, earlier)| {
        let later = &checks[place + 1..];
        let mut closes = None;
        for part in alternatives(earlier) {
            closes = Some(later.iter().find(|check| excludes(check, part))?);
        }
        closes.copied()
    })
}

/// The ways to pass a check: of one that asks for several things at once any is enough to be excluded.
fn alternatives(check: &Check) -> &[Check] {
    match check.is_alternative {
        true => check.parts(),
        false => std::slice::from_ref(check),
    }
}

fn excludes(check: &Check, part: &Check) -> bool {
    let is_single = !check.is_alternative && check.alternatives.is_empty();
    let refuses = check.refusal.as_ref().is_some_and(|refusal| {
        refusal_control(refusal, std::slice::from_ref(check)) == Some(Control::Authentication)
    });
    is_single
        && refuses
        && match (asked(check), asked(part)) {
            (Some(own), Some(other)) => {
                own.part == other.part && own.is == other.is && own.outcome != other.outcome
            }
            _ => false,
        }
}

/// What is asked of one credential.
struct Asked<'c> {
    /// Where requests carry it.
    part: &'c Origin,
    /// What it is held against; nothing where it only has to be there.
    is: Option<ustr::Ustr>,
    /// Whether that is so.
    outcome: bool,
}

fn asked(check: &Check) -> Option<Asked<'_>> {
    let mut parts = check.operands.iter().filter(|it| it.literal().is_none());
    let mut literals = check.operands.iter().filter_map(Provenance::literal);
    let part = match (parts.next(), parts.next()) {
        (Some(only), None) => carried(only)?,
        _ => return None,
    };
    let literal = literals.next();
    match (check.kind, literal) {
        (CheckKind::Presence, None) => Some(Asked {
            part,
            is: None,
            outcome: check.outcome,
        }),
        (CheckKind::Equality, Some(text)) if text == "null" => Some(Asked {
            part,
            is: None,
            outcome: !check.outcome,
        }),
        (CheckKind::Equality, Some(text)) => Some(Asked {
            part,
            is: Some(text),
            outcome: check.outcome,
        }),
        _ => None,
    }
}

/// Returns the one part of the request that a value is, where it is not missing.
fn carried(value: &Provenance) -> Option<&Origin> {
    let is_nothing = |it: &&Origin| matches!(it, Origin::Literal(text) if text == "null");
    let mut origins = value.origins().iter().filter(|it| !is_nothing(it));
    match (origins.next(), origins.next()) {
        (Some(only), None) if is_carried(only) => Some(only),
        _ => None,
    }
}

fn is_carried(origin: &Origin) -> bool {
    matches!(
        origin,
        Origin::Request(RequestPart::Header | RequestPart::Cookie, name) if !name.is_empty()
    )
}
