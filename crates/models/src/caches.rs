//! Containers that keep what the program made once, such as prepared statements by their text: caches.
//!
//! A container that is empty when the wiring ends is a store, whose entries are records that nobody knows. In a cache
//! nothing is kept that a request brought: what is put in is an object of a library that was made of nothing of the
//! request, under a key that is written in the program. Every request would put the same in, so that the container is
//! what it is while it is cold: empty, and what is put in is what is read back.

use firedoor_app::Origin;
use firedoor_eval::{Machine, ObjectId, ObjectKind, Value};
use ustr::Ustr;

use crate::ModelHost;

/// Looks at what a request puts into a store; returns true for a store that is a cache from now on, which the request
/// has to be sent through again.
pub(crate) fn note_entry(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    store: ObjectId,
    asset: Ustr,
    key: Option<&Value>,
    value: Option<&Value>,
) -> bool {
    if key.is_none_or(|key| key.text().is_none())
        || !value.is_some_and(|value| is_made_for_all(host, machine, asset, value))
    {
        host.state().kept.insert(store);
        return false;
    }
    let state = &mut *host.state();
    if state.kept.contains(&store) {
        return false;
    }
    machine.heap.get_mut(store).is_store = false;
    state.assets.shift_remove(&asset);
    state.run.is_stale = true;
    true
}

/// Holds for an object of a library in which there is nothing of the request, and no record; it may also be what was
/// there before (`kept[key] ??= made`).
fn is_made_for_all(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    asset: Ustr,
    value: &Value,
) -> bool {
    let mut objects = value.objects();
    let (Some(id), None) = (objects.next(), objects.next()) else {
        return false;
    };
    if !matches!(machine.heap.get(id).kind, ObjectKind::Host(_)) {
        return false;
    }
    let origins = machine.deep_origins(value);
    host.origins_of(machine, origins)
        .iter()
        .all(|origin| match origin {
            Origin::Environment { .. } => true,
            Origin::Record { asset: kept, .. } => *kept == asset,
            _ => false,
        })
}
