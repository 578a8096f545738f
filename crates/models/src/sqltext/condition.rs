//! Conditions, and where the values of expressions come from.

use firedoor_app::{Origin, Provenance, RequestPart};
use sqlparser::ast::{
    BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, InTarget, UnaryOperator,
    Value,
};
use ustr::Ustr;

use super::UNKNOWN;
use super::reader::{Reader, Scope};
use super::table::name_of;
use crate::alternatives;

/// A condition on a column of a table of the scope.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) table: usize,
    pub(super) column: Ustr,
    pub(super) operator: &'static str,
    pub(super) value: Provenance,
}

/// Returns whether a value says who is asking.
pub fn is_own(value: &Provenance) -> bool {
    value.is_of_principal()
        || value.is_from(RequestPart::Context)
        || value.is_from(RequestPart::Session)
}

impl Reader<'_> {
    /// Adds the conditions that `expression` makes.
    pub(super) fn conditions(
        &mut self,
        expression: &Expr,
        scope: &Scope,
        found: &mut Vec<Condition>,
    ) {
        match expression {
            Expr::Nested(inner) => self.conditions(inner, scope, found),
            Expr::UnaryOp {
                op: UnaryOperator::Not,
                expr,
            } => self.conditions(expr, scope, found),
            Expr::BinaryOp {
                left,
                op: op @ (BinaryOperator::And | BinaryOperator::Or),
                right,
            } => {
                let first = found.len();
                self.conditions(left, scope, found);
                let second = found.len();
                self.conditions(right, scope, found);
                if *op == BinaryOperator::Or && !is_first_time(found, first, second) {
                    weaken(found, first, second);
                    forget_met_later(found, first);
                }
            }
            Expr::BinaryOp { left, op, right } => {
                self.comparison(left, operator(op), right, scope, found);
            }
            Expr::AnyOp { left, right, .. } => {
                self.comparison(left, "in", right, scope, found);
            }
            Expr::In {
                expr,
                target,
                negated,
                ..
            } => self.membership(expr, target, *negated, scope, found),
            Expr::Between {
                expr, low, high, ..
            } => {
                self.comparison(expr, ">=", low, scope, found);
                self.comparison(expr, "<=", high, scope, found);
            }
            Expr::Like { expr, pattern, .. } | Expr::ILike { expr, pattern, .. } => {
                self.comparison(expr, "like", pattern, scope, found);
            }
            Expr::IsNull(inner) | Expr::IsFalse(inner) => {
                self.constant(inner, "=", "null", scope, found);
            }
            Expr::IsNotNull(inner) | Expr::IsTrue(inner) => {
                self.constant(inner, "!=", "null", scope, found);
            }
            Expr::Exists { subquery, .. } => {
                let columns = self.query(subquery, Some(scope));
                let value = union(columns.into_iter().map(|(_, value)| value));
                self.add(scope, "", "=", value, found);
            }
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => {
                self.constant(expression, "=", "true", scope, found);
            }
            _ => {
                let value = self.value(expression, scope);
                self.add(scope, "", "=", value, found);
            }
        }
    }

    /// Adds a condition on the first table whose column is not known.
    fn add(
        &self,
        scope: &Scope,
        column: &str,
        operator: &'static str,
        value: Provenance,
        found: &mut Vec<Condition>,
    ) {
        if !scope.tables.is_empty() && !value.is_empty() {
            found.push(Condition {
                table: 0,
                column: Ustr::from(column),
                operator,
                value,
            });
        }
    }

    fn constant(
        &mut self,
        expression: &Expr,
        operator: &'static str,
        text: &str,
        scope: &Scope,
        found: &mut Vec<Condition>,
    ) {
        if let Some((table, column)) = scope.column(expression) {
            found.push(Condition {
                table,
                column,
                operator,
                value: Provenance::new([Origin::Literal(Ustr::from(text))]),
            });
        }
    }

    /// `column = value`, either way round; a comparison of two columns is a condition on both.
    fn comparison(
        &mut self,
        left: &Expr,
        operator: &'static str,
        right: &Expr,
        scope: &Scope,
        found: &mut Vec<Condition>,
    ) {
        let sides = [(left, right), (right, left)];
        let mut is_column = false;
        for (index, (side, other)) in sides.into_iter().enumerate() {
            let Some((table, column)) = scope.column(unwrapped(side)) else {
                continue;
            };
            is_column = true;
            let value = self.value(other, scope);
            let operator = if index == 0 {
                operator
            } else {
                turned(operator)
            };
            found.push(Condition {
                table,
                column,
                operator,
                value,
            });
        }
        if !is_column {
            let value = self.value(left, scope).union(&self.value(right, scope));
            self.add(scope, "", "=", value, found);
        }
    }

    fn membership(
        &mut self,
        expression: &Expr,
        target: &InTarget,
        is_negated: bool,
        scope: &Scope,
        found: &mut Vec<Condition>,
    ) {
        let value = match target {
            InTarget::List(list) => union(list.iter().map(|item| self.value(item, scope))),
            InTarget::Subquery(query) => {
                let columns = self.query(query, Some(scope));
                union(columns.into_iter().map(|(_, value)| value))
            }
            InTarget::Unnest(inner) => self.value(inner, scope),
            _ => Provenance::default(),
        };
        let operator = if is_negated { "not in" } else { "in" };
        match scope.column(unwrapped(expression)) {
            Some((table, column)) => found.push(Condition {
                table,
                column,
                operator,
                value,
            }),
            None => self.add(scope, "", operator, value, found),
        }
    }

    /// Returns where the value of an expression comes from.
    pub(super) fn value(&mut self, expression: &Expr, scope: &Scope) -> Provenance {
        match expression {
            Expr::Value(value) => self.literal(&value.value),
            Expr::Identifier(ident) if is_clock(&ident.value) => Provenance::new([Origin::Clock]),
            Expr::Identifier(_) | Expr::CompoundIdentifier(_) => scope.record(expression),
            Expr::Nested(inner)
            | Expr::Cast { expr: inner, .. }
            | Expr::UnaryOp { expr: inner, .. }
            | Expr::Collate { expr: inner, .. }
            | Expr::JsonAccess { value: inner, .. }
            | Expr::AtTimeZone {
                timestamp: inner, ..
            }
            | Expr::Trim { expr: inner, .. }
            | Expr::Substring { expr: inner, .. }
            | Expr::CompoundFieldAccess { root: inner, .. } => self.value(inner, scope),
            Expr::BinaryOp { left, right, .. } => {
                let left = self.value(left, scope);
                left.union(&self.value(right, scope))
            }
            Expr::Function(function) => self.function(function, scope),
            Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => {
                let mut values = Vec::new();
                for when in conditions {
                    let test = self.value(&when.condition, scope);
                    // `CASE WHEN $2 THEN now() END`, and the program always gives the same for `$2`.
                    match test.literal().filter(|_| operand.is_none()).as_deref() {
                        Some("false") => {}
                        Some("true") => return self.value(&when.result, scope),
                        _ => values.push(self.value(&when.result, scope)),
                    }
                }
                match else_result {
                    Some(otherwise) => values.push(self.value(otherwise, scope)),
                    None if values.is_empty() => return self.literal(&Value::Null),
                    None => {}
                }
                union(values)
            }
            Expr::Tuple(items) => union(items.iter().map(|item| self.value(item, scope))),
            Expr::Subquery(query) => {
                let columns = self.query(query, Some(scope));
                union(columns.into_iter().map(|(_, value)| value))
            }
            Expr::Exists { subquery, .. } => {
                let columns = self.query(subquery, Some(scope));
                union(columns.into_iter().map(|(_, value)| value))
            }
            Expr::Interval(interval) => self.value(&interval.value, scope),
            _ => Provenance::default(),
        }
    }

    fn literal(&self, value: &Value) -> Provenance {
        let text = match value {
            Value::Placeholder(name) => {
                let number = name
                    .strip_prefix(":p")
                    .and_then(|n| n.parse::<usize>().ok());
                let slot = number.and_then(|number| self.prepared.slots.get(number));
                return slot.cloned().unwrap_or_default();
            }
            Value::Null => "null".to_owned(),
            Value::Boolean(value) => value.to_string(),
            Value::Number(text, _) => text.clone(),
            other => other
                .clone()
                .into_string()
                .unwrap_or_else(|| other.to_string()),
        };
        Provenance::new([Origin::Literal(Ustr::from(&text))])
    }

    fn function(&mut self, function: &sqlparser::ast::Function, scope: &Scope) -> Provenance {
        let name = name_of(&function.name).to_ascii_lowercase();
        let mut arguments = Vec::new();
        if let FunctionArguments::List(list) = &function.args {
            for argument in &list.args {
                let (FunctionArg::Named { arg, .. }
                | FunctionArg::ExprNamed { arg, .. }
                | FunctionArg::Unnamed(arg)) = argument;
                if let FunctionArgExpr::Expr(inner) = arg {
                    let row = scope.row(inner).filter(|_| takes_rows(&name));
                    arguments.push(row.unwrap_or_else(|| self.value(inner, scope)));
                }
            }
        }
        let inner = union(arguments);
        match name.as_str() {
            _ if is_clock(&name) => Provenance::new([Origin::Clock]),
            "gen_random_uuid" | "uuid_generate_v4" | "gen_random_bytes" | "randomblob" => {
                Provenance::new([Origin::Random {
                    cryptographic: true,
                    bits: Some(122),
                }])
            }
            "random" | "rand" | "uuid" => Provenance::new([Origin::Random {
                cryptographic: false,
                bits: None,
            }]),
            "md5" | "sha1" | "sha2" | "sha256" | "digest" | "encode" if name != "encode" => {
                inner.union(&Provenance::new([Origin::Digest]))
            }
            "count" | "sum" | "avg" if inner.is_empty() => scope.whole(0),
            _ => inner,
        }
    }
}

