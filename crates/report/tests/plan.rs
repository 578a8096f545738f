//! Reviews and plans in every format that has them: what is promised is there, and nothing steers a terminal.

use crate::canonical::Canonical;
use firedoor_plan::{Document, Plan, Review, keep, review, stand};
use firedoor_report::{View, format};
use serde_json::Value;

const PLAN: &str = "We use refresh tokens in localStorage.\nThey are rotated \u{1b}[31mon use.\n\
    Revocation comes later.\n";

fn reviewed() -> Review {
    review(&[Document {
        file: String::from("docs/PLAN.md"),
        text: PLAN.to_owned(),
    }])
}

fn rendered(name: &str) -> String {
    let render = format(name).and_then(|format| format.review);
    render.expect("it is there")(&reviewed(), View::default())
}

#[test]
fn a_review_keeps_the_contract() {
    let shape: Value = serde_json::from_str(&rendered("json")).expect("it is JSON");
    assert_eq!(shape["schema"], "firedoor.review/1");
    for key in ["documents", "parts", "obligations", "decided", "notes"] {
        assert!(shape[key].is_array(), "{key}");
    }
    let first = &shape["obligations"][0];
    for key in [
        "id", "part", "state", "severity", "question", "why", "answers", "rules", "evidence",
    ] {
        assert!(!first[key].is_null(), "{key}");
    }
    assert_eq!(first["id"], "refresh-token/storage");
    assert_eq!(first["evidence"][0]["line"], 1);
}

#[test]
fn no_format_prints_control_characters() {
    for name in ["text", "json", "markdown"] {
        let text = rendered(name);
        let is_raw = |letter: char| letter.is_control() && letter != '\n';
        assert!(!text.contains(is_raw), "{name}: {text:?}");
        assert!(text.contains("refresh-token/revocation"), "{name}: {text}");
    }
}

#[test]
fn a_check_tells_how_the_code_stands_to_its_plan() {
    let kept = keep(None, &[], &reviewed()).expect("it can be written");
    let plan = Plan::parse(&kept).expect("it can be read");
    let mut canonical = Canonical::new();
    canonical.report.plan = Some(stand(&plan, &canonical.report.map, &[]));
    let check = format("json")
        .and_then(|format| format.check)
        .expect("it is there");
    let shape: Value = serde_json::from_str(&check(&canonical.context())).expect("it is JSON");
    let plan = &shape["plan"];
    assert_eq!(plan["not_visible"], 5, "{plan}");
    assert_eq!(plan["obligations"][0]["status"], "not-visible");
    assert_eq!(plan["drift"].as_array().map(Vec::len), Some(0));
    for (name, wanted) in [
        ("text", "Plan: 5 not visible yet"),
        ("markdown", "### Plan"),
    ] {
        let check = format(name)
            .and_then(|format| format.check)
            .expect("it is there");
        let text = check(&canonical.context());
        assert!(text.contains(wanted), "{text}");
    }
}
