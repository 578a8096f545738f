//! From syntax trees to accesses: queries here, what changes something in `changes`.

mod changes;

use firedoor_app::{Access, Field, OR_OPEN, Operation, Provenance};
use sqlparser::ast::{
    Expr, JoinConstraint, JoinOperator, LimitClause, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, Statement as Tree, TableFactor, TableWithJoins,
};
use ustr::Ustr;

use super::condition::{Condition, is_own, union};
use super::parsed::Parsed;
use super::prepare::Prepared;
use super::table::{self, name_of};
use super::{Statement, UNKNOWN};

type Columns = Vec<(Option<Ustr>, Provenance)>;

/// A table that a query names.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) name: Ustr,
    pub(super) alias: Ustr,
    /// The columns, if it is a subquery.
    pub(super) derived: Option<Columns>,
    /// Holds if its rows are chosen by who is asking.
    pub(super) is_own: bool,
}

/// The tables whose columns can be named.
#[derive(Debug, Default)]
pub(super) struct Scope<'o> {
    pub(super) tables: Vec<Source>,
    pub(super) outer: Option<&'o Scope<'o>>,
}

impl Scope<'_> {
    pub(super) fn find(&self, owner: &str) -> Option<usize> {
        self.tables
            .iter()
            .position(|table| table.alias.eq_ignore_ascii_case(owner))
    }
}

/// Reads one statement.
pub(super) struct Reader<'a> {
    pub(super) prepared: &'a Prepared,
    accesses: Vec<Access>,
    /// Names that `WITH` gives to queries, with their columns.
    named: Vec<(Ustr, Columns)>,
    is_locking: bool,
    depth: usize,
}

/// Reads a prepared statement.
pub(super) fn statement(prepared: &Prepared, parsed: &mut Parsed) -> Statement {
    let mut reader = Reader {
        prepared,
        accesses: Vec::new(),
        named: Vec::new(),
        is_locking: false,
        depth: 0,
    };
    let mut result = Statement::default();
    match parsed.tree(&prepared.text) {
        Some(tree) => reader.tree(&tree, &mut result),
        None => reader.guess(),
    }
    let mut accesses = reader.accesses;
    if let Some(last) = accesses.last_mut() {
        for value in &prepared.loose {
            last.key.push(plain("", value.clone()));
        }
    }
    accesses.retain(|access| !access.asset.is_empty() && access.asset != UNKNOWN);
    result.accesses = accesses;
    result
}

fn plain(name: &str, value: Provenance) -> Field {
    Field {
        name: Ustr::from(name),
        value,
        operator: "=",
    }
}