/// `at IS NULL OR at < ?`: what was never set is behind all that may be set, so the comparison is all that is asked. The
/// other side is taken away.
fn is_first_time(found: &mut Vec<Condition>, first: usize, second: usize) -> bool {
    let is_unset = |it: &Condition| {
        it.operator == "=" && it.value.literal().is_some_and(|text| text == "null")
    };
    // Nothing is behind all: it is no limit that is beyond all.
    let is_measure = |it: &Condition| matches!(it.operator, "<" | "<=");
    let unset = match &found[first..] {
        [one, other]
            if second != first + 1 || (one.table, one.column) != (other.table, other.column) =>
        {
            None
        }
        [one, other] if is_unset(one) && is_measure(other) => Some(first),
        [one, other] if is_measure(one) && is_unset(other) => Some(second),
        _ => None,
    };
    unset.map(|at| found.remove(at)).is_some()
}

/// Marks what only one side asks for, where the sides do not agree whether the record is the caller's.
fn weaken(found: &mut [Condition], first: usize, second: usize) {
    let parts = |side: &'_ [Condition]| -> Vec<(&'static str, Provenance)> {
        side.iter()
            .map(|it| (it.operator, it.value.clone()))
            .collect()
    };
    let sides = [parts(&found[first..second]), parts(&found[second..])];
    let weight = alternatives::weight(&sides);
    for condition in &mut found[first..] {
        (condition.operator, condition.value) =
            alternatives::weakened(weight, condition.operator, &condition.value);
    }
}

