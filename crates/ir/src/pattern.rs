//! What can stand on the left of an assignment, and what `match` compares with.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{ExpressionId, Key};

/// A target of an assignment, a declaration or a parameter.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// A variable.
    Name(Ustr, Span),
    /// A member or an index: the expression is of kind `Member` or `Index`.
    Place(ExpressionId),
    /// `[a, , b = 1, ...rest]`, `a, *b`.
    Array(Vec<ArrayPatternElement>),
    /// `{a, b: c, ...rest}`.
    Object {
        /// The properties taken out.
        properties: Vec<ObjectPatternProperty>,
        /// What takes the rest.
        rest: Option<Box<Pattern>>,
    },
    /// A target with a value for when there is none.
    Default(Box<Pattern>, ExpressionId),
}

/// An element of an array pattern.
#[derive(Clone, Debug)]
pub enum ArrayPatternElement {
    /// Nothing is taken.
    Hole,
    /// One element.
    Item(Pattern),
    /// All remaining elements.
    Rest(Pattern),
}

/// A property of an object pattern.
#[derive(Clone, Debug)]
pub struct ObjectPatternProperty {
    /// The property that is read.
    pub key: Key,
    /// What it is bound to.
    pub target: Pattern,
}

/// A pattern of Python's `match`.
#[derive(Clone, Debug)]
pub enum MatchPattern {
    /// Compared by equality (a literal or a dotted name).
    Value(ExpressionId),
    /// `[a, b, *rest]`.
    Sequence(Vec<MatchPattern>),
    /// `*rest` within a sequence.
    Star(Option<Ustr>),
    /// `{"type": "join", **rest}`.
    Mapping {
        /// The keys and what their values must match.
        entries: Vec<(ExpressionId, MatchPattern)>,
        /// What takes the rest.
        rest: Option<Ustr>,
    },
    /// `Join(room=r)`.
    Class {
        /// The class.
        class: ExpressionId,
        /// Patterns by position.
        positional: Vec<MatchPattern>,
        /// Patterns by attribute.
        keyword: Vec<(Ustr, MatchPattern)>,
    },
    /// `p as name`, a bare name, or `_` (neither pattern nor name).
    As {
        /// The inner pattern.
        pattern: Option<Box<MatchPattern>>,
        /// The name bound.
        name: Option<Ustr>,
    },
    /// `a | b`.
    Or(Vec<MatchPattern>),
}
