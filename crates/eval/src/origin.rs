//! Where values come from, as small interned sets.
//!
//! The evaluator only passes origins on; what they mean is the host's business, which hands in a number
//! for each ([`Origin::Host`]).

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use ustr::Ustr;

/// A place that values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A place that the host knows, by its number there.
    Host(u32),
    /// What outside code returned; its API path.
    Outside(Ustr),
    /// Not known; the reason.
    Unknown(Ustr),
    /// The moment at which it was asked for, which never comes again. What is worked out of it, as the minute, may.
    Instant,
    /// The moment, in thousandths of a second.
    Milliseconds,
    /// A stretch of time that is over in a few seconds, though its length was meant as so many seconds: thousandths of a
    /// second were divided by them.
    Brief,
    /// Counted from the end: a number with its sign turned or taken away from another, or a text of a list that was
    /// turned round.
    Back,
}

/// A set of origins, as a number of its [`Origins`] table. The default is the empty set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OriginSet(u32);

impl OriginSet {
    /// The empty set.
    pub const EMPTY: OriginSet = OriginSet(0);

    /// Holds if the set is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

type Members = SmallVec<[Origin; 4]>;

/// The most members a set keeps; a larger one loses its greatest.
const LIMIT: usize = 48;

/// Holds for what only the moment itself is.
fn is_of_moment(origin: &Origin) -> bool {
    matches!(
        origin,
        Origin::Instant | Origin::Milliseconds | Origin::Brief
    )
}

/// The table of all sets.
#[derive(Debug)]
pub struct Origins {
    sets: Vec<Members>,
    numbers: FxHashMap<Members, OriginSet>,
    unions: FxHashMap<(OriginSet, OriginSet), OriginSet>,
}

impl Default for Origins {
    fn default() -> Self {
        let mut origins = Origins {
            sets: Vec::new(),
            numbers: FxHashMap::default(),
            unions: FxHashMap::default(),
        };
        origins.intern(Members::new());
        origins
    }
}

impl Origins {
    /// Returns the set of one origin.
    pub fn single(&mut self, origin: Origin) -> OriginSet {
        self.intern(SmallVec::from_slice(&[origin]))
    }

    /// Holds if what has this set was counted from the end.
    pub fn is_back(&self, set: OriginSet) -> bool {
        self.members(set).contains(&Origin::Back)
    }

    /// Returns the set of these origins.
    pub fn set(&mut self, origins: impl IntoIterator<Item = Origin>) -> OriginSet {
        let mut members: Members = origins.into_iter().collect();
        members.sort();
        members.dedup();
        self.intern(members)
    }

    /// Returns the union of two sets.
    pub fn union(&mut self, a: OriginSet, b: OriginSet) -> OriginSet {
        if a == b || b.is_empty() {
            return a;
        }
        if a.is_empty() {
            return b;
        }
        let pair = (a.min(b), a.max(b));
        if let Some(known) = self.unions.get(&pair) {
            return *known;
        }
        let mut members: Members = self
            .members(a)
            .iter()
            .chain(self.members(b))
            .copied()
            .collect();
        members.sort();
        members.dedup();
        members.truncate(LIMIT);
        let union = self.intern(members);
        self.unions.insert(pair, union);
        union
    }

    /// Returns the set of what is worked out of values of this one.
    pub(crate) fn worked_out(&mut self, set: OriginSet) -> OriginSet {
        if !self.members(set).iter().any(is_of_moment) {
            return set;
        }
        let mut members = self.sets[set.0 as usize].clone();
        members.retain(|member| !is_of_moment(member));
        self.intern(members)
    }

    /// Returns what a number still is once it is rounded, of what it says of the moment.
    pub(crate) fn rounded(&mut self, set: OriginSet) -> OriginSet {
        let mut members = self.members(set).iter();
        if !members.any(is_of_moment) {
            return OriginSet::EMPTY;
        }
        let kept = self.members(set).iter().copied();
        let kept: Members = kept
            .filter(|member| matches!(member, Origin::Milliseconds | Origin::Brief))
            .collect();
        self.intern(kept)
    }

    /// Returns the members of a set in order.
    pub fn members(&self, set: OriginSet) -> &[Origin] {
        &self.sets[set.0 as usize]
    }

    fn intern(&mut self, members: Members) -> OriginSet {
        if let Some(known) = self.numbers.get(&members) {
            return *known;
        }
        let number = OriginSet(self.sets.len() as u32);
        self.sets.push(members.clone());
        self.numbers.insert(members, number);
        number
    }
}
