//! What hangs on whether a record was found: shared by the rule about accounts that answers reveal.

use firedoor_app::{Check, CheckKind, Effect, EffectKind, EntryPoint, Field, Order, Origin};
use ustr::Ustr;

/// Whether the effect happens only where a record was found (`true`), or only where none was, or none that will do.
pub fn side(entry: &EntryPoint, effect: &Effect, asset: Ustr) -> Option<bool> {
    entry
        .checks_of(effect)
        .find_map(|check| match check.is_alternative {
            true => lacks(check, asset),
            false => presence(check, asset),
        })
}

/// That there is no record is one of several reasons for the same answer, and all others are what the record says of
/// itself: that it is banned, or not confirmed yet. What the client has to know besides is no such reason.
fn lacks(check: &Check, asset: Ustr) -> Option<bool> {
    let is_of_record = |part: &Check| {
        let mut origins = part.operands.iter().flat_map(|operand| operand.origins());
        part.kind != CheckKind::Proof
            && origins.all(|origin| match origin {
                Origin::Record { asset: found, .. } => *found == asset,
                Origin::Literal(_) | Origin::Clock => true,
                _ => false,
            })
    };
    let mut parts = check.alternatives.iter();
    let is_lacking = check.is_alternative
        && parts.clone().all(is_of_record)
        && parts.any(|part| presence(part, asset) == Some(false));
    is_lacking.then_some(false)
}

/// Whether the check lets pass where there is such a record (`true`), or where there is none.
pub fn presence(check: &Check, asset: Ustr) -> Option<bool> {
    let is_about = |wanted: &str| {
        let mut fields = check.operands.iter().flat_map(|it| it.record_fields(asset));
        fields.any(|field| field == wanted)
    };
    let is_counted = is_about("count");
    let is_about_record = is_about("") || is_counted;
    let is_literal = |text: &str| {
        let mut operands = check.operands.iter();
        operands.any(|operand| operand.literal().is_some_and(|it| it == text))
    };
    let is_about_nothing_else = check.operands.iter().all(|operand| {
        operand.origins().iter().all(|origin| match origin {
            Origin::Record { asset: found, .. } => *found == asset,
            Origin::Literal(_) => true,
            _ => false,
        })
    });
    if !is_about_record || !is_about_nothing_else {
        return None;
    }
    match check.kind {
        CheckKind::Presence => Some(check.outcome),
        CheckKind::Equality if is_literal("null") => Some(!check.outcome),
        // That there are no such accounts, and that there are more than none.
        CheckKind::Equality if is_counted && is_literal("0") => Some(!check.outcome),
        CheckKind::Bound if is_counted => more_than_none(check),
        _ => None,
    }
}

/// Whether a count that is held against none or one says that there is one; `None` where the bound says neither.
fn more_than_none(check: &Check) -> Option<bool> {
    let [left, right] = check.operands.as_slice() else {
        return None;
    };
    let passes = match check.outcome {
        true => check.order?,
        false => check.order?.negated(),
    };
    let (order, bound) = match (left.literal(), right.literal()) {
        (None, Some(bound)) => (passes, bound),
        (Some(bound), None) => (passes.turned(), bound),
        _ => return None,
    };
    match (order, bound.as_str()) {
        (Order::Greater, "0") | (Order::GreaterOrEqual, "1") => Some(true),
        (Order::Less, "1") | (Order::LessOrEqual, "0") => Some(false),
        _ => None,
    }
}

/// Holds if the check asks whether the store refused a record because there is one with the same key, as the codes of
/// databases say: of Prisma, PostgreSQL, MySQL and MongoDB.
pub fn is_taken(check: &Check) -> bool {
    let is_code =
        |text: Ustr| matches!(text.as_str(), "P2002" | "23505" | "ER_DUP_ENTRY" | "11000");
    check.kind == CheckKind::Equality
        && check.outcome
        && !check.is_alternative
        && check
            .operands
            .iter()
            .any(|it| it.literal().is_some_and(is_code))
}

/// Holds if the check lets pass only where a field of the record is there: without a record it is not.
pub fn has_field(check: &Check, asset: Ustr) -> bool {
    let mut origins = check.operands.iter().flat_map(|it| it.origins()).peekable();
    check.kind == CheckKind::Presence
        && check.outcome
        && !check.is_alternative
        && origins.peek().is_some()
        && origins.all(|origin| matches!(origin, Origin::Record { asset: of, .. } if *of == asset))
}

/// Holds for a refusal of which one of several reasons is that no record was found.
pub fn is_lacking(entry: &EntryPoint, effect: &Effect, asset: Ustr) -> bool {
    entry.checks_of(effect).any(|check| {
        let mut parts = check.alternatives.iter();
        check.is_alternative && parts.any(|part| presence(part, asset) == Some(false))
    })
}

/// What the client sees: the status and the constant words.
pub fn told(effect: &Effect) -> (Option<u16>, Vec<(Ustr, Ustr)>) {
    let EffectKind::Respond { status, body, .. } = &effect.kind else {
        return (None, Vec::new());
    };
    let words = body
        .iter()
        .filter(|field| is_shown(field))
        .filter_map(|field| Some((field.name, field.value.literal()?)))
        .collect();
    (*status, words)
}

fn is_shown(field: &Field) -> bool {
    !matches!(
        field.name.as_str(),
        "stack" | "name" | "status" | "status_code" | "args"
    )
}

/// Holds for an answer that refuses: by its status, or by what it says where there is none, as of a server action.
pub fn refuses(effect: &Effect) -> bool {
    matches!(&effect.kind, EffectKind::Respond { status, is_error, .. }
        if status.map_or(*is_error, |status| (400..500).contains(&status)))
}

/// Returns the answer in words.
pub fn describe(effect: &Effect) -> String {
    let (status, words) = told(effect);
    let status = status.map_or("an error".to_owned(), |status| status.to_string());
    match words.first() {
        Some((_, text)) => format!("{status} \"{text}\""),
        None => status,
    }
}
