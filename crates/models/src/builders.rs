//! What builders of queries have in common: Knex and Kysely.

use firedoor_app::{AssetKind, Field, Operation, Provenance};
use firedoor_eval::Machine;
use firedoor_source::Span;
use ustr::Ustr;

use crate::{ModelHost, store};

/// A statement that a builder has put together.
pub(crate) struct Statement<'p> {
    /// What it does.
    pub(crate) operation: Operation,
    /// The table.
    pub(crate) table: Ustr,
    /// The conditions.
    pub(crate) key: &'p [Field],
    /// What is written.
    pub(crate) values: &'p [Field],
    /// Objects that are written whole.
    pub(crate) spread: &'p [Provenance],
    /// Other tables that are read along with it.
    pub(crate) joined: &'p [Ustr],
    /// Holds if it locks the rows that it reads.
    pub(crate) is_locking: bool,
    /// Holds if it may concern several rows.
    pub(crate) is_many: bool,
}

/// Notes what the statement does to its tables.
pub(crate) fn note(host: &ModelHost, machine: &Machine<'_>, statement: &Statement<'_>, span: Span) {
    let Statement {
        operation, table, ..
    } = *statement;
    store::declare(host, table, AssetKind::Table, span, Vec::new());
    for joined in statement.joined {
        let access = store::access(host, Operation::Read, *joined);
        store::note(host, machine, access, span);
    }
    let mut access = store::access(host, operation, table);
    access.key = statement.key.to_vec();
    access.values = statement.values.to_vec();
    access.spread = statement.spread.to_vec();
    access.is_in_transaction |= statement.is_locking;
    access.is_unlocked =
        !statement.is_locking && !operation.is_write() && host.state().run.plain_transactions > 0;
    access.is_many = statement.is_many && operation != Operation::Create;
    store::note(host, machine, access, span);
}

/// Returns the operator of the map for one that is written as SQL has it.
pub(crate) fn operator(text: &str) -> &'static str {
    match text.to_ascii_lowercase().as_str() {
        "=" | "==" | "is" => "=",
        "!=" | "<>" | "is not" => "!=",
        ">" => ">",
        ">=" => ">=",
        "<" => "<",
        "<=" => "<=",
        "in" => "in",
        "not in" => "not in",
        "like" | "ilike" => "like",
        _ => "?",
    }
}
