//! Whatever is done to the applications of the fixtures, the analysis ends, and no part of firedoor fails.
//!
//! A few hundred mutations run with every test. `MUTATIONS=100000 cargo test -p firedoor-analysis mutations::`
//! goes on for hours; `FIRST=n` begins with the n-th, and `SHOW=1` prints the number of each before it runs and
//! the files of one that fails, so that one that does not end can be found.

// A test may read its fixtures and settings, and print what it is asked to.
#![allow(clippy::disallowed_macros, clippy::disallowed_methods)]

use std::path::Path;
use std::sync::Arc;

use firedoor_analysis::{Options, Report, analyse};
use firedoor_source::FileSet;
use firedoor_testkit::{Section, parse_page};

/// How many mutations run with every test.
const USUAL: u64 = 120;

/// The reasons of notes about what failed within firedoor itself.
const BUGS: [&str; 4] = [
    "rule-failed",
    "parser-failed",
    "model-failed",
    "evaluation-failed",
];

/// What is put in somewhere: what opens and closes, and what recursion and loops are made of.
const PIECES: [&str; 40] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "`",
    "${",
    "'",
    "\"",
    "=>",
    "...",
    "**",
    "*",
    "/",
    "\\",
    ";",
    ":",
    ",",
    "@",
    "\n",
    "\n    ",
    "\0",
    "\u{feff}",
    "é",
    "\u{1f525}",
    "async ",
    "await ",
    "yield ",
    "class A extends A {",
    "return ",
    "while (true) ",
    "while True:\n",
    "lambda: ",
    "import ",
    "from . import *\n",
    "this",
    "self",
    "null",
    "9e999",
];

#[test]
fn nothing_that_is_done_to_an_application_makes_the_analysis_fail() {
    let sections = sections();
    let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
    let first = number("FIRST").unwrap_or(0);
    let count = number("MUTATIONS").unwrap_or(USUAL);
    let is_shown = number("SHOW").is_some();
    let mut faults = Vec::new();
    for case in first..first + count {
        if is_shown {
            eprintln!("case {case}");
        }
        let files = mutated(&sections, case);
        let set = FileSet::new(
            files
                .iter()
                .map(|(path, text)| (path.clone(), Arc::from(text.as_str()))),
        );
        let failures = failures(&analyse(&set, &Options::default()));
        if is_shown && !failures.is_empty() {
            eprintln!("{files:#?}");
        }
        faults.extend(
            failures
                .into_iter()
                .map(|failure| format!("FIRST={case}: {failure}")),
        );
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Returns what the report says about failures of firedoor.
fn failures(report: &Report) -> Vec<String> {
    let skipped = report
        .skipped
        .iter()
        .map(|part| (part.reason, &part.detail));
    let unresolved = report
        .map
        .unresolved
        .iter()
        .map(|note| (note.reason, &note.detail));
    skipped
        .chain(unresolved)
        .filter(|(reason, _)| BUGS.contains(reason))
        .map(|(reason, detail)| format!("{reason}: {detail}"))
        .collect()
}

/// Returns the files of a section after a few changes; each number has its own.
fn mutated(sections: &[Section], case: u64) -> Vec<(String, String)> {
    let mut numbers = Numbers((case + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut files = sections[numbers.below(sections.len())].files.clone();
    let other = &sections[numbers.below(sections.len())].files;
    for _ in 0..=numbers.below(4) {
        let file = numbers.below(files.len());
        let donor = &other[numbers.below(other.len())].1;
        files[file].1 = change(&files[file].1, donor, &mut numbers);
    }
    files
}

/// Returns `text` with one change.
fn change(text: &str, donor: &str, numbers: &mut Numbers) -> String {
    let (a, b) = (place(text, numbers), place(text, numbers));
    let (start, end) = (a.min(b), a.max(b));
    let near = nearest(text, (start + numbers.below(12)).min(text.len()));
    match numbers.below(9) {
        0 => format!("{}{}", &text[..start], &text[near..]),
        1 => format!("{}{}", &text[..start], &text[end..]),
        2 => text[..start].to_owned(),
        3 => format!("{}{}", &text[..end], &text[start..]),
        4 => format!(
            "{}{}{}",
            &text[..start],
            PIECES[numbers.below(PIECES.len())],
            &text[start..]
        ),
        5 => {
            let piece = PIECES[numbers.below(PIECES.len())].repeat(1 + numbers.below(300));
            format!("{}{piece}{}", &text[..start], &text[start..])
        }
        6 => {
            let (from, to) = (place(donor, numbers), place(donor, numbers));
            format!(
                "{}{}{}",
                &text[..start],
                &donor[from.min(to)..from.max(to)],
                &text[start..]
            )
        }
        7 => swap_words(text, numbers),
        _ => {
            let mut bytes = text.as_bytes().to_vec();
            if let Some(byte) = bytes.get_mut(start) {
                *byte = (numbers.below(256)) as u8;
            }
            String::from_utf8_lossy(&bytes).into_owned()
        }
    }
}

/// Returns `text` with two of its words exchanged, each of them everywhere: what is still a program, most of the
/// time, but another one.
fn swap_words(text: &str, numbers: &mut Numbers) -> String {
    let words: Vec<&str> = text
        .split(|character: char| !character.is_alphanumeric() && character != '_')
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() {
        return text.to_owned();
    }
    let (one, two) = (
        words[numbers.below(words.len())],
        words[numbers.below(words.len())],
    );
    text.replace(one, "\u{1}")
        .replace(two, one)
        .replace('\u{1}', two)
}

fn place(text: &str, numbers: &mut Numbers) -> usize {
    nearest(text, numbers.below(text.len() + 1))
}

fn nearest(text: &str, mut place: usize) -> usize {
    while !text.is_char_boundary(place) {
        place -= 1;
    }
    place
}

/// Returns the sections of all pages that have files.
fn sections() -> Vec<Section> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pages = Vec::new();
    for name in ["eval", "lang", "models", "rules"] {
        collect(&crates.join(name).join("fixtures"), &mut pages);
    }
    pages.sort();
    let texts = pages
        .iter()
        .filter_map(|page| std::fs::read_to_string(page).ok());
    let sections: Vec<Section> = texts
        .filter_map(|text| parse_page(&text).ok())
        .flatten()
        .collect();
    let sections: Vec<Section> = sections
        .into_iter()
        .filter(|section| !section.files.is_empty())
        .collect();
    assert!(sections.len() > 100, "the fixtures are not where they were");
    sections
}

fn collect(folder: &Path, pages: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, pages);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            pages.push(path);
        }
    }
}

/// Numbers that look random and are the same every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}
