//! The commands: read, analyse, render, write.

mod diff;
pub(crate) mod history;
mod hook;
mod init;
mod judge;
mod mcp;
pub(crate) mod probe;
mod questions;
mod review;
pub(crate) mod selftest;

pub use hook::{EXAMPLES as HOOK_EXAMPLES, Hook, agent_parser};
pub use judge::{EXAMPLES as JUDGE_EXAMPLES, Judge};
pub use mcp::{EXAMPLES as MCP_EXAMPLES, Mcp};
pub use questions::EXAMPLES as QUESTIONS_EXAMPLES;
pub use review::{EXAMPLES as REVIEW_EXAMPLES, ReviewArguments};

use std::io::IsTerminal;

use anstream::ColorChoice;
use clap::Parser;
use firedoor_analysis::{Report, analyse};
use firedoor_report::{Context, Detail, Format, Subject, View, find_subject, known_subjects};
use firedoor_rules::Severity;
use firedoor_source::FileSet;

use crate::arguments::{Arguments, Check, Command, Common, DumpKind, Tree};
use crate::suggestion::closest;
use crate::user_error::UserError;
use crate::{configuration, judgements, output, progress, tree};

/// The reasons of notes about what failed within firedoor itself.
const BUGS: [&str; 4] = [
    "rule-failed",
    "parser-failed",
    "model-failed",
    "evaluation-failed",
];

/// The exit status if findings are at or above `--fail-on`.
const FOUND: u8 = 1;

/// Runs the program and returns its exit status.
pub fn run() -> u8 {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way too, with status 0.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(UserError::STATUS);
        }
    };
    dispatch(&arguments).unwrap_or_else(|error| {
        output::complain(&error.message());
        UserError::STATUS
    })
}

fn dispatch(arguments: &Arguments) -> Result<u8, UserError> {
    let common = &arguments.common;
    match &arguments.command {
        Command::Check(arguments) => check(arguments, common),
        Command::Map(tree) => map(tree, common),
        Command::Explain { what, tree } => explain(what, tree, common),
        Command::Diff(arguments) => diff::diff(arguments, common),
        Command::History(arguments) => history::history(arguments, common),
        Command::Study(arguments) => history::study(arguments, common),
        Command::Baseline(tree) => baseline(tree, common),
        Command::Init(arguments) => init::init(arguments, common),
        Command::Hook(arguments) => hook::hook(arguments, common),
        Command::Judge(arguments) => judge::judge(arguments, common),
        Command::Mcp(arguments) => mcp::mcp(arguments, common),
        Command::Questions(tree) => questions::questions(tree, common),
        Command::Review(arguments) => review::review(arguments, common),
        Command::Rules => rules(common),
        Command::Probe(arguments) => probe::probe_instance(arguments, common),
        Command::Selftest(arguments) => selftest::selftest(arguments, common),
        Command::Schema { name } => schema(name, common),
        Command::Dump { what, file, tree } => dump(*what, file, tree, common),
    }
}

fn check(arguments: &Check, common: &Common) -> Result<u8, UserError> {
    let render = renderer(common.format, "check", |format| format.check)?;
    let tree = &arguments.tree;
    let (files, mut report) = analyse_with_plan(tree, common)?;
    if !arguments.no_baseline {
        let gone = crate::baseline::apply(&mut report, &tree::root_of(&tree.path)?)?;
        // Of a single file, what the others have is not there anyway.
        if gone.is_some_and(|number| number > 0) && tree.path.is_dir() && !common.quiet {
            output::complain(&format!(
                "note: {} of the findings in {} are gone; `firedoor baseline` writes it again",
                gone.unwrap_or_default(),
                crate::baseline::place(),
            ));
        }
    }
    let context = Context {
        files: &files,
        report: &report,
        view: view(common),
    };
    write(&render(&context), common)?;
    tell_idle_judgements(&context, tree, common);
    Ok(status(&context, common.fail_on.severity()))
}

