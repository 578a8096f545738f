//! Statements.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{ClassId, ExpressionId, FunctionId, MatchPattern, Pattern};

/// Statements in order.
pub type Block = Vec<Statement>;

/// A statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: StatementKind,
}

/// How a name is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeclarationKind {
    /// JavaScript `var`: the scope is the function.
    Var,
    /// JavaScript `let` and `using`: the scope is the block.
    Let,
    /// JavaScript `const`: the scope is the block.
    Const,
    /// A Python assignment with an annotation, or an annotation alone.
    Annotated,
}

/// What is iterated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IterationKind {
    /// The values (`for … of`, Python's `for`).
    Values,
    /// The keys (JavaScript's `for … in`).
    Keys,
}

/// The kinds of statement.
#[derive(Clone, Debug)]
pub enum StatementKind {
    /// An expression for its effects. A plain Python assignment is one.
    Expression(ExpressionId),
    /// A declaration of one pattern.
    Declare {
        /// How.
        kind: DeclarationKind,
        /// What.
        pattern: Pattern,
        /// The value; without one a JavaScript variable is undefined, and a Python name is not bound.
        value: Option<ExpressionId>,
        /// The type as written.
        annotation: Option<ExpressionId>,
    },
    /// A function declaration. JavaScript hoists it to the start of its block.
    Function(FunctionId),
    /// A class declaration.
    Class(ClassId),
    /// `return`.
    Return(Option<ExpressionId>),
    /// `throw`, `raise`; without a value it raises again what is being handled.
    Throw(Option<ExpressionId>),
    /// `if`.
    If {
        /// The condition.
        test: ExpressionId,
        /// If it holds.
        then: Block,
        /// If not.
        otherwise: Block,
    },
    /// `while`, and `do … while` if `test_last`.
    While {
        /// The condition.
        test: ExpressionId,
        /// The body.
        body: Block,
        /// Python's `else`.
        otherwise: Block,
        /// Holds if the body runs before the first test.
        test_last: bool,
    },
    /// `for (init; test; update)`.
    For {
        /// Declarations or an expression.
        init: Block,
        /// The condition; none means true.
        test: Option<ExpressionId>,
        /// Done after each round.
        update: Option<ExpressionId>,
        /// The body.
        body: Block,
    },
    /// `for … of`, `for … in`, Python's `for`.
    ForEach {
        /// Values or keys.
        iterates: IterationKind,
        /// How the target is declared; `None` assigns to existing names (and in Python).
        declares: Option<DeclarationKind>,
        /// The target.
        target: Pattern,
        /// What is iterated.
        iterable: ExpressionId,
        /// The body.
        body: Block,
        /// Python's `else`.
        otherwise: Block,
        /// `for await`, `async for`.
        is_async: bool,
    },
    /// `try`.
    Try {
        /// What is tried.
        body: Block,
        /// The handlers in order; JavaScript has at most one, without types.
        handlers: Vec<TryHandler>,
        /// Python's `else`.
        otherwise: Block,
        /// `finally`.
        finally: Block,
    },
    /// JavaScript's `switch`.
    Switch {
        /// What is compared.
        subject: ExpressionId,
        /// The cases in order; control falls through.
        cases: Vec<SwitchCase>,
    },
    /// Python's `match`.
    Match {
        /// What is matched.
        subject: ExpressionId,
        /// The cases in order.
        cases: Vec<MatchCase>,
    },
    /// Python's `with`.
    With {
        /// The context managers in order.
        items: Vec<WithItem>,
        /// The body.
        body: Block,
        /// `async with`.
        is_async: bool,
    },
    /// A block of its own.
    Block(Block),
    /// A labelled statement.
    Labeled(Ustr, Box<Statement>),
    /// `break`.
    Break(Option<Ustr>),
    /// `continue`.
    Continue(Option<Ustr>),
    /// An import.
    Import(Import),
    /// An export.
    Export(Export),
    /// Python's `global`.
    Global(Vec<Ustr>),
    /// Python's `nonlocal`.
    Nonlocal(Vec<Ustr>),
    /// `delete x.y` and Python's `del`.
    Delete(Vec<ExpressionId>),
    /// Python's `assert`.
    Assert {
        /// What must hold.
        test: ExpressionId,
        /// The message.
        message: Option<ExpressionId>,
    },
}

