//! Paths as SARIF wants them.

use firedoor_report::for_tests::sarif::uri;

#[test]
fn paths_become_uris() {
    assert_eq!(uri("src/a b/[id].ts"), "src/a%20b/%5Bid%5D.ts");
    assert_eq!(uri("ü"), "%C3%BC");
}
