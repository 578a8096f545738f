//! Mistakes that the user can mend: each says what is wrong, what to do, and ends the program with status 2.

use std::path::PathBuf;

/// A mistake of the user's.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// A path that is given is not there.
    #[error("there is nothing at '{}'", clean(.0))]
    NoSuchPath(PathBuf),
    /// The path to analyse cannot be read.
    #[error("'{}' cannot be read: {error}", clean(.path))]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// The path to analyse is a device, a pipe or the like.
    #[error("'{}' is neither a file nor a folder", clean(.0))]
    NoFile(PathBuf),
    /// The configuration is wrong.
    #[error("{0}")]
    Configuration(String),
    /// The baseline cannot be used.
    #[error("{0}")]
    Baseline(String),
    /// The file of judgements cannot be used.
    #[error("{0}")]
    Judgements(String),
    /// The server cannot be started, or its connection broke.
    #[error("{}", firedoor_report::clean(.0))]
    Server(String),
    /// The hook of an agent cannot be answered.
    #[error("{}", firedoor_report::clean(.0))]
    Hook(String),
    /// A judgement cannot be made.
    #[error("{0}")]
    Judgement(String),
    /// The plan that is kept cannot be used.
    #[error("{0}")]
    Plan(String),
    /// A document cannot be reviewed.
    #[error("'{}': {}", firedoor_report::clean(.file), firedoor_report::clean(.why))]
    Document {
        /// The document.
        file: String,
        /// Why not.
        why: String,
    },
    /// There is nothing to review.
    #[error("no document is named, and .firedoor/plan.toml names none")]
    NoDocuments,
    /// The result cannot be written.
    #[error("'{}' cannot be written: {error}", clean(.path))]
    Unwritable {
        /// The path.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// The result cannot be written to the standard output.
    #[error("the result cannot be written: {0}")]
    UnwritableOutput(std::io::Error),
    /// The command has no such format.
    #[error("`{command}` has no format `{format}`")]
    NoSuchFormat {
        /// The command.
        command: &'static str,
        /// What was asked for.
        format: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// Nothing of the report has that name.
    #[error("nothing here is called '{}'", firedoor_report::clean(.what))]
    NothingToExplain {
        /// What was asked for.
        what: String,
        /// What is closest to it.
        suggestion: Option<String>,
    },
    /// The file to dump is not one of the tree, or of no known language.
    #[error("'{}' is no file of a language that firedoor reads", firedoor_report::clean(.0))]
    NothingToDump(String),
    /// A repository or a commit cannot be read.
    #[error("{}", firedoor_report::clean(&.0.to_string()))]
    History(#[from] firedoor_history::HistoryError),
    /// A folder that is to be written to has something in it.
    #[error("'{}' is not an empty folder", clean(.0))]
    FolderInUse(PathBuf),
    /// An instance is not asked.
    #[error("{}", firedoor_report::clean(&.0.to_string()))]
    Target(firedoor_proof::probe::TargetError),
    /// An instance does not answer.
    #[error("{}", firedoor_report::clean(&.0.to_string()))]
    NoAnswer(#[from] firedoor_proof::probe::NoAnswer),
    /// A header has not the form of one.
    #[error("'{}' is no header", firedoor_report::clean(.0))]
    Header(String),
    /// A header proves who is asking.
    #[error("the header '{}' proves who is asking", firedoor_report::clean(.0))]
    Credentials(String),
    /// A bare repository has no files beside its commits.
    #[error("the repository is bare: it has no files to compare with")]
    NoWorkFolder,
}

impl UserError {
    /// The exit status for wrong usage, unreadable configuration or path.
    pub const STATUS: u8 = 2;

    /// Returns the error for a path that cannot be read.
    pub fn unreadable(path: &std::path::Path, error: std::io::Error) -> UserError {
        match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
                UserError::NoSuchPath(path.to_owned())
            }
            _ => UserError::Unreadable {
                path: path.to_owned(),
                error,
            },
        }
    }

    /// Returns what to do about it.
    pub fn advice(&self) -> Option<String> {
        match self {
            UserError::NoSuchPath(_) => Some(String::from(
                "give a path that exists; `firedoor check` without one checks the current folder",
            )),
            UserError::Unreadable { error, .. } | UserError::Unwritable { error, .. } => {
                Some(String::from(match error.kind() {
                    std::io::ErrorKind::IsADirectory => "give the path of a file",
                    _ => "check its permissions, and that it is no link to itself",
                }))
            }
            UserError::NoFile(_) => Some(String::from(
                "give the path of a folder or of a source file",
            )),
            UserError::NoSuchFormat { known, .. } => Some(format!("it has: {}", known.join(", "))),
            UserError::NothingToExplain { suggestion, .. } => Some(match suggestion {
                Some(close) => format!("did you mean '{}'?", firedoor_report::clean(close)),
                None => String::from(
                    "give an entry point as `firedoor map` prints it, the fingerprint of a finding, \
                     or a rule from `firedoor rules`",
                ),
            }),
            UserError::NothingToDump(_) => Some(String::from(
                "give the path of a source file of the tree that is not ignored",
            )),
            UserError::Baseline(_) => Some(String::from(
                "`firedoor baseline` writes it again; `--no-baseline` does without it",
            )),
            UserError::FolderInUse(_) => Some(String::from("name a folder that is not there yet")),
            UserError::Target(error) => target_advice(error),
            UserError::NoAnswer(_) => Some(String::from(
                "start the instance first, and give the port that it listens on",
            )),
            UserError::Header(_) => Some(String::from("write it as 'Name: value'")),
            UserError::Credentials(_) => Some(String::from(
                "--with-credentials sends it all the same; being let in proves nothing then",
            )),
            UserError::Plan(_) => Some(String::from(
                "mend it, or remove it and let `firedoor review DOCUMENT --write` write it again",
            )),
            UserError::Document { .. } => Some(String::from(
                "give a plan in Markdown, or a document of OpenAPI 3 or AsyncAPI 2 or 3 in JSON or YAML",
            )),
            UserError::NoDocuments => {
                Some(String::from("`firedoor review PLAN.md` reviews a plan"))
            }
            UserError::History(error) => history_advice(error),
            UserError::NoWorkFolder => Some(String::from("name a commit in place of --worktree")),
            UserError::Judgements(_) => Some(String::from(
                "mend the file, or take out what is broken and judge it again with `firedoor judge`",
            )),
            UserError::Configuration(_)
            | UserError::Judgement(_)
            | UserError::Server(_)
            | UserError::Hook(_)
            | UserError::UnwritableOutput(_) => None,
        }
    }

    /// Returns the message with the advice, for the terminal.
    pub fn message(&self) -> String {
        match self.advice() {
            Some(advice) => format!("error: {self}\nhelp: {advice}"),
            None => format!("error: {self}"),
        }
    }
}

fn target_advice(error: &firedoor_proof::probe::TargetError) -> Option<String> {
    use firedoor_proof::probe::TargetError;
    let advice = match error {
        TargetError::Malformed(_) => "for example --base-url http://127.0.0.1:3000",
        TargetError::Encrypted => {
            "ask the instance behind what encrypts, for example http://127.0.0.1:3000"
        }
        TargetError::Credentials => "leave them out: an instance is asked by nobody in particular",
        TargetError::Unknown(_) => "check its name, or give its number",
        TargetError::Elsewhere(_) => {
            "name it once more with --allow-host if it is yours and you may ask it"
        }
    };
    Some(advice.to_owned())
}

fn history_advice(error: &firedoor_history::HistoryError) -> Option<String> {
    use firedoor_history::HistoryError;
    let advice = match error {
        HistoryError::NoRepository { .. } => "give the path of a repository with --repo",
        HistoryError::NoCommit { .. } => {
            "`git log` shows commits; in a shallow clone fetch what is missing, for example with `git fetch --unshallow`"
        }
        HistoryError::NoFolder { .. } => "give a folder with --repo that both commits have",
        HistoryError::Broken(_) => "`git fsck` finds out what is missing",
    };
    Some(advice.to_owned())
}

fn clean(path: &std::path::Path) -> String {
    firedoor_report::clean(&path.to_string_lossy()).into_owned()
}
