//! How many requests a text of Python's limiters allows.

use firedoor_models::for_tests::python::parse_limit;

#[test]
fn limits_are_read_as_the_package_reads_them() {
    assert_eq!(parse_limit("5/minute"), (Some(5), Some(60)));
    assert_eq!(parse_limit("5 per 2 minutes"), (Some(5), Some(120)));
    assert_eq!(parse_limit("10/second;100/hour"), (Some(100), Some(3600)));
    assert_eq!(parse_limit("many"), (None, None));
}
