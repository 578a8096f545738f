//! The data files of parts and decisions.

use firedoor_plan::for_tests::{FILES, read_part};
use firedoor_plan::{decision, parts};

#[test]
fn every_file_is_well_formed_and_names_rules_that_exist() {
    let faults: Vec<String> = FILES
        .iter()
        .filter_map(|(id, text)| read_part(id, text).err())
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
    assert_eq!(parts().len(), FILES.len());
}

#[test]
fn every_decision_tells_what_it_should() {
    for asked in parts().iter().flat_map(|part| &part.decisions) {
        let texts = [&asked.question, &asked.why];
        assert!(texts.iter().all(|text| text.len() > 10), "{}", asked.id);
        assert!(asked.question.ends_with('?'), "{}", asked.id);
        assert!(!asked.answers.is_empty(), "{}", asked.id);
        for other in &asked.implied_by {
            assert!(decision(other).is_some(), "{}: {other}", asked.id);
        }
    }
}
