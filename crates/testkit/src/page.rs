//! A page as sections with files, expectations and snapshots.

use std::ops::Range;
use std::sync::Arc;

use firedoor_source::FileSet;

use crate::expectation::{Expectation, expectations, has_marker};

/// The words behind a fence that make a block a snapshot.
pub const SNAPSHOT_WORDS: [&str; 7] = [
    "map", "ir", "findings", "values", "trace", "routes", "output",
];

/// A test: a heading with files below it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// The line of the heading in the page, from 1.
    pub line: u32,
    /// The files, path and text.
    pub files: Vec<(String, String)>,
    /// For each file, the line of the page that its first line is on.
    pub starts: Vec<u32>,
    /// What the runner must find.
    pub expectations: Vec<Expectation>,
    /// Whole outputs.
    pub snapshots: Vec<Snapshot>,
}

/// A block that holds a whole output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The word behind the fence.
    pub word: String,
    /// The text between the fences.
    pub text: String,
    /// Where that text is in the page, in bytes.
    pub range: Range<usize>,
}

impl Section {
    /// Returns the files as the analysis wants them.
    pub fn file_set(&self) -> FileSet {
        FileSet::new(
            self.files
                .iter()
                .map(|(path, text)| (path.clone(), Arc::from(text.as_str()))),
        )
    }

    /// Returns the line of the page that `line` of `file` is on.
    pub fn page_line(&self, file: &str, line: u32) -> u32 {
        let index = self.files.iter().position(|(path, _)| path == file);
        index.map_or(self.line, |index| self.starts[index] + line - 1)
    }
}

/// Returns the tests of a page, or what is wrong with it. Headings without files or snapshots are prose.
pub fn parse_page(text: &str) -> Result<Vec<Section>, String> {
    let mut reader = Reader::default();
    let mut offset = 0;
    for (index, line) in text.split_inclusive('\n').enumerate() {
        reader.line(line, offset, index as u32 + 1)?;
        offset += line.len();
    }
    if let Some(block) = &reader.block {
        return Err(format!("line {}: a code block without an end", block.line));
    }
    reader.sections.push(reader.section);
    let is_test = |section: &Section| !section.files.is_empty() || !section.snapshots.is_empty();
    Ok(reader.sections.into_iter().filter(is_test).collect())
}

#[derive(Default)]
struct Reader {
    sections: Vec<Section>,
    section: Section,
    /// The file that the last line of prose named.
    name: Option<String>,
    block: Option<Block>,
}

/// A code block that is being read.
struct Block {
    fence: String,
    word: String,
    name: Option<String>,
    line: u32,
    start: usize,
    text: String,
}

impl Reader {
    fn line(&mut self, line: &str, offset: usize, number: u32) -> Result<(), String> {
        if let Some(mut block) = self.block.take() {
            if is_end(line, &block.fence) {
                return self.close(block, offset);
            }
            // Else the rest of the page would be read inside out, and its sections be lost without a word.
            if fence(line).is_some_and(|(inner, word)| inner == block.fence && !word.is_empty()) {
                let start = block.line;
                return Err(format!(
                    "line {number}: a code block begins inside the one of line {start}"
                ));
            }
            block.text.push_str(line);
            self.block = Some(block);
            return Ok(());
        }
        let trimmed = line.trim();
        if let Some((fence, word)) = fence(line) {
            self.block = Some(Block {
                fence: fence.to_string(),
                word: word.to_string(),
                name: self.name.take(),
                line: number,
                start: offset + line.len(),
                text: String::new(),
            });
        } else if let Some(title) = heading(line) {
            let next = Section {
                title: title.to_string(),
                line: number,
                ..Section::default()
            };
            self.sections
                .push(std::mem::replace(&mut self.section, next));
            self.name = None;
        } else if !trimmed.is_empty() {
            self.name = file_name(trimmed).map(String::from);
        }
        Ok(())
    }

    /// Puts a block that ends at `end` where it belongs: a file, a snapshot, or an example in prose.
    fn close(&mut self, block: Block, end: usize) -> Result<(), String> {
        if let Some(name) = block.name {
            if self.section.files.iter().any(|(path, _)| *path == name) {
                return Err(format!("line {}: a second `{name}`", block.line));
            }
            let expectations = expectations(&name, &block.text)
                .map_err(|fault| format!("line {}: {fault}", block.line))?;
            self.section.expectations.extend(expectations);
            self.section.starts.push(block.line + 1);
            self.section.files.push((name, block.text));
        } else if SNAPSHOT_WORDS.contains(&block.word.as_str()) {
            self.section.snapshots.push(Snapshot {
                word: block.word,
                range: block.start..end,
                text: block.text,
            });
        } else if has_marker(&block.text) {
            return Err(format!(
                "line {}: expectations in a block without a file name",
                block.line
            ));
        }
        Ok(())
    }
}

/// Returns the fence that `line` opens a block with, and the first word behind it.
fn fence(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_end();
    let ticks = line.len() - line.trim_start_matches(['`', '~']).len();
    let fence = &line[..ticks];
    let is_fence = ticks >= 3 && fence.chars().all(|letter| fence.starts_with(letter));
    let info = line[ticks..].trim();
    let word = info.split([' ', ',', '{']).next().unwrap_or("");
    (is_fence && !info.contains('`')).then_some((fence, word))
}

fn is_end(line: &str, fence: &str) -> bool {
    let line = line.trim_end();
    line.len() >= fence.len()
        && line.starts_with(fence)
        && line.chars().all(|letter| fence.starts_with(letter))
}

fn heading(line: &str) -> Option<&str> {
    let title = line.trim_start_matches('#');
    let depth = line.len() - title.len();
    ((1..=6).contains(&depth) && title.starts_with(' ')).then(|| title.trim())
}

/// Returns the path in `` `path`: ``.
fn file_name(line: &str) -> Option<&str> {
    let name = line.strip_prefix('`')?.strip_suffix("`:")?;
    (!name.is_empty() && !name.contains('`')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Page\n\nProse `a.js`:\n\n```js\nignored();\n```\n\n## First test\n\n`src/a.js`:\n\n```js\na();\nb(); // $ x=1\n```\n\n```map\nold\n```\n\n## Prose only\n\n## Second\n\n`a.md`:\n````md\n```js\n```\n````\n";

    #[test]
    fn sections_have_files_expectations_and_snapshots() {
        let sections = parse_page(PAGE).expect("the page is well formed");
        let titles: Vec<&str> = sections.iter().map(|section| &*section.title).collect();
        assert_eq!(titles, ["First test", "Second"]);
        let first = &sections[0];
        assert_eq!(first.line, 9);
        assert_eq!(first.files[0].0, "src/a.js");
        assert_eq!(first.page_line("src/a.js", 2), 15);
        assert_eq!(first.expectations[0].line, 2);
        assert_eq!(&PAGE[first.snapshots[0].range.clone()], "old\n");
        assert_eq!(sections[1].files[0].1, "```js\n```\n");
        assert_eq!(first.file_set().len(), 1);
    }

    #[test]
    fn faults_of_a_page_are_told() {
        for page in [
            "# A\n```js\n",
            "# A\n`a`:\n```js\na\n## B\n`b`:\n```js\nb\n```\n",
            "# A\n```js\na // $ x=1\n```\n",
            "# A\n`a`:\n```\n```\n`a`:\n```\n```\n",
        ] {
            assert!(parse_page(page).is_err(), "{page}");
        }
    }
}
