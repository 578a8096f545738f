//! `firedoor selftest`: guards are taken out in memory, one at a time, and the map must show it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;
use firedoor_analysis::{Parsed, analyse_parsed};
use firedoor_proof::{SelfTest, Subject, edited, self_test};
use firedoor_report::{SELF_TEST_FORMATS, SelfTestContext};
use firedoor_source::FileSet;

use super::{read, view, warn_of_bugs, write};
use crate::arguments::{Common, Tree};
use crate::user_error::UserError;
use crate::{output, progress};

const EXAMPLES: &str = "\
Examples:
  firedoor selftest
  firedoor selftest services/api --limit 50
  firedoor selftest --keep mutants        also writes each tree without its guard below mutants/

The exit status is 0 whatever share is noticed: what is missed is firedoor's mistake, not yours.";

/// What to test.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Selftest {
    /// What to analyse.
    #[command(flatten)]
    pub tree: Tree,
    /// Take out this many guards at most, spread evenly over all
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<usize>,
    /// Write the files without each guard into a folder of its own below this one, which must be empty or not there
    #[arg(long, value_name = "FOLDER")]
    pub keep: Option<PathBuf>,
}

/// Runs the command and returns the exit status.
pub(super) fn selftest(arguments: &Selftest, common: &Common) -> Result<u8, UserError> {
    let name = common.format.name;
    let mut formats = SELF_TEST_FORMATS.iter();
    let Some((_, render)) = formats.find(|(format, _)| *format == name) else {
        return Err(UserError::NoSuchFormat {
            command: "selftest",
            format: name.to_owned(),
            known: SELF_TEST_FORMATS.iter().map(|(name, _)| *name).collect(),
        });
    };
    if let Some(folder) = &arguments.keep {
        refuse_full(folder)?;
    }
    let (files, configuration) = read(&arguments.tree, common)?;
    let parsed = Parsed::new(&files, None);
    let report = analyse_parsed(&files, parsed.clone(), &configuration.options);
    warn_of_bugs(&report);
    let subject = Subject {
        files: &files,
        parsed: &parsed,
        options: &configuration.options,
        report: &report,
    };
    let bar = progress::testing(common.quiet);
    let finished = AtomicUsize::new(0);
    let test = self_test(&subject, arguments.limit, |number| {
        bar.set_length(number as u64);
        bar.set_position(finished.fetch_add(1, Ordering::Relaxed) as u64 + 1);
    });
    bar.finish_and_clear();
    if let Some(folder) = &arguments.keep {
        keep(folder, &files, &test)?;
    }
    let context = SelfTestContext {
        files: &files,
        report: &report,
        test: &test,
        view: view(common),
    };
    write(&render(&context), common)?;
    Ok(0)
}

/// What lies in the folder must not be mixed with what is written.
fn refuse_full(folder: &Path) -> Result<(), UserError> {
    let is_full = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    match is_full || folder.is_file() {
        true => Err(UserError::FolderInUse(folder.to_owned())),
        false => Ok(()),
    }
}

/// Writes the files as they are and the files without each guard, in the order of the guards.
fn keep(folder: &Path, files: &FileSet, test: &SelfTest) -> Result<(), UserError> {
    write_tree(&folder.join("original"), files)?;
    for (number, trial) in test.trials.iter().enumerate() {
        if let Ok(edit) = &trial.guard.removal {
            let own = folder.join(format!("{:04}", number + 1));
            write_tree(&own, &edited(files, edit))?;
        }
    }
    if !test.trials.is_empty() {
        output::complain(&format!(
            "wrote the trees below '{}'",
            firedoor_report::clean(&folder.to_string_lossy())
        ));
    }
    Ok(())
}

fn write_tree(folder: &Path, files: &FileSet) -> Result<(), UserError> {
    for (_, file) in files.iter() {
        let path = folder.join(&file.path);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, file.text.as_bytes()))
            .map_err(|error| UserError::Unwritable { path, error })?;
    }
    Ok(())
}
