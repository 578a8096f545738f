//! Dates without a library for them.

use firedoor_report::for_tests::history::{date, instant};

#[test]
fn seconds_are_dates() {
    assert_eq!(date(0), "1970-01-01");
    assert_eq!(date(951_782_400), "2000-02-29");
    assert_eq!(date(-1), "1969-12-31");
    assert_eq!(instant(1_767_225_599), "2025-12-31T23:59:59Z");
    assert_eq!(instant(i64::MAX).len(), "2025-12-31T23:59:59Z".len());
}
