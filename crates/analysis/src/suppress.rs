//! `firedoor: allow(rule) reason` beside the code.

use std::sync::Arc;

use firedoor_ir::Module;
use firedoor_rules::Finding;
use firedoor_source::{FileId, FileSet};

/// A remark that allows a finding on its line or on the next line of code.
#[derive(Clone, Debug)]
pub struct Remark {
    file: FileId,
    line: u32,
    rule: String,
    reason: String,
}

/// Returns the remarks of all modules.
pub fn remarks(files: &FileSet, modules: &[Arc<Module>]) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for module in modules {
        for (span, text) in &module.remarks {
            let Some((rule, reason)) = parse(text) else {
                continue;
            };
            remarks.push(Remark {
                file: module.file,
                line: files.file(module.file).lines.line(span.end),
                rule,
                reason,
            });
        }
    }
    remarks
}

/// Reads `allow(rule) reason`.
fn parse(text: &str) -> Option<(String, String)> {
    let inner = text.trim().strip_prefix("allow(")?;
    let (rule, reason) = inner.split_once(')')?;
    let reason = reason.trim();
    let reason = if reason.is_empty() {
        "no reason given"
    } else {
        reason
    };
    Some((rule.trim().to_owned(), reason.to_owned()))
}

/// Returns the reason of the remark that allows `finding`, at its own place or at a place of its evidence.
pub fn reason(finding: &Finding, files: &FileSet, remarks: &[Remark]) -> Option<String> {
    let places =
        std::iter::once(finding.span).chain(finding.evidence.iter().map(|evidence| evidence.span));
    let mut lines: Vec<(FileId, u32)> = places
        .map(|span| (span.file, files.file(span.file).lines.line(span.start)))
        .collect();
    lines.truncate(2);
    remarks
        .iter()
        .find(|remark| {
            remark.rule == finding.rule.id
                && lines.iter().any(|(file, line)| {
                    *file == remark.file && (*line == remark.line || *line == remark.line + 1)
                })
        })
        .map(|remark| remark.reason.clone())
}
