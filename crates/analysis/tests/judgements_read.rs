//! Files of judgements, broken ones too.

use firedoor_analysis::judgements::{Judged, digest, parse_judgements};

fn text(line: &str) -> String {
    let seen = [String::from("title: x")];
    format!(
        "schema = \"firedoor.judgements/1\"\n[[judgement]]\nfingerprint = \"f00d\"\nverdict = \"accepted\"\n\
         reason = \"so\"\nevidence = \"{}\"\nseen = [\"title: x\"]\n{line}",
        digest(&seen)
    )
}

#[test]
fn a_judgement_is_read() {
    let read = parse_judgements(&text("by = \"ada\"\n")).expect("it is one");
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].judged, Judged::Finding(String::from("f00d")));
    assert_eq!(read[0].heading(), "accepted, by ada");
}

#[test]
fn what_contradicts_itself_is_refused() {
    let twice = format!("{}{}", text(""), &text("")[33..]);
    for (text, wanted) in [
        (text("surprise = 1\n"), "unknown field"),
        (text("entry_point = \"GET /\"\n"), "said of an"),
        (
            text("").replace("title: x", "title: y"),
            "is not the digest",
        ),
        (text("").replace("\"so\"", "\" \""), "say which"),
        (text("").replace("accepted", "fine"), "one of accepted"),
        (text("").replace("/1", "/9"), "the schema is not"),
        (twice, "judged twice"),
        (String::from("judgement = ["), ""),
        ("[".repeat(100_000), ""),
        (String::new(), "schema"),
    ] {
        let fault = parse_judgements(&text).expect_err("it is broken");
        assert!(fault.message.contains(wanted), "{}", fault.message);
    }
}
