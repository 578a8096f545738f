//! The order in which modules run.

use firedoor_analysis::for_tests::roots;
use firedoor_eval::Program;
use firedoor_project::Project;
use firedoor_source::FileSet;

/// Holds if what leads to a server is run before what a browser loads.
#[test]
fn servers_first() {
    let texts: [(&str, &str); 6] = [
        (
            "package.json",
            r#"{"dependencies": {"express": "^4.19.0"}}"#,
        ),
        ("assets/formulas.js", "const tables = [1, 2, 3];"),
        ("lib/web.js", "module.exports = require('express')();"),
        (
            "server.js",
            "const web = require('./lib/web'); web.listen(80);",
        ),
        ("bots/clock.py", "import time"),
        ("bots/web.py", "from fastapi import FastAPI"),
    ];
    let files = FileSet::new(texts.map(|(path, text)| (path.to_string(), text.into())));
    let project = Project::new(&files);
    let program = Program::new(firedoor_lang::lower_all(&files), &files, &project);
    let paths: Vec<&str> = roots(&program).iter().map(|id| program.path(*id)).collect();
    let expected = [
        "bots/web.py",
        "server.js",
        "assets/formulas.js",
        "bots/clock.py",
        "lib/web.js",
    ];
    assert_eq!(paths, expected);
}
