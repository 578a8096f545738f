//! Which records a look-up is held by: its own, and those that are joined to them.

use ustr::Ustr;

use crate::{Access, Field, Map};

/// Returns the conditions of an access, each with the asset and the field that it is about. That of a joined record is
/// named after the record's asset, with a dot between.
pub(crate) fn conditions<'m>(
    map: &'m Map,
    access: &'m Access,
) -> impl Iterator<Item = (Ustr, Ustr, &'m Field)> {
    access.key.iter().map(|field| {
        // A part of a document is named with a dot as well.
        let joined = field.name.split_once('.');
        match joined.filter(|(asset, _)| map.asset(Ustr::from(asset)).is_some()) {
            Some((asset, name)) => (Ustr::from(asset), Ustr::from(name), field),
            None => (access.asset, field.name, field),
        }
    })
}
