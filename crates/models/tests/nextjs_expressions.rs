//! Expressions that would take too long, or are not known.

use firedoor_models::for_tests::nextjs::Expression;

#[test]
fn hostile_expressions_end() {
    let expression = Expression::new("(a*)*(a*)*b").expect("an expression");
    assert_eq!(expression.is_match(&"a".repeat(60)), None);
    assert!(Expression::new(&"(".repeat(1000)).is_none());
    assert!(Expression::new("(?<=a)b").is_none());
}
