//! Statements that change something: `INSERT`, `UPDATE`, `DELETE`, and what they assign.
//!
//! They read as queries do and then name the fields that are written, which is what rules ask of them.

use firedoor_app::{Access, Field, Operation};
use sqlparser::ast::{
    Assignment, AssignmentTarget, BinaryOperator, Delete, Expr, FromTable, Insert, ObjectName,
    OnConflictAction, OnInsert, Query, SetExpr, SqliteOnConflict, TableObject, Update,
    UpdateTableFromKind,
};
use ustr::Ustr;

use crate::sqltext::UNKNOWN;
use crate::sqltext::reader::{Columns, Reader, Scope, Source, key, plain};
use crate::sqltext::table::name_of;

impl Reader<'_> {
    pub(crate) fn insert(&mut self, insert: &Insert, nothing: &Scope) -> Columns {
        let TableObject::TableName(name) = &insert.table else {
            return Columns::new();
        };
        let asset = name_of(name);
        let mut access = self.access(Operation::Create, asset);
        let columns: Vec<Ustr> = insert.columns.iter().map(name_of).collect();
        if let Some(source) = &insert.source {
            self.inserted(&columns, source, &mut access);
        }
        for assignment in &insert.assignments {
            self.assign(assignment, nothing, &mut access);
        }
        let mut scope = single(asset);
        // `INSERT INTO votes AS v …`: what is there already goes by this name.
        if let Some(alias) = &insert.table_alias {
            scope.tables[0].alias = Ustr::from(&alias.alias.value);
        }
        if let Some(OnInsert::OnConflict(conflict)) = &insert.on
            && let OnConflictAction::DoUpdate(update) = &conflict.action
        {
            for assignment in &update.assignments {
                let more = self.assigned(assignment, &scope);
                access
                    .values
                    .extend(more.filter(|field| !is_excluded(field)));
            }
        }
        if let Some(OnInsert::DuplicateKeyUpdate(assignments)) = &insert.on {
            for assignment in assignments {
                let more = self.assigned(assignment, &scope);
                access.values.extend(more);
            }
        }
        self.accesses.push(access);
        scope.tables[0].is_own = false;
        let returning = insert.returning.as_deref().unwrap_or_default();
        self.projection(returning, &scope)
    }

    /// The values of an `INSERT`: rows, or a query.
    fn inserted(&mut self, columns: &[Ustr], source: &Query, access: &mut Access) {
        let SetExpr::Values(values) = &*source.body else {
            let found = self.query(source, None);
            for (index, (name, value)) in found.into_iter().enumerate() {
                let name = columns.get(index).copied().or(name).unwrap_or_default();
                access.values.push(plain(&name, value));
            }
            return;
        };
        access.is_many = values.rows.len() > 1;
        let nothing = Scope::default();
        for row in &values.rows {
            for (index, item) in row.content.iter().enumerate() {
                let value = self.value(item, &nothing);
                let name = columns.get(index).copied().unwrap_or_default();
                if name == UNKNOWN || (name.is_empty() && row.content.len() == 1) {
                    access.spread.push(value);
                    continue;
                }
                match access.values.iter_mut().find(|field| field.name == name) {
                    Some(field) if !name.is_empty() => field.value = field.value.union(&value),
                    _ => access.values.push(plain(&name, value)),
                }
            }
        }
    }

    pub(crate) fn update(&mut self, update: &Update, _nothing: &Scope) -> Columns {
        let mut scope = Scope::default();
        let mut tests = Vec::new();
        self.add_tables(&update.table, &mut scope, &mut tests);
        if let Some(
            UpdateTableFromKind::AfterSet(tables) | UpdateTableFromKind::BeforeSet(tables),
        ) = &update.from
        {
            for table in tables {
                self.add_tables(table, &mut scope, &mut tests);
            }
        }
        tests.extend(&update.selection);
        let asset = scope
            .tables
            .first()
            .map(|table| table.name)
            .unwrap_or_default();
        let mut access = self.changed(Operation::Update, asset, &tests, &mut scope);
        for assignment in &update.assignments {
            self.assign(assignment, &scope, &mut access);
        }
        self.accesses.push(access);
        let returning = update.returning.as_deref().unwrap_or_default();
        self.projection(returning, &scope)
    }

    pub(crate) fn delete(&mut self, delete: &Delete, _nothing: &Scope) -> Columns {
        let (FromTable::WithFromKeyword(tables) | FromTable::WithoutKeyword(tables)) = &delete.from;
        let mut scope = Scope::default();
        let mut tests = Vec::new();
        for table in tables.iter().chain(delete.using.iter().flatten()) {
            self.add_tables(table, &mut scope, &mut tests);
        }
        tests.extend(&delete.selection);
        let asset = scope
            .tables
            .first()
            .map(|table| table.name)
            .unwrap_or_default();
        let access = self.changed(Operation::Delete, asset, &tests, &mut scope);
        self.accesses.push(access);
        let returning = delete.returning.as_deref().unwrap_or_default();
        self.projection(returning, &scope)
    }

    /// Reads the conditions of a change; the other tables in it are read.
    fn changed(
        &mut self,
        operation: Operation,
        asset: Ustr,
        tests: &[&Expr],
        scope: &mut Scope,
    ) -> Access {
        let conditions = self.settled(tests, scope);
        for index in 1..scope.tables.len() {
            if scope.tables[index].derived.is_none() {
                let mut access = self.access(Operation::Read, scope.tables[index].name);
                access.key = key(&conditions, index);
                self.accesses.push(access);
            }
        }
        let mut access = self.access(operation, asset);
        access.key = key(&conditions, 0);
        access.is_many = !access.key.iter().any(|field| field.operator == "=");
        access.is_conditional =
            access.key.len() > 1 || access.key.iter().any(|field| field.operator != "=");
        access
    }

    fn assign(&mut self, assignment: &Assignment, scope: &Scope, access: &mut Access) {
        for field in self.assigned(assignment, scope) {
            if field.name.is_empty() {
                access.spread.push(field.value);
            } else {
                access.values.push(field);
            }
        }
    }

    /// `column = value`; one that counts on from the old value is an increment.
    fn assigned(
        &mut self,
        assignment: &Assignment,
        scope: &Scope,
    ) -> impl Iterator<Item = Field> + use<> {
        let names: Vec<&ObjectName> = match &assignment.target {
            AssignmentTarget::ColumnName(name) => vec![name],
            AssignmentTarget::Tuple(names) => names.iter().collect(),
        };
        let grown = growth(&assignment.value, scope, &names);
        let (operator, written) = grown.unwrap_or(("=", &assignment.value));
        let value = self.value(written, scope);
        let fields: Vec<Field> = names
            .into_iter()
            .map(|name| {
                let name = name_of(name);
                Field {
                    name: if name == UNKNOWN {
                        Ustr::default()
                    } else {
                        name
                    },
                    value: value.clone(),
                    operator,
                }
            })
            .collect();
        fields.into_iter()
    }
}

