//! Which records a look-up is held by: its own, and those that are joined to them.

use ustr::Ustr;

use crate::{Access, Field};

/// Returns the conditions of an access, each with the asset and the field that it is about. That of a joined record is
/// named after the record's asset, with a dot between.
pub(crate) fn conditions(access: &Access) -> impl Iterator<Item = (Ustr, Ustr, &Field)> {
    access.key.iter().map(|field| {
        let joined = field.name.split_once('.');
        match joined.filter(|(asset, name)| !asset.is_empty() && !name.is_empty()) {
            Some((asset, name)) => (Ustr::from(asset), Ustr::from(name), field),
            None => (access.asset, field.name, field),
        }
    })
}
