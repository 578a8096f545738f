//! One file as a program.

use firedoor_source::{FileId, Span};
use ustr::Ustr;

use crate::{Block, Class, Expression, Function};

/// The number of an expression in its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExpressionId(pub u32);

/// The number of a function in its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FunctionId(pub u32);

/// The number of a class in its module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClassId(pub u32);

/// A source language. TypeScript is JavaScript here: its types have been lowered away or to expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// JavaScript, TypeScript and their JSX forms.
    JavaScript,
    /// Python 3.
    Python,
}

/// What went wrong while a file was lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// The parser did not understand a part; what it recovered is in the module.
    SyntaxError,
    /// Nested deeper than the limit; the inner part is missing.
    TooDeep,
    /// A construct that is not lowered.
    Unsupported,
}

/// A remark on a part of a file that is missing from its module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// What went wrong.
    pub kind: NoteKind,
    /// Where.
    pub span: Span,
    /// The words for a person.
    pub detail: String,
}

/// One file as a program.
#[derive(Clone, Debug)]
pub struct Module {
    /// The file it was lowered from.
    pub file: FileId,
    /// Its language.
    pub language: Language,
    /// The statements of the file.
    pub body: Block,
    /// Names bound anywhere at the top level of the file, in order of first appearance.
    /// JavaScript: `var` and function declarations only; Python: every bound name.
    pub declared: Vec<Ustr>,
    /// All functions, by [`FunctionId`].
    pub functions: Vec<Function>,
    /// All classes, by [`ClassId`].
    pub classes: Vec<Class>,
    /// All expressions, by [`ExpressionId`].
    pub expressions: Vec<Expression>,
    /// What is missing.
    pub notes: Vec<Note>,
    /// `firedoor: allow(rule) reason` and other comments that start with `firedoor:`, with the marker taken off.
    pub remarks: Vec<(Span, String)>,
}

impl Module {
    /// Returns an empty module of `file`.
    pub fn new(file: FileId, language: Language) -> Module {
        Module {
            file,
            language,
            body: Block::default(),
            declared: Vec::new(),
            functions: Vec::new(),
            classes: Vec::new(),
            expressions: Vec::new(),
            notes: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Returns the expression with that number.
    pub fn expression(&self, id: ExpressionId) -> &Expression {
        &self.expressions[id.0 as usize]
    }

    /// Returns the function with that number.
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.0 as usize]
    }

    /// Returns the class with that number.
    pub fn class(&self, id: ClassId) -> &Class {
        &self.classes[id.0 as usize]
    }

    /// Adds an expression and returns its number.
    pub fn add_expression(&mut self, expression: Expression) -> ExpressionId {
        self.expressions.push(expression);
        ExpressionId(self.expressions.len() as u32 - 1)
    }

    /// Adds a function and returns its number.
    pub fn add_function(&mut self, function: Function) -> FunctionId {
        self.functions.push(function);
        FunctionId(self.functions.len() as u32 - 1)
    }

    /// Adds a class and returns its number.
    pub fn add_class(&mut self, class: Class) -> ClassId {
        self.classes.push(class);
        ClassId(self.classes.len() as u32 - 1)
    }
}
