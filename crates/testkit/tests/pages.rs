//! Runs the example page, so that the notation as it is documented works.

use firedoor_testkit::{Outcome, Section, Tag, run_pages};

#[test]
fn pages() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pages");
    run_pages(folder, &["todo"], find_words);
}

#[test]
#[should_panic(expected = "there is no section")]
fn a_folder_without_pages_is_a_fault() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/none");
    run_pages(folder, &[], |_| Outcome::default());
}

fn find_words(section: &Section) -> Outcome {
    let files = section.file_set();
    let mut outcome = Outcome::default();
    for (_, file) in files.iter() {
        for (index, line) in file.text.lines().enumerate() {
            let code = line.split("$ ").next().unwrap_or("");
            let words: Vec<&str> = code
                .split(|letter: char| !letter.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .collect();
            for pair in words.windows(2).filter(|pair| pair[0] == "todo") {
                outcome
                    .tags
                    .push(Tag::new(&file.path, index as u32 + 1, "todo", pair[1]));
            }
        }
    }
    let paths: Vec<&str> = files.iter().map(|(_, file)| file.path.as_str()).collect();
    outcome
        .snapshots
        .push(("output".to_string(), paths.join("\n")));
    outcome
}
