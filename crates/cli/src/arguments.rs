//! The options, with help that teaches.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use firedoor_report::Format;
use firedoor_rules::{Confidence, Severity};

/// Checks that the guards of a web application stand where they should.
///
/// firedoor reads the source of a web application, works out which guards (log-in checks, role checks, rate
/// limiters, CSRF checks) really run before each entry point, and says where the wiring is wrong.
/// It runs nothing of the application and needs no network.
#[derive(Debug, Parser)]
#[command(
    name = "firedoor",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    propagate_version = true,
    after_help = EXAMPLES,
    after_long_help = EXAMPLES,
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What all commands have.
    #[command(flatten)]
    pub common: Common,
}

const EXAMPLES: &str = "\
Examples:
  firedoor check                          findings and coverage of the folder you are in
  firedoor check api --fail-on medium     a stricter gate, for the folder api
  firedoor check --format sarif --output firedoor.sarif
  firedoor map                            every entry point with what stands before it
  firedoor explain 'POST /api/login'      why its verdicts are what they are
  firedoor explain 3f2a91                 one finding, by the start of its fingerprint
  firedoor check --format html --output report.html
  firedoor review PLAN.md                 what a plan leaves open, before there is code
  firedoor init --baseline                start on an application that has findings already

Exit status:
  0  no finding at or above --fail-on
  1  findings at or above it
  2  wrong usage, unreadable configuration or path
  3  a bug of firedoor's own

Settings of a project live in firedoor.toml at its root.";

/// The options that every command takes.
#[derive(Args, Debug)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// How the result is written
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", value_parser = format_parser())]
    pub format: &'static Format,

    /// Write the result to a file, not to the standard output
    #[arg(long, short, global = true, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Read the settings from this file [default: firedoor.toml at the scanned root, if there is one]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// End with status 1 if a finding is at least this bad
    #[arg(
        long,
        global = true,
        value_name = "SEVERITY",
        default_value = "high",
        hide_possible_values = false
    )]
    pub fail_on: FailOn,

    /// Leave out findings that are less sure than this
    #[arg(
        long,
        global = true,
        value_name = "CONFIDENCE",
        default_value = "medium"
    )]
    pub min_confidence: MinConfidence,

    /// Put this folder before file names, for build servers (sarif, github, gitlab, junit) that want them
    /// from the top of the repository
    #[arg(long, global = true, value_name = "FOLDER", default_value = "")]
    pub path_prefix: String,

    /// Use no colours (as does the environment variable NO_COLOR)
    #[arg(long, global = true)]
    pub no_color: bool,

    /// Print the result only, and its short form where it is text
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Leave nothing out of a text, however long it gets
    #[arg(long, short, global = true)]
    pub verbose: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Find guards that are missing, unmounted or broken
    #[command(after_help = CHECK_EXAMPLES)]
    Check(Check),
    /// Print the application map: entry points, what runs before them, and how far that guards them
    #[command(after_help = MAP_EXAMPLES)]
    Map(Tree),
    /// Say why: for an entry point, a finding or a rule
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain {
        /// An entry point's id ('POST /login', 'WS /ws#join'), the start of a fingerprint, or a rule's id
        what: String,
        /// What to analyse.
        #[command(flatten)]
        tree: Tree,
    },
    /// Say what a change does to the wiring: entry points, guards and findings of two commits compared
    #[command(after_help = DIFF_EXAMPLES)]
    Diff(Diff),
    /// Say what each change of a branch did: findings introduced and repaired, by whom, and coverage over time
    #[command(after_help = crate::commands::history::HISTORY_EXAMPLES)]
    History(crate::commands::history::HistoryArguments),
    /// Put the histories of several repositories side by side
    #[command(after_help = crate::commands::history::STUDY_EXAMPLES)]
    Study(crate::commands::history::StudyArguments),
    /// Write down the findings of today, so that only others count from now on
    #[command(after_help = BASELINE_EXAMPLES)]
    Baseline(Tree),
    /// Write a configuration, a workflow and, if wanted, a baseline; what is there is kept
    #[command(after_help = INIT_EXAMPLES)]
    Init(Init),
    /// Answer the hook of a coding agent: what an edit introduced, and what a session did before it is done
    #[command(after_help = crate::commands::HOOK_EXAMPLES)]
    Hook(crate::commands::Hook),
    /// Keep what was decided about a finding or an entry point, until what it rests on changes
    #[command(after_help = crate::commands::JUDGE_EXAMPLES)]
    Judge(crate::commands::Judge),
    /// Answer coding agents about a tree, over the Model Context Protocol
    #[command(after_help = crate::commands::MCP_EXAMPLES)]
    Mcp(crate::commands::Mcp),
    /// Ask what only a person or an agent can settle, with the code and what keeps the answer
    #[command(after_help = crate::commands::QUESTIONS_EXAMPLES)]
    Questions(Tree),
    /// Read design documents: what they decide about security, and what they leave open
    #[command(after_help = crate::commands::REVIEW_EXAMPLES)]
    Review(crate::commands::ReviewArguments),
    /// List what firedoor looks for
    Rules,
    /// Ask a running instance whether it is as the map says
    Probe(crate::commands::probe::Probe),
    /// Find out how far the map can be believed: each guard is taken out in memory, and must be missed
    Selftest(crate::commands::selftest::Selftest),
    /// Print the JSON Schema of what `--format json` prints
    Schema {
        /// Of which output
        #[arg(value_parser = schema_parser())]
        name: String,
    },
    /// Print what firedoor sees in one file, to find out why a map is as it is
    Dump {
        /// The program in firedoor's own form, or the values it works out
        what: DumpKind,
        /// The file, relative to the tree
        file: String,
        /// What to analyse.
        #[command(flatten)]
        tree: Tree,
    },
}

