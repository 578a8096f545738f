//! The common program: what every language is lowered to, and the only thing that the evaluator reads.
//!
//! A [`Module`] holds its functions, classes and expressions in tables; statements form a tree over
//! them. Types are kept as they are written, as expressions, because frameworks read them at run time
//! (`Annotated[User, Depends(f)]`, the parameter types of an injected constructor).
//! Nothing here knows a syntax tree or a framework.

mod class;
mod dump;
mod expression;
mod function;
mod module;
mod moved;
mod pattern;
mod statement;

pub use class::{Class, Member, MemberKind};
pub use dump::dump;
pub use expression::{
    Argument, ArgumentKind, BinaryOperator, CollectionKind, ComprehensionClause, ComprehensionKind,
    Element, Expression, ExpressionKind, Key, Literal, LogicalOperator, Property, PropertyKind,
    TemplatePart, UnaryOperator,
};
pub use function::{Body, Function, FunctionKind, Parameter, ParameterKind};
pub use module::{ClassId, ExpressionId, FunctionId, Language, Module, Note, NoteKind};
pub use pattern::{ArrayPatternElement, MatchPattern, ObjectPatternProperty, Pattern};
pub use statement::{
    Block, DeclarationKind, Export, Import, ImportName, Imported, IterationKind, MatchCase,
    Statement, StatementKind, SwitchCase, TryHandler, WithItem,
};
