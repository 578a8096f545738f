//! Guards are taken out alone, by the syntax, in the ways in which frameworks mount them.

use std::sync::Arc;

use firedoor_analysis::{Options, Parsed, analyse_parsed};
use firedoor_proof::{Counts, Outcome, SelfTest, Sign, Subject, edited, self_test};
use firedoor_source::FileSet;

/// Returns the files, and what the self-test of them tells.
fn tested(files: &[(&str, &str)]) -> (FileSet, SelfTest) {
    let files = FileSet::new(
        files
            .iter()
            .map(|(path, text)| (path.to_string(), Arc::from(*text))),
    );
    let parsed = Parsed::new(&files, None);
    let options = Options::default();
    let report = analyse_parsed(&files, parsed.clone(), &options);
    let subject = Subject {
        files: &files,
        parsed: &parsed,
        options: &options,
        report: &report,
    };
    let test = self_test(&subject, None, |_| {});
    (files, test)
}

/// Returns what each guard that was taken out leaves of the lines that changed, in the order of the guards.
fn left(files: &FileSet, test: &SelfTest) -> Vec<String> {
    let edits = test
        .trials
        .iter()
        .filter_map(|trial| trial.guard.removal.as_ref().ok());
    let changed = edits.map(|edit| {
        let after = edited(files, edit);
        let before: Vec<&str> = files.file(edit.span.file).text.lines().collect();
        let lines = after.file(edit.span.file).text.lines();
        let new = lines.filter(|line| !before.contains(line));
        new.map(str::trim).collect::<Vec<_>>().join(" / ")
    });
    changed.collect()
}

fn counts(noticed: usize) -> Counts {
    Counts {
        noticed,
        ..Counts::default()
    }
}

const EXPRESS: &str = "\
const app = require('express')();
const requireUser = (req, res, next) => {
  if (req.get('authorization') !== process.env.TOKEN) return res.sendStatus(401);
  next();
};
";

fn express(rest: &str) -> (FileSet, SelfTest) {
    tested(&[("app.js", &format!("{EXPRESS}{rest}"))])
}

#[test]
fn an_argument_leaves_its_registration() {
    let (files, test) = express("app.get('/a', requireUser, (req, res) => res.send('a'));\n");
    assert_eq!(
        left(&files, &test),
        ["app.get('/a', (req, res) => res.send('a'));"]
    );
    assert_eq!(test.counts(), counts(1));
}

#[test]
fn a_registration_of_nothing_else_goes_as_a_whole() {
    let (files, test) =
        express("app.use(requireUser);\napp.get('/a', (req, res) => res.send('a'));\n");
    assert_eq!(left(&files, &test), [";"]);
    assert_eq!(test.counts(), counts(1));
    let (files, test) = express("app.use(requireUser).get('/a', (req, res) => res.send('a'));\n");
    assert_eq!(
        left(&files, &test),
        ["app.get('/a', (req, res) => res.send('a'));"]
    );
    assert_eq!(test.counts(), counts(1));
}

#[test]
fn an_element_leaves_the_list_that_is_spread() {
    let (files, test) = express(
        "const guards = [requireUser, (req, res, next) => next()];\n\
         app.get('/a', ...guards, (req, res) => res.send('a'));\n\
         app.get('/b', guards, (req, res) => res.send('b'));\n",
    );
    assert_eq!(
        left(&files, &test),
        ["const guards = [(req, res, next) => next()];"]
    );
    assert_eq!(test.counts(), counts(1));
    assert_eq!(test.trials[0].guard.covers.len(), 2);
}

#[test]
fn of_two_functions_that_are_made_alike_the_right_one_goes() {
    let (files, test) = express(
        "const needs = (key) => (req, res, next) =>\n\
           req.get('x-api-key') === process.env[key] ? next() : res.sendStatus(401);\n\
         app.get('/a', needs('ONE'), needs('TWO'), (req, res) => res.send('a'));\n",
    );
    let line = |key: &str| format!("app.get('/a', needs('{key}'), (req, res) => res.send('a'));");
    assert_eq!(left(&files, &test), [line("TWO"), line("ONE")]);
    let signs: Vec<&Outcome> = test.trials.iter().map(|trial| &trial.outcome).collect();
    let another = Outcome::Noticed {
        by: Sign::Another,
        unchanged: vec![0],
    };
    assert_eq!(
        signs,
        [&another, &another],
        "each stands where the other is gone"
    );
}