const CHECK_EXAMPLES: &str = "\
Examples:
  firedoor check
  firedoor check services/api --min-confidence low
  firedoor check --format sarif --output firedoor.sarif --fail-on never
  firedoor check --format json | jq '.findings[].title'

To allow one finding on purpose, write above the line:
  // firedoor: allow(rule-id) the reason";

const MAP_EXAMPLES: &str = "\
Examples:
  firedoor map
  firedoor map --format json | jq -r '.entry_points[] | select(.controls.authentication == \"absent\") | .id'
  firedoor map --format html --output map.html
  firedoor map --format markdown --output docs/entry-points.md";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  firedoor explain 'POST /api/lobbies/{id}/join'
  firedoor explain 'WS /ws#start' services/game
  firedoor explain 3f2a91
  firedoor explain unmounted-guard";

/// What to analyse.
#[derive(Args, Debug)]
pub struct Tree {
    /// The folder of the application, or a single file
    #[arg(default_value = ".")]
    pub path: PathBuf,
}

/// What to check.
#[derive(Args, Debug)]
pub struct Check {
    /// What to analyse.
    #[command(flatten)]
    pub tree: Tree,
    /// Show and count the findings of the baseline (`.firedoor/baseline.json`) too
    #[arg(long)]
    pub no_baseline: bool,
}

const BASELINE_EXAMPLES: &str = "\
Examples:
  firedoor baseline                       writes .firedoor/baseline.json; commit it
  firedoor check                          now fails for other findings only
  firedoor check --no-baseline            all findings

What is repaired leaves the baseline when it is written again.";

const INIT_EXAMPLES: &str = "\
Examples:
  firedoor init                           firedoor.toml and .github/workflows/firedoor.yml
  firedoor init --baseline                for an application that has findings already
  firedoor init services/api --ci gitlab
  firedoor init --ci none --agent claude --agent codex
  firedoor init --ci none";

/// What to write.
#[derive(Args, Debug)]
pub struct Init {
    /// What to set up.
    #[command(flatten)]
    pub tree: Tree,
    /// Write a baseline of the findings of today
    #[arg(long)]
    pub baseline: bool,
    /// Where it is checked
    #[arg(long, value_name = "HOST", default_value = "github")]
    pub ci: Pipeline,
    /// Register hooks, server and instructions with this coding agent (may be given several times)
    #[arg(long, value_name = "AGENT", value_parser = crate::commands::agent_parser())]
    pub agent: Vec<&'static crate::agents::Agent>,
}

/// Where an application is checked.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Pipeline {
    /// A workflow of GitHub
    Github,
    /// A job of GitLab, to be included
    Gitlab,
    /// Nowhere
    None,
}

const DIFF_EXAMPLES: &str = "\
Examples:
  firedoor diff main                      what HEAD changed since it left main
  firedoor diff main my-branch --repo ../api
  firedoor diff HEAD --worktree           what is not committed yet
  firedoor diff origin/main --format markdown --output comment.md

Only findings that the change introduces count for --fail-on.";

/// What to compare.
#[derive(Args, Debug)]
pub struct Diff {
    /// The commit to start from: a branch, a tag, an id, HEAD~3, ...
    pub base: String,
    /// The commit with the change [default: HEAD]
    #[arg(conflicts_with = "worktree")]
    pub head: Option<String>,
    /// Compare with the files as they lie on the disk
    #[arg(long)]
    pub worktree: bool,
    /// Compare with BASE itself, not with the commit from which the two have grown apart
    #[arg(long)]
    pub direct: bool,
    /// The repository, or a folder of it that is to be analysed
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub repo: PathBuf,
}

/// What `dump` prints.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum DumpKind {
    /// The program in the common form of all languages
    Ir,
    /// What each name of the module stands for
    Values,
}

/// From which severity on a finding fails the run.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum FailOn {
    /// Any finding
    Low,
    /// Medium, high and critical
    Medium,
    /// High and critical
    High,
    /// Critical only
    Critical,
    /// No finding
    Never,
}

/// From which confidence on a finding is shown.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum MinConfidence {
    /// Hints too
    Low,
    /// What is likely
    Medium,
    /// What is seen in every step
    High,
}

impl FailOn {
    /// Returns the least severity that fails; nothing if none does.
    pub fn severity(self) -> Option<Severity> {
        match self {
            FailOn::Low => Some(Severity::Low),
            FailOn::Medium => Some(Severity::Medium),
            FailOn::High => Some(Severity::High),
            FailOn::Critical => Some(Severity::Critical),
            FailOn::Never => None,
        }
    }
}

impl MinConfidence {
    /// Returns the least confidence that is shown.
    pub fn confidence(self) -> Confidence {
        match self {
            MinConfidence::Low => Confidence::Low,
            MinConfidence::Medium => Confidence::Medium,
            MinConfidence::High => Confidence::High,
        }
    }
}

fn format_parser() -> impl TypedValueParser<Value = &'static Format> {
    PossibleValuesParser::new(firedoor_report::FORMATS.iter().map(|format| format.name))
        .map(|name| firedoor_report::format(&name).unwrap_or(&firedoor_report::FORMATS[0]))
}

fn schema_parser() -> PossibleValuesParser {
    PossibleValuesParser::new(firedoor_report::SCHEMAS.iter().map(|schema| schema.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_fit_together() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }
}
