//! A rule that fails costs its own findings only.

use std::sync::Arc;

use firedoor_analysis::Options;
use firedoor_analysis::for_tests::findings;
use firedoor_app::Map;
use firedoor_rules::{Findings, Rule};
use firedoor_source::{FileId, FileSet, Span};

const PROTOTYPE: Rule = Rule {
    id: "",
    class: "hardening",
    summary: "something",
    severity: firedoor_rules::Severity::Low,
    cwe: &[],
    remediation: "nothing",
    page: "",
    check: |_, _| {},
};

static FAILING: Rule = Rule {
    id: "always-fails",
    check: |_, _| panic!("on purpose"),
    ..PROTOTYPE
};

static FINDING: Rule = Rule {
    id: "always-finds",
    check: |_, findings: &mut Findings| {
        let builder = findings.at(Span::new(FileId(0), 0, 1), "symbol");
        builder.message("found").report();
    },
    ..PROTOTYPE
};

#[test]
fn a_rule_that_fails_is_told_and_the_others_go_on() {
    let files = FileSet::new([("a.js".to_owned(), Arc::from("a"))]);
    let map = Map::default();
    let rules: [&'static Rule; 2] = [&FAILING, &FINDING];
    let (found, failed) = findings(&rules, &map, &files, &Options::default(), &[]);
    assert_eq!(found.len(), 1);
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].rule, Some("always-fails"));
    assert!(failed[0].detail.ends_with("on purpose"), "{failed:?}");
    let options = Options {
        disabled_rules: vec![String::from("always-fails")],
        ..Options::default()
    };
    let (_, failed) = findings(&rules, &map, &files, &options, &[]);
    assert_eq!(failed, []);
}