/// Returns by what a column grows or shrinks: `n + 1`, also where it may begin anew, as in
/// `CASE WHEN until < now() THEN 1 ELSE n + 1 END`.
fn growth<'e>(
    value: &'e Expr,
    scope: &Scope,
    names: &[&ObjectName],
) -> Option<(&'static str, &'e Expr)> {
    match value {
        Expr::Nested(inner) => growth(inner, scope, names),
        Expr::BinaryOp { left, op, right } => {
            let operator = match op {
                BinaryOperator::Plus => "+=",
                BinaryOperator::Minus => "-=",
                _ => return None,
            };
            let (table, column) = scope.column(left)?;
            let is_own = table == 0 && names.iter().any(|name| name_of(name) == column);
            is_own.then_some((operator, &**right))
        }
        Expr::Case {
            conditions,
            else_result,
            ..
        } => {
            let results = conditions.iter().map(|when| &when.result);
            let mut results = results.chain(else_result.as_deref());
            results.find_map(|result| growth(result, scope, names))
        }
        _ => None,
    }
}

/// Holds if nothing is made where there is such a record already, or where a query finds nothing to make it of.
pub(super) fn may_make_none(insert: &Insert) -> bool {
    let is_left_alone = matches!(&insert.on, Some(OnInsert::OnConflict(conflict))
        if matches!(conflict.action, OnConflictAction::DoNothing));
    let is_found = |query: &Query| match &*query.body {
        SetExpr::Select(select) => !select.from.is_empty(),
        _ => false,
    };
    // `INSERT OR IGNORE` of SQLite, `INSERT IGNORE` of MySQL.
    let is_ignored = insert.ignore || insert.or == Some(SqliteOnConflict::Ignore);
    is_left_alone || is_ignored || insert.source.as_deref().is_some_and(is_found)
}

/// `ON CONFLICT ... SET a = excluded.a` writes what the insert writes.
fn is_excluded(field: &Field) -> bool {
    field.value.is_empty()
}

fn single(asset: Ustr) -> Scope<'static> {
    Scope {
        tables: vec![Source {
            name: asset,
            alias: asset,
            derived: None,
            is_own: false,
        }],
        outer: None,
    }
}
