//! `firedoor hook`: answers the hooks of coding agents, after an edit and before they are done.
//!
//! A hook must not stand in the way of what it watches: whatever goes wrong here is told on standard error with
//! status 1, which agents pass over. (Status 2 would keep some of them from ever being done.)

mod keep;
mod session;

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use firedoor_rules::Severity;
use firedoor_source::intake;
use serde_json::{Value, json};

use self::keep::Keep;
use self::session::Session;
use super::write;
use crate::agents::{AGENTS, Agent, Event, Saying, Told, agent};
use crate::arguments::Common;
use crate::output;
use crate::self_model::{findings_text, self_model};
use crate::snapshot::KnownFinding;
use crate::user_error::UserError;
use crate::workspace::Workspace;

/// The most bytes that an agent may tell: it tells the whole text of a file, and what a tool answered.
const LARGEST: u64 = 64 << 20;

/// The status of a hook that could not do its work.
const FAILED: u8 = 1;

/// What is shown below the help.
pub const EXAMPLES: &str = "\
Examples:
  firedoor init --agent claude            registers the hooks, the server and instructions
  firedoor hook claude < event.json       what the agent runs: event in, answer out
  firedoor hook codex services/api        only this folder is analysed

From which severity on an introduced finding keeps the agent from being done stands in firedoor.toml:
  [hooks]
  block = \"high\"                          or low, medium, critical, off";

/// Whose hook, and about what.
#[derive(Args, Debug)]
pub struct Hook {
    /// The agent
    #[arg(value_parser = agent_parser())]
    pub agent: &'static Agent,
    /// The folder that is analysed, from the top of the repository
    pub path: Option<PathBuf>,
}

/// Returns what reads the name of an agent.
pub fn agent_parser() -> impl TypedValueParser<Value = &'static Agent> {
    PossibleValuesParser::new(AGENTS.map(|agent| agent.name))
        .map(|name| agent(&name).unwrap_or(AGENTS[0]))
}

/// Runs the command and returns the exit status.
pub(super) fn hook(arguments: &Hook, common: &Common) -> Result<u8, UserError> {
    match answer(arguments, common) {
        Ok(answer) => {
            write(&format!("{}\n", answer.unwrap_or(json!({}))), common)?;
            Ok(0)
        }
        Err(error) => {
            output::complain(&error.message());
            Ok(FAILED)
        }
    }
}

fn answer(arguments: &Hook, common: &Common) -> Result<Option<Value>, UserError> {
    let told = (arguments.agent.read)(&event()?);
    let say = |saying, text: String| Ok(Some((arguments.agent.say)(saying, &text)));
    let place = Place::new(arguments.path.as_deref(), &told, common)?;
    match &told.event {
        Event::Other => Ok(None),
        Event::Edited(files) => {
            let files = place.files(files);
            if files.is_empty() {
                return Ok(None);
            }
            match after_edit(&place, &told, &files)? {
                Some((text, is_bad)) => say(Saying::Edit { is_bad }, text),
                None => Ok(None),
            }
        }
        Event::Done { was_kept } => match before_done(&place, &told, *was_kept)? {
            Some((text, saying)) => say(saying, text),
            None => Ok(None),
        },
    }
}

/// Reads what the agent tells: one object.
fn event() -> Result<serde_json::Map<String, Value>, UserError> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| UserError::Hook(format!("the event cannot be read: {error}")))?;
    if bytes.len() as u64 > LARGEST {
        return Err(UserError::Hook(format!(
            "the event is larger than {LARGEST} bytes"
        )));
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(UserError::Hook(String::from("the event is no JSON object"))),
        Err(error) => Err(UserError::Hook(format!("the event is no JSON: {error}"))),
    }
}

/// Where the agent works, and what of it is analysed.
struct Place {
    /// The folder that paths of the agent are relative to.
    folder: PathBuf,
    /// The root of what is analysed.
    root: PathBuf,
    workspace: Workspace,
}

impl Place {
    fn new(path: Option<&Path>, told: &Told, common: &Common) -> Result<Place, UserError> {
        let here = std::env::current_dir().map_err(|error| UserError::Hook(error.to_string()))?;
        let here = here.canonicalize().unwrap_or(here);
        let top = here
            .ancestors()
            .find(|folder| folder.join(".git").exists())
            .unwrap_or(&here);
        // What is told may be anything; a folder elsewhere is none that this hook was set up for.
        let folder = told.folder.as_ref().map(PathBuf::from);
        let folder = folder.and_then(|folder| folder.canonicalize().ok());
        let folder = folder.filter(|it| it.is_dir() && it.starts_with(top));
        let folder = folder.unwrap_or_else(|| here.clone());
        let tree = path.map_or(top.to_owned(), |path| top.join(path));
        let workspace = Workspace::open(&tree, common.config.as_deref())?;
        Ok(Place {
            root: workspace.root()?,
            folder,
            workspace,
        })
    }

