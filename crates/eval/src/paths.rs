//! Names made of other names, each put together once.
//!
//! Whatever is read of outside code has a path of its own, and the same few paths are asked for at every step.

use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::Machine;

/// The names that were made so far.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    members: FxHashMap<(Ustr, Ustr), Ustr>,
    results: FxHashMap<Ustr, Ustr>,
    getters: FxHashMap<Ustr, Ustr>,
}

impl Machine<'_> {
    /// Returns the path of a member: `owner.key`.
    pub(crate) fn path_of_member(&mut self, owner: Ustr, key: Ustr) -> Ustr {
        *self
            .paths
            .members
            .entry((owner, key))
            .or_insert_with(|| Ustr::from(&format!("{owner}.{key}")))
    }

    /// Returns the path of what calling something gives, or of an instance of a class: `path()`.
    pub(crate) fn path_of_result(&mut self, path: Ustr) -> Ustr {
        *self
            .paths
            .results
            .entry(path)
            .or_insert_with(|| Ustr::from(&format!("{path}()")))
    }

    /// Returns the key under which the getter of a property is kept; each member that is missing asks for one.
    pub(crate) fn getter_key(&mut self, name: Ustr) -> Ustr {
        *self
            .paths
            .getters
            .entry(name)
            .or_insert_with(|| Ustr::from(&format!("get:{name}")))
    }
}
