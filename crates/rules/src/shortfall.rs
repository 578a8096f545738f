//! What is done for a lower rank than the application asks for elsewhere: shared by the rule about missing role
//! checks.

use std::collections::BTreeSet;

use firedoor_app::ownership::is_clients_choice;
use firedoor_app::{
    Access, Check, CheckKind, Effect, EffectKind, EntryPoint, Map, Operation, Origin, Provenance,
    query,
};
use firedoor_source::Span;
use ustr::Ustr;

use crate::changed_for_less::{changes, changes_group};
use crate::clears::{clears, is_referred_to};
use crate::copies::is_copy;
use crate::demands::{Asked, Demand, Level, Scale, is_conflict};
use crate::given_money::gives_money;
use crate::group_wide::changes_all;
use crate::handed_out::hands_out;
use crate::invitation_kinds::invites;
use crate::removals::{removes, removes_whole};
use crate::rewrites::rewrites;
use crate::shared_place::asks_less;
use crate::socket::is_room;
use crate::unowned::is_author;

/// Something that a rank may do which is too low.
pub struct Shortfall<'m> {
    /// What, as a phrase.
    pub words: String,
    /// The effect.
    pub effect: &'m Effect,
    /// An effect for which more is asked, with its entry point; `None` if the scale itself goes higher.
    pub example: Option<(&'m EntryPoint, &'m Effect)>,
    /// How many entry points ask for more.
    pub count: usize,
}

/// Returns what entry points do for a rank that is too low, at most one thing each.
pub fn shortfalls<'m>(map: &'m Map, scale: &Scale<'m>) -> Vec<(&'m EntryPoint, Shortfall<'m>)> {
    let mut found: Vec<(&EntryPoint, Shortfall<'_>)> = Vec::new();
    for asked in &scale.asked {
        if found
            .last()
            .is_some_and(|(entry, _)| std::ptr::eq(*entry, asked.entry))
        {
            continue;
        }
        let EffectKind::Access(access) = &asked.effect.kind else {
            continue;
        };
        if asked.demands.is_unclear && !is_for_rank(scale, asked) {
            let given = hands_out(map, scale, asked, access);
            found.extend(given.map(|it| (asked.entry, it)));
            continue;
        }
        if is_for_rank(scale, asked)
            || is_held_against(scale, asked, access)
            || is_narrowed(asked, access)
            || is_room(map, asked.entry, access)
            || (access.operation == Operation::Delete && is_copy(map, access.asset))
        {
            continue;
        }
        if access.operation == Operation::Create {
            let made = creates(scale, asked, access).or_else(|| invites(map, scale, asked, access));
            found.extend(made.map(|it| (asked.entry, it)));
            continue;
        }
        if let Some(shortfall) = asks_less(scale, asked, access) {
            found.push((asked.entry, shortfall));
            continue;
        }
        let done_to_all =
            clears(scale, asked, access).or_else(|| changes_all(scale, asked, access));
        if let Some(shortfall) = done_to_all {
            found.push((asked.entry, shortfall));
            continue;
        }
        if !is_of_others(scale, asked.entry, access) {
            continue;
        }
        let shortfall = gives_rank(scale, asked, access)
            .or_else(|| gives_money(map, scale, asked, access))
            .or_else(|| removes(scale, asked, access))
            .or_else(|| removes_whole(scale, asked, access))
            .or_else(|| changes(scale, asked, access))
            .or_else(|| changes_group(scale, asked, access))
            .or_else(|| rewrites(scale, asked, access))
            .or_else(|| spares_nobody(scale, asked, access))
            .or_else(|| hands_out(map, scale, asked, access));
        found.extend(shortfall.map(|it| (asked.entry, it)));
    }
    found
}

