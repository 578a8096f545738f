//! One finding as the compiler draws it: the code, what is wrong in it, and the places it rests on.

use annotate_snippets::{Annotation, AnnotationKind, Element, Level, Renderer, Snippet};
use firedoor_analysis::ReportedFinding;
use firedoor_rules::{Finding, Severity};
use firedoor_source::{File, FileId, FileSet, Span};
use indexmap::IndexMap;

use super::wrap::wrap;
use crate::clean::{clean, clean_lines};
use crate::{Context, View, words};

/// A place to point at.
struct Mark {
    span: Span,
    label: String,
    is_primary: bool,
}

/// Returns `reported` drawn over its source.
pub(super) fn excerpt(context: &Context, reported: &ReportedFinding) -> String {
    let finding = &reported.finding;
    let title = clean(&finding.title).into_owned();
    let mut elements: Vec<Element> = Vec::new();
    for (file, marks) in marks_by_file(finding) {
        elements.push(snippet(context.files, file, &marks).into());
    }
    for (level, text) in remarks(context.files, reported) {
        let width = context.view.width.saturating_sub(12);
        let lines: Vec<String> = text
            .lines()
            .flat_map(|line| wrap(&clean(line), width))
            .collect();
        let text = lines.join("\n");
        elements.push(level.message(text).into());
    }
    let group = level(finding.severity)
        .primary_title(title)
        .id(finding.rule.id)
        .elements(elements);
    let mut text = renderer(context.view).render(&[group]);
    text.push('\n');
    text
}

fn renderer(view: View) -> Renderer {
    let renderer = if view.is_coloured {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer.term_width(view.width)
}

fn level(severity: Severity) -> Level<'static> {
    let level = match severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::INFO,
    };
    level.with_name(severity.as_str())
}

/// Returns the places of `finding` by file, its own file first.
fn marks_by_file(finding: &Finding) -> IndexMap<FileId, Vec<Mark>> {
    let own = finding
        .evidence
        .iter()
        .find(|evidence| evidence.span == finding.span);
    let label = own.map_or(String::new(), |evidence| {
        if evidence.message == finding.title {
            String::new()
        } else {
            evidence.message.clone()
        }
    });
    let mut files: IndexMap<FileId, Vec<Mark>> = IndexMap::new();
    files.entry(finding.span.file).or_default().push(Mark {
        span: finding.span,
        label,
        is_primary: true,
    });
    for evidence in &finding.evidence {
        let marks = files.entry(evidence.span.file).or_default();
        if !marks.iter().any(|mark| mark.span == evidence.span) {
            marks.push(Mark {
                span: evidence.span,
                label: evidence.message.clone(),
                is_primary: false,
            });
        }
    }
    files
}

/// Only the lines between the first and the last place are given to the renderer: files can be long.
fn snippet(files: &FileSet, id: FileId, marks: &[Mark]) -> Snippet<'static, Annotation<'static>> {
    let file = files.file(id);
    let ranges: Vec<std::ops::Range<usize>> = marks
        .iter()
        .map(|mark| first_line(file, mark.span))
        .collect();
    let first = ranges.iter().map(|range| range.start).min().unwrap_or(0);
    let last = ranges.iter().map(|range| range.end).max().unwrap_or(0);
    let first_line = file.lines.line(first as u32);
    let start = file.lines.line_range(&file.text, first_line).start;
    let end = line_end(&file.text, last);
    let source = clean_lines(&file.text[start..end]);
    let place = |offset: usize| clean_lines(&file.text[start..offset]).len();
    let annotations: Vec<Annotation> = marks
        .iter()
        .zip(ranges)
        .map(|(mark, range)| {
            let kind = if mark.is_primary {
                AnnotationKind::Primary
            } else {
                AnnotationKind::Context
            };
            let annotation = kind.span(place(range.start)..place(range.end));
            match clean(&mark.label) {
                label if label.is_empty() => annotation,
                label => annotation.label(label.into_owned()),
            }
        })
        .collect();
    Snippet::source(source)
        .line_start(first_line as usize)
        .path(clean(&file.path).into_owned())
        .annotations(annotations)
}

/// Returns the part of `span` on its first line: whole functions are too much to look at.
fn first_line(file: &File, span: Span) -> std::ops::Range<usize> {
    let start = file.text.floor_char_boundary(span.start as usize);
    let end = file.text.ceil_char_boundary(span.end as usize).max(start);
    let line = file.text[start..end].lines().next().unwrap_or("");
    start..start + line.trim_end().len()
}

fn line_end(text: &str, offset: usize) -> usize {
    text[offset..]
        .find('\n')
        .map_or(text.len(), |length| offset + length)
}

/// Returns what is said below the code.
fn remarks(files: &FileSet, reported: &ReportedFinding) -> Vec<(Level<'static>, String)> {
    let finding = &reported.finding;
    let rule = finding.rule;
    let mut remarks = Vec::new();
    if !finding.message.is_empty() {
        remarks.push((Level::NOTE, finding.message.clone()));
    }
    if !rule.remediation.is_empty() {
        remarks.push((Level::HELP, rule.remediation.to_owned()));
    }
    let weaknesses: String = rule.cwe.iter().map(|cwe| format!(", {cwe}")).collect();
    remarks.push((
        Level::NOTE,
        format!(
            "{}, {} confidence{weaknesses}, fingerprint {}",
            rule.class,
            finding.confidence.as_str(),
            reported.fingerprint
        ),
    ));
    remarks.push((
        Level::NOTE,
        match words::allowance(reported) {
            Some(why) => why,
            None => {
                let mark = remark_mark(files.path(finding.span));
                format!(
                    "if it is on purpose, write above the line\n{mark} firedoor: allow({}) the reason",
                    rule.id
                )
            }
        },
    ));
    remarks
}

/// Returns what starts a remark in the language of the file at `path`.
fn remark_mark(path: &str) -> &'static str {
    let extension = path.rsplit('.').next().unwrap_or("");
    match extension {
        "py" | "yml" | "yaml" | "toml" | "conf" => "#",
        "sql" => "--",
        _ => "//",
    }
}