    /// Returns those of `files` that can matter, relative to the root. A link counts as what it leads to.
    fn files(&self, files: &[String]) -> Vec<String> {
        let real = files.iter().filter_map(|file| {
            let place = self.folder.join(file).canonicalize().ok()?;
            let below = place.strip_prefix(&self.root).ok()?;
            Some(crate::tree::slashed(below))
        });
        real.filter(|path| can_matter(path)).collect()
    }
}

/// Holds if firedoor reads the file at `path`, and runs what is in it.
fn can_matter(path: &str) -> bool {
    let mut parts = path.split('/');
    let is_hidden = parts.any(|part| intake::is_hidden(part) || intake::is_foreign_folder(part));
    !is_hidden && intake::interest(path).is_some() && !firedoor_analysis::is_test(path)
}

/// Returns what an edit of `files` introduced that was not told yet, and whether that is bad.
fn after_edit(
    place: &Place,
    told: &Told,
    files: &[String],
) -> Result<Option<(String, bool)>, UserError> {
    let configuration = place.workspace.configuration()?;
    if files
        .iter()
        .all(|file| configuration.ignored.is_match(file))
    {
        return Ok(None);
    }
    let Some(keep) = Keep::open(&place.workspace)? else {
        return Ok(None);
    };
    let mut session = Session::load(&keep, told.session.as_deref());
    let base = keep.base(&mut session)?;
    let now = keep.after_edit(&base, files)?.unwrap_or(base.clone());
    let mut new = now.introduced(&base);
    new.retain(|finding| finding.touches(files));
    session.forget_repaired(files, &new);
    new.retain(|finding| !session.told.contains_key(&finding.fingerprint));
    session.tell(&new);
    session.save(&keep)?;
    if new.is_empty() {
        return Ok(None);
    }
    let block = configuration.hooks.block;
    let is_bad = new.iter().any(|finding| is_blocking(finding, block));
    let text = format!(
        "firedoor: this edit introduced what follows ({}).\n{}",
        files.join(", "),
        findings_text(&new)
    );
    Ok(Some((firedoor_report::clean_lines(&text), is_bad)))
}

fn is_blocking(finding: &KnownFinding, block: Option<Severity>) -> bool {
    block.is_some_and(|least| finding.is_at_least(least))
}

/// Returns what the session did to the wiring; that keeps the agent if it introduced something bad, once for each.
fn before_done(
    place: &Place,
    told: &Told,
    was_kept: bool,
) -> Result<Option<(String, Saying)>, UserError> {
    let configuration = place.workspace.configuration()?;
    let Some(keep) = Keep::open(&place.workspace)? else {
        return Ok(None);
    };
    let mut session = Session::load(&keep, told.session.as_deref());
    let base = keep.base(&mut session)?;
    let now = keep.now(&base)?;
    let Some(text) = self_model(&base, &now, &keep.base_name(&session)) else {
        session.save(&keep)?;
        return Ok(None);
    };
    let block = configuration.hooks.block;
    let bad: Vec<&KnownFinding> = now
        .introduced(&base)
        .into_iter()
        .filter(|finding| is_blocking(finding, block))
        .filter(|finding| !session.kept_for.contains(&finding.fingerprint))
        .collect();
    if !was_kept && !bad.is_empty() {
        session
            .kept_for
            .extend(bad.iter().map(|it| it.fingerprint.clone()));
        session.said = digest(&text);
        session.save(&keep)?;
        return Ok(Some((keeping(&text, &bad), Saying::Keep)));
    }
    let is_new = session.said != digest(&text);
    session.said = digest(&text);
    session.save(&keep)?;
    Ok(is_new.then_some((text, Saying::Inform)))
}

fn keeping(text: &str, bad: &[&KnownFinding]) -> String {
    format!(
        "{text}\n\nBefore you are done, repair these, or ask the person whether they are meant; what is meant is kept \
         with `firedoor judge FINGERPRINT --verdict accepted --reason … --by …`. You are told this once.\n{}",
        findings_text(bad)
    )
}

fn digest(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}
