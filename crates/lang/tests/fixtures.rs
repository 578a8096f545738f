//! Runs the pages in `fixtures/`: each heading is a test, with a file and the program it must become.
//!
//! `UPDATE=1 cargo test -p firedoor-lang` rewrites the expectations.

use std::{fmt::Write, fs, path::Path, sync::Arc};

use firedoor_source::{File, FileId, LineIndex};

/// Returns the dump of the file `path` with `text`.
fn dump(path: &str, text: &str) -> String {
    let text: Arc<str> = Arc::from(text);
    let file = File {
        path: path.to_string(),
        lines: LineIndex::new(&text),
        text,
    };
    let module = firedoor_lang::lower(FileId(0), &file).expect("the fixture has a known ending");
    firedoor_ir::dump(&module)
}

/// Returns the page with every expected block replaced by what comes out.
fn replayed(page: &str) -> String {
    let mut out = String::new();
    let mut name = None;
    let mut source = (String::new(), String::new());
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(out, "{line}");
        if let Some(path) = line
            .strip_prefix('`')
            .and_then(|rest| rest.strip_suffix("`:"))
        {
            name = Some(path.to_string());
        }
        let Some(language) = line.strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let mut block: String = block.iter().flat_map(|line| [*line, "\n"]).collect();
        if language == "ir" {
            block = dump(&source.0, &source.1);
        } else if let Some(name) = name.take() {
            source = (name, block.clone());
        }
        let _ = write!(out, "{block}```\n");
    }
    out
}

#[test]
fn pages_hold() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let update = std::env::var_os("UPDATE").is_some();
    let mut pages = 0;
    let mut wrong = Vec::new();
    for folder in fs::read_dir(root).expect("fixtures").flatten() {
        for page in fs::read_dir(folder.path()).expect("folder").flatten() {
            let path = page.path();
            let text = fs::read_to_string(&path).expect("page");
            let replayed = replayed(&text);
            pages += 1;
            if replayed == text {
                continue;
            }
            if update {
                fs::write(&path, &replayed).expect("page");
                continue;
            }
            let differing = text
                .lines()
                .zip(replayed.lines())
                .find(|(old, new)| old != new);
            wrong.push(format!("{}: {differing:?}", path.display()));
        }
    }
    assert!(pages >= 10, "the pages are missing");
    assert!(wrong.is_empty(), "differs:\n{}", wrong.join("\n"));
}
