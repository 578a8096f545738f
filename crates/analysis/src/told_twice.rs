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
pub fn told_once(findings: Vec<Finding>) -> Vec<Finding> {
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
