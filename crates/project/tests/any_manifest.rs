//! Whatever stands in manifests and settings, reading and resolving end without a panic.

use std::sync::Arc;

use firedoor_project::Project;
use firedoor_source::FileSet;

/// A generator of numbers that gives the same ones everywhere.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % end
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const KEYS: &[&str] = &[
    "name",
    "main",
    "module",
    "exports",
    "imports",
    "type",
    "bin",
    "scripts",
    "dependencies",
    "_moduleAliases",
    "extends",
    "compilerOptions",
    "paths",
    "baseUrl",
    "references",
    "path",
    "files",
    "rootDirs",
    ".",
    "./*",
    "./a/*",
    "#a",
    "#*",
    "*",
    "**",
    "@/*",
    "",
    "import",
    "default",
    "node",
    "start",
    "a",
];

const VALUES: &[&str] = &[
    "",
    ".",
    "..",
    "./",
    "../",
    "./a",
    "./a/*",
    "./*/*",
    "*",
    "**",
    "/",
    "//",
    "a",
    "@a/b",
    "#a",
    "./dist/a.js",
    "%2e%2e/",
    "\\\\",
    "node:fs",
    "./tsconfig",
    "../tsconfig.json",
    "${configDir}/a",
    "workspace:*",
    "^1",
    "node ./a && b",
    "?",
    "a#b?c",
    "é",
    "./node_modules/a",
    "\\u0000",
];

fn value(numbers: &mut Numbers, depth: usize) -> String {
    match numbers.below(if depth > 4 { 4 } else { 9 }) {
        0 => numbers.pick(&["null", "1", "true", "-1e9"]).to_string(),
        1..=3 => format!("\"{}\"", numbers.pick(VALUES)),
        4 => {
            let items: Vec<String> = (0..numbers.below(4))
                .map(|_| value(numbers, depth + 1))
                .collect();
            format!("[{}]", items.join(","))
        }
        _ => object(numbers, depth + 1),
    }
}

fn object(numbers: &mut Numbers, depth: usize) -> String {
    let fields: Vec<String> = (0..numbers.below(7))
        .map(|_| format!("\"{}\":{}", numbers.pick(KEYS), value(numbers, depth)))
        .collect();
    format!("{{{}}}", fields.join(","))
}

#[test]
fn any_manifest_is_read() {
    let mut numbers = Numbers(7);
    let mut answers = 0;
    for _ in 0..400 {
        let mut files: Vec<(String, Arc<str>)> = Vec::new();
        for folder in ["", "a/", "a/dist/", "b/"] {
            for name in ["package.json", "tsconfig.json", "jsconfig.json"] {
                let text = object(&mut numbers, 0);
                files.push((format!("{folder}{name}"), Arc::from(text)));
            }
            files.push((format!("{folder}a.js"), Arc::from("")));
            files.push((format!("{folder}index.ts"), Arc::from("")));
        }
        let files = FileSet::new(files);
        let project = Project::new(&files);
        for (id, _) in files.iter() {
            for specifier in VALUES.iter().chain(KEYS) {
                project.resolve_javascript(id, specifier);
                answers += 1;
            }
        }
    }
    assert!(answers > 100_000, "the test tries many imports");
}
