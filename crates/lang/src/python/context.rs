//! What is carried along while a file is lowered: the module so far, the scopes and the depth.

use firedoor_ir::{
    Block, Expression, ExpressionId, ExpressionKind, Language, Module, Note, NoteKind,
};
use firedoor_source::{FileId, Span};
use ruff_text_size::TextRange;

use super::scopes::Scopes;

/// How deep statements and expressions may nest together. Everything that walks a module recurses
/// over it, so this bounds the stack of all of them.
const DEPTH_LIMIT: u32 = 256;

pub(super) struct Context<'a> {
    pub(super) text: &'a str,
    pub(super) module: Module,
    pub(super) scopes: Scopes,
    depth: u32,
}

impl<'a> Context<'a> {
    pub(super) fn new(file: FileId, text: &'a str) -> Context<'a> {
        Context {
            text,
            module: Module::new(file, Language::Python),
            scopes: Scopes::new(),
            depth: 0,
        }
    }

    /// Returns the module with `body` as its statements.
    pub(super) fn finish(mut self, body: Block) -> Module {
        self.module.body = body;
        self.module.declared = self.scopes.leave(&[]).declared;
        self.module
    }

    /// Runs `inner` one level deeper; `None` if that is too deep, which is noted at `span`.
    pub(super) fn nested<T>(
        &mut self,
        span: Span,
        inner: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        if self.depth >= DEPTH_LIMIT {
            let detail = format!("nested deeper than {DEPTH_LIMIT} levels");
            self.note(NoteKind::TooDeep, span, detail);
            return None;
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        Some(result)
    }

    pub(super) fn note(&mut self, kind: NoteKind, span: Span, detail: String) {
        self.module.notes.push(Note { kind, span, detail });
    }

    /// Adds an expression of `kind` and returns its number.
    pub(super) fn add(&mut self, span: Span, kind: ExpressionKind) -> ExpressionId {
        self.module.add_expression(Expression { span, kind })
    }

    /// Adds a placeholder for a construct that is not lowered, and a note about it.
    pub(super) fn unsupported(&mut self, span: Span, construct: &'static str) -> ExpressionId {
        self.note(
            NoteKind::Unsupported,
            span,
            format!("not understood: {construct}"),
        );
        self.add(span, ExpressionKind::Unsupported(construct))
    }

    /// Returns the span of `range`.
    pub(super) fn span(&self, range: TextRange) -> Span {
        Span::new(self.module.file, range.start().into(), range.end().into())
    }

    /// Returns the text at `span`.
    pub(super) fn source(&self, span: Span) -> &'a str {
        self.text
            .get(span.start as usize..span.end as usize)
            .unwrap_or("")
    }
}
