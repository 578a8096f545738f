//! Questions, in the formats that people and agents read.

pub(crate) mod markdown;
mod shape;
pub(crate) mod text;

pub(crate) use shape::QuestionsShape;

use firedoor_analysis::questions::Question;
use firedoor_source::{FileSet, Span};

use crate::Context;
use crate::shape::Place;

/// Renders questions.
pub type RenderQuestions = fn(&Context, &[Question]) -> String;

/// Renders questions as JSON.
pub(crate) fn json(context: &Context, questions: &[Question]) -> String {
    crate::json::print(&QuestionsShape::new(context.files, questions))
}

/// The most lines of one place that are shown.
const MOST_LINES: usize = 8;
/// The most characters of a line that are shown.
const WIDEST: usize = 160;

/// A piece of source.
#[derive(Clone, Debug)]
pub(crate) struct Excerpt {
    /// Where it starts.
    pub place: Place,
    /// Its lines, without control characters.
    pub lines: Vec<String>,
}

/// Returns the lines of `span`, the first of many.
pub(crate) fn excerpt(files: &FileSet, span: Span) -> Excerpt {
    let file = files.file(span.file);
    let start = file.text.floor_char_boundary(span.start as usize);
    let first = file.lines.line(start as u32);
    let last = file.lines.line(span.end.max(span.start)).max(first);
    let begin = file.lines.line_range(&file.text, first).start;
    let text = file.text.get(begin..).unwrap_or("");
    let number = ((last - first) as usize + 1).min(MOST_LINES);
    let lines = text.lines().take(number).map(|line| {
        let line: String = line.chars().take(WIDEST).collect();
        crate::clean_lines(line.trim_end())
    });
    Excerpt {
        place: Place::new(files, span),
        lines: lines.collect(),
    }
}

/// Returns a command as a shell takes it, whatever its words contain.
pub fn shell(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    words.join(" ")
}

fn shell_word(word: &str) -> String {
    let word = crate::clean(word);
    let is_plain = !word.is_empty()
        && word
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.' | '/'));
    match is_plain {
        true => word.into_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}
