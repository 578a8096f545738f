//! Password resets by a token: shared by the rules about them.

use firedoor_app::{Access, Effect, Map, lookups, lookups::Lookup, query, sessions};

/// A reset: a record found by a token of the client leads to a new password.
#[derive(Clone, Copy, Debug)]
pub struct Reset<'m> {
    /// How the record is found.
    pub lookup: Lookup<'m>,
    /// The effect that stores the new password.
    pub effect: &'m Effect,
}

/// Returns the resets of the application, one an entry point.
pub fn resets(map: &Map) -> impl Iterator<Item = Reset<'_>> {
    map.entry_points.iter().filter_map(|entry| {
        let (effect, access) = sessions::password_change(map, entry)?;
        let lookup = lookups::lookups(map, entry)
            .into_iter()
            .find(|lookup| leads_to(lookup, access))?;
        Some(Reset { lookup, effect })
    })
}

/// Holds if the account whose password changes is found by way of the record.
fn leads_to(lookup: &Lookup<'_>, access: &Access) -> bool {
    let chain = lookups::chain(lookup.entry, lookup.access.asset);
    access
        .key
        .iter()
        .any(|field| lookups::is_of_any(&field.value, &chain) || field == lookup.field)
        && !access
            .key
            .iter()
            .any(|field| query::is_principal(&field.value))
}
