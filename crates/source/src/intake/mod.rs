//! Which files of a tree count, and what their bytes say.
//!
//! A folder on a disk and a commit in a repository must give the same set of files, so whoever reads either of
//! them asks here: by the name first, by the size next, by the bytes last.

mod interest;
mod minified;
mod text;

use std::path::{Component, Path};
use std::sync::Arc;

pub use interest::{Interest, interest, is_environment_example, is_foreign_folder};

use crate::{SkipReason, Skipped};

/// No file that a person writes is larger.
const MOST_BYTES: u64 = 2 * 1024 * 1024;

/// The file that says that its folder is an environment of installed Python packages.
pub const ENVIRONMENT_MARK: &str = "pyvenv.cfg";

/// What became of a file.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    /// Its path and text, if it counts.
    pub file: Option<(String, Arc<str>)>,
    /// What is to be said about it.
    pub note: Option<Skipped>,
}

/// Holds if a file or folder of that name is hidden, and none of the hidden ones that count.
pub fn is_hidden(name: &str) -> bool {
    name.starts_with('.') && !is_environment_example(name)
}

/// Returns what becomes of a file of `size` bytes that is too large to be read; nothing if it is not.
pub fn refuse_by_size(path: &str, interest: Interest, size: u64) -> Option<Admission> {
    let most = interest.most_bytes();
    let detail = || format!("{size} bytes; the limit is {most}");
    (size > most).then(|| refuse(path, interest, SkipReason::TooLarge, detail()))
}

/// Returns what becomes of a file that cannot be read.
pub fn refuse(path: &str, interest: Interest, reason: SkipReason, detail: String) -> Admission {
    // Data that is not there is not missed.
    let is_missed = interest != Interest::Data;
    Admission {
        file: None,
        note: is_missed.then(|| Skipped {
            path: path.to_owned(),
            reason,
            detail,
        }),
    }
}

/// Returns what is to be said about the symbolic link at `path` (relative, with `/`) with that target: what lies within
/// the tree is read where it is, and only what lies outside is missing. Whether anything is there is not asked, since a
/// commit cannot tell.
pub fn note_link(path: &str, target: &Path) -> Option<Skipped> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let may_be_folder = !name.contains('.');
    let is_code = interest(path).is_some_and(|interest| interest != Interest::Data);
    ((may_be_folder || is_code) && leads_out(path, target)).then(|| Skipped {
        path: path.to_owned(),
        reason: SkipReason::SymbolicLink,
        detail: String::from("it leads out of the tree and is not followed"),
    })
}

fn leads_out(path: &str, target: &Path) -> bool {
    let mut depth = path.matches('/').count();
    for part in target.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::ParentDir if depth == 0 => return true,
            Component::ParentDir => depth -= 1,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return true,
        }
    }
    false
}

/// Returns what becomes of the file at `path` (relative, with `/`) with these bytes.
pub fn admit(path: &str, interest: Interest, bytes: &[u8]) -> Admission {
    let Some(text) = text::decode(bytes) else {
        let detail = String::from("it holds NUL bytes");
        return refuse(path, interest, SkipReason::Binary, detail);
    };
    if interest == Interest::Script && minified::is_minified(path, &text.text) {
        let detail = String::from("its lines are too long to be written by a person");
        return refuse(path, interest, SkipReason::Generated, detail);
    }
    let note = (text.is_lossy && interest != Interest::Data).then(|| Skipped {
        path: path.to_owned(),
        reason: SkipReason::InvalidText,
        detail: String::from("it is read with its bytes that are not UTF-8 replaced"),
    });
    Admission {
        file: Some((path.to_owned(), Arc::from(text.text))),
        note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_missed_if_they_lead_out() {
        let is_noted = |path, target: &str| note_link(path, Path::new(target)).is_some();
        assert!(is_noted("a.js", "../b.js"));
        assert!(is_noted("x/a.js", "../y/../../b.js"));
        assert!(is_noted("x/shared", "/opt/shared"));
        assert!(!is_noted("x/a.js", "../y/b.js"));
        assert!(!is_noted("a.js", "./b/c.js"));
        assert!(!is_noted("logo.png", "../logo.png"));
    }
}
