//! Columns by which tables are put side by side: they say which rows go together, and nothing of whose they are.

use firedoor_source::Span;
use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::query::accesses;
use crate::{Check, EntryPoint, Field, Origin, Provenance};

/// The columns of an entry point's tables that are held against one of another table, and that one against them.
#[derive(Debug, Default)]
pub(super) struct Joins(FxHashSet<(Ustr, Ustr)>);

impl Joins {
    /// Returns those of `entry`: read once, since every check asks of each column that it hangs on.
    pub(super) fn of(entry: &EntryPoint) -> Joins {
        // By the place of the statement: the table, and the column of another one that its records are found by.
        let mut found_by: FxHashSet<(Span, Ustr, (Ustr, Ustr))> = FxHashSet::default();
        for (effect, access) in accesses(entry) {
            let columns = access.key.iter().filter_map(column_of);
            found_by.extend(columns.map(|column| (effect.span, access.asset, column)));
        }
        let mut joins = FxHashSet::default();
        for (effect, access) in accesses(entry) {
            for key in &access.key {
                let Some(column) = column_of(key).filter(|(asset, _)| *asset != access.asset)
                else {
                    continue;
                };
                if found_by.contains(&(effect.span, column.0, (access.asset, key.name))) {
                    joins.insert(column);
                }
            }
        }
        Joins(joins)
    }

    /// Returns what a check hangs on, without the columns that only joined the tables in which the record was found: a
    /// session that is looked up together with its account says nothing of other accounts.
    pub(super) fn left_out_of(&self, check: &Check) -> Provenance {
        let all = check.provenance();
        let is_examined = |origin: &Origin| {
            let mut operands = check.parts().iter().flat_map(|part| &part.operands);
            operands.any(|operand| operand.origins().contains(origin))
        };
        let is_join = |origin: &Origin| {
            matches!(origin, Origin::Record { asset, field, of_principal: false }
                if self.0.contains(&(*asset, *field)))
        };
        let origins = all.origins().iter();
        let kept = origins.filter(|origin| !is_join(origin) || is_examined(origin));
        Provenance::new(kept.cloned())
    }
}

/// Returns the table and column that this part of a key is, if it is nothing else.
fn column_of(key: &Field) -> Option<(Ustr, Ustr)> {
    let mut columns = key.value.origins().iter().map(|origin| match origin {
        Origin::Record { asset, field, .. } => Some((*asset, *field)),
        _ => None,
    });
    let first = columns.next()??;
    (key.operator == "=" && columns.all(|column| column == Some(first))).then_some(first)
}
