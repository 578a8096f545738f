//! Keeps the list of all rules in the documentation up to date.

use std::fmt::Write;

use firedoor_rules::RULES;

#[test]
fn the_list_of_rules_is_up_to_date() {
    let mut text = String::from("| rule | class | severity | what it finds | weakness |\n");
    text.push_str("| --- | --- | --- | --- | --- |\n");
    for rule in RULES {
        let _ = writeln!(
            text,
            "| [`{id}`](../crates/rules/fixtures/{id}/README.md) | {class} | {severity} | {summary} | {cwe} |",
            id = rule.id,
            class = rule.class,
            severity = rule.severity.as_str(),
            summary = rule.summary.trim_end_matches('.').replace('|', "\\|"),
            cwe = rule.cwe.join(", "),
        );
    }
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rules.md");
    firedoor_testkit::keep_part(page, "rules", &text);
}
