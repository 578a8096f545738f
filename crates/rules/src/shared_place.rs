//! One statement that several entry points come to, of which one asks for less: shared by the rule about missing role
//! checks.

use firedoor_app::{Access, EffectKind, Field, Operation, Provenance, query};

use crate::demands::{Asked, Demand, Level, Scale};
use crate::shortfall::{Shortfall, is_alike, is_of_others};

/// Returns what is done here by a statement that all others who come to it are asked more for: an account that is changed
/// only where its rank is below the caller's, or what a group has that the caller gives himself.
pub fn asks_less<'m>(
    scale: &Scale<'m>,
    asked: &Asked<'m>,
    access: &Access,
) -> Option<Shortfall<'m>> {
    if access.operation != Operation::Update {
        return None;
    }
    let there: Vec<&Asked<'_>> = scale
        .at(asked.effect.span)
        .filter(|it| !std::ptr::eq(it.entry, asked.entry))
        .filter(
            |it| matches!(&it.effect.kind, EffectKind::Access(other) if is_alike(other, access)),
        )
        .collect();
    let example = there.first()?;
    let words = if spares_nobody(scale, asked, access, &there) {
        format!("changes any {}, of whatever rank,", access.asset)
    } else if takes_for_himself(scale, asked, access, &there) {
        format!("gives the caller what the {} has", access.asset)
    } else {
        return None;
    };
    Some(Shortfall {
        words,
        effect: asked.effect,
        example: Some((example.entry, example.effect)),
        count: there.len(),
    })
}

/// Whoever has a rank does it to anybody, and all others only to those below them.
fn spares_nobody(
    scale: &Scale<'_>,
    asked: &Asked<'_>,
    access: &Access,
    there: &[&Asked<'_>],
) -> bool {
    let is_about_other = |demand: &Demand| demand.level == Level::AboveOther;
    let compares = |it: &Asked<'_>| it.demands.all.iter().any(is_about_other);
    !asked.demands.all.is_empty()
        && is_of_others(scale, asked.entry, access)
        && !compares(asked)
        && there.iter().all(|it| compares(it))
}

/// A number of a group's is lowered and one of the caller's raised by as much, and all others who do so are asked for a
/// rank.
fn takes_for_himself(
    scale: &Scale<'_>,
    asked: &Asked<'_>,
    access: &Access,
    there: &[&Asked<'_>],
) -> bool {
    let is_his = |value: &Provenance| query::is_principal(value) && !value.is_from_client();
    let is_enough = |name: &str| {
        let mut key = access.key.iter();
        key.any(|asked| asked.name == name && matches!(asked.operator, ">" | ">="))
    };
    let is_taken =
        |field: &&Field| field.operator == "-=" || field.operator == "+=" && is_enough(&field.name);
    let Some(taken) = access.values.iter().find(is_taken) else {
        return false;
    };
    let is_gained = query::handler_accesses(asked.entry).any(|(_, other)| {
        other.operation == Operation::Update
            && other.asset != access.asset
            && other.key.iter().any(|field| is_his(&field.value))
            && other
                .values
                .iter()
                .any(|field| field.operator == "+=" && field.value == taken.value)
    });
    is_gained
        && there
            .iter()
            .all(|it| asked.demands.lack(&it.demands, &scale.reading).is_some())
}
