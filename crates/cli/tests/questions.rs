//! `firedoor questions`: what only a person can settle is asked, and not asked again once it is answered.

use crate::common::{complaint, out, run, status};
use firedoor_testkit::Folder;
use serde_json::Value;

const PACKAGE: &str =
    r#"{"dependencies": {"express": "4.19.2", "@prisma/client": "5.0.0"}, "main": "app.js"}"#;

/// One entry point is open, and one is guarded under a condition.
const APP: &str = "\
const express = require('express');
const { PrismaClient } = require('@prisma/client');
const prisma = new PrismaClient();
const app = express();
function requireKey(req, res, next) {
  if (!process.env.KEY) return next();
  if (req.headers['x-key'] !== process.env.KEY) return res.sendStatus(401);
  next();
}
app.get('/cards/:token', async (req, res) => {
  res.json(await prisma.card.findFirst({ where: { token: req.params.token } }));
});
app.delete('/cards/:id', async (req, res) => {
  res.json(await prisma.card.delete({ where: { id: req.params.id } }));
});
app.post('/decks', requireKey, async (req, res) => {
  res.json(await prisma.deck.create({ data: { name: req.body.name } }));
});
app.listen(3000);
";

fn application() -> Folder {
    Folder::empty()
        .write("package.json", PACKAGE)
        .write("app.js", APP)
}

fn questions(folder: &Folder) -> Vec<Value> {
    let output = run(&["questions", "--format", "json"], &folder.0);
    assert_eq!(status(&output), 0, "{}", complaint(&output));
    let document: Value = serde_json::from_str(&out(&output)).expect("it is JSON");
    assert_eq!(document["schema"], "firedoor.questions/1");
    document["questions"]
        .as_array()
        .expect("it is a list")
        .clone()
}

/// Returns the question of that kind about the entry point.
fn about(questions: &[Value], kind: &str, entry_point: &str) -> Option<Value> {
    let mut questions = questions.iter();
    let found = questions.find(|question| {
        let entries = question["entry_points"].as_array();
        question["kind"] == kind
            && entries.is_some_and(|entries| entries.iter().any(|it| it == entry_point))
    });
    found.cloned()
}

#[test]
fn what_is_open_is_asked_until_it_is_answered() {
    let folder = application();
    let asked = questions(&folder);
    let question = about(&asked, "public", "DELETE /cards/{id}").expect("it is open");
    assert_eq!(question["importance"], "high");
    assert_eq!(
        question["question"],
        "Is `DELETE /cards/{id}` public on purpose?"
    );
    assert!(
        question["code"][0]["text"]
            .as_str()
            .is_some_and(|code| code.contains("app.delete("))
    );
    let command = &question["answers"][0]["commands"][0];
    assert_eq!(
        command,
        "firedoor judge 'DELETE /cards/{id}' --verdict public --reason 'why it is so'"
    );
    let answer = [
        "judge",
        "DELETE /cards/{id}",
        "--verdict",
        "public",
        "--reason",
        "a toy",
    ];
    assert_eq!(status(&run(&answer, &folder.0)), 0);
    assert_eq!(
        about(&questions(&folder), "public", "DELETE /cards/{id}"),
        None
    );
}

#[test]
fn a_condition_is_asked_until_the_settings_answer() {
    let folder = application();
    let asked = questions(&folder);
    let condition = about(&asked, "condition", "POST /decks").expect("it hangs on KEY");
    assert!(
        condition["question"]
            .as_str()
            .is_some_and(|text| text.contains("KEY"))
    );
    let folder = folder.write("firedoor.toml", settings(&condition));
    assert_eq!(about(&questions(&folder), "condition", "POST /decks"), None);
}

/// Returns the lines that keep the first answer.
fn settings(question: &Value) -> String {
    let lines = question["answers"][0]["settings"].as_str();
    format!("{}\n", lines.expect("it is kept in the settings"))
}

const NEST: &str = "\
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
@Controller('rooms')
class RoomsController {
  @UseGuards(AuthGuard('other'))
  @Get('odd')
  odd() {
    return 1;
  }
}
@Module({ controllers: [RoomsController] })
class AppModule {}
NestFactory.create(AppModule).then((app) => app.listen(3000));
";

#[test]
fn a_guard_that_nobody_can_see_into_is_asked_about_until_the_settings_answer() {
    let package = r#"{"dependencies": {"@nestjs/common": "10.0.0", "@nestjs/core": "10.0.0", "@nestjs/passport": "10.0.0"}}"#;
    let folder = Folder::empty()
        .write("package.json", package)
        .write("src/main.ts", NEST);
    let question = about(&questions(&folder), "unknown", "GET /rooms/odd");
    let question = question.expect("the strategy is not there");
    assert_eq!(
        question["question"],
        "Does `AuthGuard(other)` refuse whoever lacks authentication? It stands before `GET /rooms/odd`."
    );
    let folder = folder.write("firedoor.toml", settings(&question));
    assert_eq!(
        about(&questions(&folder), "unknown", "GET /rooms/odd"),
        None
    );
}

#[test]
fn a_judgement_that_fell_is_asked_first() {
    let folder = application();
    let answer = [
        "judge",
        "DELETE /cards/{id}",
        "--verdict",
        "public",
        "--reason",
        "a toy",
    ];
    run(&answer, &folder.0);
    let changed = APP.replace(
        "res.json(await prisma.card.delete",
        "await prisma.person.deleteMany();\n  res.json(await prisma.card.delete",
    );
    let asked = questions(&folder.write("app.js", changed));
    assert_eq!(asked[0]["kind"], "judgement");
    assert!(
        asked[0]["known"].to_string().contains("Person (delete)"),
        "{}",
        asked[0]
    );
}

#[test]
fn ids_stay_where_lines_move_and_importance_falls() {
    let folder = application();
    let ids = |questions: &[Value]| -> Vec<String> {
        questions.iter().map(|it| it["id"].to_string()).collect()
    };
    let asked = questions(&folder);
    let moved = questions(&folder.write("app.js", format!("\n\n{APP}")));
    assert_eq!(ids(&asked), ids(&moved));
    let rank = |question: &Value| match question["importance"].as_str() {
        Some("high") => 0,
        Some("medium") => 1,
        _ => 2,
    };
    assert!(asked.is_sorted_by_key(rank), "{asked:?}");
}

#[test]
fn hostile_names_stay_one_word_and_steer_no_terminal() {
    let folder = application().write(
        "app.js",
        APP.replace("'/cards/:id'", "\"/x'; touch pwned; '\\u001b[2J\""),
    );
    for format in ["text", "json", "markdown"] {
        let output = run(&["questions", "--verbose", "--format", format], &folder.0);
        let text = out(&output);
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(!text.contains("judge 'DELETE /x'; touch"), "{text}");
        assert!(
            text.contains(r"'\''; touch") || text.contains(r"'\\''; touch"),
            "{text}"
        );
    }
}

#[test]
fn a_format_without_questions_is_refused() {
    let output = run(&["questions", "--format", "junit"], &application().0);
    assert_eq!(status(&output), 2);
    assert!(complaint(&output).contains("text, json, markdown"));
}