/// Of a single file, what the others have is not there anyway.
fn tell_idle_judgements(context: &Context, tree: &Tree, common: &Common) {
    let number = context.report.judgements.idle.len();
    if number > 0 && tree.path.is_dir() && !common.quiet {
        output::complain(&format!(
            "note: {number} of the judgements in {} are about nothing that is there now",
            judgements::FILE,
        ));
    }
}

/// Findings that are allowed, in the baseline, or less sure than what is shown, do not fail a run.
fn status(context: &Context, fail_on: Option<Severity>) -> u8 {
    let is_bad = |severity: Severity| fail_on.is_some_and(|least| severity >= least);
    if context
        .open()
        .any(|reported| is_bad(reported.finding.severity))
    {
        FOUND
    } else {
        0
    }
}

fn baseline(tree: &Tree, common: &Common) -> Result<u8, UserError> {
    let (files, report) = analyse_tree(tree, common)?;
    let root = tree::root_of(&tree.path)?;
    let number = crate::baseline::write(&report, &files, &root)?;
    let place = crate::baseline::place();
    write(
        &format!("wrote {place} (findings of today: {number})\n"),
        common,
    )?;
    Ok(0)
}

fn map(tree: &Tree, common: &Common) -> Result<u8, UserError> {
    let render = renderer(common.format, "map", |format| format.map)?;
    let (files, report) = analyse_tree(tree, common)?;
    let context = Context {
        files: &files,
        report: &report,
        view: view(common),
    };
    write(&render(&context), common)?;
    Ok(0)
}

fn explain(what: &str, tree: &Tree, common: &Common) -> Result<u8, UserError> {
    let render = renderer(common.format, "explain", |format| format.explain)?;
    let view = view(common);
    if let Some(rule) = firedoor_rules::rule(what.trim()) {
        let context = Context {
            files: &FileSet::default(),
            report: &Report::default(),
            view,
        };
        write(&render(&context, &Subject::Rule(rule)), common)?;
        return Ok(0);
    }
    let (files, report) = analyse_with_plan(tree, common)?;
    let Some(subject) = find_subject(&report, what) else {
        let mut known = known_subjects(&report);
        known.extend(firedoor_rules::RULES.iter().map(|rule| rule.id.to_owned()));
        return Err(UserError::NothingToExplain {
            what: what.to_owned(),
            suggestion: closest(what, known),
        });
    };
    let context = Context {
        files: &files,
        report: &report,
        view,
    };
    write(&render(&context, &subject), common)?;
    Ok(0)
}

fn rules(common: &Common) -> Result<u8, UserError> {
    let render = renderer(common.format, "rules", |format| format.rules)?;
    write(&render(firedoor_rules::RULES, view(common)), common)?;
    Ok(0)
}

fn schema(name: &str, common: &Common) -> Result<u8, UserError> {
    let mut schemas = firedoor_report::SCHEMAS.iter();
    if let Some(schema) = schemas.find(|schema| schema.name == name) {
        write(&(schema.print)(), common)?;
    }
    Ok(0)
}

fn dump(what: DumpKind, file: &str, tree: &Tree, common: &Common) -> Result<u8, UserError> {
    let (files, _) = read(tree, common)?;
    let path = file.strip_prefix("./").unwrap_or(file);
    let text = match what {
        DumpKind::Ir => firedoor_analysis::dump_ir(&files, path),
        DumpKind::Values => firedoor_analysis::dump_values(&files, path),
    };
    let text = text.ok_or_else(|| UserError::NothingToDump(file.to_owned()))?;
    write(&firedoor_report::clean_lines(&text), common)?;
    Ok(0)
}

/// Returns what renders `command` in `format`.
fn renderer<T>(
    format: &Format,
    command: &'static str,
    choose: impl Fn(&Format) -> Option<T>,
) -> Result<T, UserError> {
    choose(format).ok_or_else(|| UserError::NoSuchFormat {
        command,
        format: format.name.to_owned(),
        known: firedoor_report::FORMATS
            .iter()
            .filter(|format| choose(format).is_some())
            .map(|format| format.name)
            .collect(),
    })
}

