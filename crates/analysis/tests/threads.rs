//! One thread finds what several find, and says it in the same words: also where budgets of modules and requests end.

use std::sync::Arc;

use firedoor_analysis::{Options, Report, analyse};
use firedoor_source::FileSet;

/// An application of many files, with a module and a handler that are too large to be evaluated.
fn application() -> FileSet {
    let mut files = vec![(
        "app.js".to_owned(),
        "const app = require('express')();
const known = (request, response, next) => request.session.user ? next() : response.status(401).end();
for (let number = 0; number < 12; number += 1) app.use('/' + number, known, require('./parts/part' + number));
"
        .to_owned(),
    )];
    for number in 0..12 {
        let weight = if number == 3 { DEAR } else { "" };
        let text = format!(
            "const router = require('express').Router();
const crates = new Map();
router.get('/crates/:id', (request, response) => response.json(crates.get(request.params.id)));
router.put('/crates/:id', (request, response) => {{
  {weight}
  crates.set(request.params.id, request.body);
  response.end();
}});
module.exports = router;
{weight}
"
        );
        files.push((format!("parts/part{number}.js"), text));
    }
    FileSet::new(
        files
            .into_iter()
            .map(|(path, text)| (path, Arc::from(text.as_str()))),
    )
}

const DEAR: &str = "const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
let sum = 0;
function weigh() {
  for (const a of all) for (const b of all) for (const c of all) for (const d of all) for (const e of all) sum += e;
}
for (const round of all) weigh();";

fn with_threads(number: usize) -> Report {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(number)
        .stack_size(16 << 20)
        .build()
        .expect("threads can be had");
    pool.install(|| analyse(&application(), &Options::default()))
}

#[test]
fn one_thread_tells_the_same_as_several() {
    let one = with_threads(1);
    let several = with_threads(4);
    let is_used_up = |report: &Report| {
        let mut notes = report.map.unresolved.iter();
        notes.any(|note| note.reason == "budget")
    };
    assert!(is_used_up(&one), "{:?}", one.map.unresolved);
    assert_eq!(one.map.entry_points.len(), 24);
    let all = |report: &Report| {
        let map = &report.map;
        format!(
            "{:#?}{:#?}{:#?}{:#?}{:#?}",
            map.entry_points, map.guards, map.unresolved, report.findings, report.skipped
        )
    };
    assert!(all(&one) == all(&several));
}
