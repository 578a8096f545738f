//! The SARIF against the standard: what 2.1.0 requires, and no property that it does not have.
//!
//! The official schema is not in this repository, since its terms are not those of free software; what is below says
//! the same of the objects that are printed. (The printed documents were held against the official schema by hand.)

use crate::canonical::Canonical;
use firedoor_report::format;
use serde_json::Value;

/// What the standard says of one kind of object.
struct Kind {
    name: &'static str,
    required: &'static [&'static str],
    /// The properties that are printed, each with the kind of its value or of the elements of its list.
    properties: &'static [(&'static str, &'static str)],
}

const KINDS: &[Kind] = &[
    Kind {
        name: "log",
        required: &["version", "runs"],
        properties: &[("$schema", "uri"), ("version", "2.1.0"), ("runs", "[run")],
    },
    Kind {
        name: "run",
        required: &["tool"],
        properties: &[
            ("tool", "tool"),
            ("columnKind", "utf16CodeUnits|unicodeCodePoints"),
            ("invocations", "[invocation"),
            ("results", "[result"),
        ],
    },
    Kind {
        name: "tool",
        required: &["driver"],
        properties: &[("driver", "component")],
    },
    Kind {
        name: "component",
        required: &["name"],
        properties: &[
            ("name", "text"),
            ("semanticVersion", "text"),
            ("informationUri", "uri"),
            ("rules", "[rule"),
        ],
    },
    Kind {
        name: "rule",
        required: &["id"],
        properties: &[
            ("id", "text"),
            ("shortDescription", "message"),
            ("fullDescription", "message"),
            ("help", "message"),
            ("defaultConfiguration", "configuration"),
            ("properties", "bag"),
        ],
    },
    Kind {
        name: "configuration",
        required: &[],
        properties: &[("level", "none|note|warning|error")],
    },
    Kind {
        name: "message",
        required: &["text"],
        properties: &[("text", "text"), ("markdown", "text")],
    },
    Kind {
        name: "invocation",
        required: &["executionSuccessful"],
        properties: &[
            ("executionSuccessful", "switch"),
            ("toolExecutionNotifications", "[notification"),
        ],
    },
    Kind {
        name: "notification",
        required: &["message"],
        properties: &[
            ("level", "none|note|warning|error"),
            ("message", "message"),
            ("locations", "[location"),
        ],
    },
    Kind {
        name: "result",
        required: &["message"],
        properties: &[
            ("ruleId", "text"),
            ("ruleIndex", "number"),
            ("level", "none|note|warning|error"),
            ("message", "message"),
            ("locations", "[location"),
            ("relatedLocations", "[location"),
            ("baselineState", "new|unchanged|updated|absent"),
            ("partialFingerprints", "bag"),
            ("suppressions", "[suppression"),
            ("properties", "bag"),
        ],
    },
    Kind {
        name: "suppression",
        required: &["kind"],
        properties: &[("kind", "inSource|external"), ("justification", "text")],
    },
    Kind {
        name: "location",
        required: &[],
        properties: &[
            ("id", "number"),
            ("physicalLocation", "physical"),
            ("message", "message"),
        ],
    },
    Kind {
        name: "physical",
        required: &["artifactLocation"],
        properties: &[("artifactLocation", "artifact"), ("region", "region")],
    },
    Kind {
        name: "artifact",
        required: &["uri"],
        properties: &[("uri", "uri"), ("uriBaseId", "text")],
    },
    Kind {
        name: "region",
        required: &["startLine"],
        properties: &[
            ("startLine", "position"),
            ("startColumn", "position"),
            ("endLine", "position"),
            ("endColumn", "position"),
        ],
    },
];

fn check(value: &Value, kind: &str, place: &str) {
    if let Some(inner) = kind.strip_prefix('[') {
        let list = value
            .as_array()
            .unwrap_or_else(|| panic!("{place} is no list"));
        for (index, element) in list.iter().enumerate() {
            check(element, inner, &format!("{place}[{index}]"));
        }
        return;
    }
    let text = value.as_str();
    let is_right = match kind {
        "text" => text.is_some(),
        "uri" => text.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_graphic())),
        "switch" => value.is_boolean(),
        "number" => value.is_u64(),
        "position" => value.as_u64().is_some_and(|it| it > 0),
        "bag" => value.is_object(),
        kind => match KINDS.iter().find(|known| known.name == kind) {
            Some(kind) => {
                object(value, kind, place);
                true
            }
            None => text.is_some_and(|it| kind.split('|').any(|word| word == it)),
        },
    };
    assert!(is_right, "{place} is no {kind}: {value}");
}

fn object(value: &Value, kind: &Kind, place: &str) {
    let object = value.as_object();
    let object = object.unwrap_or_else(|| panic!("{place} is no object"));
    for required in kind.required {
        assert!(object.contains_key(*required), "{place} lacks {required}");
    }
    for (name, inner) in object {
        let known = kind.properties.iter().find(|(known, _)| known == name);
        let (_, kind) = known.unwrap_or_else(|| panic!("{place} must not have {name}"));
        check(inner, kind, &format!("{place}.{name}"));
    }
}

fn log(canonical: &Canonical) -> Value {
    let render = format("sarif").and_then(|format| format.check);
    let text = render.expect("the format prints findings")(&canonical.context());
    serde_json::from_str(&text).expect("it is JSON")
}

#[test]
fn the_log_is_as_the_standard_says() {
    check(&log(&Canonical::new()), "log", "log");
}

#[test]
fn rules_are_found_by_their_index() {
    let log = log(&Canonical::new());
    let run = &log["runs"][0];
    for result in run["results"].as_array().expect("it is a list") {
        let index = result["ruleIndex"].as_u64().expect("it is a number") as usize;
        assert_eq!(
            run["tool"]["driver"]["rules"][index]["id"],
            result["ruleId"]
        );
    }
}

#[test]
fn findings_of_a_baseline_are_unchanged() {
    let mut canonical = Canonical::new();
    let results = |log: &Value| -> Vec<Value> {
        let results = log["runs"][0]["results"].as_array().expect("it is a list");
        results
            .iter()
            .map(|it| it["baselineState"].clone())
            .collect()
    };
    assert!(results(&log(&canonical)).iter().all(Value::is_null));
    canonical.report.findings[0].in_baseline = true;
    let with = log(&canonical);
    check(&with, "log", "log");
    assert_eq!(results(&with)[..2], ["unchanged", "new"]);
}
