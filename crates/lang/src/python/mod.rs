//! Python 3 to the common program.
//!
//! The parser recovers from errors, so a broken file still gives what could be read of it. The newest
//! version of the language is accepted everywhere: which one a project runs on changes no wiring.

mod annotations;
mod context;
mod definitions;
pub(crate) mod depth;
mod expressions;
mod literals;
mod operators;
mod patterns;
mod scopes;
mod statements;

use firedoor_ir::{Language, Module, Note, NoteKind};
use firedoor_source::{File, FileId, Span};
use ruff_python_ast::{ModModule, PySourceType, token::TokenKind};
use ruff_python_parser::{Parsed, parse_unchecked_source};
use ruff_text_size::Ranged;

use crate::FrontEnd;
use context::Context;

/// The front end of Python.
pub static PYTHON: FrontEnd = FrontEnd {
    name: "python",
    extensions: &["py"],
    lower,
};

/// What a comment starts with that speaks to us.
const REMARK_MARKER: &str = "firedoor:";

fn lower(file_id: FileId, file: &File) -> Module {
    let text: &str = &file.text;
    if u32::try_from(text.len()).is_err() {
        return refused(file_id, "the file is larger than 4 GiB");
    }
    if depth::is_too_deep(text) {
        return refused(file_id, "nested too deeply to be parsed");
    }
    let parsed = parse_unchecked_source(text, PySourceType::Python);
    let mut context = Context::new(file_id, text);
    note_errors(&mut context, &parsed);
    collect_remarks(&mut context, &parsed);
    let body = context.block(parsed.suite());
    context.finish(body)
}

/// Returns an empty module that says why nothing of the file was read.
fn refused(file_id: FileId, detail: &str) -> Module {
    let mut module = Module::new(file_id, Language::Python);
    module.notes.push(Note {
        kind: NoteKind::TooDeep,
        span: Span::new(file_id, 0, 0),
        detail: detail.to_string(),
    });
    module
}

fn note_errors(context: &mut Context, parsed: &Parsed<ModModule>) {
    for error in parsed.errors() {
        let span = context.span(error.location);
        context.note(NoteKind::SyntaxError, span, error.error.to_string());
    }
}

fn collect_remarks(context: &mut Context, parsed: &Parsed<ModModule>) {
    // Few files have a remark, and looking for the word is far cheaper than walking the tokens.
    if !context.text.contains(REMARK_MARKER) {
        return;
    }
    for token in parsed.tokens() {
        if token.kind() != TokenKind::Comment {
            continue;
        }
        let span = context.span(token.range());
        let comment = context.source(span).trim_start_matches('#').trim();
        if let Some(remark) = comment.strip_prefix(REMARK_MARKER) {
            let remark = remark.trim().to_string();
            context.module.remarks.push((span, remark));
        }
    }
}