/// `used_at is null or used_at > now() - '30 s'`: whoever sets the time meets the other side from then on, so that the
/// column need not be empty. What ends at a time, or never, is asked for the time as well.
fn forget_met_later(found: &mut Vec<Condition>, first: usize) {
    let is_empty = |it: &Condition| {
        it.operator == "=" && it.value.literal().is_some_and(|text| text == "null")
    };
    let later: Vec<(usize, Ustr)> = found[first..]
        .iter()
        .filter(|it| matches!(it.operator, ">" | ">="))
        .filter(|it| it.value.origins().contains(&Origin::Clock))
        .map(|it| (it.table, it.column))
        .collect();
    let mut place = 0;
    found.retain(|it| {
        place += 1;
        place <= first || !is_empty(it) || !later.contains(&(it.table, it.column))
    });
}

/// `to_jsonb(a)`: a table's name stands for its row.
fn takes_rows(name: &str) -> bool {
    matches!(
        name,
        "to_json" | "to_jsonb" | "row_to_json" | "json_agg" | "jsonb_agg" | "array_agg"
    )
}

fn is_clock(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(
        name.as_str(),
        "now"
            | "current_timestamp"
            | "current_date"
            | "current_time"
            | "localtimestamp"
            | "datetime"
            | "date"
            | "julianday"
            | "strftime"
            | "unixepoch"
            | "unix_timestamp"
            | "clock_timestamp"
            | "getdate"
    )
}

