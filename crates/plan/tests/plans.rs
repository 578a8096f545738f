//! Plans of different style against what a person says that they decide: recall and precision.
//!
//! The pages of `fixtures/plans/` hold a plan each and, in `obligations.txt`, its parts and what it leaves open,
//! puts off or decides unsafely. Decisions of its parts that are not listed are made.

#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use std::collections::BTreeSet;
use std::fmt::Write;

use firedoor_plan::{Document, State};

/// Plans by their numbers, with the least share of obligations that are found, and of found ones that are right.
/// By the first groups everything was mended, by the last two nothing: they tell how the next plan will be read.
const GROUPS: &[(&str, &str, f64, f64)] = &[
    ("01", "20", 0.9, 0.9),
    ("21", "30", 0.88, 0.9),
    ("41", "45", 0.9, 0.84),
    ("46", "50", 0.75, 0.69),
    ("51", "55", 0.44, 0.19),
    ("56", "60", 0.51, 0.43),
];

#[test]
fn plans_are_read_as_a_person_reads_them() {
    // Plans that are not here yet can be measured before anything is mended by them.
    let others = std::env::var("PLANS").ok();
    let folder = others
        .as_deref()
        .unwrap_or(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/plans"));
    let mut pages: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|it| it.unwrap().path())
        .collect();
    pages.sort();
    let mut all = Score::default();
    let mut groups: Vec<Score> = GROUPS.iter().map(|_| Score::default()).collect();
    let mut faults = String::new();
    for page in &pages {
        let name = page.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(page).unwrap();
        for section in firedoor_testkit::parse_page(&text).unwrap() {
            let score = judge(&name, &section, &mut faults);
            let number = &name[..2];
            let group = GROUPS
                .iter()
                .position(|(first, last, ..)| (*first..=*last).contains(&number));
            match group {
                Some(group) => groups[group].add(&score),
                None => assert!(others.is_some(), "{name} is in no group"),
            }
            all.add(&score);
        }
    }
    let mut report = format!("obligations: {}\n", all.obligations);
    for ((first, last, ..), score) in GROUPS.iter().zip(&groups) {
        let _ = writeln!(
            report,
            "  plans {first}-{last}: {}; parts: {}",
            score.obligations, score.parts
        );
    }
    let _ = writeln!(report, "parts: {}", all.parts);
    if others.is_some() {
        println!("{faults}\n{report}");
        return;
    }
    println!("{report}");
    for ((.., recall, precision), score) in GROUPS.iter().zip(&groups) {
        let read = &score.obligations;
        let is_enough = read.recall() >= *recall && read.precision() >= *precision;
        assert!(is_enough, "{faults}\n{report}");
    }
    let are_seen = all.parts.recall() >= 0.9 && all.parts.precision() >= 0.9;
    assert!(are_seen, "{faults}\n{report}");
}

#[derive(Default)]
struct Score {
    obligations: Count,
    parts: Count,
}

#[derive(Default)]
struct Count {
    right: usize,
    wanted: usize,
    found: usize,
}

impl Score {
    fn add(&mut self, other: &Score) {
        for (own, its) in [
            (&mut self.obligations, &other.obligations),
            (&mut self.parts, &other.parts),
        ] {
            own.right += its.right;
            own.wanted += its.wanted;
            own.found += its.found;
        }
    }
}

impl Count {
    fn new(wanted: &BTreeSet<String>, found: &BTreeSet<String>) -> Count {
        Count {
            right: wanted.intersection(found).count(),
            wanted: wanted.len(),
            found: found.len(),
        }
    }

    fn recall(&self) -> f64 {
        self.right as f64 / self.wanted.max(1) as f64
    }

    fn precision(&self) -> f64 {
        self.right as f64 / self.found.max(1) as f64
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "recall {:.1} % ({} of {}), precision {:.1} % ({} of {})",
            100.0 * self.recall(),
            self.right,
            self.wanted,
            100.0 * self.precision(),
            self.right,
            self.found
        )
    }
}

fn judge(name: &str, section: &firedoor_testkit::Section, faults: &mut String) -> Score {
    let file = |wanted: &str| {
        let found = section.files.iter().find(|(path, _)| path == wanted);
        found
            .map(|(_, text)| text.clone())
            .unwrap_or_else(|| panic!("{name} has no {wanted}"))
    };
    let mut wanted_parts = BTreeSet::new();
    let mut wanted = BTreeSet::new();
    for line in file("obligations.txt").lines() {
        match line.strip_prefix("parts ") {
            Some(parts) => wanted_parts.extend(parts.split_whitespace().map(String::from)),
            None if line.trim().is_empty() => {}
            None => {
                let id = line.split(' ').next().unwrap_or("");
                assert!(firedoor_plan::decision(id).is_some(), "{name}: {line}");
                wanted.insert(line.to_owned());
            }
        }
    }
    let review = firedoor_plan::review(&[Document {
        file: "plan.md".into(),
        text: file("plan.md"),
    }]);
    let found_parts: BTreeSet<String> =
        review.parts.iter().map(|part| part.id.to_owned()).collect();
    let found: BTreeSet<String> = review
        .obligations()
        .iter()
        .map(|it| format!("{} {}", it.id, it.state.as_str()))
        .collect();
    let quote = |id: &str| {
        let id = id.split(' ').next().unwrap_or("");
        let decision = review.decisions.iter().find(|it| it.id == id);
        decision.map(|it| {
            format!(
                "{}: {:?}",
                it.state.as_str(),
                it.evidence.iter().map(|it| &it.text).collect::<Vec<_>>()
            )
        })
    };
    for part in wanted_parts.symmetric_difference(&found_parts) {
        let evidence = review.parts.iter().find(|it| it.id == part);
        let _ = writeln!(
            faults,
            "{name}: part {part} {:?}",
            evidence.map(|it| &it.evidence.text)
        );
    }
    for missing in wanted.difference(&found) {
        let _ = writeln!(
            faults,
            "{name}: MISSING {missing}   {}",
            quote(missing).unwrap_or_default()
        );
    }
    for spurious in found.difference(&wanted) {
        let _ = writeln!(
            faults,
            "{name}: SPURIOUS {spurious}   {}",
            quote(spurious).unwrap_or_default()
        );
    }
    // What is unsafe and what is put off must be quoted.
    for it in review.obligations() {
        assert!(it.state == State::Open || !it.evidence.is_empty());
    }
    Score {
        obligations: Count::new(&wanted, &found),
        parts: Count::new(&wanted_parts, &found_parts),
    }
}
