//! Reads and writes files of a tree, and nothing outside of it: a tree that was cloned may have links that lead anywhere.

use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::user_error::UserError;

/// Returns the text of the file at `path` below `root`; nothing if there is none.
///
/// A file that is no text, has more than `most` bytes or lies elsewhere is an error, which `fault` makes of the words.
pub fn read(
    root: &Path,
    path: &str,
    most: usize,
    fault: impl Fn(String) -> UserError,
) -> Result<Option<String>, UserError> {
    let place = root.join(path);
    match place.symlink_metadata() {
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(UserError::unreadable(&place, error)),
        Ok(_) => {}
    }
    refuse_outside(&place, root, path, &fault)?;
    let metadata =
        std::fs::metadata(&place).map_err(|error| UserError::unreadable(&place, error))?;
    // Reading a pipe or a device may never end.
    if !metadata.is_file() {
        return Err(fault(format!("{path}: it is no file")));
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&place).map_err(|error| UserError::unreadable(&place, error))?;
    file.take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| UserError::unreadable(&place, error))?;
    if bytes.len() > most {
        return Err(fault(format!(
            "{path}: it is larger than {most} bytes, which is the most that is read"
        )));
    }
    let text = String::from_utf8(bytes).map_err(|_| fault(format!("{path}: it is not UTF-8")))?;
    Ok(Some(text))
}

/// Writes `text` to the file at `path` below `root`, all of it or nothing; folders are made.
pub fn write(root: &Path, path: &str, text: &str) -> Result<(), UserError> {
    let place = root.join(path);
    let unwritable = |error| UserError::Unwritable {
        path: place.clone(),
        error,
    };
    let real_root = root.canonicalize().map_err(unwritable)?;
    let folder = place.parent().unwrap_or(root).to_owned();
    make_folders(&real_root, root, &folder).map_err(unwritable)?;
    // What is there may be a link; writing through it could end anywhere, so only a plain file is replaced.
    let known = place.symlink_metadata().ok();
    if known.as_ref().is_some_and(|it| !it.is_file()) {
        let error = std::io::Error::other("there is something that is no plain file");
        return Err(unwritable(error));
    }
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let draft = folder.join(format!(".{name}.{}", std::process::id()));
    // A draft that is there already is somebody else's, and stays.
    let mut file = make_new(&draft).map_err(unwritable)?;
    // Who may read a file with secrets in it does not change because something is added.
    let allowed = known.map_or(Ok(()), |it| file.set_permissions(it.permissions()));
    let written = allowed
        .and_then(|()| file.write_all(text.as_bytes()))
        .and_then(|()| std::fs::rename(&draft, &place));
    written.map_err(|error| {
        let _ = std::fs::remove_file(&draft);
        unwritable(error)
    })
}

fn make_new(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).open(path)
}

/// Makes the folders from `root` down to `folder`, none of them through a link that leads out.
pub fn make_folders(real_root: &Path, root: &Path, folder: &Path) -> std::io::Result<()> {
    let below = folder.strip_prefix(root).unwrap_or(Path::new(""));
    let mut place = PathBuf::from(real_root);
    for part in below.components() {
        place.push(part);
        match std::fs::create_dir(&place) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        place = place.canonicalize()?;
        if !place.starts_with(real_root) {
            return Err(std::io::Error::other("its folder lies outside of the tree"));
        }
    }
    Ok(())
}

fn refuse_outside(
    place: &Path,
    root: &Path,
    path: &str,
    fault: impl Fn(String) -> UserError,
) -> Result<(), UserError> {
    let real = place
        .canonicalize()
        .map_err(|error| UserError::unreadable(place, error))?;
    let real_root = root
        .canonicalize()
        .map_err(|error| UserError::unreadable(root, error))?;
    match real.starts_with(real_root) {
        true => Ok(()),
        false => Err(fault(format!(
            "{path}: it is a symbolic link that leads out of the tree"
        ))),
    }
}

fn is_missing(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