/// A handler of `try`.
#[derive(Clone, Debug)]
pub struct TryHandler {
    /// The class or tuple of classes it handles; `None` handles everything.
    pub types: Option<ExpressionId>,
    /// What the exception is bound to.
    pub binding: Option<Pattern>,
    /// What it does.
    pub body: Block,
    /// Where it stands.
    pub span: Span,
}

/// A case of `switch`.
#[derive(Clone, Debug)]
pub struct SwitchCase {
    /// What the subject is compared with; `None` is `default`.
    pub test: Option<ExpressionId>,
    /// What it does.
    pub body: Block,
    /// Where it stands.
    pub span: Span,
}

/// A case of `match`.
#[derive(Clone, Debug)]
pub struct MatchCase {
    /// What the subject must look like.
    pub pattern: MatchPattern,
    /// A further condition.
    pub guard: Option<ExpressionId>,
    /// What it does.
    pub body: Block,
    /// Where it stands.
    pub span: Span,
}

/// A context manager of `with`.
#[derive(Clone, Debug)]
pub struct WithItem {
    /// The manager.
    pub context: ExpressionId,
    /// What its value is bound to.
    pub target: Option<Pattern>,
}

/// An import.
#[derive(Clone, Debug)]
pub struct Import {
    /// The module as written; for Python dotted and without leading dots.
    pub source: Ustr,
    /// The number of leading dots in Python; 0 is absolute.
    pub level: u32,
    /// The names bound; none is an import for its effects.
    pub names: Vec<ImportName>,
    /// Holds if only types are imported.
    pub is_type_only: bool,
}

/// A name that an import binds.
#[derive(Clone, Debug)]
pub struct ImportName {
    /// What of the module.
    pub imported: Imported,
    /// The local name; unused for [`Imported::All`].
    pub local: Ustr,
    /// Where it stands.
    pub span: Span,
}

/// What of a module an import binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// The module itself (`import * as m`, `import a.b as m`).
    Namespace,
    /// The first package of a dotted name (`import a.b` binds `a`, with `a.b` loaded).
    Root,
    /// One export; the default export is `default`.
    Named(Ustr),
    /// Every public name (`from m import *`).
    All,
}

/// An export of JavaScript.
#[derive(Clone, Debug)]
pub enum Export {
    /// `export const x = …`, `export function f() {}`: every name that the statement declares.
    Declaration(Box<Statement>),
    /// `export default …`. A named default function or class is a declaration before it, and its name here.
    Default(ExpressionId),
    /// `export { a, b as c }`, with or without `from`.
    Named {
        /// Pairs of the local (or imported) and the exported name.
        names: Vec<(Ustr, Ustr)>,
        /// The module they come from.
        source: Option<Ustr>,
    },
    /// `export * from` and `export * as name from`.
    All {
        /// The module.
        source: Ustr,
        /// The name of the namespace.
        exported: Option<Ustr>,
    },
    /// TypeScript's `export =`, which sets the module's value as `module.exports =` does.
    Assign(ExpressionId),
}

impl StatementKind {
    /// Returns the blocks right within the statement, in the order of the text where it has several.
    pub fn blocks(&self) -> Vec<&Block> {
        match self {
            StatementKind::If {
                then, otherwise, ..
            } => vec![then, otherwise],
            StatementKind::While {
                body, otherwise, ..
            }
            | StatementKind::ForEach {
                body, otherwise, ..
            } => vec![body, otherwise],
            StatementKind::For { init, body, .. } => vec![init, body],
            StatementKind::Try {
                body,
                handlers,
                otherwise,
                finally,
            } => {
                let handlers = handlers.iter().map(|handler| &handler.body);
                let first = std::iter::once(body).chain(handlers);
                first.chain([otherwise, finally]).collect()
            }
            StatementKind::Switch { cases, .. } => cases.iter().map(|case| &case.body).collect(),
            StatementKind::Match { cases, .. } => cases.iter().map(|case| &case.body).collect(),
            StatementKind::With { body, .. } | StatementKind::Block(body) => vec![body],
            StatementKind::Labeled(_, inner) => inner.kind.blocks(),
            _ => Vec::new(),
        }
    }
}
