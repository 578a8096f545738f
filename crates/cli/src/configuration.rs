//! `firedoor.toml`: what the user says about the application that its code does not.
//!
//! It is read strictly: a mistyped key or rule would silently switch nothing off, or too much.

use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use firedoor_analysis::Options;
use firedoor_app::Control;
use firedoor_history::Agent;
use firedoor_rules::Severity;
use globset::{Glob, GlobSet, GlobSetBuilder};
use serde::Deserialize;
use toml::Spanned;

use crate::suggestion::closest;
use crate::user_error::UserError;

/// The name of the file that is looked for at the scanned root.
pub const FILE_NAME: &str = "firedoor.toml";

/// The most bytes that a configuration may have.
const LARGEST: usize = 1 << 20;

/// The most characters of a line that a message shows.
const WIDEST: usize = 120;

/// The configuration of one run.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// What the analysis wants to know.
    pub options: Options,
    /// Paths that are not read.
    pub ignored: GlobSet,
    /// Who wrote commits, besides those that firedoor knows.
    pub agents: Vec<Agent>,
    /// From which severity on a finding that an agent introduced keeps it from being done.
    pub hooks: Hooks,
}

/// What hooks of coding agents do.
#[derive(Clone, Copy, Debug)]
pub struct Hooks {
    /// From which severity on an introduced finding keeps an agent from being done; nothing if none does.
    pub block: Option<Severity>,
}

