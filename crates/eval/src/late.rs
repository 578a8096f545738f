//! Variables of modules that are nothing until something runs that the wiring does not reach.
//!
//! ```text
//! let db = null;
//! async function connect() { db = (await client.connect()).db(); }
//! function get() { if (!db) throw new Error('not connected'); return db; }
//! ```
//!
//! By the time of a request somebody has called `connect`; who takes `db` for nothing sees every handler fail.

use firedoor_ir::{
    Body, ExpressionKind, Function, FunctionId, Literal, Module, Pattern, Statement, StatementKind,
};
use firedoor_source::Span;
use rustc_hash::FxHashSet;
use ustr::Ustr;

use crate::exports::{declared_names, pattern_names};
use crate::{Machine, ModuleId, Slot};

/// Why such a variable is unknown.
const REASON: &str = "set-after-loading";

/// A variable of a module that is nothing, and that functions of the module give a value.
pub struct LateVariable {
    /// The module.
    pub module: ModuleId,
    /// Its name.
    pub name: Ustr,
    /// The functions that assign it.
    pub setters: Vec<FunctionId>,
    /// Those of them that look first whether it is set: one that answers requests may be among them.
    pub askers: Vec<FunctionId>,
}

impl<'p> Machine<'p> {
    /// Lists the variables that are nothing now and that functions set, by module, in the order of the assignments.
    pub fn late_variables(&mut self) -> Vec<LateVariable> {
        let modules: Vec<(ModuleId, &'p Module)> = self.program.iter().collect();
        let mut found: Vec<LateVariable> = Vec::new();
        for (id, module) in modules {
            let names = self.names_of_nothing(id);
            if names.is_empty() {
                continue;
            }
            let first = found.len();
            for (name, setter) in assigned_in_functions(module, &names) {
                let known = found[first..].iter().position(|it| it.name == name);
                let at = first + known.unwrap_or(found.len() - first);
                if known.is_none() {
                    found.push(LateVariable {
                        module: id,
                        name,
                        setters: Vec::new(),
                        askers: Vec::new(),
                    });
                }
                if looks_at(module, name, module.function(setter)) {
                    found[at].askers.push(setter);
                }
                found[at].setters.push(setter);
            }
        }
        found
    }

    /// What is still nothing when the wiring ends is unknown to requests.
    pub(crate) fn open_late_variables(&mut self) {
        for late in self.late_variables() {
            if let Some(scope) = self.modules[late.module.0 as usize].scope {
                let value = self.unknown(REASON);
                self.bind(scope, late.name, value);
            }
        }
    }

    fn names_of_nothing(&mut self, module: ModuleId) -> FxHashSet<Ustr> {
        let Some(scope) = self.modules[module.0 as usize].scope else {
            return FxHashSet::default();
        };
        let names = self.scope(scope).names.iter();
        let nothing = names
            .filter(|(_, slot)| matches!(slot, Slot::Value(value) if value.is_nothing()))
            .map(|(name, _)| *name);
        nothing.collect()
    }
}

/// Returns the names that functions assign and that neither they nor the functions around them declare.
fn assigned_in_functions(module: &Module, names: &FxHashSet<Ustr>) -> Vec<(Ustr, FunctionId)> {
    let mut found = Vec::new();
    for expression in &module.expressions {
        let ExpressionKind::Assign { target, value } = &expression.kind else {
            continue;
        };
        // `db = null` takes away what was set.
        let value = &module.expression(*value).kind;
        if matches!(
            value,
            ExpressionKind::Literal(Literal::Null | Literal::Undefined)
        ) {
            continue;
        }
        let mut assigned = Vec::new();
        pattern_names(target, &mut assigned);
        assigned.retain(|name| names.contains(name));
        if assigned.is_empty() {
            continue;
        }
        let around = functions_around(module, expression.span);
        let Some(innermost) = around.first() else {
            continue;
        };
        for name in assigned {
            let mut outer = around.iter().map(|id| module.function(*id));
            if !outer.any(|function| declares(module, function, name, expression.span))
                && !is_set_on_demand(module, name, module.function(*innermost))
            {
                found.push((name, *innermost));
            }
        }
    }
    found
}

/// Holds for a function that looks whether the variable is there, and that others call who need it: it sets the variable
/// when a request comes that far.
fn is_set_on_demand(module: &Module, name: Ustr, setter: &Function) -> bool {
    let is_called = module.expressions.iter().any(|expression| {
        let ExpressionKind::Call { callee, .. } = &expression.kind else {
            return false;
        };
        let callee = &module.expression(*callee).kind;
        !setter.span.contains(expression.span)
            && matches!(callee, ExpressionKind::Name(called) if Some(*called) == setter.name)
    });
    is_called && looks_at(module, name, setter)
}

/// Holds for a function that reads the variable: what it does hangs on whether somebody has set it.
fn looks_at(module: &Module, name: Ustr, setter: &Function) -> bool {
    module.expressions.iter().any(|expression| {
        setter.span.contains(expression.span)
            && matches!(&expression.kind, ExpressionKind::Name(read) if *read == name)
    })
}

/// The functions in which a place lies, the innermost first.
fn functions_around(module: &Module, span: Span) -> Vec<FunctionId> {
    let mut around: Vec<(u32, FunctionId)> = Vec::new();
    for (index, function) in module.functions.iter().enumerate() {
        if function.span.contains(span) {
            let length = function.span.end - function.span.start;
            around.push((length, FunctionId(index as u32)));
        }
    }
    around.sort();
    around.into_iter().map(|(_, id)| id).collect()
}

/// Holds if the name means a parameter or a variable of the function's own at this place.
fn declares(module: &Module, function: &Function, name: Ustr, place: Span) -> bool {
    let mut names = Vec::new();
    for parameter in &function.parameters {
        pattern_names(&parameter.pattern, &mut names);
    }
    let is_in_block = || match &function.body {
        Body::Block(block) => is_declared_around(module, block, name, place),
        Body::Expression(_) => false,
    };
    names.contains(&name) || function.declared.contains(&name) || is_in_block()
}

/// Holds if the block declares the name, or one within it that the place lies in: `let db` hides that of the module.
fn is_declared_around(module: &Module, block: &[Statement], name: Ustr, place: Span) -> bool {
    let is_own = |statement: &Statement| declared_names(module, statement).contains(&name);
    let mut inner = block.iter().filter(|it| it.span.contains(place));
    block.iter().any(is_own) || inner.any(|it| is_declared_within(module, it, name, place))
}

fn is_declared_within(module: &Module, statement: &Statement, name: Ustr, place: Span) -> bool {
    let is_bound = |pattern: &Pattern| {
        let mut names = Vec::new();
        pattern_names(pattern, &mut names);
        names.contains(&name)
    };
    let is_in_head = match &statement.kind {
        StatementKind::For { init, .. } => {
            let mut init = init.iter();
            init.any(|it| declared_names(module, it).contains(&name))
        }
        StatementKind::ForEach {
            declares, target, ..
        } => declares.is_some() && is_bound(target),
        StatementKind::Try { handlers, .. } => handlers
            .iter()
            .filter(|it| it.span.contains(place))
            .any(|it| it.binding.as_ref().is_some_and(is_bound)),
        StatementKind::Labeled(_, inner) => is_declared_within(module, inner, name, place),
        _ => false,
    };
    // What a block beside this place declares means nothing here.
    let blocks = statement.kind.blocks();
    let mut around = blocks
        .iter()
        .filter(|block| block.iter().any(|it| it.span.contains(place)));
    is_in_head || around.any(|block| is_declared_around(module, block, name, place))
}
