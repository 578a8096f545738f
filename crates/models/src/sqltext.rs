//! Statements in SQL, read by a real parser: which tables they touch, under which conditions, and what they write.
//!
//! It knows no language and no library: whoever has a text and the provenance of its parameters asks
//! [`read`] or [`accesses`]. Placeholders of all drivers are understood (`?`, `$1`, `:name`, `@name`, `%s`,
//! `%(name)s`), and so is [`firedoor_eval::HOLE`] for what a program has pasted into the text: its
//! provenance is the parameter named by the empty string.

mod condition;
mod parsed;
mod prepare;
mod reader;
mod table;
mod variants;

pub use condition::is_own;
pub use parsed::Parsed;
pub(crate) use variants::variants;

use firedoor_app::{Access, AssetField, Provenance};
use ustr::Ustr;

/// What stands for a table or column whose name is pasted into the text.
const UNKNOWN: &str = "firedoor_unknown";

/// What a statement does.
#[derive(Clone, Debug, Default)]
pub struct Statement {
    /// The accesses, in the order of the text; those of subqueries first.
    pub accesses: Vec<Access>,
    /// The tables that it declares, or adds something to.
    pub tables: Vec<Table>,
    /// The columns of the rows that it returns: a name and where the value comes from. Without a name it
    /// is all columns of a table.
    pub columns: Vec<(Option<Ustr>, Provenance)>,
    /// Whether it begins a transaction, or ends one.
    pub transaction: Option<bool>,
    /// Holds if it returns at most one row by itself: counts and `LIMIT 1`.
    pub is_single: bool,
    /// Holds if it may make no record, though it fails in nothing: what is there already is left alone, or what it makes
    /// them of is not found.
    pub may_make_none: bool,
}

/// A table as declared.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: Ustr,
    /// Its columns.
    pub fields: Vec<AssetField>,
}

/// Reads statements. What cannot be parsed is read by its first words, so that no access is lost.
pub fn read(sql: &str, parameters: &[Provenance], named: &[(Ustr, Provenance)]) -> Vec<Statement> {
    read_again(&mut Parsed::default(), sql, parameters, named)
}

/// Reads statements as [`read`] does, where the same may have been sent before.
pub fn read_again(
    parsed: &mut Parsed,
    sql: &str,
    parameters: &[Provenance],
    named: &[(Ustr, Provenance)],
) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut positional = 0;
    for part in prepare::split(sql) {
        let prepared = prepare::prepare(part, parameters, named, &mut positional);
        if prepared.text.trim().is_empty() {
            continue;
        }
        statements.push(reader::statement(&prepared, parsed));
    }
    statements
}

/// Returns how many parameters the placeholders of the text take; a list of them that is pasted in takes one.
pub fn placeholders(sql: &str) -> usize {
    prepare::placeholders(sql)
}

/// Returns the accesses of statements.
pub fn accesses(sql: &str, parameters: &[Provenance], named: &[(Ustr, Provenance)]) -> Vec<Access> {
    read(sql, parameters, named)
        .into_iter()
        .flat_map(|statement| statement.accesses)
        .collect()
}
