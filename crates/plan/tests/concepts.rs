//! Concepts by their names.

use firedoor_plan::for_tests::Concepts;

#[test]
fn names_become_brackets() {
    let text = "time = ['# day', 'a week']\nends = ['expires .. @time', 'dies']\nloop = ['@loop']";
    let concepts = Concepts::read(text).expect("it is well formed");
    let written = concepts.write_out("token .. @ends? & @time");
    assert_eq!(
        written.as_deref(),
        Ok("token .. (expires .. (# day|a week)|dies)? & (# day|a week)")
    );
    assert!(concepts.write_out("@loop").is_err());
    assert!(concepts.write_out("@else").is_err());
}
