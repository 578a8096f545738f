//! Says once what two findings say of one entry point, or one finding of two methods that are one piece of code.

use firedoor_app::path_segments;
use firedoor_rules::Finding;

/// Rules that say of an entry point that it is open: what its neighbours have then adds nothing.
const OPEN: &[&str] = &[
    "missing-role-check",
    "optional-authentication",
    "unauthenticated-entry-point",
    "websocket-unauthenticated",
];

/// Leaves out findings that are told by another one.
pub(crate) fn told_once(findings: Vec<Finding>) -> Vec<Finding> {
    // What is left out itself tells nothing of another method.
    let kept = without(findings, is_told_as_open);
    let kept = without(kept, is_told_for_other);
    without(kept, is_told_for_mounting)
}

fn without(findings: Vec<Finding>, is_told: fn(&Finding, &[Finding]) -> bool) -> Vec<Finding> {
    let told: Vec<bool> = findings.iter().map(|it| is_told(it, &findings)).collect();
    let findings = findings.into_iter().zip(told);
    let kept = findings.filter(|(_, is_told)| !is_told);
    kept.map(|(finding, _)| finding).collect()
}

/// Holds if an entry point that lacks what its neighbours have is told, as surely, for what it lets anybody do.
fn is_told_as_open(finding: &Finding, all: &[Finding]) -> bool {
    finding.rule.id == "guard-gap"
        && finding.entry_point.is_some()
        && all.iter().any(|other| {
            OPEN.contains(&other.rule.id)
                && other.entry_point == finding.entry_point
                && other.confidence >= finding.confidence
        })
}

/// Methods that one piece of code often answers together, the one that is told first.
const TOGETHER: &[&str] = &["POST ", "PUT ", "PATCH "];

/// Holds if a method of a path is told for another one too, and the same lines are why: a set of views answers them by
/// the same code.
fn is_told_for_other(finding: &Finding, all: &[Finding]) -> bool {
    let split = |it: &Finding| -> Option<(usize, String)> {
        let id = it.entry_point.as_deref()?;
        let mut methods = TOGETHER.iter().enumerate();
        methods.find_map(|(rank, method)| Some((rank, id.strip_prefix(method)?.to_owned())))
    };
    let Some((own, path)) = split(finding) else {
        return false;
    };
    all.iter().any(|other| {
        let is_before = split(other).is_some_and(|(rank, of)| rank < own && of == path);
        is_before && rests_on_same(finding, other)
    })
}

/// Holds if a router is mounted twice, and what is wrong with an entry point of it is told for the other mounting: the
/// same lines are why, and the paths differ by what stands before, or by the number of a version.
fn is_told_for_mounting(finding: &Finding, all: &[Finding]) -> bool {
    let split = |it: &'_ Finding| -> Option<(String, Vec<String>)> {
        let (method, path) = it.entry_point.as_deref()?.split_once(' ')?;
        let parts = path_segments(path).map(str::to_owned);
        Some((method.to_owned(), parts.collect()))
    };
    let Some((method, path)) = split(finding) else {
        return false;
    };
    all.iter().any(|other| {
        let is_before = split(other).is_some_and(|(own, of)| {
            own == method && (of.len(), &of) < (path.len(), &path) && are_mountings(&of, &path)
        });
        is_before && rests_on_same(finding, other) && is_about_same(finding, other)
    })
}

/// Holds if the other finding says the same as surely, and the same lines are why.
fn rests_on_same(finding: &Finding, other: &Finding) -> bool {
    let places = |it: &Finding| -> Vec<_> { it.evidence.iter().map(|part| part.span).collect() };
    other.rule.id == finding.rule.id
        && other.span == finding.span
        && other.confidence >= finding.confidence
        && places(other) == places(finding)
}

/// Holds if both name the same asset, or say the same but for the entry point: one helper may register the like for
/// several assets, and its lines are the same for all of them.
fn is_about_same(finding: &Finding, other: &Finding) -> bool {
    let title = |it: &Finding| {
        let id = it.entry_point.as_deref().unwrap_or_default();
        it.title.replace(id, "")
    };
    finding.symbol == other.symbol || title(finding) == title(other)
}

