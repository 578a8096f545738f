//! The `.gitignore` files of a commit: they may name files that are in it all the same, and a walk through its
//! checkout would leave those out.

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// The name of such files.
pub(crate) const FILE_NAME: &str = ".gitignore";

/// The patterns that hold in a folder: its own and those of the folders above.
#[derive(Clone, Default)]
pub struct Ignored<'a> {
    own: Option<std::rc::Rc<Gitignore>>,
    above: Option<&'a Ignored<'a>>,
}

impl<'a> Ignored<'a> {
    /// Returns what holds in `folder` (relative to the root, with `/`), whose own patterns are `text`.
    pub fn below(above: &'a Ignored<'a>, folder: &str, text: Option<&str>) -> Ignored<'a> {
        Ignored {
            own: text.and_then(|text| patterns(folder, text)).map(Into::into),
            above: Some(above),
        }
    }

    /// Holds if `path` (relative to the root, with `/`) is to be left out. The nearest pattern decides.
    pub fn matches(&self, path: &str, is_folder: bool) -> bool {
        let found = self
            .own
            .as_ref()
            .map(|patterns| patterns.matched(path, is_folder));
        match found {
            Some(found) if !found.is_none() => found.is_ignore(),
            _ => self
                .above
                .is_some_and(|above| above.matches(path, is_folder)),
        }
    }
}

fn patterns(folder: &str, text: &str) -> Option<Gitignore> {
    let mut builder = GitignoreBuilder::new(folder);
    for line in text.trim_start_matches('\u{feff}').lines() {
        // A line that is no pattern ignores nothing, as in git.
        let _ = builder.add_line(None, line);
    }
    builder.build().ok()
}
