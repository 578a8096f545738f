//! Classes.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Argument, Block, ExpressionId, FunctionId, Key};

/// What a member of a class is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberKind {
    /// The constructor.
    Constructor,
    /// A method.
    Method,
    /// A getter.
    Getter,
    /// A setter.
    Setter,
    /// A field, with or without a value.
    Field,
}

/// A member of a JavaScript class.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name. Private names keep their `#`.
    pub key: Key,
    /// What it is.
    pub kind: MemberKind,
    /// Holds if it belongs to the class and not to its instances.
    pub is_static: bool,
    /// Its decorators, topmost first.
    pub decorators: Vec<ExpressionId>,
    /// The function, of a method, getter, setter or constructor. `None` for an abstract one.
    pub function: Option<FunctionId>,
    /// The value, of a field.
    pub value: Option<ExpressionId>,
    /// The type as written, of a field.
    pub annotation: Option<ExpressionId>,
    /// Where it stands.
    pub span: Span,
}

/// A class.
#[derive(Clone, Debug)]
pub struct Class {
    /// Its name, or that of the variable it is assigned to.
    pub name: Option<Ustr>,
    /// The whole class.
    pub span: Span,
    /// What it inherits from; Python's keywords (`metaclass=M`, `table=True`) are keyword arguments here.
    pub bases: Vec<Argument>,
    /// Its decorators, topmost first.
    pub decorators: Vec<ExpressionId>,
    /// JavaScript: its members in order. Empty for Python.
    pub members: Vec<Member>,
    /// Statements that run in the scope of the class. Python: the whole class body, in which an annotation
    /// without a value is a declaration without a value. JavaScript: its static blocks.
    pub body: Block,
    /// Python: the names bound in the body. Empty for JavaScript.
    pub declared: Vec<Ustr>,
}
