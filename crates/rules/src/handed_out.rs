//! Ranks and money that one entry point hands out for less than its neighbours do by the same statement: a part of the
//! shortfalls.
//!
//! Both come to one function, which asks something that is not understood: that is asked of both, so that what else is
//! asked can be compared.

use firedoor_app::{Access, CheckKind, EffectKind, Map, Operation, Provenance, query};

use crate::demands::{Asked, Demands, Scale};
use crate::privileged::is_money;
use crate::shortfall::{Shortfall, is_alike, is_limited, is_of_others};

/// It gives others a rank, or money, and all neighbours who do so by the same statement are asked for more.
pub fn hands_out<'m>(
    map: &Map,
    scale: &Scale<'m>,
    asked: &Asked<'m>,
    access: &Access,
) -> Option<Shortfall<'m>> {
    let accounts = query::account_assets(map);
    let is_handed_out = access.operation == Operation::Update
        && accounts.contains(&access.asset)
        && is_of_others(scale, asked.entry, access)
        && !is_his_own(asked, access);
    if !is_handed_out {
        return None;
    }
    let given = access.values.iter().find(|field| {
        let is_rank = scale.is_rank((access.asset, field.name)) && !is_limited(asked, &field.value);
        let is_raised = field.operator == "+=" && is_money(map, access.asset, field.name);
        field.value.is_from_client() && (is_rank || is_raised)
    })?;
    let neighbours = scale.at(asked.effect.span).filter(|it| {
        !std::ptr::eq(it.entry, asked.entry)
            && it.entry.group.0 == asked.entry.group.0
            && matches!(&it.effect.kind, EffectKind::Access(other) if is_alike(other, access))
    });
    let is_for_less = |it: &&Asked<'_>| {
        let beyond = |one: &Asked<'_>, other: &Asked<'_>| {
            Demands::beyond(
                one.entry,
                one.effect,
                (other.entry, other.effect),
                &accounts,
            )
        };
        // Whoever is asked for nothing but this has no rank that could be too low.
        !asked.demands.all.is_empty()
            && beyond(asked, it)
                .lack(&beyond(it, asked), &scale.reading)
                .is_some()
    };
    let all: Vec<&Asked<'_>> = neighbours.collect();
    let example = all.first().filter(|_| all.iter().all(is_for_less))?;
    Some(Shortfall {
        words: format!("gives others any {}.{}", access.asset, given.name),
        effect: asked.effect,
        example: Some((example.entry, example.effect)),
        count: all.len(),
    })
}

/// Holds if a check has found that the record is the caller's.
fn is_his_own(asked: &Asked<'_>, access: &Access) -> bool {
    let is_record = |value: &Provenance| {
        !query::is_principal(value) && value.record_fields(access.asset).next().is_some()
    };
    asked.entry.checks_of(asked.effect).any(|check| {
        check.kind == CheckKind::Equality
            && check.outcome
            && !check.is_alternative
            && check.operands.iter().any(query::is_principal)
            && check.operands.iter().any(is_record)
    })
}