/// Holds if the client names a record that need not be his own.
pub fn is_of_others(scale: &Scale<'_>, entry: &EntryPoint, access: &Access) -> bool {
    let is_his = |value: &Provenance| query::is_principal(value) && !value.is_from_client();
    // A record that is found by a secret, as a session by its cookie, is that of whoever has the secret.
    let is_named = |value: &Provenance| {
        is_clients_choice(value) && !value.origins().contains(&Origin::Digest)
            || value.origins().iter().any(|it| {
                matches!(
                    it,
                    Origin::Record {
                        of_principal: false,
                        ..
                    }
                )
            })
            || (access.operation == Operation::Delete && is_his(value) && is_group(scale, value))
    };
    let is_alone = |it: &firedoor_app::Field| {
        is_his(&it.value)
            && matches!(it.operator, "=")
            && !is_group(scale, &it.value)
            && !is_within_group(scale, entry, &it.value)
    };
    access.operation.is_write()
        && access.operation != Operation::Create
        && access.key.iter().any(|field| is_named(&field.value))
        && !access.key.iter().any(is_alone)
}

/// Holds for the group that the caller is in, or what a record of his refers to it by.
pub fn is_of_whole_group(scale: &Scale<'_>, entry: &EntryPoint, value: &Provenance) -> bool {
    is_group(scale, value) || is_whole_group(scale, entry, value)
}

/// What a record of the caller's refers to, as a membership does to its group, is shared with others.
fn is_group(scale: &Scale<'_>, value: &Provenance) -> bool {
    !value.is_empty()
        && value.origins().iter().all(|origin| {
            matches!(origin, Origin::Record { asset, field, of_principal: true }
            if scale.is_group(*asset, *field))
        })
}

/// What the client names within a group is no more his own than the group: the record was found by its number and by
/// what a record of the caller's refers to.
fn is_within_group(scale: &Scale<'_>, entry: &EntryPoint, value: &Provenance) -> bool {
    let is_found_within = |wanted: Ustr| {
        query::accesses(entry).any(|(_, access)| {
            let own = || {
                access
                    .key
                    .iter()
                    .filter(|field| query::is_principal(&field.value))
            };
            access.asset == wanted
                && access.operation == Operation::Read
                && access.key.iter().any(|it| {
                    crate::unowned::is_identifier(&it.name) && is_clients_choice(&it.value)
                })
                && own().next().is_some()
                && own().all(|it| {
                    is_group(scale, &it.value)
                        || is_whole_group(scale, entry, &it.value)
                        || is_joined(scale, wanted, &it.name)
                })
        })
    };
    !value.is_empty()
        && value.origins().iter().all(|origin| {
            matches!(origin, Origin::Record { asset, of_principal: true, .. } if is_found_within(*asset))
        })
}

/// The caller is looked for in what is joined to the record, and that says what rank he has in the group.
fn is_joined(scale: &Scale<'_>, asset: Ustr, field: &str) -> bool {
    let joined = field.split_once('.').map(|(joined, _)| Ustr::from(joined));
    joined.is_some_and(|joined| joined != asset && scale.has_rank(joined))
}

/// The group itself, which was found by what a record of the caller's refers to.
fn is_whole_group(scale: &Scale<'_>, entry: &EntryPoint, value: &Provenance) -> bool {
    !value.is_empty()
        && value.origins().iter().all(|origin| {
            let Origin::Record {
                asset,
                of_principal: true,
                ..
            } = origin
            else {
                return false;
            };
            let mut found = query::accesses(entry)
                .filter(|(_, access)| access.asset == *asset)
                .peekable();
            if found.peek().is_none() {
                return is_referred_to(scale, entry, *asset);
            }
            found.all(|(_, access)| {
                !access.key.is_empty() && access.key.iter().all(|it| is_group(scale, &it.value))
            })
        })
}

