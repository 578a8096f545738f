//! Columns by which tables are put side by side: they say which rows go together, and nothing of whose they are.

use ustr::Ustr;

use crate::query::accesses;
use crate::{Access, Check, EntryPoint, Field, Origin, Provenance};

/// Returns what a check hangs on, without the columns that only joined the tables in which the record was found: a
/// session that is looked up together with its account says nothing of other accounts.
pub(super) fn without_joins(entry: &EntryPoint, check: &Check) -> Provenance {
    let all = check.provenance();
    let is_examined = |origin: &Origin| {
        let mut operands = check.parts().iter().flat_map(|part| &part.operands);
        operands.any(|operand| operand.origins().contains(origin))
    };
    let origins = all.origins().iter();
    let kept = origins.filter(|origin| is_examined(origin) || !is_join(entry, origin));
    Provenance::new(kept.cloned())
}

/// Holds for a column of a table that is held against one of another table, and that one against it.
fn is_join(entry: &EntryPoint, origin: &Origin) -> bool {
    let Origin::Record {
        asset,
        field,
        of_principal: false,
    } = origin
    else {
        return false;
    };
    accesses(entry).any(|(effect, access)| {
        access.asset != *asset
            && access.key.iter().any(|key| {
                is_column(key, *asset, *field)
                    && accesses(entry).any(|(other, joined)| {
                        other.span == effect.span && joins_back(joined, *asset, access.asset, key)
                    })
            })
    })
}

/// Holds if the records of `asset` are found by that column of the other table.
fn joins_back(access: &Access, asset: Ustr, other: Ustr, column: &Field) -> bool {
    access.asset == asset
        && access
            .key
            .iter()
            .any(|key| is_column(key, other, column.name))
}

/// Holds if this part of a key is a column of the asset and nothing else.
fn is_column(key: &Field, asset: Ustr, field: Ustr) -> bool {
    let is_own = |origin: &Origin| matches!(origin, Origin::Record { asset: of, field: named, .. } if *of == asset && *named == field);
    key.operator == "=" && !key.value.is_empty() && key.value.origins().iter().all(is_own)
}
