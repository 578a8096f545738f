//! Compares what a runner found with what a section expects.

use std::fmt::Write;

use crate::expectation::{Expectation, Kind};
use crate::page::Section;

/// A thing that a runner found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// The file in the section.
    pub file: String,
    /// The line in that file, from 1.
    pub line: u32,
    /// What kind of thing it is.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl Tag {
    /// Returns the tag `key=value` on `line` of `file`.
    pub fn new(
        file: impl Into<String>,
        line: u32,
        key: impl Into<String>,
        value: impl Into<String>,
    ) -> Tag {
        Tag {
            file: file.into(),
            line,
            key: key.into(),
            value: value.into(),
        }
    }

    fn fits(&self, expectation: &Expectation) -> bool {
        self.file == expectation.file
            && self.line == expectation.line
            && self.key == expectation.key
            && expectation
                .value
                .as_ref()
                .is_none_or(|value| *value == self.value)
    }
}

/// Compares `produced` with the expectations of `section`, as far as their keys are among `keys`; others are other runners' business.
/// Each expectation stands for one tag, so that what is found twice must be expected twice.
pub fn check_tags(section: &Section, produced: &[Tag], keys: &[&str]) -> Result<(), String> {
    let mut left: Vec<&Tag> = produced
        .iter()
        .filter(|tag| keys.contains(&tag.key.as_str()))
        .collect();
    let mut judged: Vec<&Expectation> = section
        .expectations
        .iter()
        .filter(|expectation| keys.contains(&expectation.key.as_str()))
        .collect();
    // An expectation of any value takes what the exact ones leave.
    judged.sort_by_key(|expectation| {
        (
            expectation.value.is_none(),
            expectation.kind != Kind::Wanted,
        )
    });
    let mut faults: Vec<(String, u32, String)> = Vec::new();
    for expectation in judged {
        let place = left.iter().position(|tag| tag.fits(expectation));
        if let Some(index) = place {
            left.remove(index);
        }
        if let Some(fault) = fault(expectation, place.is_some()) {
            faults.push((expectation.file.clone(), expectation.line, fault));
        }
    }
    for tag in left {
        let fault = format!("unexpected {}", written(&tag.key, Some(&tag.value)));
        faults.push((tag.file.clone(), tag.line, fault));
    }
    if faults.is_empty() {
        return Ok(());
    }
    faults.sort();
    let mut message = String::new();
    for (file, line, fault) in faults {
        let page_line = section.page_line(&file, line);
        // Writing to a string cannot fail.
        let _ = writeln!(message, "  line {page_line} ({file}:{line}): {fault}");
    }
    Err(message)
}

fn fault(expectation: &Expectation, is_found: bool) -> Option<String> {
    let tag = written(&expectation.key, expectation.value.as_deref());
    match (expectation.kind, is_found) {
        (Kind::Wanted, false) => Some(format!("not found: {tag}")),
        (Kind::Missing, true) => Some(format!("found now, take the `MISSING:` away: {tag}")),
        (Kind::Spurious, false) => Some(format!(
            "no longer found, take the `SPURIOUS:` tag away: {tag}"
        )),
        _ => None,
    }
}

fn written(key: &str, value: Option<&str>) -> String {
    match value {
        None => key.to_string(),
        Some(value) if value.is_empty() || value.contains([' ', '"', '\t']) => {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
            format!("{key}=\"{escaped}\"")
        }
        Some(value) => format!("{key}={value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::parse_page;

    fn section(code: &str) -> Section {
        let page = format!("# T\n`a.js`:\n```js\n{code}\n```\n");
        parse_page(&page)
            .expect("the page is well formed")
            .remove(0)
    }

    fn check(code: &str, produced: &[(u32, &str, &str)]) -> Result<(), String> {
        let produced: Vec<Tag> = produced
            .iter()
            .map(|(line, key, value)| Tag::new("a.js", *line, *key, *value))
            .collect();
        check_tags(&section(code), &produced, &["x", "y"])
    }

    #[test]
    fn wanted_tags_must_be_found_once_each() {
        assert_eq!(
            check("a // $ x=1 y=\"b c\"", &[(1, "y", "b c"), (1, "x", "1")]),
            Ok(())
        );
        assert!(check("a // $ x=1", &[]).is_err());
        assert!(check("a // $ x=1", &[(2, "x", "1")]).is_err());
        assert!(check("a // $ x=1", &[(1, "x", "1"), (1, "x", "1")]).is_err());
        assert!(check("a", &[(1, "x", "1")]).is_err());
    }

    #[test]
    fn an_expectation_without_value_takes_any() {
        assert_eq!(
            check("a // $ x x=1", &[(1, "x", "1"), (1, "x", "2")]),
            Ok(())
        );
        assert!(check("a // $ x", &[]).is_err());
    }

    #[test]
    fn keys_of_other_runners_do_not_matter() {
        assert_eq!(check("a // $ z=1", &[(1, "w", "2")]), Ok(()));
    }

    #[test]
    fn a_missing_tag_fails_once_it_is_found() {
        assert_eq!(check("a // $ MISSING: x=1", &[]), Ok(()));
        let error = check("a // $ MISSING: x=1", &[(1, "x", "1")]).expect_err("it is found");
        assert!(
            error.contains("line 4 (a.js:1)") && error.contains("MISSING"),
            "{error}"
        );
        assert!(check("a // $ MISSING: x=1", &[(1, "x", "2")]).is_err());
    }

    #[test]
    fn a_spurious_tag_fails_once_it_is_gone() {
        assert_eq!(check("a // $ SPURIOUS: x=1", &[(1, "x", "1")]), Ok(()));
        assert!(check("a // $ SPURIOUS: x=1", &[]).is_err());
        assert!(check("a // $ SPURIOUS: x=1", &[(1, "x", "1"), (1, "x", "1")]).is_err());
    }

    #[test]
    fn messages_can_be_pasted_back() {
        let error = check("a", &[(1, "x", "GET /a \"b\"")]).expect_err("it is not expected");
        assert!(error.contains(r#"unexpected x="GET /a \"b\"""#), "{error}");
    }
}
