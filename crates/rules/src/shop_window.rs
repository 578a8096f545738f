//! Records of which strangers are shown a chosen part on purpose: shared by the rules about access.

use firedoor_app::{Access, Control, EffectKind, EntryPoint, Field, Map, Origin, Verdict, query};
use ustr::Ustr;

/// Holds if strangers are told a few fields of records that a state of theirs has put on show: those of a list that have one
/// of several states, or the one that the path calls by a name that was given to it, where people who are known are told
/// more of it.
pub(crate) fn is_in_shop_window(map: &Map, entry: &EntryPoint, access: &Access) -> bool {
    let Some(told) = told(entry, access.asset) else {
        return false;
    };
    let tells_more = |other: &EntryPoint| {
        !std::ptr::eq(other, entry)
            && self::told(other, access.asset).is_none_or(|more| {
                more.len() > told.len() && told.iter().all(|name| more.contains(name))
            })
    };
    let readers = || query::users_of(map, access.asset, false);
    let is_few = told.len() <= MOST && !told.iter().any(|name| crate::exposure::is_private(name));
    let is_list = access.is_many
        && (access.key.iter().any(is_of_state) && !told.iter().any(names)
            || is_few && is_below_open(map, entry));
    let is_page = access.key.iter().any(is_called) && access.key.iter().any(is_condition);
    is_list || is_page && readers().any(tells_more)
}

/// Of what belongs to something that strangers are shown, they may be told so many fields.
const MOST: usize = 2;

/// Holds if strangers are shown what the list is below: `/games/{id}` beside `/games/{id}/standings`.
fn is_below_open(map: &Map, entry: &EntryPoint) -> bool {
    map.entry_points.iter().any(|other| {
        let rest = entry.path.strip_prefix(other.path.as_str());
        other.verdict(Control::Authentication) == Verdict::Absent
            && query::is_reading(other)
            && other.path.ends_with('}')
            && rest.is_some_and(|rest| rest.starts_with('/') && !rest.contains('{'))
    })
}

/// Holds if only what its owner has opened is found: a flag that clients who are known set on such records, and that this
/// asks for.
pub(crate) fn is_opened(map: &Map, access: &Access) -> bool {
    let is_set = |name: Ustr| {
        query::users_of(map, access.asset, true).any(|other| {
            other.verdict(Control::Authentication) == Verdict::Enforced
                && query::handler_accesses(other).any(|(_, write)| {
                    let mut values = write.values.iter();
                    write.asset == access.asset
                        && values.any(|it| it.name == name && it.value.is_from_client())
                })
        })
    };
    let is_flag = |field: &Field| {
        field.operator == "="
            && field.value.literal().is_some_and(|text| text == "true")
            && is_set(field.name)
    };
    !query::account_assets(map).contains(&access.asset) && access.key.iter().any(is_flag)
}

/// The fields of such records that answers tell; `None` if one tells a record as a whole, or none tells anything.
fn told(entry: &EntryPoint, asset: Ustr) -> Option<Vec<Ustr>> {
    let mut found = Vec::new();
    for effect in &entry.effects {
        let EffectKind::Respond {
            body,
            is_error: false,
            ..
        } = &effect.kind
        else {
            continue;
        };
        found.extend(
            body.iter()
                .flat_map(|field| field.value.record_fields(asset)),
        );
    }
    found.sort();
    found.dedup();
    let is_whole = found.iter().any(|name| name.is_empty());
    (!found.is_empty() && !is_whole).then_some(found)
}

/// The field says which record it is, or whose.
fn names(field: &Ustr) -> bool {
    firedoor_app::lookups::is_identifier(field)
}

/// One of the words that a state has: `status = "paid"`. What is there or not, as a deletion is, is none.
fn is_of_state(field: &Field) -> bool {
    let is_word = |text: Ustr| {
        !matches!(text.as_str(), "" | "null" | "true" | "false") && text.parse::<f64>().is_err()
    };
    field.operator == "=" && field.value.literal().is_some_and(is_word)
}

/// A name in an address, which is made to be told.
fn is_called(field: &Field) -> bool {
    field.name == "slug" && field.operator == "=" && field.value.is_from_client()
}

/// What hangs on nothing that the client sends: not blocked, published.
fn is_condition(field: &Field) -> bool {
    let mut origins = field.value.origins().iter();
    !field.value.is_empty() && origins.all(|origin| matches!(origin, Origin::Literal(_)))
}