/// Holds for `/kilns` and `/api/kilns`, `/api/kilns` and `/api/v2/kilns`, `/v1/kilns` and `/v2/kilns`.
fn are_mountings(shorter: &[String], longer: &[String]) -> bool {
    let is_version = |part: &&String| {
        let number = part.strip_prefix('v').unwrap_or_default();
        !number.is_empty() && number.chars().all(|it| it.is_ascii_digit())
    };
    let plain = |path: &[String]| -> Vec<String> {
        let parts = path.iter().filter(|part| !is_version(part));
        parts.cloned().collect()
    };
    let (shorter, longer) = (plain(shorter), plain(longer));
    !shorter.is_empty() && longer.ends_with(&shorter)
}

#[cfg(test)]
mod tests {
    use firedoor_rules::{Confidence, RULES, Severity};
    use firedoor_source::{FileId, Span};

    use super::*;

    fn finding(rule: &str, entry: &str, at: u32, confidence: Confidence) -> Finding {
        let rule = RULES.iter().find(|it| it.id == rule).expect("a rule");
        Finding {
            rule,
            severity: Severity::High,
            confidence,
            title: format!("`{entry}` does it"),
            message: String::new(),
            entry_point: Some(entry.to_owned()),
            span: Span::new(FileId(0), at, at + 1),
            evidence: Vec::new(),
            symbol: entry.to_owned(),
        }
    }

    fn kept(findings: Vec<Finding>) -> Vec<String> {
        let kept = told_once(findings).into_iter();
        kept.map(|it| format!("{} {}", it.rule.id, it.entry_point.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn a_gap_is_told_by_what_is_open() {
        let open = "unauthenticated-entry-point";
        let both = |confidence| {
            kept(vec![
                finding(open, "PUT /kilns", 1, confidence),
                finding("guard-gap", "PUT /kilns", 1, Confidence::Medium),
                finding("guard-gap", "PUT /glazes", 2, Confidence::Medium),
            ])
        };
        let others = [format!("{open} PUT /kilns"), "guard-gap PUT /glazes".into()];
        assert_eq!(both(Confidence::High), others);
        assert_eq!(both(Confidence::Low).len(), 3);
    }

    #[test]
    fn what_is_left_out_tells_of_no_other_method() {
        let findings = vec![
            finding(
                "unauthenticated-entry-point",
                "POST /kilns",
                1,
                Confidence::High,
            ),
            finding("guard-gap", "POST /kilns", 2, Confidence::High),
            finding("guard-gap", "PUT /kilns", 2, Confidence::High),
        ];
        let others = [
            "unauthenticated-entry-point POST /kilns",
            "guard-gap PUT /kilns",
        ];
        assert_eq!(kept(findings), others);
    }

    #[test]
    fn methods_of_one_piece_of_code_are_one() {
        let rule = "optional-authentication";
        let two = |at| {
            kept(vec![
                finding(rule, "PATCH /kilns", 1, Confidence::High),
                finding(rule, "PUT /kilns", at, Confidence::High),
            ])
        };
        assert_eq!(two(1), [format!("{rule} PUT /kilns")]);
        assert_eq!(two(2).len(), 2);
    }

    #[test]
    fn a_router_that_is_mounted_twice_is_told_once() {
        let rule = "login-without-throttle";
        let two = |first: &str, second: &str, at| {
            kept(vec![
                finding(rule, first, 1, Confidence::High),
                finding(rule, second, at, Confidence::High),
            ])
            .len()
        };
        assert_eq!(two("POST /api/kilns/fire", "POST /api/v2/kilns/fire", 1), 1);
        assert_eq!(two("POST /api/kilns/fire", "POST /kilns/fire", 1), 1);
        assert_eq!(two("POST /v1/kilns", "POST /v2/kilns", 1), 1);
        // Each has a path or lines of its own.
        assert_eq!(two("POST /api/kilns", "POST /api/glazes", 1), 2);
        assert_eq!(two("POST /api/kilns", "POST /api/v2/kilns", 2), 2);
        assert_eq!(two("GET /kilns", "POST /api/kilns", 1), 2);
    }

    #[test]
    fn one_helper_registers_the_like_for_two_assets() {
        let of = |entry: &str, asset: &str| {
            let rule = "unauthenticated-entry-point";
            let title = format!("`{entry}` changes {asset} without authentication");
            Finding {
                title,
                ..finding(rule, entry, 1, Confidence::High)
            }
        };
        let two = |second| {
            kept(vec![
                of("POST /things", "Kiln"),
                of("POST /old/things", second),
            ])
        };
        assert_eq!(two("Kiln").len(), 1);
        assert_eq!(two("Glaze").len(), 2);
    }
}
