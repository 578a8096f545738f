//! Payments for a record that is marked with a word which nothing asks for: a part of the rule about rewards.
//!
//! What is paid back for an order that is called off is paid back once only where an order that was called off is
//! refused. Other states may be asked for, as whether it was sent.

use firedoor_app::{Access, Check, CheckKind, Effect, EntryPoint, Field, Operation, Origin, query};
use ustr::Ustr;

/// A mark that stops nobody.
pub struct Marked<'m> {
    /// Where it is made.
    pub effect: &'m Effect,
    /// What is marked.
    pub asset: Ustr,
    /// The field.
    pub field: Ustr,
    /// The word.
    pub word: Ustr,
    /// Where the field is asked for, which the word passes.
    pub asked: &'m Check,
}

/// Returns the mark before a payment that leaves the record as fit for the next payment as it was.
pub fn marked_again<'m>(
    entry: &'m EntryPoint,
    payment: &'m Effect,
    paid: &Access,
    field: &Field,
) -> Option<Marked<'m>> {
    let asset = crate::unkept::source_of(paid, field)?;
    let is_kept_elsewhere = query::handler_accesses(entry).any(|(_, access)| {
        let mut values = access.values.iter();
        match access.operation {
            Operation::Delete => access.asset == asset,
            Operation::Create => values.any(|it| it.value.record_fields(asset).next().is_some()),
            _ => false,
        }
    });
    let (effect, mark) = query::handler_accesses(entry)
        .take_while(|(effect, _)| !std::ptr::eq(*effect, payment))
        .find(|(_, access)| access.asset == asset && access.operation == Operation::Update)?;
    let (name, word) = mark.values.iter().find_map(|it| {
        let word = it.value.literal().filter(|_| it.operator == "=")?;
        (word != "null").then_some((it.name, word))
    })?;
    let is_asked_in_key = query::handler_accesses(entry).any(|(_, access)| {
        access.asset == asset
            && access
                .key
                .iter()
                .any(|key| is_stopped(mark, key, name, word))
    });
    let examines = |check: &Check, wanted: Ustr| {
        let mut operands = check.operands.iter();
        operands.any(|it| it.record_fields(asset).any(|found| found == wanted))
    };
    let refusing = || {
        entry
            .checks_of(payment)
            .filter(|check| check.refusal.is_some())
    };
    let mut about = refusing().filter(|check| examines(check, name)).peekable();
    let asked = about.peek().copied()?;
    let is_passed = about.all(|check| passes(check, word));
    let asks_more = mark
        .values
        .iter()
        .any(|it| it.name != name && refusing().any(|check| examines(check, it.name)));
    (is_passed && !is_asked_in_key && !asks_more && !is_kept_elsewhere).then_some(Marked {
        effect,
        asset,
        field: name,
        word,
        asked,
    })
}

/// The key asks for one of the fields that are written: it finds nothing the second time, unless it is the word itself
/// that it asks for.
fn is_stopped(mark: &Access, key: &Field, name: Ustr, word: Ustr) -> bool {
    let is_written = mark.values.iter().any(|it| it.name == key.name);
    let is_word = key.value.literal() == Some(word);
    is_written && !(key.name == name && is_word && key.operator == "=")
}

/// Holds if a record with the word passes the check.
fn passes(check: &Check, word: Ustr) -> bool {
    let mut words = check.operands.iter().flat_map(|operand| operand.origins());
    let is_known = check.operands.iter().any(|it| {
        !it.is_empty()
            && it
                .origins()
                .iter()
                .all(|it| matches!(it, Origin::Literal(_)))
    });
    let is_named = words.any(|it| matches!(it, Origin::Literal(text) if *text == word));
    matches!(check.kind, CheckKind::Equality | CheckKind::Membership)
        && is_known
        && !check.is_alternative
        && is_named == check.outcome
}
