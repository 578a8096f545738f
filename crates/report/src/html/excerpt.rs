//! The code that a finding is about, with the places it rests on marked in it.

use firedoor_rules::Finding;
use firedoor_source::{File, FileId, FileSet, Span};
use indexmap::IndexMap;

use super::markup::Page;

/// How many lines before and behind a marked one are shown.
const AROUND: u32 = 2;
/// A longer line is cut: it was not written to be read.
const WIDEST: usize = 400;

/// A marked part of one line.
struct Mark<'a> {
    span: Span,
    line: u32,
    label: &'a str,
    is_primary: bool,
}

/// Writes the code of `finding`, its own file first.
pub(super) fn excerpts(page: &mut Page, files: &FileSet, finding: &Finding) {
    for (id, marks) in marks_by_file(files, finding) {
        let file = files.file(id);
        page.within("figure", &[("class", "code")], |page| {
            page.element("figcaption", &[], &file.path);
            page.within("div", &[("class", "scroll"), ("tabindex", "0")], |page| {
                page.within("table", &[], |page| lines(page, file, &marks));
            });
        });
    }
}

fn marks_by_file<'a>(files: &FileSet, finding: &'a Finding) -> IndexMap<FileId, Vec<Mark<'a>>> {
    let own = finding
        .evidence
        .iter()
        .find(|evidence| evidence.span == finding.span)
        .map_or("", |evidence| evidence.message.as_str());
    let places = finding
        .evidence
        .iter()
        .filter(|evidence| evidence.span != finding.span)
        .map(|evidence| (evidence.span, evidence.message.as_str(), false));
    let mut marks: IndexMap<FileId, Vec<Mark>> = IndexMap::new();
    for (span, label, is_primary) in std::iter::once((finding.span, own, true)).chain(places) {
        let label = if label == finding.title { "" } else { label };
        marks.entry(span.file).or_default().push(Mark {
            span,
            line: files.start(span).line,
            label,
            is_primary,
        });
    }
    for marks in marks.values_mut() {
        marks.sort_by_key(|mark| (mark.line, mark.span.start, !mark.is_primary));
    }
    marks
}

fn lines(page: &mut Page, file: &File, marks: &[Mark]) {
    let last = file.lines.line(file.text.len() as u32);
    let mut shown = 0;
    for (place, mark) in marks.iter().enumerate() {
        let until = marks
            .get(place + 1)
            .map_or(u32::MAX, |next| next.line.saturating_sub(AROUND + 1));
        let first = mark.line.saturating_sub(AROUND).max(1);
        if shown > 0 && first > shown + 1 {
            page.within("tr", &[("class", "gap")], |page| {
                page.element("th", &[], "⋮");
                page.element("td", &[], "");
            });
        }
        let end = (mark.line + AROUND).min(last).min(until.max(mark.line));
        for number in first.max(shown + 1)..=end {
            line(page, file, number, marks);
            shown = number;
        }
    }
}

fn line(page: &mut Page, file: &File, number: u32, marks: &[Mark]) {
    let here: Vec<&Mark> = marks.iter().filter(|mark| mark.line == number).collect();
    let class = match here.iter().any(|mark| mark.is_primary) {
        true => "hit",
        false if here.is_empty() => "",
        false => "rest",
    };
    page.within("tr", &[("class", class)], |page| {
        page.element("th", &[("scope", "row")], &number.to_string());
        page.within("td", &[], |page| {
            page.within("code", &[], |page| code(page, file, number, &here));
        });
    });
    for mark in here.iter().filter(|mark| !mark.label.is_empty()) {
        page.within("tr", &[("class", "label")], |page| {
            page.element("th", &[], "");
            page.within("td", &[], |page| {
                page.within("span", &[], |page| page.prose(mark.label));
            });
        });
    }
}

/// Writes one line, in which the first of the marked parts is highlighted.
fn code(page: &mut Page, file: &File, number: u32, marks: &[&Mark]) {
    let range = file.lines.line_range(&file.text, number);
    let whole = file.text[range.clone()].trim_end();
    let cut = whole
        .char_indices()
        .nth(WIDEST)
        .map_or(whole.len(), |(at, _)| at);
    let text = &whole[..cut];
    let inside = |offset: u32| {
        let offset = (offset as usize).saturating_sub(range.start);
        text.floor_char_boundary(offset.min(text.len()))
    };
    match marks.first() {
        Some(mark) => {
            let (start, end) = (inside(mark.span.start), inside(mark.span.end));
            page.code(&text[..start]);
            page.within("mark", &[], |page| page.code(&text[start..end.max(start)]));
            page.code(&text[end.max(start)..]);
        }
        None => page.code(text),
    }
    if cut < whole.len() {
        page.text("…");
    }
}