impl Reader<'_> {
    fn tree(&mut self, tree: &Tree, result: &mut Statement) {
        let nothing = Scope::default();
        match tree {
            Tree::Query(query) => {
                result.is_single = is_single(query);
                result.columns = self.query(query, None);
            }
            Tree::Insert(insert) => {
                result.may_make_none = changes::may_make_none(insert);
                result.columns = self.insert(insert, &nothing);
            }
            Tree::Update(update) => result.columns = self.update(update, &nothing),
            Tree::Delete(delete) => result.columns = self.delete(delete, &nothing),
            Tree::CreateTable(create) => {
                let scope = Scope::default();
                let made = table::table(create, |default| self.value(default, &scope));
                result.tables.push(made);
            }
            Tree::CreateIndex(create) => result.tables.extend(table::index(create)),
            Tree::Truncate(truncate) => {
                for target in &truncate.table_names {
                    let mut access = self.access(Operation::Delete, name_of(&target.name));
                    access.is_many = true;
                    self.accesses.push(access);
                }
            }
            Tree::StartTransaction { .. } => result.transaction = Some(true),
            Tree::Commit { .. } | Tree::Rollback { .. } => result.transaction = Some(false),
            _ => {}
        }
    }

    fn access(&self, operation: Operation, asset: Ustr) -> Access {
        Access {
            operation,
            asset,
            key: Vec::new(),
            values: Vec::new(),
            spread: Vec::new(),
            is_many: false,
            is_conditional: false,
            is_in_transaction: self.is_locking,
            is_unlocked: false,
        }
    }

    /// Reads what the parser does not take, by its first words.
    fn guess(&mut self) {
        let words: Vec<&str> = self.prepared.text.split_whitespace().collect();
        let after = |word: &str| {
            let position = words.iter().position(|it| it.eq_ignore_ascii_case(word))?;
            let name = words.get(position + 1)?.split('(').next()?;
            let name = name.trim_matches(|c| matches!(c, '"' | '`' | '[' | ']' | ',' | ';'));
            Some(Ustr::from(name.rsplit('.').next()?))
        };
        let first = words.first().map(|word| word.to_ascii_uppercase());
        let (operation, asset) = match first.as_deref() {
            Some("SELECT" | "WITH") => (Operation::Read, after("FROM")),
            Some("INSERT" | "REPLACE") => (Operation::Create, after("INTO")),
            Some("UPDATE") => (Operation::Update, after("UPDATE")),
            Some("DELETE") => (Operation::Delete, after("FROM")),
            _ => return,
        };
        let Some(asset) = asset else {
            return;
        };
        let mut access = self.access(operation, asset);
        let all = union(self.prepared.slots.iter().cloned());
        if operation == Operation::Create {
            access.values.push(plain("", all));
        } else {
            access.key.push(plain("", all));
        }
        self.accesses.push(access);
    }

    /// Reads a query and returns the columns of its rows.
    pub(super) fn query(&mut self, query: &Query, outer: Option<&Scope>) -> Columns {
        if self.depth > 12 {
            return Columns::new();
        }
        self.depth += 1;
        let known = self.named.len();
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            let name = Ustr::from(&cte.alias.name.value);
            self.named.push((name, Columns::new()));
            let columns = self.query(&cte.query, outer);
            if let Some(last) = self.named.last_mut() {
                last.1 = columns;
            }
        }
        let was_locking = self.is_locking;
        self.is_locking |= !query.locks.is_empty();
        let before = self.accesses.len();
        let columns = self.body(&query.body, outer);
        if is_limited_to_one(query)
            && let Some(last) = self.accesses[before..].last_mut()
        {
            last.is_many = false;
        }
        self.is_locking = was_locking;
        self.named.truncate(known);
        self.depth -= 1;
        columns
    }

    fn body(&mut self, body: &SetExpr, outer: Option<&Scope>) -> Columns {
        let nothing = Scope::default();
        match body {
            SetExpr::Select(select) => self.select(select, outer),
            SetExpr::Query(query) => self.query(query, outer),
            SetExpr::SetOperation { left, right, .. } => {
                let mut columns = self.body(left, outer);
                columns.extend(self.body(right, outer));
                columns
            }
            SetExpr::Values(values) => {
                let rows = values.rows.iter().flat_map(|row| &row.content);
                rows.map(|item| (None, self.value(item, &nothing)))
                    .collect()
            }
            SetExpr::Insert(Tree::Insert(insert)) => self.insert(insert, &nothing),
            SetExpr::Update(Tree::Update(update)) => self.update(update, &nothing),
            SetExpr::Delete(Tree::Delete(delete)) => self.delete(delete, &nothing),
            _ => Columns::new(),
        }
    }

    fn select(&mut self, select: &Select, outer: Option<&Scope>) -> Columns {
        let mut scope = Scope {
            tables: Vec::new(),
            outer,
        };
        let mut tests = Vec::new();
        for from in &select.from {
            self.add_tables(from, &mut scope, &mut tests);
        }
        tests.extend(&select.selection);
        tests.extend(&select.having);
        let conditions = self.settled(&tests, &mut scope);
        let is_count = is_count(&select.projection);
        let operation = if is_count {
            Operation::Count
        } else {
            Operation::Read
        };
        for index in (0..scope.tables.len()).rev() {
            if scope.tables[index].derived.is_some() {
                continue;
            }
            let operation = if index == 0 {
                operation
            } else {
                Operation::Read
            };
            let mut access = self.access(operation, scope.tables[index].name);
            access.key = key(&conditions, index);
            access.is_many = !access.key.iter().any(|field| field.operator == "=");
            self.accesses.push(access);
        }
        self.projection(&select.projection, &scope)
    }

    /// Returns the columns of a list such as `u.id, count(*) AS n, m.*`.
    fn projection(&mut self, items: &[SelectItem], scope: &Scope) -> Columns {
        let mut columns = Columns::new();
        for item in items {
            match item {
                SelectItem::UnnamedExpr(expression) => {
                    let name = match expression {
                        Expr::Identifier(name) => Some(&name.value),
                        Expr::CompoundIdentifier(parts) => parts.last().map(|part| &part.value),
                        _ => None,
                    };
                    let name = name.map_or_else(
                        || Ustr::from(&expression.to_string().to_lowercase()),
                        |name| Ustr::from(name),
                    );
                    let short = name.split('(').next().unwrap_or("");
                    let name = if name.contains('(') {
                        Ustr::from(short)
                    } else {
                        name
                    };
                    columns.push((Some(name), self.value(expression, scope)));
                }
                SelectItem::ExprWithAlias { expr, alias } => {
                    let value = self.value(expr, scope);
                    columns.push((Some(Ustr::from(&alias.value)), value));
                }
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    _,
                ) => {
                    if let Some(index) = scope.find(&name_of(name)) {
                        columns.push((None, scope.whole(index)));
                    }
                }
                _ => {
                    let all = (0..scope.tables.len()).map(|index| scope.whole(index));
                    columns.extend(all.map(|value| (None, value)));
                }
            }
        }
        columns
    }

    /// Reads the conditions, twice: only once it is known which tables are chosen by who is asking, it is
    /// known what their columns say.
    fn settled(&mut self, tests: &[&Expr], scope: &mut Scope) -> Vec<Condition> {
        let mark = self.accesses.len();
        let mut conditions = Vec::new();
        for round in 0..2 {
            self.accesses.truncate(mark);
            conditions = Vec::new();
            for test in tests {
                self.conditions(test, scope, &mut conditions);
            }
            if round == 0 {
                for condition in &conditions {
                    scope.tables[condition.table].is_own |=
                        is_own(&condition.value) && condition.operator != OR_OPEN;
                }
            }
        }
        conditions
    }

    fn add_tables<'t>(
        &mut self,
        from: &'t TableWithJoins,
        scope: &mut Scope,
        tests: &mut Vec<&'t Expr>,
    ) {
        self.add_table(&from.relation, scope, tests);
        for join in &from.joins {
            self.add_table(&join.relation, scope, tests);
            if let Some(JoinConstraint::On(test)) = constraint(&join.join_operator) {
                tests.push(test);
            }
        }
    }

    fn add_table<'t>(
        &mut self,
        factor: &'t TableFactor,
        scope: &mut Scope,
        tests: &mut Vec<&'t Expr>,
    ) {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                let name = name_of(name);
                let alias = alias.as_ref().map(|alias| Ustr::from(&alias.name.value));
                let known = self.named.iter().rev().find(|(known, _)| *known == name);
                scope.tables.push(Source {
                    name,
                    alias: alias.unwrap_or(name),
                    derived: known.map(|(_, columns)| columns.clone()),
                    is_own: false,
                });
            }
            TableFactor::Derived {
                subquery, alias, ..
            } => {
                let columns = self.query(subquery, scope.outer);
                let alias = alias.as_ref().map(|alias| Ustr::from(&alias.name.value));
                scope.tables.push(Source {
                    name: Ustr::default(),
                    alias: alias.unwrap_or_default(),
                    derived: Some(columns),
                    is_own: false,
                });
            }
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => self.add_tables(table_with_joins, scope, tests),
            _ => {}
        }
    }
}

