//! What an analysis costs, against only parsing the same files in the same run.
//!
//! The ratio does not depend on the machine, and little on what else runs there: it is taken from the time
//! that the processors spent. `FIREDOOR_BENCH_TREE` names a folder to use besides the examples of this
//! repository; how to read the figures is said in `docs/performance.md`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::print_stdout,
    reason = "a benchmark reads its input and prints its figures"
)]

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use cpu_time::ProcessTime;
use divan::Bencher;
use firedoor_analysis::{Options, analyse};
use firedoor_source::FileSet;
use rayon::prelude::*;

/// A folder with its files, read before anything is measured.
struct Tree {
    name: String,
    files: FileSet,
}

static TREES: LazyLock<Vec<Tree>> = LazyLock::new(trees);

fn main() {
    for tree in TREES.iter() {
        tell(tree);
    }
    divan::main();
}

/// Only parsing.
#[divan::bench(args = 0..TREES.len())]
fn parsing(bencher: Bencher<'_, '_>, tree: usize) {
    bencher.bench(|| parse(&TREES[tree].files));
}

/// One full analysis.
#[divan::bench(args = 0..TREES.len())]
fn analysis(bencher: Bencher<'_, '_>, tree: usize) {
    bencher.bench(|| analyse(&TREES[tree].files, &Options::default()));
}

fn parse(files: &FileSet) -> usize {
    let all: Vec<_> = files.iter().collect();
    all.par_iter()
        .filter_map(|(id, file)| firedoor_lang::lower(*id, file))
        .map(|module| module.expressions.len())
        .sum()
}

/// Prints the processor time of both and their ratio.
#[allow(clippy::print_stdout, reason = "the figures are what is asked for")]
fn tell(tree: &Tree) {
    let lines: usize = tree
        .files
        .iter()
        .map(|(_, file)| file.text.lines().count())
        .sum();
    let parsing = least(|| {
        parse(&tree.files);
    });
    let analysis = least(|| {
        analyse(&tree.files, &Options::default());
    });
    println!(
        "{}: {lines} lines; parsing {:.1} ms, analysis {:.1} ms of processor time: {:.1} times",
        tree.name,
        1e3 * parsing.as_secs_f64(),
        1e3 * analysis.as_secs_f64(),
        analysis.as_secs_f64() / parsing.as_secs_f64().max(1e-9),
    );
}

/// The least of several runs is the one that other programs have disturbed least. The first run of all is not
/// counted: it fills the table of names that later runs find full.
fn least(run: impl Fn()) -> Duration {
    run();
    (0..5)
        .map(|_| {
            let start = ProcessTime::now();
            run();
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

fn trees() -> Vec<Tree> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(examples)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders.extend(std::env::var_os("FIREDOOR_BENCH_TREE").map(PathBuf::from));
    folders.iter().map(|folder| read(folder)).collect()
}

fn read(root: &Path) -> Tree {
    let mut files = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, kind) = (entry.path(), entry.file_type());
            if kind.as_ref().is_ok_and(std::fs::FileType::is_dir) {
                folders.extend(is_own(&path).then_some(path));
            } else if kind.is_ok_and(|kind| kind.is_file()) {
                files.extend(text_of(root, &path));
            }
        }
    }
    Tree {
        name: root
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
        files: FileSet::new(files),
    }
}

/// Folders of others' code and of what a build makes are no part of an analysis.
fn is_own(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    !name.starts_with('.') && !matches!(&*name, "node_modules" | "dist" | "build" | "target")
}

fn text_of(root: &Path, path: &Path) -> Option<(String, Arc<str>)> {
    let extension = path.extension()?.to_str()?;
    let is_read = matches!(
        extension,
        "js" | "mjs"
            | "cjs"
            | "jsx"
            | "ts"
            | "mts"
            | "cts"
            | "tsx"
            | "py"
            | "json"
            | "toml"
            | "prisma"
    );
    let is_small = path.metadata().is_ok_and(|data| data.len() <= 1 << 20);
    let text = (is_read && is_small)
        .then(|| std::fs::read_to_string(path).ok())
        .flatten()?;
    let relative = path.strip_prefix(root).ok()?.to_str()?.replace('\\', "/");
    Some((relative, Arc::from(text)))
}
