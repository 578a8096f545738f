//! A Markdown plan as sentences, each with what stands around it.
//!
//! The tree is parsed, so that code is no prose, a cell of a table knows its row and its column, and an item of a
//! list knows what the list is about. What is struck out is not there.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::words::sentences;

/// A sentence of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The sentence as it is quoted.
    pub text: String,
    /// What it answers: the first cell of its row, or the question before it.
    pub subject: Option<String>,
    /// Its line, from 1.
    pub line: u32,
    /// What stands around it, nearest first.
    pub context: Vec<Context>,
    /// Holds for a heading.
    pub is_heading: bool,
    /// Holds for a heading of the first level.
    pub is_title: bool,
    /// Which section it stands in: sentences below one heading share a number.
    pub section: usize,
    /// Holds if the sentence before it goes on in it.
    pub goes_on: bool,
    /// Holds for a question that the next sentence answers.
    pub is_answered: bool,
}

/// Something that a sentence stands below or behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// What it is.
    pub kind: ContextKind,
    /// Its text.
    pub text: String,
}

/// What a sentence can stand below or behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextKind {
    /// The heading of its column.
    Column,
    /// The sentence before it, in the same paragraph.
    Before,
    /// The item of a list that it is below, or the line before the list.
    Parent,
    /// A heading.
    Heading,
}

/// The deepest nesting of lists that is looked at.
const DEEPEST: usize = 32;
/// How many sentences of earlier paragraphs of a section a sentence may go on with.
const FORMER: usize = 4;
/// The most sentences of one document; more are left out with a note.
pub const MOST_STATEMENTS: usize = 20_000;

/// Returns the sentences of `text`, and whether there were too many.
pub fn statements(text: &str) -> (Vec<Statement>, bool) {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        | Options::ENABLE_FOOTNOTES;
    let mut reader = Reader::new(text);
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        reader.event(event, range);
        if reader.found.len() >= MOST_STATEMENTS {
            return (reader.found, true);
        }
    }
    reader.flush();
    (reader.found, false)
}

/// Text of one block that is being gathered.
#[derive(Default)]
struct Block {
    text: String,
    /// Where in the source the bytes from here on come from.
    origins: Vec<(usize, usize)>,
    code: Vec<Range<usize>>,
}

struct Reader {
    found: Vec<Statement>,
    /// Where lines of the source end.
    line_ends: Vec<usize>,
    block: Block,
    headings: Vec<(HeadingLevel, String)>,
    /// For each list and item that is open: what it is about.
    parents: Vec<Option<String>>,
    /// The item before the one that is open, in each list that is open.
    siblings: Vec<Option<String>>,
    /// The last paragraph, if it introduces what follows.
    introduction: Option<String>,
    heading: Option<HeadingLevel>,
    /// How many things are open whose text does not count.
    silent: usize,
    is_code: bool,
    /// For each item that is open: whether its box is there and not checked.
    unchecked: Vec<bool>,
    /// How many items are open from one on that is left out.
    left_out: usize,
    /// How many headings there were.
    sections: usize,
    columns: Vec<String>,
    cells: Vec<Block>,
    in_head: bool,
}

impl Reader {
    fn new(text: &str) -> Reader {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Reader {
            found: Vec::new(),
            line_ends: ends.map(|(index, _)| index).collect(),
            block: Block::default(),
            headings: Vec::new(),
            parents: Vec::new(),
            siblings: Vec::new(),
            introduction: None,
            heading: None,
            silent: 0,
            is_code: false,
            unchecked: Vec::new(),
            left_out: 0,
            sections: 0,
            columns: Vec::new(),
            cells: Vec::new(),
            in_head: false,
        }
    }

    fn event(&mut self, event: Event, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(&tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if !self.is_code => self.push(&text, range.start, false),
            Event::Code(text) => self.push(&text, range.start, true),
            Event::SoftBreak => self.push(" ", range.start, false),
            Event::TaskListMarker(is_checked) => {
                if let Some(unchecked) = self.unchecked.last_mut() {
                    *unchecked = !is_checked;
                }
            }
            Event::HardBreak => self.push("\n", range.start, false),
            _ => {}
        }
    }

    fn push(&mut self, text: &str, source: usize, is_code: bool) {
        if self.silent > 0 {
            return;
        }
        let start = self.block.text.len();
        self.block.origins.push((start, source));
        self.block.text.push_str(text);
        if is_code {
            self.block.code.push(start..self.block.text.len());
        }
    }