/// Holds if the same statement is also made for the caller's own records only: what decided which of the two it is,
/// as a test of his rank, stands before none of them alone.
pub fn is_narrowed(asked: &Asked<'_>, access: &Access) -> bool {
    query::accesses(asked.entry).any(|(effect, other)| {
        effect.span == asked.effect.span
            && other.asset == access.asset
            && other.operation == access.operation
            && other.key.len() > access.key.len()
            && access.key.iter().all(|field| other.key.contains(field))
            && other
                .key
                .iter()
                .any(|field| query::is_principal(&field.value) && !access.key.contains(field))
    })
}

/// Holds if it is done only where the caller has a certain rank, though nobody else is refused: who leaves and was the
/// head names another.
fn is_for_rank(scale: &Scale<'_>, asked: &Asked<'_>) -> bool {
    let is_rank = |origin: &Origin| {
        matches!(origin, Origin::Record { asset, field, of_principal: true }
            if scale.is_rank((*asset, *field)))
    };
    asked.entry.checks_of(asked.effect).any(|check| {
        check.refusal.is_none()
            && check.outcome
            && !check.is_alternative
            && matches!(check.kind, CheckKind::Equality | CheckKind::Membership)
            && check
                .operands
                .iter()
                .any(|it| it.origins().iter().any(is_rank))
            && check.operands.iter().any(|it| it.literal().is_some())
    })
}

/// Holds if a field of the record is compared with the caller.
fn is_held_against(scale: &Scale<'_>, asked: &Asked<'_>, access: &Access) -> bool {
    let is_field = |value: &Provenance| {
        value.origins().iter().any(|origin| {
            matches!(origin, Origin::Record { asset, field, of_principal: false }
                if *asset == access.asset && !field.is_empty())
        })
    };
    asked.entry.checks_of(asked.effect).any(|check| {
        let parts = check.parts().iter();
        let compares = |part: &Check| {
            matches!(part.kind, CheckKind::Equality | CheckKind::Membership)
                && part.operands.iter().any(is_field)
                // What the group has is that of all who are in it.
                && part
                    .operands
                    .iter()
                    .any(|it| query::is_principal(it) && !is_group(scale, it))
        };
        let is_himself = |part: &Check| {
            part.operands.iter().any(query::is_principal)
                && access.key.iter().any(|key| {
                    let mut sent = key.value.origins().iter().filter(|it| it.is_from_client());
                    sent.any(|it| part.operands.iter().any(|own| own.origins().contains(it)))
                })
        };
        let is_refusing = check.refusal.is_some() && !is_conflict(check);
        is_refusing && parts.clone().any(|part| compares(part) || is_himself(part))
    })
}

/// It writes a rank, and somebody asks for more of that rank.
fn gives_rank<'m>(scale: &Scale<'m>, asked: &Asked<'m>, access: &Access) -> Option<Shortfall<'m>> {
    if access.operation != Operation::Update {
        return None;
    }
    access.values.iter().find_map(|given| {
        let subject = (access.asset, given.name);
        if !scale.is_rank(subject) || is_limited(asked, &given.value) {
            return None;
        }
        let own = own_level(asked, subject);
        let is_below_top = own.is_some_and(|it| it.is_below_top) && given.value.is_from_client();
        // Whoever has the highest of the ranks is above all others.
        let is_top = own.is_some_and(|it| !it.is_below_top && it.is_above_lowest());
        let example = stricter(scale, asked).find(|(_, demand)| {
            demand.of.contains(&subject)
                && may_be(&given.value, own, &demand.level)
                && !(is_top && demand.level == Level::AboveOther)
        });
        gives(
            asked,
            access,
            given,
            example.map(|(it, _)| it),
            is_below_top,
        )
    })
}

fn own_level<'a>(asked: &'a Asked<'_>, subject: (Ustr, Ustr)) -> Option<&'a Demand> {
    let mut own = asked.demands.all.iter();
    own.rfind(|demand| demand.of.contains(&subject))
}

