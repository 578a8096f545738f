//! What is changed in the text of a file, so that exactly one thing is gone from it.

use firedoor_ir::{Argument, ArgumentKind, ExpressionId, ExpressionKind, Language};
use firedoor_source::{FileSet, Span};
use ustr::Ustr;

use super::NotMade;
use super::tree::{Slot, Tree};

/// A text that takes the place of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edit {
    /// What is replaced.
    pub span: Span,
    /// By what.
    pub text: String,
}

impl Edit {
    /// Returns the edit that puts `text` there.
    pub(crate) fn new(span: Span, text: &str) -> Edit {
        Edit {
            span,
            text: text.to_owned(),
        }
    }
}

/// Takes an expression out of what holds it: an argument out of a call, an element out of a list.
pub(crate) fn take_out(
    files: &FileSet,
    tree: &Tree<'_>,
    id: ExpressionId,
) -> Result<Edit, NotMade> {
    let span = tree.module.expression(id).span;
    match tree.slot(id) {
        Some(Slot::Argument(call, number)) => {
            let spans = argument_spans(files, tree, arguments(tree, call));
            from_list(files, &spans, number)
        }
        Some(Slot::Element(list, number)) => {
            if is_type(tree, list) {
                return Ok(Edit::new(span, nothing(tree)));
            }
            from_list(files, &element_spans(files, tree, list), number)
        }
        Some(Slot::Base(class, number)) => {
            let bases = &tree.module.classes[class].bases;
            if tree.module.language != Language::Python {
                return Err("a class without its base is another class");
            }
            from_list(files, &argument_spans(files, tree, bases), number)
        }
        Some(Slot::Default | Slot::Property(..)) => Ok(Edit::new(span, nothing(tree))),
        Some(Slot::Decorator) => decorator(files, span),
        Some(Slot::Part(_)) | None => {
            Err("it is part of an expression that it cannot be taken out of")
        }
    }
}

/// What stands for a value that is not there.
pub(crate) fn nothing(tree: &Tree<'_>) -> &'static str {
    match tree.module.language {
        Language::Python => "None",
        Language::JavaScript => "undefined",
    }
}

/// Holds for the list of `Annotated[T, ...]`: the number of its elements matters.
fn is_type(tree: &Tree<'_>, list: ExpressionId) -> bool {
    match tree.slot(list) {
        Some(Slot::Part(parent)) => matches!(
            tree.module.expression(parent).kind,
            ExpressionKind::Index { .. }
        ),
        _ => false,
    }
}

/// Returns the arguments of a call.
pub(crate) fn arguments<'a>(tree: &Tree<'a>, call: ExpressionId) -> &'a [Argument] {
    match &tree.module.expression(call).kind {
        ExpressionKind::Call { arguments, .. } | ExpressionKind::New { arguments, .. } => arguments,
        _ => &[],
    }
}

/// Returns where the arguments stand, with their names and stars.
fn argument_spans(files: &FileSet, tree: &Tree<'_>, arguments: &[Argument]) -> Vec<Span> {
    let spans = arguments.iter().map(|argument| {
        let span = tree.module.expression(argument.value).span;
        match argument.kind {
            ArgumentKind::Positional => span,
            ArgumentKind::Spread | ArgumentKind::KeywordSpread => with_stars(files, span),
            ArgumentKind::Keyword(name) => with_name(files, span, name),
        }
    });
    spans.collect()
}

fn element_spans(files: &FileSet, tree: &Tree<'_>, list: ExpressionId) -> Vec<Span> {
    let ExpressionKind::Collection { elements, .. } = &tree.module.expression(list).kind else {
        return Vec::new();
    };
    let spans = elements.iter().map(|element| {
        let span = tree.module.expression(element.value).span;
        match element.is_spread {
            true => with_stars(files, span),
            false => span,
        }
    });
    spans.collect()
}

fn with_stars(files: &FileSet, span: Span) -> Span {
    let before = before(files, span);
    let stars = before.trim_end().trim_end_matches(['.', '*']);
    Span::new(span.file, stars.len() as u32, span.end)
}

fn with_name(files: &FileSet, span: Span, name: Ustr) -> Span {
    let named = before(files, span)
        .trim_end()
        .strip_suffix('=')
        .and_then(|rest| rest.trim_end().strip_suffix(name.as_str()));
    match named {
        Some(rest) => Span::new(span.file, rest.len() as u32, span.end),
        None => span,
    }
}

fn before(files: &FileSet, span: Span) -> &str {
    let text = &files.file(span.file).text;
    text.get(..span.start as usize).unwrap_or("")
}

fn after(files: &FileSet, span: Span) -> &str {
    let text = &files.file(span.file).text;
    text.get(span.end as usize..).unwrap_or("")
}

/// Takes one of several parts that commas divide.
fn from_list(files: &FileSet, spans: &[Span], number: usize) -> Result<Edit, NotMade> {
    let Some(own) = spans.get(number) else {
        return Err("it is not where its list says");
    };
    if let Some(next) = spans.get(number + 1) {
        return Ok(Edit::new(Span::new(own.file, own.start, next.start), ""));
    }
    if let Some(last) = number.checked_sub(1).and_then(|number| spans.get(number)) {
        return Ok(Edit::new(Span::new(own.file, last.end, own.end), ""));
    }
    let rest = after(files, *own);
    let trimmed = rest.trim_start();
    let comma = match trimmed.starts_with(',') {
        true => (rest.len() - trimmed.len() + 1) as u32,
        false => 0,
    };
    Ok(Edit::new(
        Span::new(own.file, own.start, own.end + comma),
        "",
    ))
}

/// Takes off a decorator, with its sign.
fn decorator(files: &FileSet, span: Span) -> Result<Edit, NotMade> {
    match before(files, span).trim_end().strip_suffix('@') {
        Some(rest) => Ok(Edit::new(
            Span::new(span.file, rest.len() as u32, span.end),
            "",
        )),
        None => Err("no sign of a decorator stands before it"),
    }
}

/// Takes out a statement; an empty one stays, since a block may not be empty.
pub(crate) fn statement(tree: &Tree<'_>, span: Span) -> Edit {
    match tree.module.language {
        Language::Python => Edit::new(span, "pass"),
        Language::JavaScript => Edit::new(span, ";"),
    }
}

/// Makes a test come out the same always.
pub(crate) fn decide(tree: &Tree<'_>, span: Span, outcome: bool) -> Edit {
    let text = match (tree.module.language, outcome) {
        (Language::Python, true) => "True",
        (Language::Python, false) => "False",
        (Language::JavaScript, true) => "true",
        (Language::JavaScript, false) => "false",
    };
    Edit::new(span, text)
}