#[test]
fn a_check_inside_the_handler_goes_and_the_handler_stays() {
    let (files, test) = express(
        "app.get('/a', (req, res) => {\n\
           if (req.get('x-api-key') !== process.env.KEY) return res.sendStatus(401);\n\
           res.send('a');\n\
         });\n",
    );
    assert_eq!(left(&files, &test), [";"]);
    assert_eq!(test.counts(), counts(1));
}

#[test]
fn a_check_with_another_side_is_decided() {
    let (files, test) = express(
        "app.get('/a', (req, res) => {\n\
           if (req.get('x-api-key') === process.env.KEY) {\n\
             res.send('a');\n\
           } else {\n\
             res.sendStatus(401);\n\
           }\n\
         });\n",
    );
    assert_eq!(left(&files, &test), ["if (true) {"]);
    assert_eq!(test.counts(), counts(1));
}

#[test]
fn code_that_fails_without_its_guard_is_told_apart() {
    let (_, test) = express(
        "const attach = (req, res, next) => {\n\
           if (req.get('authorization') !== process.env.TOKEN) return res.sendStatus(401);\n\
           req.user = { id: 1 };\n\
           next();\n\
         };\n\
         app.get('/a', attach, (req, res) => res.json(req.user.id));\n",
    );
    assert_eq!(test.counts().failure, 1);
    assert_eq!(test.counts().noticed, 1);
}

const FASTAPI: &str = "\
import os
from typing import Annotated
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException

app = FastAPI()

def user(authorization: str = Header('')):
    if authorization != os.environ['TOKEN']:
        raise HTTPException(401)
    return {'id': 1}

";

fn fastapi(rest: &str) -> (FileSet, SelfTest) {
    tested(&[("main.py", &format!("{FASTAPI}{rest}"))])
}

#[test]
fn a_dependency_is_replaced_by_nothing() {
    let (files, test) = fastapi("@app.get('/a')\ndef a(caller=Depends(user)):\n    return 1\n");
    assert_eq!(left(&files, &test), ["def a(caller=None):"]);
    assert_eq!(test.counts(), counts(1));
    let (files, test) = fastapi(
        "Caller = Annotated[dict, Depends(user)]\n\n@app.get('/a')\ndef a(caller: Caller):\n    return 1\n",
    );
    assert_eq!(left(&files, &test), ["Caller = Annotated[dict, None]"]);
    assert_eq!(test.counts(), counts(1));
}

#[test]
fn a_dependency_leaves_its_list() {
    let (files, test) =
        fastapi("@app.get('/a', dependencies=[Depends(user)])\ndef a():\n    return 1\n");
    assert_eq!(left(&files, &test), ["@app.get('/a', dependencies=[])"]);
    assert_eq!(test.counts(), counts(1));
}

#[test]
fn a_guard_that_is_mounted_twice_is_not_missed() {
    let (_, test) = fastapi(
        "router = APIRouter(dependencies=[Depends(user)])\n\n\
         @router.get('/a')\ndef a(caller=Depends(user)):\n    return 1\n\napp.include_router(router)\n",
    );
    assert_eq!(test.counts().repeated, test.trials.len());
}

#[test]
fn a_check_of_python_leaves_a_block_behind() {
    let (files, test) = fastapi(
        "@app.get('/a')\ndef a(key: str = Header('')):\n    if key != os.environ['KEY']:\n        raise HTTPException(401)\n    return 1\n",
    );
    assert_eq!(left(&files, &test), ["pass"]);
    assert_eq!(test.counts(), counts(1));
}

