//! `firedoor history` and `firedoor study`: what the changes of repositories did, with a store so that only new
//! commits are analysed.

use std::path::{Path, PathBuf};

use clap::Args;
use firedoor_history::{Agents, Commit, History, Range, Repository, Request, Settings, Store};
use firedoor_report::{HistoryContext, Studied, StudyContext};

use super::{renderer, view, write};
use crate::arguments::Common;
use crate::configuration;
use crate::output::complain;
use crate::progress;
use crate::user_error::UserError;

/// The folder and the file of the store, in the folder of git's own files.
const STORE: [&str; 2] = ["firedoor", "history.sqlite"];

/// The examples of `history`.
pub const HISTORY_EXAMPLES: &str = "\
Examples:
  firedoor history                        every change that led to HEAD
  firedoor history --repo ../api --branch main --limit 200
  firedoor history --since v1.0 --format html --output history.html
  firedoor history --format json | jq '.agents'

A change is a commit whose first parent is the change before it: a merge, or each commit where nothing is merged.
The first run takes about as long as that many checks; what is known is kept in the repository's .git folder.";

/// The examples of `study`.
pub const STUDY_EXAMPLES: &str = "\
Examples:
  firedoor study ../api ../shop           several repositories side by side
  firedoor study repositories/* --limit 300 --format html --output study.html";

/// What history is told.
#[derive(Args, Debug)]
pub struct HistoryArguments {
    /// The repository, or a folder of it that is to be analysed
    #[arg(long, value_name = "PATH", default_value = ".")]
    pub repo: PathBuf,
    /// The newest commit: a branch, a tag, an id, ...
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    pub branch: String,
    /// Only changes after this commit
    #[arg(long, value_name = "REV", conflicts_with = "limit")]
    pub since: Option<String>,
    /// What is kept from run to run.
    #[command(flatten)]
    pub keeping: Keeping,
    /// Keep what is known in this file [default: firedoor/history.sqlite in the repository's .git folder]
    #[arg(long, value_name = "FILE", conflicts_with = "no_cache")]
    pub store: Option<PathBuf>,
}

/// What is studied.
#[derive(Args, Debug)]
pub struct StudyArguments {
    /// The repositories, or folders of them that are to be analysed
    #[arg(required = true, value_name = "REPO")]
    pub repositories: Vec<PathBuf>,
    /// What is kept from run to run.
    #[command(flatten)]
    pub keeping: Keeping,
}

/// How many changes, and what is kept of them.
#[derive(Args, Debug)]
pub struct Keeping {
    /// Only this many of the newest changes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Analyse every commit anew, and keep nothing
    #[arg(long)]
    pub no_cache: bool,
}

/// Where a store is.
enum Place<'a> {
    /// The user has said where.
    At(&'a Path),
    /// With the repository.
    Usual,
    /// Nowhere.
    Nowhere,
}

/// Runs `history` and returns the exit status.
pub(super) fn history(arguments: &HistoryArguments, common: &Common) -> Result<u8, UserError> {
    let render = renderer(common.format, "history", |format| format.history)?;
    let repository = Repository::open(&arguments.repo)?;
    let head = repository.commit(&arguments.branch)?;
    let range = match (&arguments.since, arguments.keeping.limit) {
        (Some(since), _) => Range::Since(repository.commit(since)?),
        (None, limit) => newest(limit),
    };
    let place = match (&arguments.store, arguments.keeping.no_cache) {
        (Some(path), _) => Place::At(path),
        (None, true) => Place::Nowhere,
        (None, false) => Place::Usual,
    };
    let history = told(&repository, &arguments.branch, head, range, &place, common)?;
    let context = HistoryContext {
        history: &history,
        view: view(common),
    };
    write(&render(&context), common)?;
    Ok(0)
}

/// Runs `study` and returns the exit status.
pub(super) fn study(arguments: &StudyArguments, common: &Common) -> Result<u8, UserError> {
    let render = renderer(common.format, "study", |format| format.study)?;
    let range = newest(arguments.keeping.limit);
    let place = match arguments.keeping.no_cache {
        true => Place::Nowhere,
        false => Place::Usual,
    };
    let mut studied = Vec::with_capacity(arguments.repositories.len());
    for path in &arguments.repositories {
        let repository = Repository::open(path)?;
        let head = repository.commit("HEAD")?;
        studied.push(Studied {
            name: name_of(path),
            history: told(&repository, "HEAD", head, range, &place, common)?,
        });
    }
    let context = StudyContext {
        studied: &studied,
        view: view(common),
    };
    write(&render(&context), common)?;
    Ok(0)
}

fn newest(limit: Option<u32>) -> Range {
    limit.map_or(Range::All, |limit| Range::Newest(limit as usize))
}

/// Returns the last part of a path that says something.
fn name_of(path: &Path) -> String {
    let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = place.file_name().map_or_else(
        || place.to_string_lossy().into_owned(),
        |name| name.to_string_lossy().into_owned(),
    );
    name.strip_suffix(".git").map(str::to_owned).unwrap_or(name)
}

fn told(
    repository: &Repository,
    branch: &str,
    head: Commit,
    range: Range,
    place: &Place<'_>,
    common: &Common,
) -> Result<History, UserError> {
    // The newest commit says who the agents are, and faults of the file that is given are told at once.
    let text = match repository.text(head, configuration::FILE_NAME) {
        Err(firedoor_history::HistoryError::NoFolder { .. }) => None,
        text => text?,
    };
    let newest = configuration::load_text(common.config.as_deref(), text.as_deref())?;
    let explicit = common.config.as_ref().map(|_| newest.clone());
    let settings = |text: Option<&str>| {
        let configuration = match &explicit {
            Some(configuration) => configuration.clone(),
            None => configuration::load_text(None, text)
                .map_err(|error| first_line(&error.to_string()))?,
        };
        Ok(Settings {
            options: configuration.options,
            ignored: configuration.ignored,
        })
    };
    let bar = progress::commits(common.quiet);
    let request = Request {
        branch: branch.to_owned(),
        head,
        range,
        least: common.min_confidence.confidence(),
        settings_file: configuration::FILE_NAME,
        settings: &settings,
        agents: &Agents::with(&newest.agents),
        identity: &identity(common),
        progress: &|done, all| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        },
    };
    let store = store(repository, place, common.quiet);
    let history = firedoor_history::history(repository, &request, store);
    bar.finish_and_clear();
    let history = history?;
    if let Some(trouble) = &history.trouble {
        complain(&format!("warning: {}", firedoor_report::clean(trouble)));
    }
    Ok(history)
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// Returns what the program and its options are, as far as they decide what an analysis says: another build of firedoor
/// must not believe what this one knew.
fn identity(common: &Common) -> String {
    let program = std::env::current_exe().and_then(std::fs::read);
    let program = program.map_or_else(
        |_| String::new(),
        |bytes| blake3::hash(&bytes).to_hex().to_string(),
    );
    let settings = common.config.as_ref().map(std::fs::read);
    let settings = settings
        .and_then(Result::ok)
        .map(|bytes| blake3::hash(&bytes).to_hex());
    format!("{} {program} {settings:?}", env!("CARGO_PKG_VERSION"))
}

/// Opens the store; one that cannot be used is told, and done without.
fn store(repository: &Repository, place: &Place<'_>, is_quiet: bool) -> Option<Store> {
    let path = match place {
        Place::Nowhere => return None,
        Place::At(path) => (*path).to_owned(),
        Place::Usual => {
            let folder = repository.own_folder().join(STORE[0]);
            if let Err(error) = std::fs::create_dir_all(&folder) {
                warn(&folder, &error.to_string(), is_quiet);
                return None;
            }
            folder.join(STORE[1])
        }
    };
    match Store::open(&path) {
        Ok(store) => Some(store),
        Err(error) => {
            warn(&path, &error.to_string(), is_quiet);
            None
        }
    }
}

fn warn(path: &Path, why: &str, is_quiet: bool) {
    if !is_quiet {
        complain(&format!(
            "warning: the store '{}' is not used: {}",
            firedoor_report::clean(&path.to_string_lossy()),
            firedoor_report::clean(why)
        ));
    }
}