/// Holds if the value may be a rank that meets `level`; where the names are known that the client may send, one of
/// them must be asked for.
fn may_be(value: &Provenance, own: Option<&Demand>, level: &Level) -> bool {
    let literals: Vec<Ustr> = value
        .origins()
        .iter()
        .filter_map(|origin| match origin {
            Origin::Literal(text) if text != "null" => Some(*text),
            _ => None,
        })
        .collect();
    let is_open = value.is_from_client() && literals.is_empty();
    match level {
        Level::OneOf(names) => {
            let is_own = |name: &Ustr| matches!(own.map(|it| &it.level), Some(Level::OneOf(own)) if !names.contains(name) && own.contains(name));
            is_open || literals.iter().any(|it| names.contains(it) && !is_own(it))
        }
        _ => value.is_from_client(),
    }
}

/// The value is compared with the rank of who gives it, or one value is refused to everybody.
pub fn is_limited(asked: &Asked<'_>, value: &Provenance) -> bool {
    asked.entry.checks_of(asked.effect).any(|check| {
        let provenance = check.provenance();
        let mut given = value.origins().iter().filter(|it| it.is_from_client());
        let is_about = given.any(|origin| {
            matches!(origin, Origin::Request(_, name) if !name.is_empty())
                && provenance.origins().contains(origin)
        });
        let status = check.refusal.as_ref().map(firedoor_app::Refusal::status);
        let is_compared = provenance.is_of_principal()
            && status.is_some_and(|it| matches!(it, None | Some(401 | 403 | 404)));
        let is_excluded = check.kind == CheckKind::Equality
            && !check.outcome
            && !check.is_alternative
            && check.refusal.is_some()
            && check
                .operands
                .iter()
                .any(|it| it.literal().is_some_and(|it| it != "null"));
        is_about && (is_compared || is_excluded)
    })
}

/// What is given, if somebody else is asked for more or the scale has more.
pub fn gives<'m>(
    asked: &Asked<'m>,
    access: &Access,
    given: &firedoor_app::Field,
    example: Option<&Asked<'m>>,
    is_below_top: bool,
) -> Option<Shortfall<'m>> {
    (example.is_some() || is_below_top).then(|| Shortfall {
        words: format!("gives others any {}.{}", access.asset, given.name),
        effect: asked.effect,
        example: example.map(|it| (it.entry, it.effect)),
        count: 1,
    })
}

/// All its neighbours act only on those whose rank is lower than that of the caller.
fn spares_nobody<'m>(
    scale: &Scale<'m>,
    asked: &Asked<'m>,
    access: &Access,
) -> Option<Shortfall<'m>> {
    let alike: Vec<&Asked<'_>> = others_of(scale, asked, access.asset)
        .filter(|(it, other)| {
            it.entry.group.0 == asked.entry.group.0 && is_of_others(scale, it.entry, other)
        })
        .map(|(it, _)| it)
        .collect();
    let is_about_other = |it: &&Asked<'_>| {
        let mut demands = it.demands.all.iter();
        demands.any(|demand| demand.level == Level::AboveOther)
    };
    if asked.demands.all.is_empty() || !alike.iter().all(is_about_other) {
        return None;
    }
    let words = format!("changes any {}, of whatever rank,", access.asset);
    all_ask_more(scale, asked, &alike, 2, words)
}

/// It makes what all neighbours list, change or delete only for more: a key, an invitation.
fn creates<'m>(scale: &Scale<'m>, asked: &Asked<'m>, access: &Access) -> Option<Shortfall<'m>> {
    let alike: Vec<&Asked<'_>> = others_of(scale, asked, access.asset)
        .map(|(it, _)| it)
        .collect();
    let is_neighbour = |it: &&Asked<'_>| {
        it.entry.group.0 == asked.entry.group.0
            && it.entry.path.starts_with(asked.entry.path.as_str())
    };
    // What becomes the maker's own is his to make, whoever else may change it.
    let is_owner =
        |it: &firedoor_app::Field| query::is_principal(&it.value) && !is_author(&it.name);
    if access.values.iter().any(is_owner) || is_founded(asked.entry, access) {
        return None;
    }
    let mut neighbours = alike.iter().copied().filter(is_neighbour);
    neighbours.next()?;
    all_ask_more(scale, asked, &alike, 2, format!("creates {}", access.asset))
}

