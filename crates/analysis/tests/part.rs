//! A first look at what an edit may have changed, against a whole analysis: it must see something wherever that does.

#![allow(
    clippy::disallowed_methods,
    reason = "a test may read the examples from the disk"
)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use firedoor_analysis::{Options, Part, Report, analyse, analyse_part, signature};
use firedoor_rules::Confidence;
use firedoor_source::FileSet;

type Files = Vec<(String, Arc<str>)>;

fn example(name: &str) -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(name);
    let mut files = Files::new();
    collect(&root, &root, &mut files);
    assert!(files.len() > 20, "{name} is where it was");
    files.sort();
    files
}

fn collect(root: &Path, folder: &Path, files: &mut Files) {
    for entry in std::fs::read_dir(folder).expect("it is there").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            let name = path.strip_prefix(root).expect("it is below");
            files.push((name.to_string_lossy().replace('\\', "/"), Arc::from(text)));
        }
    }
}

/// Returns the fingerprints of the findings that rest on `file`.
fn touching(files: &FileSet, report: &Report, file: &str) -> BTreeSet<String> {
    let findings = report.findings.iter();
    findings
        .filter(|it| it.finding.confidence >= Confidence::Medium)
        .filter(|it| {
            let finding = &it.finding;
            let mut spans = std::iter::once(finding.span)
                .chain(finding.evidence.iter().map(|evidence| evidence.span));
            spans.any(|span| files.path(span) == file)
        })
        .map(|it| it.fingerprint.clone())
        .collect()
}

/// Puts every fourth file of the insecure application in place of the repaired one, and returns how many of these edits
/// introduce findings, which of them the first look sees nothing of, and the share of entry points that it looks at.
fn compare(insecure: &str, repaired: &str) -> (usize, Vec<String>, f64) {
    let base = example(repaired);
    let options = Options::default();
    let before = analyse(&FileSet::new(base.clone()), &options);
    let known: BTreeSet<String> = before.map.entry_points.iter().map(signature).collect();
    let old: BTreeSet<String> = before
        .findings
        .iter()
        .map(|it| it.fingerprint.clone())
        .collect();
    let (mut introducing, mut missed) = (0, Vec::new());
    let (mut looked_at, mut all) = (0, 0);
    // All of them take a minute; some of each kind are enough.
    for (path, text) in example(insecure).into_iter().step_by(4) {
        let Some(place) = base.iter().position(|(own, _)| *own == path) else {
            continue;
        };
        if base[place].1 == text {
            continue;
        }
        let mut edited = base.clone();
        edited[place].1 = text;
        let files = FileSet::new(edited);
        let part = Part {
            edited: vec![path.clone()],
            known: known.clone(),
        };
        let Some(look) = analyse_part(&files, &options, &part) else {
            continue;
        };
        let whole = analyse(&files, &options);
        looked_at += look.map.entry_points.len();
        all += whole.map.entry_points.len();
        let new = |report: &Report| -> BTreeSet<String> {
            let found = touching(&files, report, &path);
            found.difference(&old).cloned().collect()
        };
        if !new(&whole).is_empty() {
            introducing += 1;
            if new(&look).is_empty() {
                missed.push(path);
            }
        }
    }
    (introducing, missed, looked_at as f64 / all as f64)
}

#[test]
fn a_first_look_sees_what_edits_introduce() {
    let (introducing, missed, share) = compare("arcade-express", "arcade-express-repaired");
    assert!(introducing > 3, "{introducing}");
    // How a socket fares where HTTP would refuse cannot be seen without all of HTTP.
    assert_eq!(missed, ["src/ws/index.ts"]);
    assert!(share < 0.6, "{share}");
    let (introducing, missed, share) = compare("arcade-fastapi", "arcade-fastapi-repaired");
    assert!(introducing > 0, "{introducing}");
    assert_eq!(missed, [""; 0]);
    assert!(share < 0.6, "{share}");
}

#[test]
fn what_is_no_code_is_looked_at_as_a_whole() {
    let files = FileSet::new(example("arcade-express"));
    for edited in ["package.json", "no/such/file.ts"] {
        let part = Part {
            edited: vec![edited.to_owned()],
            known: BTreeSet::new(),
        };
        assert!(analyse_part(&files, &Options::default(), &part).is_none());
    }
}
