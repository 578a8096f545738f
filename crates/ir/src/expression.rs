//! Expressions.

use firedoor_source::Span;
use ustr::Ustr;

use crate::{ClassId, ExpressionId, FunctionId, Pattern};

/// An expression.
#[derive(Clone, Debug)]
pub struct Expression {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: ExpressionKind,
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`, `None`.
    Null,
    /// JavaScript's `undefined` where it is written by an operator (`void 0`); the name is a [`ExpressionKind::Name`].
    Undefined,
    /// A truth value.
    Bool(bool),
    /// A number; large integers lose precision.
    Number(f64),
    /// A string.
    String(Ustr),
    /// Python's bytes, as far as they are text.
    Bytes(Ustr),
    /// A regular expression with its flags.
    Regex(Ustr, Ustr),
    /// Python's `...`.
    Ellipsis,
}

/// The kinds of collection display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CollectionKind {
    /// `[a, b]`.
    List,
    /// `(a, b)`.
    Tuple,
    /// `{a, b}` of Python.
    Set,
}

/// An element of a collection display.
#[derive(Clone, Copy, Debug)]
pub struct Element {
    /// The value.
    pub value: ExpressionId,
    /// Holds if its elements are spread (`...x`, `*x`).
    pub is_spread: bool,
}

/// A key of an object, a class member or an object pattern.
#[derive(Clone, Copy, Debug)]
pub enum Key {
    /// A fixed name (also a literal string or number).
    Name(Ustr),
    /// A computed one. Python's dictionary keys that are not literal strings are these.
    Computed(ExpressionId),
}

/// What a property of an object display is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyKind {
    /// A value (also a method).
    Value,
    /// A getter; the value is its function.
    Getter,
    /// A setter; the value is its function.
    Setter,
    /// `...x`, `**x`; the key is unused.
    Spread,
}

/// A property of an object display.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// Its key.
    pub key: Key,
    /// Its value.
    pub value: ExpressionId,
    /// What it is.
    pub kind: PropertyKind,
}

/// How an argument is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// By position.
    Positional,
    /// All elements by position (`...x`, `*x`).
    Spread,
    /// By name.
    Keyword(Ustr),
    /// All entries by name (`**x`).
    KeywordSpread,
}

/// An argument of a call.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// How it is passed.
    pub kind: ArgumentKind,
    /// Its value.
    pub value: ExpressionId,
}

/// A part of a template string.
#[derive(Clone, Copy, Debug)]
pub enum TemplatePart {
    /// Fixed text.
    Text(Ustr),
    /// A value put in.
    Value(ExpressionId),
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `!`, `not`.
    Not,
    /// `-`.
    Minus,
    /// `+`.
    Plus,
    /// `~`.
    BitNot,
    /// `typeof`.
    TypeOf,
    /// `void`.
    Void,
    /// `delete`.
    Delete,
}

/// Operators with two operands, both always evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `+`.
    Add,
    /// `-`.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`.
    Divide,
    /// `//`.
    FloorDivide,
    /// `%`.
    Remainder,
    /// `**`.
    Power,
    /// `@` of Python.
    MatrixMultiply,
    /// `<<`.
    ShiftLeft,
    /// `>>`.
    ShiftRight,
    /// `>>>`.
    ShiftRightUnsigned,
    /// `&`.
    BitAnd,
    /// `|`.
    BitOr,
    /// `^`.
    BitXor,
    /// `==` of JavaScript, which converts.
    LooseEqual,
    /// `!=` of JavaScript.
    LooseNotEqual,
    /// `===`, and `==` of Python.
    Equal,
    /// `!==`, and `!=` of Python.
    NotEqual,
    /// `is`.
    Is,
    /// `is not`.
    IsNot,
    /// `<`.
    Less,
    /// `<=`.
    LessEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterEqual,
    /// `in` (of JavaScript: the left is a key of the right; of Python: an element or key).
    In,
    /// `not in`.
    NotIn,
    /// `instanceof`.
    InstanceOf,
}

/// Operators that evaluate the right side only if need be. Python's `and` and `or` are the first two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogicalOperator {
    /// `&&`, `and`.
    And,
    /// `||`, `or`.
    Or,
    /// `??`.
    Nullish,
}

/// What a comprehension makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComprehensionKind {
    /// A list.
    List,
    /// A set.
    Set,
    /// A dictionary: the element is the key.
    Dict,
    /// A generator.
    Generator,
}

