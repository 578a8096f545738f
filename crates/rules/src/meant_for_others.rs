//! Records that only others than their owners may act on: shared by the rules about objects.

use firedoor_app::ownership::{self, Usage, Use, key_of};
use firedoor_app::{Effect, Origin, query};
use ustr::Ustr;

/// Holds if the caller was found not to be the owner before this is done, as whoever buys must not be who sells.
pub(crate) fn is_meant_for_others(usage: &Usage<'_>) -> bool {
    let (entry, asset) = (usage.entry, usage.access.asset);
    let is_only_for_others = |effect: &Effect| ownership::is_only_for_others(entry, effect, asset);
    match usage.kind {
        Use::Remove => false,
        Use::Tell | Use::Find => {
            let mut answers = ownership::answers_with(entry, asset);
            !query::is_reading(entry) && answers.any(is_only_for_others)
        }
        Use::Change => {
            is_only_for_others(usage.effect)
                || named_alike(usage)
                    .into_iter()
                    .any(|other| ownership::is_only_for_others(entry, usage.effect, other))
        }
    }
}

/// The assets of which a record is found by the number that this one hangs on: what is sold, and the bids for it.
fn named_alike(usage: &Usage<'_>) -> Vec<Ustr> {
    let key = key_of(usage.entry, usage.access);
    let origins = key.iter().flat_map(|field| field.value.origins());
    let sent: Vec<&Origin> = origins.filter(|it| it.is_from_client()).collect();
    let found = query::accesses(usage.entry).filter(|(_, access)| {
        let mut own = access
            .key
            .iter()
            .filter(|field| firedoor_app::lookups::is_identifier(&field.name))
            .flat_map(|field| field.value.origins());
        access.asset != usage.access.asset && own.any(|it| sent.contains(&it))
    });
    found.map(|(_, access)| access.asset).collect()
}
