//! Runs all pages of a folder and tells all failures together.

// This crate serves tests only: it reads pages, rewrites them when asked to, and tells that by printing.
#![allow(clippy::print_stderr)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::check::{Tag, check_tags};
use crate::page::{Section, Snapshot, parse_page};

/// What a runner found in a section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Single things, compared with the expectations.
    pub tags: Vec<Tag>,
    /// Whole outputs by the word of their block. Of two with one word the first belongs to the first block.
    pub snapshots: Vec<(String, String)>,
}

/// Runs every section of every page in `folder`, and panics with all failures together.
///
/// `keys` are the keys of the expectations that this runner judges. With `UPDATE=1` in the environment
/// the snapshot blocks are rewritten instead of compared; with `ONLY=words` only the sections run whose page or title has those words.
pub fn run_pages(
    folder: impl AsRef<Path>,
    keys: &[&str],
    run: impl Fn(&Section) -> Outcome + Sync,
) {
    let folder = folder.as_ref();
    let mut pages = Vec::new();
    collect_pages(folder, &mut pages);
    pages.sort();
    let update = std::env::var_os("UPDATE").is_some_and(|value| value == "1");
    let only = std::env::var("ONLY").unwrap_or_default();
    let mut count = 0;
    let mut failures = Vec::new();
    for path in &pages {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                failures.push(format!("{}: {error}", path.display()));
                continue;
            }
        };
        let outcome = run_page(path, &text, keys, &only, &run);
        count += outcome.count;
        failures.extend(outcome.failures);
        if !update {
            failures.extend(outcome.stale);
        } else if outcome.text != text {
            eprintln!("rewrote {}", path.display());
            if let Err(error) = std::fs::write(path, outcome.text) {
                failures.push(format!("{}: {error}", path.display()));
            }
        }
    }
    // A suite that runs nothing tests nothing, and would be green for ever.
    assert!(
        count > 0 || !only.is_empty(),
        "there is no section with files below {}",
        folder.display()
    );
    assert!(
        failures.is_empty(),
        "{} of {count} sections failed\n\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn collect_pages(folder: &Path, pages: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder);
    for entry in entries.into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect_pages(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
}

/// What became of a page.
#[derive(Debug, Default)]
struct PageOutcome {
    count: usize,
    failures: Vec<String>,
    /// Failures that rewriting the snapshots mends.
    stale: Vec<String>,
    /// The page with its snapshots rewritten.
    text: String,
}

fn run_page(
    path: &Path,
    text: &str,
    keys: &[&str],
    only: &str,
    run: &(impl Fn(&Section) -> Outcome + Sync),
) -> PageOutcome {
    let mut page = PageOutcome {
        text: text.to_string(),
        ..PageOutcome::default()
    };
    let name = path.display().to_string();
    let mut sections = match parse_page(text) {
        Ok(sections) => sections,
        Err(fault) => {
            page.failures.push(format!("{}: {fault}", path.display()));
            return page;
        }
    };
    sections.retain(|section| name.contains(only) || section.title.contains(only));
    page.count = sections.len();
    let mut edits: Vec<(Snapshot, String)> = Vec::new();
    for (section, outcome) in sections.iter().zip(outcomes(&sections, run)) {
        let place = format!("{name}:{}: {}", section.line, section.title);
        let Some(outcome) = outcome else {
            page.failures
                .push(format!("{place}\n  the runner panicked\n"));
            continue;
        };
        if let Err(message) = check_tags(section, &outcome.tags, keys) {
            page.failures.push(format!("{place}\n{message}"));
        }
        compare(&place, section, &outcome, &mut page, &mut edits);
    }
    // From the end, so that the ranges before stay right.
    for (snapshot, text) in edits.into_iter().rev() {
        page.text.replace_range(snapshot.range, &text);
    }
    page
}

/// Runs the sections side by side, and returns what each gave, in their order; nothing for one that panicked.
fn outcomes(
    sections: &[Section],
    run: &(impl Fn(&Section) -> Outcome + Sync),
) -> Vec<Option<Outcome>> {
    let next = AtomicUsize::new(0);
    let found: Vec<OnceLock<Outcome>> = sections.iter().map(|_| OnceLock::new()).collect();
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(section) = sections.get(at) else {
                return;
            };
            // A panic in one section must not hide the others; its message has been printed by then.
            if let Ok(outcome) = catch_unwind(AssertUnwindSafe(|| run(section))) {
                found[at].get_or_init(|| outcome);
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        (0..threads.min(sections.len())).for_each(|_| drop(scope.spawn(work)));
    });
    found.into_iter().map(OnceLock::into_inner).collect()
}

