//! Which expression or statement of a module stands where, and in what.
//!
//! The common program has no way up, and whoever takes something out needs one: an argument is taken out of its
//! call, a decorator off its function.

use firedoor_ir::{
    Argument, Block, Body, Class, Expression, ExpressionId, ExpressionKind, Function, Imported,
    Key, Member, Module, Pattern, Statement, StatementKind, TemplatePart,
};
use firedoor_source::Span;
use rustc_hash::FxHashMap;
use ustr::Ustr;

/// What an expression is within what holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// The argument of a call, by its number.
    Argument(ExpressionId, usize),
    /// The element of a display, by its number.
    Element(ExpressionId, usize),
    /// The value of a property, by its number.
    Property(ExpressionId, usize),
    /// A decorator.
    Decorator,
    /// The base of a class, by its number.
    Base(usize, usize),
    /// The default of a parameter.
    Default,
    /// Something else within an expression.
    Part(ExpressionId),
}

/// A statement with what matters about its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed<'a> {
    /// The statement.
    pub statement: &'a Statement,
    /// Holds if it is the `elif` or `else if` of another.
    pub is_chained: bool,
    /// The statement that follows in its block.
    pub next: Option<&'a Statement>,
}

/// A module with the ways up.
pub(crate) struct Tree<'a> {
    /// The module.
    pub module: &'a Module,
    /// All statements, outer ones first.
    pub statements: Vec<Placed<'a>>,
    slots: FxHashMap<ExpressionId, Slot>,
    aliases: FxHashMap<Ustr, Ustr>,
}

