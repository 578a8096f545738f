//! Findings that say alike are one.

use firedoor_analysis::for_tests::told_once;
use firedoor_rules::{Confidence, Finding, RULES, Severity};
use firedoor_source::{FileId, Span};

fn finding(rule: &str, entry: &str, at: u32, confidence: Confidence) -> Finding {
    let rule = RULES.iter().find(|it| it.id == rule).expect("a rule");
    Finding {
        rule,
        severity: Severity::High,
        confidence,
        title: format!("`{entry}` does it"),
        message: String::new(),
        entry_point: Some(entry.to_owned()),
        span: Span::new(FileId(0), at, at + 1),
        evidence: Vec::new(),
        symbol: entry.to_owned(),
    }
}

fn kept(findings: Vec<Finding>) -> Vec<String> {
    let kept = told_once(findings).into_iter();
    kept.map(|it| format!("{} {}", it.rule.id, it.entry_point.unwrap_or_default()))
        .collect()
}

#[test]
fn a_gap_is_told_by_what_is_open() {
    let open = "unauthenticated-entry-point";
    let both = |confidence| {
        kept(vec![
            finding(open, "PUT /kilns", 1, confidence),
            finding("guard-gap", "PUT /kilns", 1, Confidence::Medium),
            finding("guard-gap", "PUT /glazes", 2, Confidence::Medium),
        ])
    };
    let others = [format!("{open} PUT /kilns"), "guard-gap PUT /glazes".into()];
    assert_eq!(both(Confidence::High), others);
    assert_eq!(both(Confidence::Low).len(), 3);
}

#[test]
fn what_is_left_out_tells_of_no_other_method() {
    let findings = vec![
        finding(
            "unauthenticated-entry-point",
            "POST /kilns",
            1,
            Confidence::High,
        ),
        finding("guard-gap", "POST /kilns", 2, Confidence::High),
        finding("guard-gap", "PUT /kilns", 2, Confidence::High),
    ];
    let others = [
        "unauthenticated-entry-point POST /kilns",
        "guard-gap PUT /kilns",
    ];
    assert_eq!(kept(findings), others);
}

#[test]
fn methods_of_one_piece_of_code_are_one() {
    let rule = "optional-authentication";
    let two = |at| {
        kept(vec![
            finding(rule, "PATCH /kilns", 1, Confidence::High),
            finding(rule, "PUT /kilns", at, Confidence::High),
        ])
    };
    assert_eq!(two(1), [format!("{rule} PUT /kilns")]);
    assert_eq!(two(2).len(), 2);
}

#[test]
fn a_router_that_is_mounted_twice_is_told_once() {
    let rule = "login-without-throttle";
    let two = |first: &str, second: &str, at| {
        kept(vec![
            finding(rule, first, 1, Confidence::High),
            finding(rule, second, at, Confidence::High),
        ])
        .len()
    };
    assert_eq!(two("POST /api/kilns/fire", "POST /api/v2/kilns/fire", 1), 1);
    assert_eq!(two("POST /api/kilns/fire", "POST /kilns/fire", 1), 1);
    assert_eq!(two("POST /v1/kilns", "POST /v2/kilns", 1), 1);
    // Each has a path or lines of its own.
    assert_eq!(two("POST /api/kilns", "POST /api/glazes", 1), 2);
    assert_eq!(two("POST /api/kilns", "POST /api/v2/kilns", 2), 2);
    assert_eq!(two("GET /kilns", "POST /api/kilns", 1), 2);
}

#[test]
fn one_helper_registers_the_like_for_two_assets() {
    let of = |entry: &str, asset: &str| {
        let rule = "unauthenticated-entry-point";
        let title = format!("`{entry}` changes {asset} without authentication");
        Finding {
            title,
            ..finding(rule, entry, 1, Confidence::High)
        }
    };
    let two = |second| {
        kept(vec![
            of("POST /things", "Kiln"),
            of("POST /old/things", second),
        ])
    };
    assert_eq!(two("Kiln").len(), 1);
    assert_eq!(two("Glaze").len(), 2);
}
