//! Rows of tables: `RIGHTS[role].has(right)` asks for one of the roles whose row has the right.
//!
//! The rows are lists or sets that the program has written down, so which keys choose one that holds a value is
//! known, though the key is not.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Arguments, Atom, Machine, ObjectId, ObjectKind, Shape, TestKind, Value};

/// A list or set in a table that was read by a key that is not known.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Under which names it stands.
    names: Vec<Ustr>,
    /// The key that was used last.
    chosen_by: Value,
}

impl Default for Row {
    fn default() -> Row {
        Row {
            names: Vec::new(),
            chosen_by: Value::undefined(),
        }
    }
}

impl Machine<'_> {
    /// Remembers that `value` is what a table has under `key`, where it is read by a key that is not known.
    pub(crate) fn note_row(&mut self, name: Ustr, key: &Value, value: &Value) {
        let Some(id) = value.only_object() else {
            return;
        };
        if self.is_closed_row(id) {
            let row = self.rows.entry(id).or_default();
            row.chosen_by = key.clone();
            if !row.names.contains(&name) {
                row.names.push(name);
            }
        }
    }

    fn is_closed_row(&self, id: ObjectId) -> bool {
        let object = self.heap.get(id);
        let is_list = matches!(
            object.kind,
            ObjectKind::Array | ObjectKind::Tuple | ObjectKind::Set
        );
        is_list && object.is_wiring && !object.is_open && !self.is_store(id)
    }

    /// Answers `has` and `includes` of such a row; a key without a row has nothing, and is refused or fails.
    pub(crate) fn row_method(
        &mut self,
        rows: &Value,
        name: Ustr,
        arguments: &Arguments,
        span: Span,
    ) -> Option<Value> {
        if !matches!(name.as_str(), "has" | "includes") {
            return None;
        }
        let element = arguments.positional.first()?;
        self.row_contains(rows, element, span)
    }

    /// Whether `element` is in a row of a table that is chosen by what is not known, as a test of what chooses.
    pub(crate) fn row_contains(
        &mut self,
        rows: &Value,
        element: &Value,
        span: Span,
    ) -> Option<Value> {
        let ids: Vec<ObjectId> = rows.objects().collect();
        let is_row = |atom: &Atom| matches!(atom, Atom::Object(_)) || atom.is_nothing();
        if ids.len() < 2 || rows.control.is_empty() || !rows.atoms().iter().all(is_row) {
            return None;
        }
        let mut allowed: Vec<Ustr> = Vec::new();
        let mut chosen_by = None;
        for id in ids {
            let row = self.rows.get(&id).cloned();
            let is_empty = self.heap.get(id).elements.is_empty();
            // What stands in for a row that is missing holds nothing.
            if row.is_none() && !is_empty {
                return None;
            }
            let is_in = self.row_has(id, element)?;
            if let Some(row) = row {
                chosen_by = Some(row.chosen_by);
                allowed.extend(row.names.into_iter().filter(|_| is_in));
            }
        }
        let key = chosen_by?;
        // The key that was last used may be another table's.
        let is_of_key = self.origins.union(rows.control, key.origins) == rows.control;
        let origins = match is_of_key && !key.origins.is_empty() {
            true => key.origins,
            false => rows.control,
        };
        let mut chooser = Value::unknown(Shape::String).with_origins(origins);
        chooser.control = rows.control;
        if allowed.is_empty() {
            return Some(self.tested(TestKind::Membership, Some(false), &[&chooser], span));
        }
        let names = allowed.iter().map(|name| Value::atom(Atom::String(*name)));
        let names = self.make_list(names.collect(), false, span);
        Some(self.tested(TestKind::Membership, None, &[&chooser, &names], span))
    }

    /// Whether a row holds what is looked for, where that is certain.
    fn row_has(&self, id: ObjectId, element: &Value) -> Option<bool> {
        let wanted = element.text()?;
        let mut found = false;
        for held in &self.heap.get(id).elements {
            found |= held.text()? == wanted;
        }
        Some(found)
    }
}