/// Who makes a group becomes its first member: with the new record one is made that refers to it and to the caller.
fn is_founded(entry: &EntryPoint, made: &Access) -> bool {
    query::handler_accesses(entry).any(|(_, along)| {
        let refers =
            |field: &firedoor_app::Field| field.value.record_fields(made.asset).next().is_some();
        along.operation == Operation::Create
            && along.asset != made.asset
            && along.values.iter().any(refers)
            && along
                .values
                .iter()
                .any(|field| query::is_principal(&field.value))
    })
}

/// Holds if all of `alike` ask for more, and are `fewest` places or more.
pub fn all_ask_more<'m>(
    scale: &Scale<'m>,
    asked: &Asked<'m>,
    alike: &[&Asked<'m>],
    fewest: usize,
    words: String,
) -> Option<Shortfall<'m>> {
    let is_more = |it: &&&Asked<'_>| asked.demands.lack(&it.demands, &scale.reading).is_some();
    let example = alike.first()?;
    // What is mounted at two paths is one example.
    let entries: BTreeSet<Span> = alike.iter().map(|it| it.entry.handler.span).collect();
    (entries.len() >= fewest && alike.iter().all(|it| is_more(&it))).then_some(Shortfall {
        words,
        effect: asked.effect,
        example: Some((example.entry, example.effect)),
        count: entries.len(),
    })
}

/// The accesses of other entry points at other places.
pub fn others<'a, 'm>(
    scale: &'a Scale<'m>,
    asked: &'a Asked<'m>,
) -> impl Iterator<Item = (&'a Asked<'m>, &'m Access)> {
    scale.asked.iter().filter_map(|it| as_other(asked, it))
}

/// The accesses of other entry points at other places to the records of an asset.
pub fn others_of<'a, 'm>(
    scale: &'a Scale<'m>,
    asked: &'a Asked<'m>,
    asset: Ustr,
) -> impl Iterator<Item = (&'a Asked<'m>, &'m Access)> {
    scale.of_asset(asset).filter_map(|it| as_other(asked, it))
}

fn as_other<'a, 'm>(asked: &Asked<'m>, it: &'a Asked<'m>) -> Option<(&'a Asked<'m>, &'m Access)> {
    let (EffectKind::Access(access), EffectKind::Access(own)) =
        (&it.effect.kind, &asked.effect.kind)
    else {
        return None;
    };
    // One function that both call is one place; one that sends off whatever statement it is given is not.
    let is_same = it.effect.span == asked.effect.span && is_alike(access, own);
    (!std::ptr::eq(it.entry, asked.entry) && !is_same).then_some((it, access))
}

/// Holds if both do the same to the same fields.
pub fn is_alike(one: &Access, other: &Access) -> bool {
    fn names(access: &Access) -> impl Iterator<Item = Ustr> + '_ {
        let fields = access.key.iter().chain(&access.values);
        fields.map(|field| field.name)
    }
    one.operation == other.operation && one.asset == other.asset && names(one).eq(names(other))
}

/// The accesses for which more is asked, with what is asked besides.
pub fn stricter<'a, 'm>(
    scale: &'a Scale<'m>,
    asked: &'a Asked<'m>,
) -> impl Iterator<Item = (&'a Asked<'m>, &'a Demand)> {
    scale.asked.iter().filter_map(move |it| {
        let demand = asked.demands.lack(&it.demands, &scale.reading)?;
        (!std::ptr::eq(it.entry, asked.entry)).then_some((it, demand))
    })
}
