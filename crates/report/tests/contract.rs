//! The JSON against the promise: what other programs read must be there under these names.

use crate::canonical::{Canonical, RULES};
use firedoor_report::{SCHEMAS, View, find_subject, format};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

fn map() -> Value {
    let render = format("json")
        .and_then(|format| format.map)
        .expect("it is there");
    json(&render(&Canonical::new().context()))
}

fn report() -> Value {
    let render = format("json")
        .and_then(|format| format.check)
        .expect("it is there");
    json(&render(&Canonical::new().context()))
}

/// Fails unless `value` is an object with all of `keys`.
fn has(value: &Value, keys: &[&str]) {
    let object = value.as_object().expect("it is an object");
    for key in keys {
        assert!(object.contains_key(*key), "{key} is missing in {value}");
    }
}

#[test]
fn the_map_keeps_the_contract() {
    let map = map();
    assert_eq!(map["schema"], "firedoor.map/1");
    has(
        &map,
        &[
            "schema",
            "entry_points",
            "guards",
            "unresolved",
            "skipped",
            "coverage",
        ],
    );
    let join = &map["entry_points"][1];
    has(
        join,
        &[
            "id",
            "app",
            "transport",
            "method",
            "path",
            "message",
            "framework",
            "handler",
            "registered",
            "layers",
            "controls",
            "assets",
        ],
    );
    assert_eq!(join["id"], "POST /api/lobbies/{id}/join");
    has(&join["handler"], &["name", "file", "line"]);
    has(&join["registered"], &["file", "line"]);
    has(
        &join["layers"][1],
        &[
            "name",
            "file",
            "line",
            "controls",
            "verdict",
            "condition",
            "mounted",
        ],
    );
    has(&join["layers"][1]["mounted"], &["file", "line"]);
    assert_eq!(
        join["assets"][0]["access"],
        serde_json::json!(["read", "write"])
    );
    has(
        &map["guards"][0],
        &["name", "file", "line", "controls", "covers"],
    );
    has(&map["unresolved"][0], &["reason", "file", "line", "detail"]);
    has(&map["skipped"][0], &["file", "reason", "detail"]);
}

#[test]
fn controls_are_those_of_the_transport() {
    let map = map();
    let keys = |index: usize| -> Vec<String> {
        let controls = map["entry_points"][index]["controls"].as_object();
        controls.expect("it is an object").keys().cloned().collect()
    };
    assert_eq!(
        keys(0),
        [
            "authentication",
            "authorization",
            "ownership",
            "rate_limit",
            "csrf",
            "origin"
        ]
    );
    assert_eq!(
        keys(3),
        [
            "authentication",
            "authorization",
            "ownership",
            "rate_limit",
            "origin"
        ]
    );
}

#[test]
fn an_inline_guard_is_mounted_where_it_stands() {
    let map = map();
    let inline = &map["entry_points"][1]["layers"][2];
    assert_eq!(inline["mounted"]["file"], inline["file"]);
    assert_eq!(inline["mounted"]["line"], inline["line"]);
}

#[test]
fn unknown_is_never_absent_and_has_a_reason() {
    let map = map();
    let join = &map["entry_points"][1];
    assert_eq!(join["controls"]["ownership"], "unknown");
    assert_eq!(
        join["reasons"]["ownership"],
        "the plugin at src/app.ts:9 may check it"
    );
}

#[test]
fn coverage_counts_every_entry_point_once() {
    let coverage = &map()["coverage"];
    assert_eq!(coverage["http"]["entry_points"], 3);
    assert_eq!(
        coverage["http"]["authentication"],
        serde_json::json!({"enforced": 2, "conditional": 0, "observed": 0, "absent": 1, "unknown": 0})
    );
    assert_eq!(coverage["websocket"]["entry_points"], 2);
    assert_eq!(coverage["websocket"].get("csrf"), None);
}

#[test]
fn the_report_keeps_the_contract() {
    let report = report();
    assert_eq!(report["schema"], "firedoor.report/1");
    has(
        &report,
        &["schema", "findings", "coverage", "unresolved", "skipped"],
    );
    let finding = &report["findings"][1];
    has(
        finding,
        &[
            "rule",
            "class",
            "severity",
            "confidence",
            "title",
            "message",
            "remediation",
            "entry_point",
            "location",
            "evidence",
            "cwe",
            "fingerprint",
            "suppressed",
        ],
    );
    has(
        &finding["location"],
        &["file", "line", "column", "end_line", "end_column"],
    );
    has(
        &finding["evidence"][1],
        &["role", "file", "line", "message"],
    );
    assert_eq!(finding["suppressed"], Value::Null);
    assert_eq!(
        report["findings"][2]["suppressed"],
        "mounted by the gateway"
    );
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(3));
    assert_eq!(report["below_min_confidence"], 1);
}

#[test]
fn schemas_require_what_is_promised() {
    for schema in SCHEMAS {
        let text = json(&(schema.print)());
        let title = format!("firedoor.{}/1", schema.name);
        assert_eq!(text["title"], title.as_str());
        assert!(
            text["required"]
                .as_array()
                .is_some_and(|keys| keys.len() > 1)
        );
    }
}

/// No format lets a control character through, and JSON no character that a terminal acts on.
#[test]
fn nothing_steers_a_terminal() {
    let canonical = Canonical::new();
    let context = canonical.context();
    let mut texts = Vec::new();
    for format in firedoor_report::FORMATS {
        texts.extend(format.check.map(|render| render(&context)));
        texts.extend(format.map.map(|render| render(&context)));
        texts.extend(format.rules.map(|render| render(RULES, View::default())));
        for entry in &canonical.report.map.entry_points {
            let subject = find_subject(&canonical.report, &entry.id()).expect("it is there");
            texts.extend(format.explain.map(|render| render(&context, &subject)));
        }
    }
    for text in texts {
        let is_bad = |character: char| {
            (character.is_control() && !matches!(character, '\n' | '\t'))
                || ('\u{202a}'..='\u{202e}').contains(&character)
        };
        assert!(!text.contains(is_bad), "{text}");
    }
}

#[test]
fn equal_reports_give_equal_bytes() {
    for format in firedoor_report::FORMATS {
        let (first, second) = (Canonical::new(), Canonical::new());
        if let Some(check) = format.check {
            assert_eq!(check(&first.context()), check(&second.context()));
        }
    }
}
