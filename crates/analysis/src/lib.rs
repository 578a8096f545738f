//! The facade: from a set of files to a report. A table of contents of the product.

mod dump;

pub use compare::{Comparison, Mark, compare, partners};
pub use dump::{dump_ir, dump_values};
pub use judge::fingerprint;
pub use parse::{ParseCache, Parsed};
pub use part::{Part, signature};
pub use wire::is_test;

mod compare;
mod configure;
#[doc(hidden)]
pub mod for_tests;
mod judge;
pub mod judgements;
mod parse;
mod part;
pub mod questions;
mod suppress;
mod told_twice;
mod uses;
mod wire;

use firedoor_app::Map;
use firedoor_eval::Program;
use firedoor_plan::{Plan, Standing};
use firedoor_project::Project;
use firedoor_rules::{Finding, RULES, Severity};
use firedoor_source::{FileSet, Span};

/// What the user has configured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Extra guards: a name or the path of a file, and the control that it is good for.
    pub guards: Vec<(String, firedoor_app::Control)>,
    /// Entry points that are public on purpose: an id, in which `*` stands for any text, and the reason.
    pub public: Vec<(String, String)>,
    /// Rules that are switched off.
    pub disabled_rules: Vec<String>,
    /// Rules whose severity is changed.
    pub severities: Vec<(String, Severity)>,
    /// What was decided about findings and entry points before.
    pub judgements: Vec<judgements::Judgement>,
    /// The plan that the code is held against.
    pub plan: Option<std::sync::Arc<Plan>>,
}

/// A finding with its identity, and why it is suppressed if it is.
#[derive(Clone, Debug)]
pub struct ReportedFinding {
    /// The finding.
    pub finding: Finding,
    /// The identity that survives moved lines and renamed files, in hexadecimal.
    pub fingerprint: String,
    /// The reason given by a `firedoor: allow(rule) reason` remark, or by a judgement.
    pub suppressed: Option<String>,
    /// The judgement, if it is one that the reason is from.
    pub judged: Option<judgements::Standing>,
    /// Holds if it was there when the baseline was written; an analysis alone does not know.
    pub in_baseline: bool,
}

/// A file, a part of one, or a rule, that was left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SkippedPart {
    /// The path; empty for a rule.
    pub path: String,
    /// The id of the rule, if a rule failed.
    pub rule: Option<&'static str>,
    /// The reason as a word with hyphens, such as `syntax-error`.
    pub reason: &'static str,
    /// Where, if it is a part.
    pub span: Option<Span>,
    /// More about it, for a person.
    pub detail: String,
}

/// What an analysis tells.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The application map.
    pub map: Map,
    /// The findings of all rules, worst first, then by place. Suppressed ones are among them.
    pub findings: Vec<ReportedFinding>,
    /// What was left out.
    pub skipped: Vec<SkippedPart>,
    /// What became of the judgements.
    pub judgements: judgements::Judgements,
    /// How the code stands to its plan, if there is one.
    pub plan: Option<Standing>,
}

/// Analyses `files`.
pub fn analyse(files: &FileSet, options: &Options) -> Report {
    analyse_parsed(files, Parsed::new(files, None), options)
}

/// Analyses `files` as [`analyse`] does; texts that `cache` knows are not parsed again.
pub fn analyse_with(files: &FileSet, options: &Options, cache: &ParseCache) -> Report {
    analyse_parsed(files, Parsed::new(files, Some(cache)), options)
}

/// Analyses `files`, which are parsed already.
pub fn analyse_parsed(files: &FileSet, parsed: Parsed, options: &Options) -> Report {
    analyse_entries(files, parsed, options, wire::wire)
}

/// Analyses what of `files` may be another since some were edited: a first look, whose findings may be wrong where they
/// hang on what it leaves out. Nothing if all would have to be looked at.
pub fn analyse_part(files: &FileSet, options: &Options, part: &Part) -> Option<Report> {
    let edited = part.edited(files)?;
    let parsed = Parsed::new(files, None);
    Some(analyse_entries(files, parsed, options, |program| {
        part::wire(program, &edited, part)
    }))
}

fn analyse_entries(
    files: &FileSet,
    parsed: Parsed,
    options: &Options,
    wire: impl FnOnce(&Program<'_>) -> Map,
) -> Report {
    let Parsed {
        modules,
        failed: failed_files,
    } = parsed;
    let project = Project::new(files);
    let mut skipped = parse::skipped(files, &modules, &project);
    let remarks = suppress::remarks(files, &modules);
    let program = Program::new(modules, files, &project);
    let mut map = wire(&program);
    configure::apply(&mut map, files, options);
    map.finish();
    let (mut findings, failed_rules) = judge::findings(RULES, &map, files, options, &remarks);
    let judgements = judge::settle(&mut findings, &mut map, &options.judgements);
    skipped.extend(failed_files);
    skipped.extend(failed_rules);
    skipped.sort();
    let plan = options
        .plan
        .as_deref()
        .map(|plan| stand(plan, &map, &findings));
    Report {
        map,
        findings,
        skipped,
        judgements,
        plan,
    }
}

/// Findings that somebody has allowed break no plan; those of the baseline do.
fn stand(plan: &Plan, map: &Map, findings: &[ReportedFinding]) -> Standing {
    let standing: Vec<&Finding> = findings
        .iter()
        .filter(|reported| reported.suppressed.is_none())
        .map(|reported| &reported.finding)
        .collect();
    firedoor_plan::stand(plan, map, &standing)
}