/// Compares the snapshots of a section, and notes how the page must change.
fn compare(
    place: &str,
    section: &Section,
    outcome: &Outcome,
    page: &mut PageOutcome,
    edits: &mut Vec<(Snapshot, String)>,
) {
    for (index, snapshot) in section.snapshots.iter().enumerate() {
        let before = section.snapshots[..index]
            .iter()
            .filter(|other| other.word == snapshot.word)
            .count();
        let mut produced = outcome
            .snapshots
            .iter()
            .filter(|(word, _)| *word == snapshot.word);
        let Some((word, text)) = produced.nth(before) else {
            let word = &snapshot.word;
            page.failures
                .push(format!("{place}\n  the runner gives no `{word}`\n"));
            continue;
        };
        let text = with_newline(text);
        if text == snapshot.text {
            continue;
        }
        if text.lines().any(|line| line.starts_with("```")) {
            page.failures
                .push(format!("{place}\n  the `{word}` would end its own block\n"));
            continue;
        }
        let difference = difference(&snapshot.text, &text);
        page.stale
            .push(format!("{place}\n  the `{word}` differs:\n{difference}"));
        edits.push((snapshot.clone(), text));
    }
}

fn with_newline(text: &str) -> String {
    let text = text.trim_end();
    if text.is_empty() {
        return String::new();
    }
    format!("{text}\n")
}

/// Returns both texts as lines with `-` and `+`; the lines that both begin and end with are left out but for two.
fn difference(old: &str, new: &str) -> String {
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    let same = |pair: &(&&str, &&str)| pair.0 == pair.1;
    let start = old.iter().zip(&new).take_while(same).count();
    let rest = old.len().min(new.len()) - start;
    let pairs = old.iter().rev().zip(new.iter().rev()).take(rest);
    let end = pairs.take_while(same).count();
    let mut text = String::new();
    let mut add = |mark: &str, lines: &[&str]| {
        for line in lines {
            text.push_str(&format!("  {mark} {line}\n"));
        }
    };
    add(" ", &old[start.saturating_sub(2)..start]);
    add("-", &old[start..old.len() - end]);
    add("+", &new[start..new.len() - end]);
    add(
        " ",
        &old[old.len() - end..(old.len() - end + 2).min(old.len())],
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A\n`a.js`:\n```js\na // $ x=1\n```\n```map\none\n```\n```map\ntwo\n```\n# B\n`a.js`:\n```js\nb\n```\n```map\nthree\n```\n";

    fn outcome(tags: &[(&str, &str)], snapshots: &[&str]) -> Outcome {
        Outcome {
            tags: tags
                .iter()
                .map(|(key, value)| Tag::new("a.js", 1, *key, *value))
                .collect(),
            snapshots: snapshots
                .iter()
                .map(|text| ("map".to_string(), text.to_string()))
                .collect(),
        }
    }

    fn run(only: &str, run: impl Fn(&Section) -> Outcome + Sync) -> PageOutcome {
        run_page(Path::new("page.md"), PAGE, &["x"], only, &run)
    }

    #[test]
    fn a_page_that_is_right_has_no_failures() {
        let page = run("", |section| match section.title.as_str() {
            "A" => outcome(&[("x", "1")], &["one", "two\n"]),
            _ => outcome(&[], &["three"]),
        });
        assert_eq!((page.count, page.failures, page.stale), (2, vec![], vec![]));
        assert_eq!(page.text, PAGE);
    }

    #[test]
    fn snapshots_are_rewritten_in_place() {
        let page = run("", |section| match section.title.as_str() {
            "A" => outcome(&[("x", "1")], &["longer\nthan one", ""]),
            _ => outcome(&[], &["3"]),
        });
        assert_eq!(page.stale.len(), 3);
        let wanted = PAGE
            .replace("one\n", "longer\nthan one\n")
            .replace("two\n", "")
            .replace("three", "3");
        assert_eq!(page.text, wanted);
        assert!(page.stale[0].contains("page.md:1: A"), "{}", page.stale[0]);
        assert!(page.stale[0].contains("  - one\n  + longer\n"));
    }

    #[test]
    fn all_failures_are_told_together() {
        let page = run("", |section| {
            assert!(section.title != "B", "a fault of the runner");
            outcome(&[], &["one", "two"])
        });
        assert_eq!(page.failures.len(), 2);
        assert!(page.failures[0].contains("line 4 (a.js:1): not found: x=1"));
        assert!(page.failures[1].contains("panicked"));
    }

    #[test]
    fn a_snapshot_that_the_runner_does_not_give_is_a_failure() {
        let page = run("B", |_| outcome(&[], &[]));
        assert_eq!((page.count, page.failures.len()), (1, 1));
    }

    #[test]
    fn an_output_that_ends_its_block_is_not_written() {
        let page = run("B", |_| outcome(&[], &["```"]));
        assert_eq!(page.failures.len(), 1);
        assert_eq!(page.text, PAGE);
    }

    #[test]
    fn a_difference_shows_what_changed() {
        assert_eq!(
            difference("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nX\ne\nf\n"),
            "    b\n    c\n  - d\n  + X\n    e\n    f\n"
        );
        assert_eq!(difference("a\n", "a\nb\n"), "    a\n  + b\n");
    }
}
