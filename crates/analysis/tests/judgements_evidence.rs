//! Which changes of what was seen a judgement stands.

use firedoor_analysis::for_tests::changes;

fn lines(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn what_refuses_more_is_no_change() {
    let then = lines(&["authentication: absent", "rate_limit: conditional (x)"]);
    let now = lines(&["authentication: enforced", "rate_limit: enforced"]);
    assert_eq!(changes(&then, &now), (Vec::new(), Vec::new()));
    let (gone, new) = changes(&now, &then);
    assert_eq!((gone, new), (now, then));
}

#[test]
fn what_is_unknown_now_is_a_change() {
    let then = lines(&["authentication: absent"]);
    let now = lines(&["authentication: unknown (checkAccess)"]);
    assert_eq!(changes(&then, &now), (then, now));
}