#[test]
fn decorators_and_hooks_are_taken_off() {
    let hook = "\
from flask import Flask, abort, request

app = Flask(__name__)

@app.before_request
def key_only():
    if request.headers.get('X-API-Key') != 'good':
        abort(401)

@app.get('/a')
def a():
    return 'a'
";
    let decorator = "\
from flask import Flask
from flask_login import LoginManager, login_required

app = Flask(__name__)
LoginManager(app)

@app.get('/a')
@login_required
def a():
    return 'a'
";
    for (code, guard) in [
        (hook, "@app.before_request"),
        (decorator, "@login_required"),
    ] {
        let (files, test) = tested(&[("app.py", code)]);
        let removals = test.trials.iter().map(|trial| &trial.guard.removal);
        let removed: Vec<&str> = removals
            .map(|removal| files.text(removal.as_ref().expect("it can be taken out").span))
            .collect();
        assert_eq!(removed, [guard]);
        assert_eq!(test.counts(), counts(1));
    }
}

#[test]
fn what_django_wraps_or_inherits_is_taken_off() {
    let urls = "\
from django.contrib.auth.decorators import login_required
from django.urls import path
import views
urlpatterns = [path('a/', login_required(views.a)), path('b/', views.B.as_view())]
";
    let views = "\
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpResponse
from django.views import View

def a(request):
    return HttpResponse('a')

class B(LoginRequiredMixin, View):
    def get(self, request):
        return HttpResponse('b')
";
    let settings = "ROOT_URLCONF = 'urls'\nMIDDLEWARE = ['django.contrib.auth.middleware.AuthenticationMiddleware']\n";
    let (files, test) = tested(&[
        (
            "manage.py",
            "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')\n",
        ),
        ("settings.py", settings),
        ("urls.py", urls),
        ("views.py", views),
    ]);
    assert_eq!(
        left(&files, &test),
        [
            "urlpatterns = [path('a/', views.a), path('b/', views.B.as_view())]",
            "class B(View):",
        ]
    );
    assert_eq!(test.counts(), counts(2));
}

#[test]
fn guards_of_nestjs_leave_their_decorators() {
    let code = "\
import { CanActivate, Controller, ExecutionContext, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

@Injectable()
class KeyGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    return context.switchToHttp().getRequest().headers['x-api-key'] === process.env.KEY;
  }
}

@Controller('a')
class A {
  @Get()
  @UseGuards(KeyGuard)
  read() {
    return 'a';
  }
}

@Module({ controllers: [A] })
class App {}

NestFactory.create(App).then((app) => app.listen(3000));
";
    let package = r#"{"dependencies": {"@nestjs/common": "11", "@nestjs/core": "11"}}"#;
    let (files, test) = tested(&[("main.ts", code), ("package.json", package)]);
    let edit = test.trials[0]
        .guard
        .removal
        .as_ref()
        .expect("it can be taken out");
    assert_eq!(files.text(edit.span), "@UseGuards(KeyGuard)");
    assert_eq!(test.counts(), counts(1));
}

#[test]
fn a_limit_spreads_over_all_and_is_the_same_each_time() {
    let routes: String = (0..9)
        .map(|number| format!("app.get('/{number}', requireUser, (req, res) => res.send('a'));\n"))
        .collect();
    let (files, _) = express(&routes);
    let parsed = Parsed::new(&files, None);
    let options = Options::default();
    let report = analyse_parsed(&files, parsed.clone(), &options);
    let subject = Subject {
        files: &files,
        parsed: &parsed,
        options: &options,
        report: &report,
    };
    let covered = || {
        let test = self_test(&subject, Some(3), |_| {});
        assert_eq!(test.guards, 9);
        let trials = test.trials.into_iter();
        trials.map(|trial| trial.guard.covers).collect::<Vec<_>>()
    };
    assert_eq!(covered(), [[2], [5], [8]]);
    assert_eq!(covered(), covered());
}

#[test]
fn broken_files_do_no_harm() {
    let sound = format!("{EXPRESS}app.get('/a', requireUser, (req, res) => res.send('a'));\n");
    let (_, test) = tested(&[("app.js", &sound), ("broken.js", "}}} ((( \u{1b}[2J")]);
    assert!(!test.trials.is_empty());
    assert_eq!(test.counts().missed, 0);
}
