//! Second factors that are replaced in two steps: a part of the rule about second factors that are switched off.
//!
//! A new secret waits beside the one in use until a code of it is sent. That code proves the new secret only: whoever
//! has stolen a session makes both.

use firedoor_app::{
    Access, Check, CheckKind, Control, Effect, EntryPoint, Layer, Map, Operation, Origin,
    Provenance, lookups, query, second_factors,
};
use firedoor_source::Span;
use ustr::Ustr;

/// Where a new secret waits, and the place that it is for.
struct Way {
    asset: Ustr,
    waiting: Ustr,
    place: Ustr,
}

/// Returns where the entry point makes a secret that another takes over into one of the `places`, which log-ins ask for,
/// while neither asks for a proof, nor whether a second factor is on.
pub fn enrolled_again<'m>(
    map: &Map,
    places: &[(Ustr, Ustr)],
    entry: &'m EntryPoint,
) -> Option<(&'m Effect, &'m Access)> {
    query::handler_accesses(entry).find(|(effect, access)| {
        is_own_change(access)
            && access
                .values
                .iter()
                .filter(|field| !places.contains(&(access.asset, field.name)))
                .filter(|field| lookups::is_random(&field.value))
                .any(|field| {
                    let taken = taken_over(map, places, (access.asset, field.name));
                    taken.is_some_and(|way| is_unasked(map, entry, access, &way))
                })
            && !second_factors::is_proven(map, entry, effect)
    })
}

/// Returns the way from where a new secret waits to where codes are compared with it, if an entry point takes it there
/// and asks for nothing but a code of it.
fn taken_over(map: &Map, places: &[(Ustr, Ustr)], (asset, waiting): (Ustr, Ustr)) -> Option<Way> {
    map.entry_points.iter().find_map(|entry| {
        query::handler_accesses(entry).find_map(|(_, access)| {
            let taken = access.values.iter().find(|field| {
                let mut old = field.value.record_fields(asset);
                places.contains(&(asset, field.name)) && old.any(|name| name == waiting)
            });
            let way = Way {
                asset,
                waiting,
                place: taken.filter(|_| access.asset == asset)?.name,
            };
            (is_own_change(access) && is_unasked(map, entry, access, &way)).then_some(way)
        })
    })
}

fn is_own_change(access: &Access) -> bool {
    let mut key = access.key.iter();
    access.operation == Operation::Update && key.any(|field| query::is_principal(&field.value))
}

/// Holds if nothing hangs on another secret than the one that waits, on whether a factor is on, or on how long ago
/// somebody has proven who he is.
fn is_unasked(map: &Map, entry: &EntryPoint, access: &Access, way: &Way) -> bool {
    let is_waiting = |origin: &Origin| {
        matches!(origin, Origin::Record { asset, field, .. }
            if *asset == way.asset && *field == way.waiting)
    };
    let is_about_factor = |value: &Provenance| {
        let others = value.origins().iter().filter(|it| !is_waiting(it));
        let others = Provenance::new(others.cloned());
        let is_named = others.origins().iter().any(|origin| {
            matches!(origin, Origin::Principal(field) if second_factors::same_root(field, &way.place))
        });
        is_named || second_factors::names_second_factor(map, &others)
    };
    let is_recent = |check: &Check| {
        let origins = || check.operands.iter().flat_map(|it| it.origins());
        let is_kept =
            |origin: &Origin| matches!(origin, Origin::Record { .. } | Origin::Principal(_));
        check.kind == CheckKind::Bound
            && origins().any(|origin| *origin == Origin::Clock)
            && origins().any(is_kept)
            && !is_of_guard(map, entry, check)
    };
    let is_in_key = access.key.iter().any(|field| {
        field.name != way.waiting && second_factors::same_root(&field.name, &way.place)
    });
    // What a layer compares is about the request, not about the factor.
    let proves_more = query::comparisons(entry)
        .filter(|(effect, _)| effect.layer.is_none())
        .any(|(_, found)| !found.expected.origins().iter().any(is_waiting));
    !is_in_key
        && !proves_more
        && !entry
            .checks
            .iter()
            .any(|check| is_about_factor(&check.provenance()) || is_recent(check))
}

/// Holds if the guard by which most callers are known makes the check: a session that has not ended yet says nothing of
/// how long ago its owner has proven who he is.
fn is_of_guard(map: &Map, entry: &EntryPoint, check: &Check) -> bool {
    let knows = |layer: &Layer| layer.controls.contains(&Control::Authentication);
    let Some(number) = entry.layers.iter().position(knows) else {
        return false;
    };
    let guard = &entry.layers[number];
    let is_before = |other: &EntryPoint| other.layers.iter().any(|it| it.span == guard.span);
    let known: Vec<&EntryPoint> = map
        .entry_points
        .iter()
        // Who is behind a connection is asked by a guard of its own, and another server is nobody.
        .filter(|other| other.transport == entry.transport && query::knows_user(map, other))
        .filter(|other| other.layers.iter().any(knows))
        .collect();
    let behind = known.iter().filter(|other| is_before(other)).count();
    let mut done = entry
        .effects
        .iter()
        .filter(|it| it.layer.is_some_and(|layer| layer as usize <= number));
    let is_asked_there = |effect: &Effect| entry.checks_of(effect).any(|it| it.span == check.span);
    let overlaps = |place: Span| place.contains(check.span) || check.span.contains(place);
    (guard.places.iter().any(|it| overlaps(it.span)) || done.any(is_asked_there))
        && behind * 2 > known.len()
}
