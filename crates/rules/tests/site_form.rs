//! Which forms of an address keep it on the own site.

use firedoor_rules::for_tests::stays_on_site;

#[test]
fn a_path_of_the_own_site_stays_there() {
    for form in [
        r"^\/(?![/\\])[\w\-/?=&.]*$",
        r"^\/[a-z]*$",
        r"^/\w+",
        r"^\/$",
        r"^[\w-]+$",
        r"^/[\w]*$",
        r"^\/app\/(inbox|profile)$",
        r"^/app/[a|b]$",
        r"^/home$|^/desk$",
        r"^\/[^/\\].*$",
    ] {
        assert!(stays_on_site(form, true), "{form}");
    }
}

#[test]
fn what_may_go_on_with_a_host_leads_away() {
    for form in [
        r"^\/",
        r"^\/.*$",
        r"^https?:\/\/",
        r"^https:\/\/app\.example\.com",
        r"\/home$",
        r"^.+$",
        r"^/home|.*$",
        r"^\/(?!\/)",
        r"^/[^/].*$",
        r"^[\w.:/]+$",
        r"^/[\w\\]*$",
        r"^/[^/]*\/.*$",
        r"^/\w?/.*$",
    ] {
        assert!(!stays_on_site(form, true), "{form}");
    }
}

#[test]
fn behind_an_origin_a_slash_is_enough() {
    assert!(stays_on_site(r"^\/", false));
    assert!(!stays_on_site(r"^[^/]+$", false));
    assert!(!stays_on_site(r"^[\w.@]+$", false));
    assert!(stays_on_site(r"^https:\/\/app\.example\.com\/", true));
    assert!(stays_on_site(r"^https:\/\/app\.example\.com$", true));
}
