//! Commands that a person can paste.

use firedoor_report::shell;

#[test]
fn a_shell_takes_a_word_as_it_is() {
    let words = ["judge", "GET /a'; rm -rf /", "$(x)", ""].map(str::to_owned);
    assert_eq!(shell(&words), r"judge 'GET /a'\''; rm -rf /' '$(x)' ''");
}
