//! `firedoor init`: configuration, workflow and baseline for a repository that has none; what is there is kept.

mod agents;

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::{analyse_tree, write};
use crate::arguments::{Common, Init, Pipeline};
use crate::user_error::UserError;
use crate::{baseline, configuration, inside, tree};

const SETTINGS: &str = include_str!("init/firedoor.toml");
const GITHUB: &str = include_str!("init/github.yml");
const GITLAB: &str = include_str!("init/gitlab.yml");

/// Stands in the workflows for the folder that is checked.
const FOLDER_MARK: &str = "@folder@";

/// Runs the command and returns the exit status.
pub(super) fn init(arguments: &Init, common: &Common) -> Result<u8, UserError> {
    let root = tree::root_of(&arguments.tree.path)?;
    let top = repository_of(&root);
    let folder = relative(&root, &top);
    let mut lines = vec![place(&root, &top, configuration::FILE_NAME, SETTINGS)?];
    let pipeline = match arguments.ci {
        Pipeline::Github => Some((".github/workflows/firedoor.yml", GITHUB)),
        Pipeline::Gitlab => Some((".gitlab/firedoor.yml", GITLAB)),
        Pipeline::None => None,
    };
    if let Some((path, text)) = pipeline {
        let text = text.replace(FOLDER_MARK, &quoted(&folder));
        lines.push(place(&top, &top, path, &text)?);
    }
    if arguments.baseline {
        lines.push(write_baseline(arguments, common, &root, &folder)?);
    }
    for agent in &arguments.agent {
        lines.extend(agents::register(agent, &top, &folder));
    }
    if matches!(arguments.ci, Pipeline::Gitlab) {
        lines.push(String::from(
            "add to .gitlab-ci.yml:  include: { local: .gitlab/firedoor.yml }",
        ));
    }
    lines.push(String::from("next: firedoor check"));
    write(&format!("{}\n", lines.join("\n")), common)?;
    Ok(0)
}

fn write_baseline(
    arguments: &Init,
    common: &Common,
    root: &Path,
    folder: &str,
) -> Result<String, UserError> {
    let path = shown(folder, &baseline::place());
    if root.join(baseline::place()).symlink_metadata().is_ok() {
        return Ok(format!("kept  {path}"));
    }
    let (files, report) = analyse_tree(&arguments.tree, common)?;
    let number = baseline::write(&report, &files, root)?;
    Ok(format!("wrote {path} (findings of today: {number})"))
}

/// Writes a new file below `base`, and says so; a file that is there is kept.
fn place(base: &Path, top: &Path, path: &str, text: &str) -> Result<String, UserError> {
    let target = base.join(path);
    let shown = shown(&relative(base, top), path);
    let unwritable = |error| UserError::Unwritable {
        path: target.clone(),
        error,
    };
    // A link in the tree must not lead the file, nor the folders on the way, to a place outside of it.
    let real_top = top.canonicalize().map_err(unwritable)?;
    let folder = target.parent().unwrap_or(top);
    inside::make_folders(&real_top, top, folder).map_err(unwritable)?;
    let opened = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&target);
    match opened {
        Ok(mut file) => {
            file.write_all(text.as_bytes()).map_err(unwritable)?;
            Ok(format!("wrote {shown}"))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(format!("kept  {shown}")),
        Err(error) => Err(unwritable(error)),
    }
}

/// Returns the top of the repository that `root` lies in, where hosts look for workflows; itself if it is in none.
fn repository_of(root: &Path) -> PathBuf {
    root.ancestors()
        .find(|folder| folder.join(".git").exists())
        .unwrap_or(root)
        .to_owned()
}

/// Returns the way from `top` down to `folder`, with `/`; `.` if they are the same.
fn relative(folder: &Path, top: &Path) -> String {
    let parts: Vec<String> = folder
        .strip_prefix(top)
        .unwrap_or(Path::new(""))
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    match parts.is_empty() {
        true => String::from("."),
        false => parts.join("/"),
    }
}

fn shown(folder: &str, path: &str) -> String {
    let text = match folder {
        "." => path.to_owned(),
        folder => format!("{folder}/{path}"),
    };
    firedoor_report::clean(&text).into_owned()
}

/// Returns `folder` as a string of YAML, in which nothing but quotes has a meaning.
fn quoted(folder: &str) -> String {
    format!("'{}'", firedoor_report::clean(folder).replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever takes away the sign in front of an example must get a setting that works.
    #[test]
    fn the_settings_are_valid_with_and_without_their_examples() {
        let without = configuration::load_text(None, Some(SETTINGS));
        assert!(without.is_ok(), "{without:?}");
        let examples: Vec<&str> = SETTINGS
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => rest,
                _ => line,
            })
            .collect();
        let with = configuration::load_text(None, Some(&examples.join("\n")));
        let with = with.expect("the examples are valid");
        assert_eq!(with.options.guards.len(), 2);
        assert_eq!(with.options.public.len(), 1);
        assert_eq!(with.options.severities.len(), 1);
    }

    #[test]
    fn a_folder_is_a_string_in_the_workflow() {
        assert_eq!(quoted("it's: {a}"), "'it''s: {a}'");
    }
}