fn key(conditions: &[Condition], table: usize) -> Vec<Field> {
    conditions
        .iter()
        .filter(|condition| condition.table == table)
        .map(|condition| Field {
            name: condition.column,
            value: condition.value.clone(),
            operator: condition.operator,
        })
        .collect()
}

fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint) => Some(constraint),
        _ => None,
    }
}

/// Holds for a list of nothing but counts and constants, as in `SELECT COUNT(*)` and `SELECT 1`.
fn is_count(items: &[SelectItem]) -> bool {
    items.iter().all(|item| {
        let (SelectItem::UnnamedExpr(expression)
        | SelectItem::ExprWithAlias {
            expr: expression, ..
        }) = item
        else {
            return false;
        };
        match expression {
            Expr::Function(function) => name_of(&function.name).eq_ignore_ascii_case("count"),
            Expr::Value(_) => true,
            Expr::Cast { expr, .. } => {
                matches!(&**expr, Expr::Function(function) if name_of(&function.name).eq_ignore_ascii_case("count"))
            }
            _ => false,
        }
    })
}

fn is_limited_to_one(query: &Query) -> bool {
    let Some(LimitClause::LimitOffset {
        limit: Some(limit), ..
    }) = &query.limit_clause
    else {
        return false;
    };
    limit.to_string() == "1"
}

fn is_single(query: &Query) -> bool {
    let is_count = match &*query.body {
        SetExpr::Select(select) => is_count(&select.projection),
        _ => false,
    };
    is_count || is_limited_to_one(query)
}
