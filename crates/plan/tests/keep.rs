//! The file of a plan, which people edit too.

use firedoor_plan::{Document, Plan, Review, keep, review};

fn reviewed(text: &str) -> Review {
    review(&[Document {
        file: "PLAN.md".into(),
        text: text.into(),
    }])
}

#[test]
fn what_people_write_stays() {
    let documents = [String::from("PLAN.md")];
    let first = keep(None, &documents, &reviewed("We use refresh tokens.")).unwrap();
    let plan = Plan::parse(&first).unwrap();
    assert_eq!(plan.kept.len(), 5);
    assert_eq!(plan.kept[0].state, "open");
    let edited = first.replacen(
        "state = \"open\"",
        "state = \"accepted\" # mine\nreason = \"short-lived\"",
        1,
    );
    let again = keep(
        Some(&edited),
        &documents,
        &reviewed("We use refresh tokens, which are rotated."),
    )
    .unwrap();
    assert!(again.contains("state = \"accepted\" # mine"), "{again}");
    let gone = keep(Some(&again), &documents, &reviewed("Nothing.")).unwrap();
    assert_eq!(Plan::parse(&gone).unwrap().kept.len(), 1);
    assert_eq!(
        keep(
            Some(&again),
            &documents,
            &reviewed("We use refresh tokens, which are rotated.")
        )
        .unwrap(),
        again
    );
}

#[test]
fn what_is_no_plan_is_refused() {
    let head = "schema = \"firedoor.plan/1\"\n";
    for (text, wanted) in [
        ("", "schema"),
        ("schema = \"x\"", "its schema is not"),
        (
            "schema = \"firedoor.plan/1\"\ndocuments = [\"../../etc/passwd\"]",
            "not below",
        ),
        (
            "schema = \"firedoor.plan/1\"\ndocuments = [\"/etc/passwd\"]",
            "not below",
        ),
    ] {
        assert!(Plan::parse(text).unwrap_err().contains(wanted), "{text}");
    }
    for (entry, wanted) in [
        ("state = \"odd\"\nseverity = \"low\"", "has the state"),
        (
            "state = \"accepted\"\nseverity = \"low\"",
            "without a reason",
        ),
        ("state = \"open\"\nseverity = \"x\"", "severity"),
        (
            "state = \"open\"\nseverity = \"low\"\nrules = [\"nope\"]",
            "does not exist",
        ),
    ] {
        let text = format!("{head}[obligation.\"a/b\"]\n{entry}\n");
        assert!(Plan::parse(&text).unwrap_err().contains(wanted), "{entry}");
    }
}

#[test]
fn escape_sequences_are_not_kept() {
    let text = keep(
        None,
        &[],
        &reviewed("We use refresh tokens \u{1b}[31m red."),
    )
    .unwrap();
    assert!(!text.contains('\u{1b}'));
}
