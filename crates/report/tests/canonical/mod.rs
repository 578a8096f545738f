//! One report with something of everything, built by hand: what each format is tested with.
#![allow(dead_code, missing_docs, unused_imports)]

mod files;
mod findings;
mod map;

use firedoor_analysis::judgements::{Fallen, Judged, Judgement, Judgements, Ruling};
use firedoor_analysis::{Report, SkippedPart};
use firedoor_report::{Context, Detail, View};
use firedoor_source::{FileSet, Span};

pub use findings::RULES;

/// The files and the report.
pub struct Canonical {
    pub files: FileSet,
    pub report: Report,
}

impl Canonical {
    pub fn new() -> Canonical {
        let files = files::files();
        let report = Report {
            map: map::map(&files),
            findings: findings::findings(&files),
            plan: None,
            skipped: vec![
                SkippedPart {
                    path: String::new(),
                    rule: Some("jwt-not-verified"),
                    reason: "rule-failed",
                    span: None,
                    detail: String::from("the rule failed, so that its findings are missing"),
                },
                SkippedPart {
                    path: String::from("public/bundle.js"),
                    rule: None,
                    reason: "generated",
                    span: None,
                    detail: String::from("its lines are too long to be written by a person"),
                },
                SkippedPart {
                    path: String::from("src/app.ts"),
                    rule: None,
                    reason: "syntax-error",
                    span: Some(span(&files, "src/app.ts", "export default app")),
                    detail: String::from("unexpected end of input"),
                },
            ],
            judgements: Judgements {
                fallen: vec![fallen()],
                ..Judgements::default()
            },
        };
        Canonical { files, report }
    }

    pub fn context(&self) -> Context<'_> {
        Context {
            files: &self.files,
            report: &self.report,
            view: View::default(),
        }
    }

    pub fn full(&self) -> Context<'_> {
        let mut context = self.context();
        context.view.detail = Detail::Full;
        context
    }
}

/// Returns the first place of `text` in the file at `path`.
pub fn span(files: &FileSet, path: &str, text: &str) -> Span {
    let id = files.find(path).expect("the file is there");
    let start = files.file(id).text.find(text).expect("the text is there") as u32;
    Span::new(id, start, start + text.len() as u32)
}

fn fallen() -> Fallen {
    Fallen {
        judgement: Judgement {
            judged: Judged::EntryPoint(String::from("GET /cards/{token}")),
            title: String::new(),
            ruling: Ruling::Public,
            reason: String::from("the link is the key"),
            by: Some(String::from("ada")),
            seen: Vec::new(),
        },
        gone: vec![String::from("without credentials: Card (read)")],
        new: vec![String::from("without credentials: Card (write)")],
    }
}
