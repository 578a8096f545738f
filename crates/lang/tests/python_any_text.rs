//! Whatever the text is, the module is sound: broken code must never stop an analysis.
//!
//! The texts are the fixtures, cut off and changed at many places.

// A test may read its fixtures.
#![allow(clippy::disallowed_methods)]

use std::sync::Arc;

use firedoor_ir::Module;
use firedoor_source::{FileId, FileSet};

#[test]
fn any_beginning_of_a_text_gives_a_sound_module() {
    for source in sources() {
        let cuts = source.char_indices().map(|(at, _)| at).step_by(3);
        for cut in cuts.chain([source.len()]) {
            check(&source[..cut]);
        }
    }
}

#[test]
fn any_changed_text_gives_a_sound_module() {
    let sources = sources();
    let mut random = Random(1);
    for source in &sources {
        for _ in 0..200 {
            let mut text = source.clone();
            for _ in 0..=random.below(3) {
                change(&mut text, &sources, &mut random);
            }
            check(&text);
        }
    }
}

/// Checks that every number and every place in the module of `text` exists. The debug form is searched
/// for them, so that nothing that is ever added to a module is left out.
fn check(text: &str) {
    let module = lower(text);
    let form = format!("{module:?}");
    for (name, length) in [
        ("ExpressionId(", module.expressions.len()),
        ("FunctionId(", module.functions.len()),
        ("ClassId(", module.classes.len()),
    ] {
        for number in numbers_after(&form, name) {
            assert!(number < length, "{name}{number}) of {length} in {text:?}");
        }
    }
    let starts = numbers_after(&form, ", start: ");
    let ends = numbers_after(&form, ", end: ");
    for (start, end) in starts.zip(ends) {
        assert!(text.get(start..end).is_some(), "{start}..{end} in {text:?}");
    }
    // The text form looks every number up, so it would panic where one is missing.
    drop(firedoor_ir::dump(&module));
}

fn numbers_after<'a>(form: &'a str, marker: &'a str) -> impl Iterator<Item = usize> + 'a {
    form.match_indices(marker).filter_map(move |(at, _)| {
        let rest = &form[at + marker.len()..];
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        rest[..end].parse().ok()
    })
}

fn lower(text: &str) -> Module {
    let files = FileSet::new([("app.py".to_string(), Arc::from(text))]);
    firedoor_lang::lower(FileId(0), files.file(FileId(0))).expect("Python is known")
}

/// Returns the Python of all fixtures, and some text that is hard to read.
fn sources() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/python");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .expect("the fixtures exist")
        .map(|entry| entry.expect("the fixtures are readable").path())
        .collect();
    paths.sort();
    let mut sources = vec![
        "\u{feff}x = 1\r\nif x:\r\n\ty = 'é'\r\n\x0cclass Ü: pass\r".to_string(),
        "f'{a!r:{b}}' f\"{x:'>10}\" f'''{\n{1: \"}\"}[1]}''' rb'\\' \\\n\t\x0b".to_string(),
    ];
    for path in paths {
        let text = std::fs::read_to_string(path).expect("the fixtures are text");
        let blocks = text.split("```python\n").skip(1);
        sources.extend(blocks.filter_map(|block| Some(block.split_once("```")?.0.to_string())));
    }
    sources
}

/// Changes one place of `text`: takes something out, doubles it, or puts in a piece of another text.
fn change(text: &mut String, sources: &[String], random: &mut Random) {
    let (start, end) = random.range(text);
    match random.below(4) {
        0 => text.replace_range(start..end, ""),
        1 => {
            let piece = text[start..end].to_string();
            text.insert_str(start, &piece);
        }
        2 => {
            let other = &sources[random.below(sources.len())];
            let (from, to) = random.range(other);
            text.insert_str(start, &other[from..to]);
        }
        _ => {
            const PIECES: &[&str] = &[
                "(",
                ")",
                "[",
                "]",
                "{",
                "}",
                ":",
                ",",
                "\n",
                "\n    ",
                "\t",
                "'",
                "\"",
                "\"\"\"",
                "f'",
                "\\",
                "é",
                "\u{1f600}",
                "*",
                "**",
                "=",
                ":=",
                " lambda ",
                " if ",
                " else ",
                "async ",
                "@",
                " match x:\n case ",
                "\0",
                "\u{feff}",
                "\r",
                "...",
                "await ",
                "yield ",
                "->",
                "t\"{",
            ];
            text.insert_str(start, PIECES[random.below(PIECES.len())]);
        }
    }
}

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }

    fn range(&mut self, text: &str) -> (usize, usize) {
        let mut start = self.below(text.len() + 1);
        let mut end = (start + self.below(12)).min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        while !text.is_char_boundary(end) {
            end += 1;
        }
        (start, end)
    }
}
