//! Requests through entry points have one budget together: those that are cheap are followed whole, and of those for
//! which it was not enough is said what it was that ended.

use std::rc::Rc;
use std::sync::Arc;

use firedoor_app::{Control, Map, Verdict};
use firedoor_eval::{Limits, Machine, Program};
use firedoor_models::{ModelHost, build_map};
use firedoor_project::Project;
use firedoor_source::FileSet;

const EXPRESS: &str = "const app = require('express')();
function known(request, response, next) {
  if (!request.session.user) return response.status(401).end();
  next();
}
function weigh(request) {
  const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
  let sum = 0;
  for (const a of all) for (const b of all) for (const c of all) for (const d of all) sum += request.body.share * d;
  return sum;
}
app.get('/crates', known, (request, response) => response.json([]));
app.post('/weights', (request, response) => {
  const sum = weigh(request);
  if (!request.session.user) return response.status(401).end();
  response.json({ sum });
});
app.get('/yards', known, (request, response) => response.json([]));
";

const FASTAPI: &str = "from fastapi import Depends, FastAPI, HTTPException, Request
app = FastAPI()

def known(request: Request):
    if not request.session.get('user'):
        raise HTTPException(401)

def weigh(share):
    every = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    total = 0
    for a in every:
        for b in every:
            for c in every:
                for d in every:
                    total += share * d
    return total

@app.get('/crates', dependencies=[Depends(known)])
def crates():
    return []

@app.post('/weights')
def weights(request: Request, share: int):
    total = weigh(share)
    known(request)
    return {'total': total}

@app.get('/yards', dependencies=[Depends(known)])
def yards():
    return []
";

fn map_of(path: &str, text: &str, requests: u64) -> Map {
    let files = FileSet::new([(path.to_owned(), Arc::from(text))]);
    let project = Project::new(&files);
    let program = Program::new(firedoor_lang::lower_all(&files), &files, &project);
    let host = Rc::new(ModelHost::default());
    let mut machine = Machine::new(&program, host.clone());
    machine.limit(Limits {
        requests,
        ..Limits::default()
    });
    firedoor_models::run_first(&host, &mut machine);
    for (id, _) in program.iter() {
        machine.start();
        machine.run_module(id).expect("modules do not fail");
    }
    machine.finish_wiring();
    build_map(&host, &mut machine)
}

/// Returns the verdict on who may come in at each of these doors.
fn verdicts(map: &Map) -> Vec<&Verdict> {
    let ids = ["GET /crates", "POST /weights", "GET /yards"];
    let entries = ids.map(|id| map.entry_point(id).expect("each door is listed"));
    let verdicts = entries.map(|entry| &entry.controls[&Control::Authentication]);
    verdicts.to_vec()
}

fn notes(map: &Map) -> usize {
    let notes = map.unresolved.iter();
    notes.filter(|note| note.reason == "budget").count()
}

#[test]
fn what_a_small_program_does_is_followed_whole() {
    for (path, text) in [("app.js", EXPRESS), ("main.py", FASTAPI)] {
        let map = map_of(path, text, Limits::default().requests);
        assert_eq!(verdicts(&map), [&Verdict::Enforced; 3], "{path}");
        assert_eq!(notes(&map), 0, "{path}");
    }
}

#[test]
fn where_the_budget_of_the_program_ends_the_rest_is_unknown_and_the_cheap_is_whole() {
    for (path, text) in [("app.js", EXPRESS), ("main.py", FASTAPI)] {
        let map = map_of(path, text, 1_000);
        let verdicts = verdicts(&map);
        assert_eq!(verdicts[0], &Verdict::Enforced, "{path}");
        assert_eq!(verdicts[2], &Verdict::Enforced, "{path}");
        let Verdict::Unknown(reason) = verdicts[1] else {
            panic!("{path}: {:?}", verdicts[1]);
        };
        assert!(reason.contains("the program is too large"), "{reason}");
        assert!(notes(&map) > 0, "{path}");
    }
}
