//! Windows of Fastify's limiter.

use firedoor_eval::Value;
use firedoor_models::for_tests::fastify::seconds;

#[test]
fn windows_are_numbers_or_words() {
    assert_eq!(seconds(&Value::number(60_000.0)), Some(60));
    assert_eq!(seconds(&Value::string("15 minutes")), Some(900));
    assert_eq!(seconds(&Value::string("1 hour")), Some(3_600));
    assert_eq!(seconds(&Value::string("99999999999999999999 days")), None);
    assert_eq!(seconds(&Value::string("soon")), None);
}