fn analyse_tree(tree: &Tree, common: &Common) -> Result<(FileSet, Report), UserError> {
    let (files, configuration) = read(tree, common)?;
    let spinner = progress::analysing(files.len(), common.quiet);
    let report = analyse(&files, &configuration.options);
    spinner.finish_and_clear();
    warn_of_bugs(&report);
    Ok((files, report))
}

/// Does the same with the plan of the tree, if there is one.
fn analyse_with_plan(tree: &Tree, common: &Common) -> Result<(FileSet, Report), UserError> {
    let (files, mut configuration) = read(tree, common)?;
    if let Some((plan, notes)) = crate::plan::load(&tree::root_of(&tree.path)?)? {
        for note in notes {
            output::complain(&format!("note: {}: {note}", crate::plan::place()));
        }
        configuration.options.plan = Some(std::sync::Arc::new(plan));
    }
    let spinner = progress::analysing(files.len(), common.quiet);
    let report = analyse(&files, &configuration.options);
    spinner.finish_and_clear();
    warn_of_bugs(&report);
    Ok((files, report))
}

/// A part of firedoor that failed costs its own answers only, but nobody must overlook that they are missing.
fn warn_of_bugs(report: &Report) {
    let skipped = report.skipped.iter().map(|part| part.reason);
    let unresolved = report.map.unresolved.iter().map(|note| note.reason);
    let failures = skipped.chain(unresolved);
    let number = failures.filter(|reason| BUGS.contains(reason)).count();
    if number > 0 {
        output::complain(&format!(
            "warning: firedoor has a bug: {number} of its parts failed, and what they would have told is missing.\n\
             The notes of the result say which (`--verbose` lists all). Please report them at {}/issues.",
            env!("CARGO_PKG_REPOSITORY"),
        ));
    }
}

fn read(
    tree: &Tree,
    common: &Common,
) -> Result<(FileSet, configuration::Configuration), UserError> {
    let root = tree::root_of(&tree.path)?;
    let mut configuration = configuration::load(common.config.as_deref(), &root)?;
    configuration.options.judgements = judgements::load(&root)?;
    let files = tree::read_tree(&tree.path, &configuration.ignored, common.quiet)?;
    if files.is_empty() && !common.quiet {
        output::complain(&format!(
            "warning: no file in '{}' is of a kind that firedoor reads",
            firedoor_report::clean(&tree.path.to_string_lossy())
        ));
    }
    Ok((files, configuration))
}

fn write(text: &str, common: &Common) -> Result<(), UserError> {
    output::write(text, common.output.as_deref())
}

fn view(common: &Common) -> View {
    let is_file = common.output.is_some();
    let is_coloured = !is_file
        && !common.no_color
        && anstream::AutoStream::choice(&std::io::stdout()) != ColorChoice::Never;
    View {
        min_confidence: common.min_confidence.confidence(),
        is_coloured,
        width: if is_file {
            View::default().width
        } else {
            width()
        },
        detail: if common.quiet {
            Detail::Brief
        } else if common.verbose {
            Detail::Full
        } else {
            Detail::Normal
        },
        prefix: folder(&common.path_prefix).as_str().into(),
    }
}

/// Returns a folder without what leads nowhere, so that `./api/` and `api` are the same.
fn folder(path: &str) -> String {
    let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
    parts.collect::<Vec<_>>().join("/")
}

/// Returns the columns of the terminal, within what is readable; a fixed number where there is none.
fn width() -> usize {
    if !std::io::stdout().is_terminal() {
        return View::default().width;
    }
    terminal_size::terminal_size().map_or(View::default().width, |(columns, _)| {
        usize::from(columns.0).clamp(60, 120)
    })
}

#[cfg(test)]
mod tests;
