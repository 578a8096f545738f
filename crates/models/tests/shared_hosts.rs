//! Which addresses of shared hosts are everybody's.

use firedoor_models::for_tests::shared_hosts::{is_whole_service, leaves_name_open};

#[test]
fn whoever_takes_a_name_that_fits_is_let_in() {
    for pattern in [
        r"https://.*\.vercel\.app",
        r"^https://boats.*\.vercel\.app$",
        r"https://boats-[a-z0-9-]+\.netlify\.app",
        r"^https://(boats-\w+)\.pages\.dev\Z",
    ] {
        assert!(leaves_name_open(pattern), "{pattern}");
    }
}

#[test]
fn an_end_that_is_the_services_is_everybodys() {
    assert!(is_whole_service(".netlify.app"));
    assert!(!is_whole_service(".boats.netlify.app"));
    assert!(!is_whole_service(".boats.example"));
}

#[test]
fn a_name_of_the_own_account_is_not_for_others() {
    for pattern in [
        r"https://boats\.vercel\.app",
        r"https://.*-boats\.vercel\.app",
        r"https://deploy-preview-\d+--boats\.netlify\.app",
        r"https://.*\.boats\.example",
    ] {
        assert!(!leaves_name_open(pattern), "{pattern}");
    }
}