impl Default for Hooks {
    fn default() -> Hooks {
        Hooks {
            block: Some(Severity::High),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    ignore: Ignore,
    #[serde(default)]
    guards: Vec<Spanned<Guard>>,
    #[serde(default)]
    public: Vec<Public>,
    #[serde(default)]
    agents: Vec<Spanned<Agent>>,
    #[serde(default)]
    rules: std::collections::BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    hooks: HooksTable,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HooksTable {
    block: Option<Spanned<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ignore {
    #[serde(default)]
    paths: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Guard {
    name: Option<String>,
    path: Option<String>,
    control: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Public {
    entry_point: Spanned<String>,
    reason: Spanned<String>,
}

/// A fault in the text of a configuration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What is wrong.
    pub message: String,
    /// The bytes that it is about.
    pub span: Option<Range<usize>>,
}

/// Returns the configuration at `explicit`, or the one at `root` if there is one, or an empty one.
pub fn load(explicit: Option<&Path>, root: &Path) -> Result<Configuration, UserError> {
    let path = match explicit {
        Some(path) => path.to_owned(),
        None => {
            let path = root.join(FILE_NAME);
            if path.symlink_metadata().is_err() {
                return Ok(Configuration::default());
            }
            refuse_outside(&path, root)?;
            path
        }
    };
    let shown = shown_path(explicit, &path);
    let bytes = read(&path).map_err(|error| UserError::unreadable(&path, error))?;
    if bytes.len() > LARGEST {
        let message = format!("{shown}: it is too large to be a configuration");
        return Err(UserError::Configuration(message));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| UserError::Configuration(format!("{shown}: it is not UTF-8")))?;
    parse(&text).map_err(|fault| UserError::Configuration(render(&shown, &text, &fault)))
}

/// Returns the configuration at `explicit`, or the one in `text`, the file of a commit, or an empty one.
pub fn load_text(explicit: Option<&Path>, text: Option<&str>) -> Result<Configuration, UserError> {
    match (explicit, text) {
        (Some(path), _) => load(Some(path), Path::new("")),
        (None, Some(text)) => {
            parse(text).map_err(|fault| UserError::Configuration(render(FILE_NAME, text, &fault)))
        }
        (None, None) => Ok(Configuration::default()),
    }
}

/// A tree that was cloned must not make firedoor read, and show in a message, what lies outside of it.
fn refuse_outside(path: &Path, root: &Path) -> Result<(), UserError> {
    let place = path
        .canonicalize()
        .map_err(|error| UserError::unreadable(path, error))?;
    if place.starts_with(root) {
        return Ok(());
    }
    Err(UserError::Configuration(format!(
        "{FILE_NAME}: it is a symbolic link that leads out of the tree; if that is meant, give its target with `--config`"
    )))
}

/// Reads no more than makes sure that it is too much: some files have no end.
fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = LARGEST as u64 + 1;
    std::fs::File::open(path)?
        .take(most)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn shown_path(explicit: Option<&Path>, path: &Path) -> String {
    let path: PathBuf = explicit.map_or_else(|| PathBuf::from(FILE_NAME), |_| path.to_owned());
    firedoor_report::clean(&path.to_string_lossy()).into_owned()
}

fn parse(text: &str) -> Result<Configuration, Fault> {
    let document: Document = toml::from_str(text).map_err(|error| Fault {
        message: error.message().to_owned(),
        span: error.span(),
    })?;
    let mut options = Options::default();
    for guard in &document.guards {
        options.guards.push(read_guard(guard)?);
    }
    for public in &document.public {
        options.public.push(read_public(public)?);
    }
    for (rule, level) in &document.rules {
        read_rule(rule, level, &mut options)?;
    }
    Ok(Configuration {
        options,
        ignored: read_ignored(&document.ignore.paths)?,
        agents: document
            .agents
            .into_iter()
            .map(read_agent)
            .collect::<Result<_, _>>()?,
        hooks: read_hooks(&document.hooks)?,
    })
}

fn read_agent(agent: Spanned<Agent>) -> Result<Agent, Fault> {
    let span = agent.span();
    let agent = agent.into_inner();
    if agent.name.trim().is_empty() || agent.is_invisible() {
        return Err(fault(
            "an agent needs a `name`, and `names`, `addresses`, `tools` or `lines` by which it is seen"
                .to_owned(),
            span,
        ));
    }
    Ok(agent)
}

fn read_guard(guard: &Spanned<Guard>) -> Result<(String, Control), Fault> {
    let entry = guard.get_ref();
    let word = entry.control.get_ref();
    let control = Control::parse(word).ok_or_else(|| {
        let known = Control::ALL.map(Control::as_str);
        unknown("control", word, &known, entry.control.span())
    })?;
    match (&entry.name, &entry.path) {
        (Some(name), None) => Ok((name.clone(), control)),
        (None, Some(path)) => Ok((path.clone(), control)),
        _ => Err(fault(
            "a guard needs either `name` or `path`".to_owned(),
            guard.span(),
        )),
    }
}

fn read_public(public: &Public) -> Result<(String, String), Fault> {
    let id = public.entry_point.get_ref().trim();
    if !id.contains(' ') && id != "*" {
        return Err(fault(
            format!("`{id}` is no id of an entry point, such as `GET /health`"),
            public.entry_point.span(),
        ));
    }
    let reason = public.reason.get_ref().trim();
    if reason.is_empty() {
        return Err(fault(
            "an entry point is public for a reason: say which".to_owned(),
            public.reason.span(),
        ));
    }
    Ok((id.to_owned(), reason.to_owned()))
}

fn read_rule(
    rule: &Spanned<String>,
    level: &Spanned<String>,
    options: &mut Options,
) -> Result<(), Fault> {
    let id = rule.get_ref();
    if firedoor_rules::rule(id).is_none() {
        let known: Vec<&str> = firedoor_rules::RULES.iter().map(|rule| rule.id).collect();
        let mut fault = unknown("rule", id, &known, rule.span());
        if !fault.message.contains("did you mean") {
            fault.message = format!("there is no rule `{id}`; `firedoor rules` lists them");
        }
        return Err(fault);
    }
    if level.get_ref() == "off" {
        options.disabled_rules.push(id.clone());
        return Ok(());
    }
    let severity = severity(level.get_ref()).ok_or_else(|| {
        let known = ["off", "low", "medium", "high", "critical"];
        unknown("level", level.get_ref(), &known, level.span())
    })?;
    options.severities.push((id.clone(), severity));
    Ok(())
}

fn read_hooks(table: &HooksTable) -> Result<Hooks, Fault> {
    let Some(word) = &table.block else {
        return Ok(Hooks::default());
    };
    if word.get_ref() == "off" {
        return Ok(Hooks { block: None });
    }
    let block = severity(word.get_ref()).ok_or_else(|| {
        let known = ["off", "low", "medium", "high", "critical"];
        unknown("level", word.get_ref(), &known, word.span())
    })?;
    Ok(Hooks { block: Some(block) })
}

fn severity(word: &str) -> Option<Severity> {
    [
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ]
    .into_iter()
    .find(|severity| severity.as_str() == word)
}

/// A pattern without a slash matches at any depth, as git does it, and a folder stands for all below it.
fn read_ignored(patterns: &[Spanned<String>]) -> Result<GlobSet, Fault> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let text = pattern.get_ref().trim_end_matches('/');
        let anchored = match text.strip_prefix('/') {
            Some(rest) => rest.to_owned(),
            None if text.contains('/') => text.to_owned(),
            None => format!("**/{text}"),
        };
        for glob in [anchored.clone(), format!("{anchored}/**")] {
            let glob = Glob::new(&glob).map_err(|error| {
                let message = format!("this is no pattern of paths: {}", error.kind());
                fault(message, pattern.span())
            })?;
            set.add(glob);
        }
    }
    set.build().map_err(|error| Fault {
        message: error.to_string(),
        span: None,
    })
}

fn unknown(what: &str, word: &str, known: &[&str], span: Range<usize>) -> Fault {
    let advice = match closest(word, known) {
        Some(close) => format!("did you mean `{close}`?"),
        None => format!("it is one of {}", known.join(", ")),
    };
    fault(format!("there is no {what} `{word}`; {advice}"), span)
}

fn fault(message: String, span: Range<usize>) -> Fault {
    Fault {
        message,
        span: Some(span),
    }
}

/// Returns the fault with its place and the line it stands in.
pub(crate) fn render(path: &str, text: &str, fault: &Fault) -> String {
    let message = firedoor_report::clean(&fault.message);
    let Some(span) = &fault.span else {
        return format!("{path}: {message}");
    };
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before[start..].chars().count() + 1;
    let source = text[start..].lines().next().unwrap_or("");
    let number = line.to_string();
    if column > WIDEST {
        return format!("{path}:{line}:{column}: {message}");
    }
    let source: String = source.chars().take(WIDEST).collect();
    let margin = " ".repeat(number.len());
    let marks = text.get(span.clone()).map_or(1, |marked| {
        marked
            .lines()
            .next()
            .map_or(1, |first| first.chars().count().max(1))
    });
    format!(
        "{path}:{line}:{column}: {message}\n{margin} |\n{number} | {source}\n{margin} | {indent}{marks}",
        source = firedoor_report::clean(&source),
        indent = " ".repeat(column - 1),
        marks = "^".repeat(marks.min(WIDEST + 1 - column)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        match parse(text) {
            Ok(_) => String::from("no fault"),
            Err(fault) => render(FILE_NAME, text, &fault),
        }
    }

    #[test]
    fn a_full_configuration_is_read() {
        let read = parse(
            "[ignore]\npaths = [\"generated\", \"/scripts/*.py\"]\n\
             [[guards]]\nname = \"checkBadge\"\ncontrol = \"authentication\"\n\
             [[guards]]\npath = \"src/limit.ts\"\ncontrol = \"rate_limit\"\n\
             [[public]]\nentry_point = \"GET /menu\"\nreason = \"the menu hangs in the window\"\n",
        );
        let read = read.unwrap_or_else(|fault| panic!("{fault:?}"));
        assert_eq!(
            read.options.guards,
            [
                (String::from("checkBadge"), Control::Authentication),
                (String::from("src/limit.ts"), Control::RateLimit),
            ]
        );
        assert_eq!(read.options.public.len(), 1);
        for path in [
            "generated",
            "a/generated",
            "a/generated/b.ts",
            "scripts/x.py",
        ] {
            assert!(read.ignored.is_match(path), "{path}");
        }
        for path in ["generated.ts", "a/scripts/x.py"] {
            assert!(!read.ignored.is_match(path), "{path}");
        }
    }

    #[test]
    fn faults_are_shown_with_their_line() {
        assert_eq!(
            message("[[guards]]\nname = \"x\"\ncontrol = \"authentification\"\n"),
            "firedoor.toml:3:11: there is no control `authentification`; did you mean `authentication`?\n  |\n\
             3 | control = \"authentification\"\n  |           ^^^^^^^^^^^^^^^^^^"
        );
        assert!(
            message("[ignores]\npaths = []\n")
                .starts_with("firedoor.toml:1:2: unknown field `ignores`")
        );
        assert!(message("[ignore\n").starts_with("firedoor.toml:1:"));
        assert!(
            message("[rules]\n\"no-such-rule\" = \"off\"\n")
                .contains("firedoor.toml:2:1: there is no rule `no-such-rule`")
        );
        assert!(
            message("[[public]]\nentry_point = \"GET /x\"\nreason = \" \"\n").contains("say which")
        );
        assert!(message("[[guards]]\ncontrol = \"csrf\"\n").contains("either `name` or `path`"));
        assert!(message("[ignore]\npaths = [\"a[\"]\n").contains("no pattern"));
    }
}