    fn start(&mut self, tag: &Tag) {
        match tag {
            Tag::Heading { level, .. } => {
                self.flush();
                self.heading = Some(*level);
                self.introduction = None;
            }
            Tag::Paragraph | Tag::BlockQuote(_) => self.flush(),
            Tag::List(_) => {
                self.flush();
                let about = self.introduction.take();
                self.open(about);
                self.siblings.push(None);
            }
            Tag::Item => {
                self.flush();
                self.open(None);
                self.unchecked.push(false);
                self.left_out += usize::from(self.left_out > 0);
            }
            Tag::Table(_) => {
                self.flush();
                self.columns.clear();
            }
            Tag::TableHead => self.in_head = true,
            Tag::TableRow => self.cells.clear(),
            Tag::TableCell => self.block = Block::default(),
            Tag::Strikethrough => self.silent += 1,
            Tag::CodeBlock(_) | Tag::HtmlBlock | Tag::MetadataBlock(_) => {
                self.flush();
                self.is_code = true;
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => self.end_heading(level),
            TagEnd::Paragraph => self.flush(),
            TagEnd::Item => {
                self.flush();
                self.introduction = None;
                self.unchecked.pop();
                self.left_out = self.left_out.saturating_sub(1);
                let item = self.parents.pop().flatten();
                if let Some(sibling) = self.siblings.last_mut() {
                    *sibling = item;
                }
            }
            TagEnd::List(_) => {
                self.flush();
                self.introduction = None;
                self.parents.pop();
                self.siblings.pop();
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.block);
                match self.in_head {
                    true => self.columns.push(cell.text.trim().to_owned()),
                    false => self.cells.push(cell),
                }
            }
            TagEnd::TableHead => self.in_head = false,
            TagEnd::TableRow => self.row(),
            TagEnd::Strikethrough => self.silent = self.silent.saturating_sub(1),
            TagEnd::CodeBlock | TagEnd::HtmlBlock | TagEnd::MetadataBlock(_) => {
                self.is_code = false
            }
            _ => {}
        }
    }

    fn open(&mut self, about: Option<String>) {
        self.parents.push(about);
    }

    fn end_heading(&mut self, level: HeadingLevel) {
        let block = std::mem::take(&mut self.block);
        self.heading = None;
        let text = one_line(&block.text);
        while self
            .headings
            .last()
            .is_some_and(|(other, _)| *other >= level)
        {
            self.headings.pop();
        }
        if let Some((_, source)) = block.origins.first() {
            let mut context = self.context(None);
            // It begins something new.
            context.retain(|it| it.kind != ContextKind::Before);
            let line = self.line(*source);
            self.found.push(Statement {
                text: text.clone(),
                subject: None,
                line,
                context,
                is_heading: true,
                is_title: level == HeadingLevel::H1,
                is_answered: false,
                section: self.sections + 1,
                goes_on: false,
            });
        }
        self.sections += 1;
        self.headings.push((level, text));
    }

    /// Ends the block that is being gathered, and takes its sentences.
    fn flush(&mut self) {
        if self.heading.is_some() {
            return;
        }
        let block = std::mem::take(&mut self.block);
        if self.left_out == 0 && self.unchecked.last() == Some(&true) && is_own_list(&block) {
            self.left_out = 1;
        }
        if block.text.trim().is_empty() || self.left_out > 0 {
            return;
        }
        self.take_sentences(&block, None, None);
        let text = one_line(&block.text);
        let is_introduction = text.ends_with(':') || is_label(&text);
        self.introduction = is_introduction.then(|| text.clone());
        // The first text of an item is what the lists in it are about.
        if let Some(parent @ None) = self.parents.last_mut() {
            *parent = Some(text);
            self.introduction = None;
        }
    }

    fn row(&mut self) {
        let cells = std::mem::take(&mut self.cells);
        let Some((first, others)) = cells.split_first() else {
            return;
        };
        let subject = one_line(&first.text);
        if others.iter().all(|cell| cell.text.trim().is_empty()) {
            self.take_sentences(first, None, self.columns.first().cloned());
            return;
        }
        let others: Vec<(usize, &Block)> = others.iter().enumerate().collect();
        for (index, cell) in others {
            let column = self.columns.get(index + 1).cloned();
            self.take_sentences(cell, Some(&subject), column);
        }
    }