/// `for target in iterable if … if …` of a comprehension.
#[derive(Clone, Debug)]
pub struct ComprehensionClause {
    /// What each element is bound to.
    pub target: Pattern,
    /// What is iterated.
    pub iterable: ExpressionId,
    /// The conditions.
    pub conditions: Vec<ExpressionId>,
    /// `async for`.
    pub is_async: bool,
}

/// The kinds of expression.
#[derive(Clone, Debug)]
pub enum ExpressionKind {
    /// A constant.
    Literal(Literal),
    /// A variable.
    Name(Ustr),
    /// JavaScript's `this`.
    This,
    /// JavaScript's `super`; Python's `super()` is an ordinary call of the name.
    Super,
    /// A template string or f-string.
    Template(Vec<TemplatePart>),
    /// A template string given to a function.
    TaggedTemplate {
        /// The function.
        tag: ExpressionId,
        /// The parts.
        parts: Vec<TemplatePart>,
    },
    /// A list, tuple or set.
    Collection {
        /// Which.
        kind: CollectionKind,
        /// The elements.
        elements: Vec<Element>,
    },
    /// An object or a dictionary.
    Object(Vec<Property>),
    /// `object.property`. Private names keep their `#`.
    Member {
        /// The object.
        object: ExpressionId,
        /// The property.
        property: Ustr,
        /// Holds for `?.`.
        is_optional: bool,
    },
    /// `object[index]`.
    Index {
        /// The object.
        object: ExpressionId,
        /// The index; several are a tuple.
        index: ExpressionId,
        /// Holds for `?.[`.
        is_optional: bool,
    },
    /// `start:end:step` as an index.
    Slice {
        /// The first.
        start: Option<ExpressionId>,
        /// The one after the last.
        end: Option<ExpressionId>,
        /// The step.
        step: Option<ExpressionId>,
    },
    /// A call.
    Call {
        /// What is called.
        callee: ExpressionId,
        /// With what.
        arguments: Vec<Argument>,
        /// Holds for `?.(`.
        is_optional: bool,
    },
    /// `new`.
    New {
        /// The class.
        callee: ExpressionId,
        /// With what.
        arguments: Vec<Argument>,
    },
    /// A function.
    Function(FunctionId),
    /// A class.
    Class(ClassId),
    /// An operator with one operand.
    Unary(UnaryOperator, ExpressionId),
    /// An operator with two operands. A chain of Python comparisons (`a < b < c`) is the conjunction of its pairs.
    Binary(BinaryOperator, ExpressionId, ExpressionId),
    /// An operator that may leave out its right side.
    Logical(LogicalOperator, ExpressionId, ExpressionId),
    /// `test ? then : otherwise`.
    Conditional {
        /// The condition.
        test: ExpressionId,
        /// If it holds.
        then: ExpressionId,
        /// If not.
        otherwise: ExpressionId,
    },
    /// An assignment, whose value is the value assigned.
    Assign {
        /// Where to. Several targets (`a = b = c` of Python) are nested assignments.
        target: Pattern,
        /// The value.
        value: ExpressionId,
    },
    /// `target op= value`, `target++`.
    AssignBinary {
        /// Where to.
        target: Pattern,
        /// The operator.
        operator: BinaryOperator,
        /// The right operand.
        value: ExpressionId,
    },
    /// `target ||= value` and its like.
    AssignLogical {
        /// Where to.
        target: Pattern,
        /// The operator.
        operator: LogicalOperator,
        /// The right operand.
        value: ExpressionId,
    },
    /// `a, b` of JavaScript: the value is that of the last.
    Sequence(Vec<ExpressionId>),
    /// `await`.
    Await(ExpressionId),
    /// `yield`.
    Yield {
        /// The value.
        value: Option<ExpressionId>,
        /// Holds for `yield*` and `yield from`.
        is_delegate: bool,
    },
    /// A comprehension.
    Comprehension {
        /// What it makes.
        kind: ComprehensionKind,
        /// The element, or the key of a dictionary.
        element: ExpressionId,
        /// The value of a dictionary.
        value: Option<ExpressionId>,
        /// The loops, outermost first.
        clauses: Vec<ComprehensionClause>,
    },
    /// `import(x)`.
    ImportCall(ExpressionId),
    /// `import.meta`.
    ImportMeta,
    /// `new.target`.
    NewTarget,
    /// A JSX element: the component (a string literal for a plain tag, `None` for a fragment), attributes and children.
    Jsx {
        /// The component.
        component: Option<ExpressionId>,
        /// The attributes.
        attributes: Vec<Property>,
        /// The children.
        children: Vec<ExpressionId>,
    },
    /// A construct that is not lowered, with its name for a person.
    Unsupported(&'static str),
}
