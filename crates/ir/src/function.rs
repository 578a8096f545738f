//! Functions, methods and lambdas.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Block, ExpressionId, Pattern};

/// What a function is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctionKind {
    /// A declaration or function expression (`function f() {}`, `def f():`) outside a class.
    Function,
    /// An arrow function: `this` is that of the surrounding code.
    Arrow,
    /// A Python `lambda`.
    Lambda,
    /// A method of a class or of an object literal.
    Method,
    /// A getter.
    Getter,
    /// A setter.
    Setter,
    /// A JavaScript `constructor`; Python's `__init__` is a [`FunctionKind::Method`].
    Constructor,
}

/// How a parameter takes its argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// By position or by name.
    Normal,
    /// By position only (Python, before `/`).
    PositionalOnly,
    /// By name only (Python, after `*`).
    KeywordOnly,
    /// The remaining positional arguments (`...rest`, `*args`).
    Rest,
    /// The remaining named arguments (`**kwargs`).
    KeywordRest,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// What it binds; a plain name in Python.
    pub pattern: Pattern,
    /// Its default value.
    pub default: Option<ExpressionId>,
    /// How it takes its argument.
    pub kind: ParameterKind,
    /// Its type as written.
    pub annotation: Option<ExpressionId>,
    /// Its decorators (TypeScript).
    pub decorators: Vec<ExpressionId>,
    /// Holds if it also declares a property of the instance (`constructor(private users: Users)`).
    pub is_property: bool,
    /// Where it stands.
    pub span: Span,
}

/// What a function does when called.
#[derive(Clone, Debug)]
pub enum Body {
    /// Statements.
    Block(Block),
    /// One expression whose value is returned.
    Expression(ExpressionId),
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its own name; a function expression takes the name of the variable or property it is assigned to,
    /// as JavaScript does for its `name` property. `None` where it has none.
    pub name: Option<Ustr>,
    /// The whole function.
    pub span: Span,
    /// What it is for.
    pub kind: FunctionKind,
    /// Its parameters in order.
    pub parameters: Vec<Parameter>,
    /// What it does.
    pub body: Body,
    /// Holds if it is `async`.
    pub is_async: bool,
    /// Holds if it yields.
    pub is_generator: bool,
    /// Its decorators, outermost (topmost) first.
    pub decorators: Vec<ExpressionId>,
    /// Its return type as written.
    pub returns: Option<ExpressionId>,
    /// Names hoisted to its scope. JavaScript: `var`s and nested function declarations not inside a block
    /// of their own; Python: every name bound in it that is not declared `global` or `nonlocal`.
    pub declared: Vec<Ustr>,
}
