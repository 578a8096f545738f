//! What holds for a map as a whole, worked out once.
//!
//! Rules ask the same questions about all entry points for each entry point; without this an application with a
//! thousand of them would be read a million times over.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};
use ustr::Ustr;

use crate::ownership::Use;

/// Fields by the name of their asset; the fields in order.
pub(crate) type FieldsByAsset = FxHashMap<Ustr, Vec<Ustr>>;

/// The same while they are gathered: most of them are found at many places.
pub(crate) type FieldSets = FxHashMap<Ustr, FxHashSet<Ustr>>;

/// Answers that have been given.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) accounts: OnceLock<Vec<Ustr>>,
    pub(crate) sessions: OnceLock<Vec<Ustr>>,
    pub(crate) made_at_log_in: OnceLock<Vec<Ustr>>,
    /// The assets whose records only count attempts.
    pub(crate) tallies: OnceLock<BTreeSet<Ustr>>,
    pub(crate) second_factors: OnceLock<Vec<(Ustr, Ustr)>>,
    pub(crate) second_switches: OnceLock<Vec<(Ustr, Ustr)>>,
    pub(crate) secret_places: OnceLock<Vec<(Ustr, Ustr)>>,
    pub(crate) passwords: OnceLock<FxHashSet<(Ustr, Ustr)>>,
    pub(crate) owners: OnceLock<FieldsByAsset>,
    pub(crate) ending: OnceLock<FieldsByAsset>,
    pub(crate) random: OnceLock<FxHashSet<(Ustr, Ustr)>>,
    /// The assets whose records are one-time links by their number.
    pub(crate) vouchers: OnceLock<FxHashSet<Ustr>>,
    /// The numbers of the entry points that know a user.
    pub(crate) with_users: OnceLock<Vec<usize>>,
    /// The effects that set cookies, by entry point and effect, those first whose entry points ask for a password.
    pub(crate) cookies: OnceLock<Vec<(usize, usize)>>,
    /// The effects that issue tokens, likewise.
    pub(crate) issued: OnceLock<Vec<(usize, usize)>>,
    pub(crate) keys: OnceLock<Vec<Ustr>>,
    /// The uses of stored records: entry point, effect, how, and whether the caller is tied to them.
    pub(crate) usages: OnceLock<Vec<(usize, usize, Use, bool)>>,
    /// The numbers of the entry points that make records of an asset in the name of the caller.
    pub(crate) makers: OnceLock<FxHashMap<Ustr, Vec<usize>>>,
    /// The fields of which an update asks for as much as it takes.
    pub(crate) taken: OnceLock<FxHashSet<(Ustr, Ustr)>>,
    /// The assets whose records refusing checks compare with a claim of the caller's.
    pub(crate) generations: OnceLock<FxHashSet<Ustr>>,
    /// The kinds and keys of tokens that prove who a caller is.
    pub(crate) credential_keys: OnceLock<Vec<(crate::TokenKind, crate::Provenance)>>,
    /// What is asked of callers.
    pub(crate) decisive: OnceLock<crate::admissions::Decisive>,
    /// The assets whose records are looked up by who is asking.
    pub(crate) memberships: OnceLock<FxHashSet<Ustr>>,
    /// The names of the fields that accounts are found by at log-in.
    pub(crate) login_names: OnceLock<FxHashSet<Ustr>>,
    /// What records keep, under a secret, of what another site has said: the fields by the asset.
    pub(crate) kept_words: OnceLock<FieldsByAsset>,
    /// The fields that handlers write, with whether chance has a part in any such value.
    pub(crate) written: OnceLock<FxHashMap<(Ustr, Ustr), bool>>,
    /// The numbers of the entry points that compare a password that the client sends.
    pub(crate) log_ins: OnceLock<Vec<usize>>,
    /// What is done with the records of an asset: entry point and effect, in the order of the map.
    pub(crate) accesses: OnceLock<FxHashMap<Ustr, Vec<(usize, usize)>>>,
}

impl Clone for Facts {
    /// A clone may be changed, so that it must be asked anew.
    fn clone(&self) -> Facts {
        Facts::default()
    }
}

impl fmt::Debug for Facts {
    /// They say nothing that the map does not.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Facts")
    }
}

/// Puts the fields of each asset in order.
pub(crate) fn in_order(fields: FieldSets) -> FieldsByAsset {
    let in_order = |(asset, fields): (Ustr, FxHashSet<Ustr>)| {
        let mut fields: Vec<Ustr> = fields.into_iter().collect();
        fields.sort();
        (asset, fields)
    };
    fields.into_iter().map(in_order).collect()
}
