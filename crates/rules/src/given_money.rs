//! What gives somebody money for a lower rank than the application asks for elsewhere: a part of the shortfalls.

use firedoor_app::{Access, EffectKind, Field, Map, Operation, query};
use ustr::Ustr;

use crate::client_value::Bounds;
use crate::demands::{Asked, Level, Scale};
use crate::privileged::is_money;
use crate::shortfall::{Shortfall, gives, stricter};

/// It gives another account money, and whoever gives it a rank is asked for more.
pub fn gives_money<'m>(
    map: &'m Map,
    scale: &Scale<'m>,
    asked: &Asked<'m>,
    access: &Access,
) -> Option<Shortfall<'m>> {
    let accounts = query::account_assets(map);
    let is_account = accounts.contains(&access.asset);
    // Without a rank it is his own money that somebody gives away.
    let is_asked = !asked.demands.all.is_empty();
    if access.operation != Operation::Update || !is_asked {
        return None;
    }
    // What others have has a price, which is set; what a group has is added to, and taken from where there is enough.
    let is_taken = |name: Ustr| {
        let mut key = access.key.iter();
        key.any(|asked| asked.name == name && matches!(asked.operator, ">" | ">="))
    };
    let is_purse = |field: &Field| match is_account {
        true => matches!(field.operator, "=" | "+="),
        false => {
            field.operator == "+="
                && !is_taken(field.name)
                && firedoor_app::is_taken_from(map, access.asset, field.name)
        }
    };
    // What the server keeps bounds what is given, as a deposit what is given back of it.
    let is_bounded = |field: &Field| {
        let bounds = Bounds::of(asked.entry);
        let mut sent = field
            .value
            .origins()
            .iter()
            .filter(|it| it.is_from_client());
        let purse = (access.asset, field.name);
        sent.all(|it| bounds.is_held_against_server(asked.effect, it, purse))
    };
    let given = access.values.iter().find(|field| {
        is_money(map, access.asset, field.name)
            && field.value.is_from_client()
            && is_purse(field)
            && !is_bounded(field)
    })?;
    let gives_rank = |it: &Asked<'_>| match &it.effect.kind {
        EffectKind::Access(other) => {
            accounts.contains(&other.asset)
                && (other.asset == access.asset || !is_account)
                && other
                    .values
                    .iter()
                    .any(|field| scale.is_rank((other.asset, field.name)))
        }
        _ => false,
    };
    // Who may change the rank of those below him only may give money to others.
    let example = stricter(scale, asked)
        .find(|(it, demand)| demand.level != Level::AboveOther && gives_rank(it));
    let is_below_top = is_account && asked.demands.all.iter().all(|it| it.is_below_top);
    gives(
        asked,
        access,
        given,
        example.map(|(it, _)| it),
        is_below_top,
    )
}
