//! What is carried along while a file is lowered.

use firedoor_ir::{
    Argument, ArgumentKind, Block, Expression, ExpressionId, ExpressionKind, Literal, Module, Note,
    NoteKind, Statement, StatementKind,
};
use firedoor_source::Span;
use oxc_ast::ast::Program;
use rustc_hash::FxHashSet;
use ustr::{Ustr, ustr};

/// How deep expressions and statements may lie in each other.
/// Deeper ones occur in hostile files only, and everything behind the front end recurses over what is left.
pub const DEEPEST: u32 = 400;

/// A file on its way to a module.
pub struct Lowering<'s> {
    /// The module so far.
    pub module: Module,
    /// The text of the file.
    pub text: &'s str,
    /// Names hoisted so far, for each function that is open.
    hoisted: Vec<Hoisted>,
    depth: u32,
    /// Holds if it is noted already that the top-level statement at hand is too deep.
    is_noted_deep: bool,
}

/// Names hoisted to one scope, in order.
#[derive(Default)]
struct Hoisted {
    names: Vec<Ustr>,
    seen: FxHashSet<Ustr>,
}

impl<'s> Lowering<'s> {
    /// Returns a beginning.
    pub fn new(module: Module, text: &'s str) -> Lowering<'s> {
        Lowering {
            module,
            text,
            hoisted: Vec::new(),
            depth: 0,
            is_noted_deep: false,
        }
    }

    /// Lowers a whole file.
    pub fn program(&mut self, program: &Program<'_>) {
        self.open_scope();
        let mut body = self.directives(&program.directives);
        self.scope_statements(&program.body, &mut body);
        self.module.body = body;
        self.module.declared = self.close_scope();
    }

    /// Opens a scope to which names are hoisted.
    pub fn open_scope(&mut self) {
        self.hoisted.push(Hoisted::default());
    }

    /// Closes the innermost scope and returns the names hoisted to it.
    pub fn close_scope(&mut self) -> Vec<Ustr> {
        self.hoisted.pop().unwrap_or_default().names
    }

    /// Hoists `name` to the innermost scope.
    pub fn hoist(&mut self, name: Ustr) {
        if let Some(scope) = self.hoisted.last_mut()
            && scope.seen.insert(name)
        {
            scope.names.push(name);
        }
    }

    /// Returns the span of a syntax node.
    pub fn span(&self, span: oxc_span::Span) -> Span {
        Span::new(self.module.file, span.start, span.end)
    }

    /// Returns a span that the parser gave for an error, moved into the text.
    pub fn clamped(&self, start: u32, end: u32) -> Span {
        let start = self.text.floor_char_boundary(start as usize);
        let end = self.text.floor_char_boundary(end as usize).max(start);
        Span::new(self.module.file, start as u32, end as u32)
    }

    /// Adds an expression.
    pub fn add(&mut self, span: oxc_span::Span, kind: ExpressionKind) -> ExpressionId {
        let span = self.span(span);
        self.module.add_expression(Expression { span, kind })
    }

    /// Adds a variable.
    pub fn name(&mut self, span: oxc_span::Span, name: &str) -> ExpressionId {
        self.add(span, ExpressionKind::Name(ustr(name)))
    }

    /// Adds a string.
    pub fn string(&mut self, span: oxc_span::Span, text: &str) -> ExpressionId {
        self.add(span, ExpressionKind::Literal(Literal::String(ustr(text))))
    }

    /// Adds `undefined`.
    pub fn undefined(&mut self, span: oxc_span::Span) -> ExpressionId {
        self.add(span, ExpressionKind::Literal(Literal::Undefined))
    }

    /// Adds `object.property`.
    pub fn member(
        &mut self,
        span: oxc_span::Span,
        object: ExpressionId,
        property: &str,
    ) -> ExpressionId {
        let property = ustr(property);
        self.add(
            span,
            ExpressionKind::Member {
                object,
                property,
                is_optional: false,
            },
        )
    }

    /// Adds a call with arguments by position.
    pub fn call(
        &mut self,
        span: oxc_span::Span,
        callee: ExpressionId,
        arguments: &[ExpressionId],
    ) -> ExpressionId {
        let arguments = arguments.iter().map(|value| positional(*value)).collect();
        self.add(
            span,
            ExpressionKind::Call {
                callee,
                arguments,
                is_optional: false,
            },
        )
    }

    /// Adds what stands for a construct that is not lowered.
    pub fn unsupported(&mut self, span: oxc_span::Span, what: &'static str) -> ExpressionId {
        self.add(span, ExpressionKind::Unsupported(what))
    }

    /// Appends a statement to `block`.
    pub fn push(&self, block: &mut Block, span: oxc_span::Span, kind: StatementKind) {
        let span = self.span(span);
        block.push(Statement { span, kind });
    }

    /// Adds a note.
    pub fn note_at(&mut self, kind: NoteKind, span: Span, detail: impl Into<String>) {
        let detail = detail.into();
        self.module.notes.push(Note { kind, span, detail });
    }

    /// Goes one level down with `work`, or returns `None` and notes it if that is too deep.
    pub fn deeper<T>(
        &mut self,
        span: oxc_span::Span,
        work: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        if self.depth >= DEEPEST {
            if !self.is_noted_deep {
                let span = self.span(span);
                self.note_at(NoteKind::TooDeep, span, "nested too deeply");
            }
            self.is_noted_deep = true;
            return None;
        }
        if self.depth == 0 {
            self.is_noted_deep = false;
        }
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        Some(result)
    }
}

/// Returns an argument by position.
pub fn positional(value: ExpressionId) -> Argument {
    Argument {
        kind: ArgumentKind::Positional,
        value,
    }
}