impl<'a> Tree<'a> {
    /// Looks through the module.
    pub(crate) fn new(module: &'a Module) -> Tree<'a> {
        let mut tree = Tree {
            module,
            statements: Vec::new(),
            slots: FxHashMap::default(),
            aliases: FxHashMap::default(),
        };
        tree.look_through_expressions();
        tree.look_through_blocks();
        tree.look_for_aliases();
        tree
    }

    /// Returns what the expression is within what holds it.
    pub(crate) fn slot(&self, id: ExpressionId) -> Option<Slot> {
        self.slots.get(&id).copied()
    }

    /// Returns the expressions that have exactly this span, outer ones last.
    pub(crate) fn expressions_at(&self, span: Span) -> Vec<ExpressionId> {
        self.ids()
            .filter(|id| self.module.expression(*id).span == span)
            .collect()
    }

    /// Returns the numbers of all expressions.
    pub(crate) fn ids(&self) -> impl Iterator<Item = ExpressionId> + use<> {
        (0..self.module.expressions.len() as u32).map(ExpressionId)
    }

    /// Returns the innermost statement around `span` that `fits`.
    pub(crate) fn statement(
        &self,
        span: Span,
        fits: impl Fn(&Placed<'a>) -> bool,
    ) -> Option<Placed<'a>> {
        self.statements
            .iter()
            .filter(|placed| placed.statement.span.contains(span) && fits(placed))
            .min_by_key(|placed| placed.statement.span.end - placed.statement.span.start)
            .copied()
    }

    /// Returns what a variable is called where it comes from, if that is another name.
    pub(crate) fn alias(&self, name: Ustr) -> Option<Ustr> {
        self.aliases.get(&name).copied()
    }

    fn look_for_aliases(&mut self) {
        for placed in &self.statements {
            match &placed.statement.kind {
                StatementKind::Import(import) => {
                    for name in &import.names {
                        if let Imported::Named(original) = name.imported {
                            self.aliases.insert(name.local, original);
                        }
                    }
                }
                StatementKind::Declare {
                    pattern: Pattern::Object { properties, .. },
                    ..
                } => {
                    for property in properties {
                        if let (Key::Name(original), Pattern::Name(local, _)) =
                            (property.key, &property.target)
                        {
                            self.aliases.insert(*local, original);
                        }
                    }
                }
                _ => {}
            }
        }
        self.aliases.retain(|local, original| local != original);
    }

    fn look_through_expressions(&mut self) {
        for id in self.ids() {
            for (child, slot) in children(id, self.module.expression(id)) {
                self.slots.insert(child, slot);
            }
        }
        let decorators = self
            .module
            .functions
            .iter()
            .flat_map(decorators_of_function)
            .chain(self.module.classes.iter().flat_map(decorators_of_class));
        let decorators: Vec<ExpressionId> = decorators.collect();
        for id in decorators {
            self.slots.insert(id, Slot::Decorator);
        }
        for function in &self.module.functions {
            for default in function.parameters.iter().filter_map(|it| it.default) {
                self.slots.insert(default, Slot::Default);
            }
        }
        for (number, class) in self.module.classes.iter().enumerate() {
            for (index, base) in class.bases.iter().enumerate() {
                self.slots.insert(base.value, Slot::Base(number, index));
            }
        }
    }

    fn look_through_blocks(&mut self) {
        let module = self.module;
        let mut open: Vec<(&'a Block, bool)> = vec![(&module.body, false)];
        for function in &module.functions {
            if let Body::Block(block) = &function.body {
                open.push((block, false));
            }
        }
        open.extend(module.classes.iter().map(|class| (&class.body, false)));
        while let Some((block, is_chained)) = open.pop() {
            for (index, statement) in block.iter().enumerate() {
                self.statements.push(Placed {
                    statement,
                    is_chained: is_chained && block.len() == 1,
                    next: block.get(index + 1),
                });
                blocks(&statement.kind, &mut open);
            }
        }
    }
}

/// Adds the blocks within a statement, each with whether it is what `else` leads to.
fn blocks<'a>(kind: &'a StatementKind, open: &mut Vec<(&'a Block, bool)>) {
    if let StatementKind::Labeled(_, inner) = kind {
        return blocks(&inner.kind, open);
    }
    let is_else = |block: &Block| match kind {
        StatementKind::If { otherwise, .. } => std::ptr::eq(block, otherwise),
        _ => false,
    };
    open.extend(kind.blocks().into_iter().map(|it| (it, is_else(it))));
}

fn decorators_of_function(function: &Function) -> Vec<ExpressionId> {
    let of_parameters = function.parameters.iter().flat_map(|it| &it.decorators);
    function
        .decorators
        .iter()
        .chain(of_parameters)
        .copied()
        .collect()
}

fn decorators_of_class(class: &Class) -> Vec<ExpressionId> {
    let of_members = class.members.iter().flat_map(|member| &member.decorators);
    class.decorators.iter().chain(of_members).copied().collect()
}

/// Returns the decorators of a class, of its members, and of a member that is a function.
pub(crate) fn decorators_of_member<'m>(
    module: &'m Module,
    member: &'m Member,
) -> Vec<ExpressionId> {
    let function = member.function.map(|id| module.function(id));
    let of_function = function.into_iter().flat_map(|it| &it.decorators);
    member
        .decorators
        .iter()
        .chain(of_function)
        .copied()
        .collect()
}

/// Returns the expressions directly within another.
pub(crate) fn children(id: ExpressionId, expression: &Expression) -> Vec<(ExpressionId, Slot)> {
    use ExpressionKind as Kind;
    let part = |child: &ExpressionId| (*child, Slot::Part(id));
    match &expression.kind {
        Kind::Call {
            callee, arguments, ..
        }
        | Kind::New { callee, arguments } => {
            let mut found = vec![part(callee)];
            found.extend(numbered(arguments, |number, it: &Argument| {
                (it.value, Slot::Argument(id, number))
            }));
            found
        }
        Kind::Collection { elements, .. } => {
            numbered(elements, |number, it| (it.value, Slot::Element(id, number)))
        }
        Kind::Object(properties) => {
            let keys = properties.iter().filter_map(|it| match &it.key {
                Key::Computed(key) => Some(part(key)),
                Key::Name(_) => None,
            });
            let mut found: Vec<_> = keys.collect();
            found.extend(numbered(properties, |number, it| {
                (it.value, Slot::Property(id, number))
            }));
            found
        }
        kind => parts(kind).iter().map(part).collect(),
    }
}

fn numbered<T>(
    items: &[T],
    make: impl Fn(usize, &T) -> (ExpressionId, Slot),
) -> Vec<(ExpressionId, Slot)> {
    let items = items.iter().enumerate();
    items.map(|(number, item)| make(number, item)).collect()
}

fn parts(kind: &ExpressionKind) -> Vec<ExpressionId> {
    use ExpressionKind as Kind;
    match kind {
        Kind::Template(parts) => template(parts),
        Kind::TaggedTemplate { tag, parts } => [vec![*tag], template(parts)].concat(),
        Kind::Member { object, .. } => vec![*object],
        Kind::Index { object, index, .. } => vec![*object, *index],
        Kind::Slice { start, end, step } => [*start, *end, *step].into_iter().flatten().collect(),
        Kind::Unary(_, one) | Kind::Await(one) | Kind::ImportCall(one) => vec![*one],
        Kind::Binary(_, left, right) | Kind::Logical(_, left, right) => vec![*left, *right],
        Kind::Conditional {
            test,
            then,
            otherwise,
        } => vec![*test, *then, *otherwise],
        Kind::Assign { value, .. }
        | Kind::AssignBinary { value, .. }
        | Kind::AssignLogical { value, .. } => vec![*value],
        Kind::Sequence(all) => all.clone(),
        Kind::Yield { value, .. } => value.iter().copied().collect(),
        Kind::Comprehension {
            element,
            value,
            clauses,
            ..
        } => {
            let mut found = vec![*element];
            found.extend(value);
            for clause in clauses {
                found.push(clause.iterable);
                found.extend(&clause.conditions);
            }
            found
        }
        Kind::Jsx {
            component,
            attributes,
            children,
        } => {
            let mut found: Vec<ExpressionId> = component.iter().copied().collect();
            found.extend(attributes.iter().map(|it| it.value));
            found.extend(children);
            found
        }
        _ => Vec::new(),
    }
}

fn template(parts: &[TemplatePart]) -> Vec<ExpressionId> {
    let values = parts.iter().filter_map(|part| match part {
        TemplatePart::Value(value) => Some(*value),
        TemplatePart::Text(_) => None,
    });
    values.collect()
}