    /// Takes the sentences of `block`. The `subject` of a row is said with each of them.
    fn take_sentences(&mut self, block: &Block, subject: Option<&str>, column: Option<String>) {
        let is_code = |index: usize| block.code.iter().any(|range| range.contains(&index));
        let mut former: Vec<String> = Vec::new();
        let ranges = sentences(&block.text, is_code);
        let is_question =
            |range: &Range<usize>| block.text[range.clone()].trim_end().ends_with('?');
        for (number, range) in ranges.iter().cloned().enumerate() {
            let next = ranges.get(number + 1);
            let is_answered = is_question(&range) && next.is_some_and(|next| !is_question(next));
            let sentence = one_line(&block.text[range.clone()]);
            let lead =
                block.text[range.clone()].len() - block.text[range.clone()].trim_start().len();
            let line = self.line(block.source(range.start + lead));
            let mut context = self.context(column.as_deref());
            let before = former.iter().rev().take(3).map(|text| Context {
                kind: ContextKind::Before,
                text: text.clone(),
            });
            let at = usize::from(column.is_some());
            context.splice(at..at, before);
            // "Do you keep sessions? Yes": the answer says what the question asks.
            let asked = former
                .last()
                .filter(|before: &&String| before.ends_with('?') && is_short_answer(&sentence));
            let subject = subject.map(str::to_owned).or(asked.cloned());
            self.found.push(Statement {
                text: sentence.clone(),
                subject,
                line,
                context,
                is_heading: false,
                is_title: false,
                is_answered,
                section: self.sections,
                goes_on: former.last().is_some_and(|before| before.ends_with(';')),
            });
            former.push(sentence);
        }
    }

    fn context(&self, column: Option<&str>) -> Vec<Context> {
        let context = |kind, text: &str| Context {
            kind,
            text: text.to_owned(),
        };
        let mut found = Vec::new();
        found.extend(column.map(|text| context(ContextKind::Column, text)));
        let parents = self.parents.iter().rev().flatten().take(DEEPEST);
        found.extend(parents.map(|text| context(ContextKind::Parent, text)));
        if let Some(Some(sibling)) = self.siblings.last() {
            found.push(context(ContextKind::Before, sibling));
        }
        let former = self.found.iter().rev().take(FORMER);
        let former = former.take_while(|it| it.section == self.sections && !it.is_heading);
        found.extend(former.map(|it| context(ContextKind::Before, &it.text)));
        let headings = self.headings.iter().rev();
        found.extend(headings.map(|(_, text)| context(ContextKind::Heading, text)));
        found
    }

    fn line(&self, source: usize) -> u32 {
        self.line_ends.partition_point(|end| *end < source) as u32 + 1
    }
}

impl Statement {
    /// Returns the sentence with what it answers, as it is quoted.
    pub fn quoted(&self) -> String {
        match &self.subject {
            Some(subject) if subject.ends_with('?') => format!("{subject} {}", self.text),
            Some(subject) => format!("{subject} | {}", self.text),
            None => self.text.clone(),
        }
    }

    /// Returns the sentence behind what it answers, with the mark that parts them.
    pub fn full(&self) -> String {
        match &self.subject {
            Some(subject) => format!("{} | {}", subject.trim_end_matches('?'), self.text),
            None => self.text.clone(),
        }
    }
}

impl Block {
    fn source(&self, at: usize) -> usize {
        let index = self.origins.partition_point(|(start, _)| *start <= at);
        let (start, source) = self
            .origins
            .get(index.wrapping_sub(1))
            .copied()
            .unwrap_or((0, 0));
        source + at.saturating_sub(start)
    }
}

/// Holds for a short line such as `Out of scope` that stands as a paragraph before a list.
fn is_label(text: &str) -> bool {
    text.split_whitespace().count() <= 4 && !text.ends_with(['.', '!', '?'])
}

/// Holds for an item of the check-list that `--format markdown` makes: what it suggests is not decided before
/// somebody has checked the box.
fn is_own_list(block: &Block) -> bool {
    let mut codes = block
        .code
        .iter()
        .filter_map(|range| block.text.get(range.clone()));
    codes.any(|code| {
        crate::vocabulary::decision(code).is_some()
            || ["operation/", "channel/", "scheme/", "api-document/"]
                .iter()
                .any(|start| code.starts_with(start))
    })
}

fn is_short_answer(sentence: &str) -> bool {
    let first = sentence
        .split(|letter: char| !letter.is_alphanumeric())
        .next()
        .unwrap_or("");
    ["yes", "no", "never", "always", "none", "not", "only"].contains(&first.to_lowercase().as_str())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