/// The column inside a function of text or a cast: `LOWER(email)`, `id::text`.
fn unwrapped(expression: &Expr) -> &Expr {
    match expression {
        Expr::Nested(inner)
        | Expr::Cast { expr: inner, .. }
        | Expr::Collate { expr: inner, .. } => unwrapped(inner),
        Expr::Function(function) => {
            let name = name_of(&function.name).to_ascii_lowercase();
            let is_text = matches!(
                name.as_str(),
                "lower" | "upper" | "trim" | "coalesce" | "date"
            );
            match &function.args {
                FunctionArguments::List(list) if is_text => match list.args.first() {
                    Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(inner))) => unwrapped(inner),
                    _ => expression,
                },
                _ => expression,
            }
        }
        _ => expression,
    }
}

/// Returns the union of all.
pub(super) fn union(values: impl IntoIterator<Item = Provenance>) -> Provenance {
    values
        .into_iter()
        .fold(Provenance::default(), |all, value| all.union(&value))
}

fn operator(operator: &BinaryOperator) -> &'static str {
    match operator {
        BinaryOperator::Eq | BinaryOperator::Spaceship => "=",
        BinaryOperator::NotEq => "!=",
        BinaryOperator::Gt => ">",
        BinaryOperator::GtEq => ">=",
        BinaryOperator::Lt => "<",
        BinaryOperator::LtEq => "<=",
        _ => "?",
    }
}

fn turned(operator: &'static str) -> &'static str {
    match operator {
        ">" => "<",
        ">=" => "<=",
        "<" => ">",
        "<=" => ">=",
        other => other,
    }
}

impl Scope<'_> {
    /// Returns the table and the name of a column, if the expression is one of this scope.
    pub(super) fn column(&self, expression: &Expr) -> Option<(usize, Ustr)> {
        if self.tables.is_empty() {
            return None;
        }
        match expression {
            Expr::Identifier(name) => {
                let column = if name.value == UNKNOWN {
                    ""
                } else {
                    &name.value
                };
                Some((0, Ustr::from(column)))
            }
            Expr::CompoundIdentifier(parts) => {
                let [.., owner, column] = parts.as_slice() else {
                    return None;
                };
                let table = self.find(&owner.value)?;
                Some((table, Ustr::from(&column.value)))
            }
            _ => None,
        }
    }

    /// Returns the field of a stored record that a column is.
    pub(super) fn record(&self, expression: &Expr) -> Provenance {
        if let Some((table, column)) = self.column(expression) {
            return self.field(table, column);
        }
        match self.outer {
            Some(outer) => outer.record(expression),
            None => Provenance::default(),
        }
    }

    /// Returns a field of a table.
    pub(super) fn field(&self, table: usize, field: Ustr) -> Provenance {
        let Some(found) = self.tables.get(table) else {
            return Provenance::default();
        };
        if let Some(columns) = &found.derived {
            let of_name = columns
                .iter()
                .filter(|(name, _)| name.is_none() || *name == Some(field) || field.is_empty());
            return union(of_name.map(|(_, value)| value.clone()));
        }
        Provenance::new([Origin::Record {
            asset: found.name,
            field,
            of_principal: found.is_own,
        }])
    }

    /// Returns the whole record that the name of a table alone stands for.
    fn row(&self, expression: &Expr) -> Option<Provenance> {
        let Expr::Identifier(name) = expression else {
            return None;
        };
        Some(self.whole(self.find(&name.value)?))
    }

    /// Returns a whole record of a table.
    pub(super) fn whole(&self, table: usize) -> Provenance {
        self.field(table, Ustr::default())
    }
}
