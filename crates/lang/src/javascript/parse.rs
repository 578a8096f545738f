//! From text to a syntax tree, with second and third attempts.
//!
//! A file does not say whether it is a module or a script, or whether its JavaScript has types in it.
//! The likeliest reading comes first and the one with the fewest errors is kept.

use firedoor_ir::{Module, Note, NoteKind};
use firedoor_source::Span;
use oxc_allocator::Allocator;
use oxc_parser::{ParseOptions, Parser, ParserReturn};
use oxc_span::SourceType;

use super::{
    lowering::{self, Lowering},
    recover, remarks, stack,
};

/// Parses and lowers `text` into `module`, which is empty.
pub fn lower_text(mut module: Module, path: &str, text: &str) -> Module {
    let file = module.file;
    let work = || lower_with_room(Module::new(file, module.language), path, text);
    let (offset, detail) = match stack::with_room_for(text, lowering::DEEPEST, work) {
        Ok(module) => return module,
        Err(stack::Refusal::Deep(offset)) => (offset, "nested too deeply to be parsed"),
        Err(stack::Refusal::Large) => (0, "too large to be parsed safely"),
    };
    module.notes.push(Note {
        kind: NoteKind::TooDeep,
        span: Span::new(file, offset as u32, text.len() as u32),
        detail: detail.to_string(),
    });
    module
}

/// Parses and lowers `text`, for which there is enough stack.
fn lower_with_room(module: Module, path: &str, text: &str) -> Module {
    let allocator = Allocator::default();
    let (mut parsed, source_type) = parse_any(&allocator, path, text);
    let mut lowering = Lowering::new(module, text);
    note_errors(&mut lowering, &parsed);
    if parsed.panicked
        && let Some(blanked) = recover::without_broken_statements(text, source_type)
    {
        let blanked = allocator.alloc_str(&blanked);
        parsed = parse(&allocator, blanked, source_type);
    }
    lowering.program(&parsed.program);
    remarks::collect(&mut lowering, &parsed.program);
    lowering.module
}

/// Returns the reading of `text` with the fewest errors.
fn parse_any<'a>(
    allocator: &'a Allocator,
    path: &str,
    text: &'a str,
) -> (ParserReturn<'a>, SourceType) {
    let mut best: Option<(ParserReturn<'a>, SourceType)> = None;
    for source_type in readings(path) {
        let parsed = parse(allocator, text, source_type);
        if parsed.diagnostics.is_empty() && !parsed.panicked {
            return (parsed, source_type);
        }
        if best
            .as_ref()
            .is_none_or(|(best, _)| cost(&parsed) < cost(best))
        {
            best = Some((parsed, source_type));
        }
    }
    best.unwrap_or_else(|| (parse(allocator, "", SourceType::mjs()), SourceType::mjs()))
}

/// Returns the ways to read the file at `path`, likeliest first.
fn readings(path: &str) -> Vec<SourceType> {
    let module = SourceType::mjs().with_module(true);
    match path.rsplit('.').next() {
        Some("ts" | "mts" | "cts") => {
            let typed = module.with_typescript(true);
            vec![typed, typed.with_script(true), typed.with_jsx(true)]
        }
        Some("tsx") => {
            let typed = module.with_typescript(true).with_jsx(true);
            vec![typed, typed.with_script(true)]
        }
        _ => {
            let plain = module.with_jsx(true);
            vec![
                plain,
                plain.with_script(true),
                plain.with_typescript(true),
                plain.with_typescript(true).with_jsx(false),
            ]
        }
    }
}

/// Returns a number that is larger the less of the file was understood.
fn cost(parsed: &ParserReturn<'_>) -> (bool, usize) {
    (parsed.panicked, parsed.diagnostics.len())
}

/// Parses `text` as `source_type` says.
pub fn parse<'a>(
    allocator: &'a Allocator,
    text: &'a str,
    source_type: SourceType,
) -> ParserReturn<'a> {
    let options = ParseOptions {
        allow_return_outside_function: true,
        preserve_parens: false,
        enable_ident_hashes: false,
        ..ParseOptions::default()
    };
    Parser::new(allocator, text, source_type)
        .with_options(options)
        .parse()
}

/// Notes what the parser complains about.
fn note_errors(lowering: &mut Lowering<'_>, parsed: &ParserReturn<'_>) {
    for diagnostic in parsed.diagnostics.iter() {
        let (start, end) = diagnostic.labels.first().map_or((0, 0), |label| {
            (label.offset(), label.offset() + label.len())
        });
        let span = lowering.clamped(start, end);
        lowering.note_at(NoteKind::SyntaxError, span, diagnostic.message.to_string());
    }
}
