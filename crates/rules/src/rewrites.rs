//! What is written anew for a lower rank than it was written for in the first place: a part of the shortfalls.

use firedoor_app::{Access, Field, Operation};

use crate::demands::{Asked, Scale};
use crate::shortfall::{Shortfall, all_ask_more, is_of_others, others_of};

/// It changes the words of a record which nobody may make with words of his own, nor change, without more.
pub fn rewrites<'m>(
    scale: &Scale<'m>,
    asked: &Asked<'m>,
    access: &Access,
) -> Option<Shortfall<'m>> {
    if access.operation != Operation::Update {
        return None;
    }
    let shares = |other: &Access| {
        let mut own = access.values.iter().filter(|field| is_given(field));
        own.any(|own| {
            let mut fields = other.values.iter();
            fields.any(|field| field.name == own.name && is_given(field))
        })
    };
    let is_of_several = |it: &Asked<'_>, other: &Access| {
        other.operation == Operation::Create || is_of_others(scale, it.entry, other)
    };
    let alike: Vec<&Asked<'_>> = others_of(scale, asked, access.asset)
        .filter(|(it, other)| {
            matches!(other.operation, Operation::Create | Operation::Update)
                && shares(other)
                && is_of_several(it, other)
        })
        .map(|(it, _)| it)
        .collect();
    // Who removes such records, or marks them, is asked for something too.
    let is_more = |it: &Asked<'_>| asked.demands.lack(&it.demands, &scale.reading).is_some();
    let others: Vec<&Asked<'_>> = others_of(scale, asked, access.asset)
        .filter(|(it, other)| {
            matches!(other.operation, Operation::Delete | Operation::Update)
                && is_of_others(scale, it.entry, other)
        })
        .map(|(it, _)| it)
        .collect();
    let all_ask = others.iter().all(|it| it.demands.is_unclear || is_more(it));
    if !all_ask || !others.iter().any(|it| is_more(it)) {
        return None;
    }
    let words = format!("changes {}", access.asset);
    all_ask_more(scale, asked, &alike, 1, words)
}

/// Holds if the client says what the field becomes.
fn is_given(field: &Field) -> bool {
    field.operator == "=" && field.value.is_from_client()
}
