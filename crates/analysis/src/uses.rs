//! Which other files a piece of code uses: by the names that stand in it, and in what its own file binds them to.
//!
//! It is a first guess for whoever wants to know what an edit may have changed: a name that is bound in ways which cannot
//! be read off leads nowhere.

use firedoor_eval::{ModuleId, Program};
use firedoor_ir::{
    ArrayPatternElement, Export, ExpressionKind, Module, Pattern, Statement, StatementKind,
};
use firedoor_source::{FileId, Span};
use rustc_hash::FxHashSet;
use ustr::Ustr;

/// Returns the files that what stands at `span` uses.
pub fn uses(program: &Program<'_>, span: Span) -> FxHashSet<FileId> {
    let mut modules = FxHashSet::default();
    if let Some(id) = program.module_of(span.file) {
        let module = program.module(id);
        let mut seen = FxHashSet::default();
        let mut waiting = vec![span];
        waiting.extend(enclosing_class(module, span));
        while let Some(span) = waiting.pop() {
            let own = own_names(module, span);
            for name in names_within(module, span) {
                if !own.contains(&name) && seen.insert(name) {
                    follow(program, module, name, &mut modules, &mut waiting);
                }
            }
        }
    }
    let modules: FxHashSet<ModuleId> = modules;
    modules.iter().map(|id| program.module(*id).file).collect()
}

/// Returns the names that functions around and within `span` declare: they are none of the file's.
fn own_names(module: &Module, span: Span) -> FxHashSet<Ustr> {
    let functions = module.functions.iter();
    functions
        .filter(|function| function.span.contains(span) || span.contains(function.span))
        .flat_map(|function| function.declared.iter().copied())
        .collect()
}

/// A method uses what its class was given.
fn enclosing_class(module: &Module, span: Span) -> Option<Span> {
    let mut classes = module.classes.iter().map(|class| class.span);
    classes.find(|class| class.contains(span))
}

fn names_within(module: &Module, span: Span) -> impl Iterator<Item = Ustr> {
    let expressions = module.expressions.iter();
    expressions
        .filter(move |expression| span.contains(expression.span))
        .filter_map(|expression| match expression.kind {
            ExpressionKind::Name(name) => Some(name),
            _ => None,
        })
}

/// Adds what `name` leads to: a module that it was imported from, or a statement of the file that binds it.
fn follow(
    program: &Program<'_>,
    module: &Module,
    name: Ustr,
    modules: &mut FxHashSet<ModuleId>,
    waiting: &mut Vec<Span>,
) {
    for statement in &module.body {
        if let StatementKind::Import(import) = &statement.kind {
            if import.names.iter().any(|import| import.local == name) {
                crate::wire::add_import(program, module, import, modules);
            }
        } else if binds(module, statement, name) {
            waiting.push(statement.span);
            crate::wire::add_required(program, module, statement.span, modules);
        }
    }
}

fn binds(module: &Module, statement: &Statement, name: Ustr) -> bool {
    match &statement.kind {
        StatementKind::Declare { pattern, .. } => has_name(pattern, name),
        StatementKind::Function(id) => module.function(*id).name == Some(name),
        StatementKind::Class(id) => module.class(*id).name == Some(name),
        StatementKind::Export(Export::Declaration(inner)) => binds(module, inner, name),
        StatementKind::Expression(id) => match &module.expression(*id).kind {
            ExpressionKind::Assign { target, .. } => has_name(target, name),
            _ => false,
        },
        _ => false,
    }
}

fn has_name(pattern: &Pattern, name: Ustr) -> bool {
    match pattern {
        Pattern::Name(own, _) => *own == name,
        Pattern::Place(_) => false,
        Pattern::Array(elements) => elements.iter().any(|element| match element {
            ArrayPatternElement::Hole => false,
            ArrayPatternElement::Item(inner) | ArrayPatternElement::Rest(inner) => {
                has_name(inner, name)
            }
        }),
        Pattern::Object { properties, rest } => {
            properties.iter().any(|it| has_name(&it.target, name))
                || rest.as_ref().is_some_and(|rest| has_name(rest, name))
        }
        Pattern::Default(inner, _) => has_name(inner, name),
    }
}
