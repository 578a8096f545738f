//! Which part of the budget a statement of the wiring may use up.
//!
//! An application does much before it mounts its routes: it opens its database, moves old data, fills its caches.
//! None of that is in the map, and where it is too much to evaluate, the routes behind it would be missing.
//! So a statement gets no more than a part of what is left where others come after it, and those still count.

use firedoor_ir::{Statement, StatementKind};

use crate::branch::Completion;
use crate::{Machine, Stop};

/// How many statements inside each other get a part only; what is deeper shares the part of these.
const DEEPEST: usize = 3;

impl<'p> Machine<'p> {
    /// Runs a statement of a block; while the program is loaded, one that is not the last leaves something of the
    /// budget to those after it.
    pub(crate) fn statement_of_block(
        &mut self,
        statement: &'p Statement,
        is_last: bool,
    ) -> Result<Completion, Stop> {
        if is_last
            || self.heap.is_wired
            || self.shares.len() >= DEEPEST
            || !may_be_long(&statement.kind)
        {
            return self.statement(statement);
        }
        let whole = self.limits.steps;
        let left = whole.saturating_sub(self.steps);
        let decided = self.decided.len();
        self.shares.push(whole);
        self.limits.steps = whole - left / 4;
        let result = self.statement(statement);
        self.limits.steps = whole;
        self.shares.pop();
        if result != Err(Stop::Budget) {
            return result;
        }
        self.decided.truncate(decided);
        self.bind_unevaluated(statement);
        Ok(Completion::Normal)
    }

    /// Runs a module with a whole budget, whichever part of one the statement has that imports it.
    pub(crate) fn with_whole_budget(&mut self, work: impl FnOnce(&mut Self)) {
        let shares = std::mem::take(&mut self.shares);
        let part = self.limits.steps;
        self.limits.steps = shares.first().copied().unwrap_or(part);
        work(self);
        self.limits.steps = part;
        self.shares = shares;
    }
}

/// Statements that call something, or declare what a call gives.
/// Loops are not among them: what a path has left that jumps out of one would be lost.
fn may_be_long(statement: &StatementKind) -> bool {
    matches!(
        statement,
        StatementKind::Expression(_) | StatementKind::Declare { .. } | StatementKind::If { .. }
    )
}
