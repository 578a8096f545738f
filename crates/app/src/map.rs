//! The map as a whole.

use firedoor_source::Span;
use ustr::Ustr;

use crate::facts::Facts;
use crate::{Asset, EntryPoint, Field, Flag, GuardDefinition, Provenance};

/// Something that could not be resolved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unresolved {
    /// The reason as a word with hyphens, such as `dynamic-mount`.
    pub reason: &'static str,
    /// Where.
    pub span: Span,
    /// More about it, for a person.
    pub detail: String,
}

/// A setting of the application that no single entry point shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// Which other sites may read answers.
    Cors {
        /// The origins allowed: literals, `*`, or whatever the request's `Origin` header says.
        origins: Vec<Provenance>,
        /// Holds where the origin of the request is reflected without being compared with a list.
        reflects: Flag,
        /// Holds where any origin is allowed.
        any: Flag,
        /// Holds where an origin is compared by a part of its text only (its end, its beginning, a part).
        matches_loosely: Option<Span>,
        /// Whether credentials are allowed.
        credentials: Flag,
    },
    /// Debugging aids.
    Debug(Flag),
    /// Whether interface documentation is served.
    Docs(Flag),
    /// Whether the framework believes forwarding headers, and how many proxies.
    TrustProxy(Provenance),
    /// Whether headers that tell browsers to be careful are sent.
    SecurityHeaders(Flag),
    /// A key that signs, encrypts or authenticates, with what it is for.
    Secret(&'static str, Provenance),
    /// Whatever else a model wants to tell, by name.
    Other(&'static str, Vec<Field>),
}

/// A setting with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What.
    pub kind: SettingKind,
    /// Where.
    pub span: Span,
    /// The condition under which it holds, in words.
    pub condition: Option<String>,
    /// The file of the application object that it belongs to.
    pub app: Ustr,
}

/// The application map.
///
/// What a question about the whole map has answered is kept, so a map is changed before it is asked anything;
/// whoever wants to change it later takes a clone, which has answered nothing yet.
#[derive(Clone, Debug, Default)]
pub struct Map {
    /// The entry points, in the order of application, path, method and message.
    pub entry_points: Vec<EntryPoint>,
    /// The guards that the program defines, in the order of their places.
    pub guards: Vec<GuardDefinition>,
    /// The assets, in the order of their names.
    pub assets: Vec<Asset>,
    /// The settings, in the order of their places.
    pub settings: Vec<Setting>,
    /// What could not be resolved.
    pub unresolved: Vec<Unresolved>,
    pub(crate) facts: Facts,
}

impl Map {
    /// Says that the map changes no more: what one rule works out of an entry point is kept for the others.
    pub fn finish(&mut self) {
        for entry in &mut self.entry_points {
            entry.memory = crate::ownership::Memory::open();
            entry.checks.iter_mut().for_each(crate::Check::finish);
        }
    }

    /// Returns the asset of that name.
    pub fn asset(&self, name: Ustr) -> Option<&Asset> {
        self.assets.iter().find(|asset| asset.name == name)
    }

    /// Returns the entry point with that id.
    pub fn entry_point(&self, id: &str) -> Option<&EntryPoint> {
        self.entry_points.iter().find(|entry| entry.id() == id)
    }
}
