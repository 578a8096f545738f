//! Keeps the list of parts and decisions in the documentation what the vocabulary says.

use std::fmt::Write;

#[test]
fn the_list_is_up_to_date() {
    let mut text = String::from(
        "| decision | severity | has to be decided | checked by |\n| --- | --- | --- | --- |\n",
    );
    for part in firedoor_plan::parts() {
        for decision in &part.decisions {
            let rules: Vec<String> = decision
                .rules
                .iter()
                .map(|rule| format!("`{rule}`"))
                .collect();
            let _ = writeln!(
                text,
                "| `{}` | {} | {} | {} |",
                decision.id,
                decision.severity.as_str(),
                decision.question,
                rules.join(", ")
            );
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/review.md");
    firedoor_testkit::keep_part(path, "decisions", &text);
}
