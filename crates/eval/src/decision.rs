//! Tests and decisions: what the evaluator could not, or could, decide on the way, and on what it hung.

use firedoor_ir::BinaryOperator as Op;
use firedoor_source::{FileId, Span};
use smallvec::SmallVec;
use ustr::Ustr;

use crate::{Machine, OriginSet, TestId, Value};

/// The number of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DecisionId(pub u32);

/// A side of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Decided {
    /// The decision.
    pub decision: DecisionId,
    /// The side that was taken.
    pub side: bool,
}

impl Decided {
    /// The other side.
    pub fn other(self) -> Decided {
        Decided {
            side: !self.side,
            ..self
        }
    }
}

/// How a test compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TestKind {
    /// Whether a value is there or true.
    Truth,
    /// Equality.
    Equality,
    /// Whether a value is within a bound, whichever way.
    Bound,
    /// `<`, `<=`, `>` or `>=`, as the first operand stands to the second.
    Order(Op),
    /// Membership.
    Membership,
    /// How a text begins or ends.
    Part,
    /// A proof by the host: a signature, a hash, a token.
    Proof,
    /// Whether something failed.
    Failure,
    /// A test of kind or class.
    Kind,
    /// Whether there are attempts left.
    Attempts,
    /// Whether a loop runs, or runs on.
    Loop,
}

/// A comparison.
#[derive(Clone, Debug)]
pub struct Test {
    /// How it compares.
    pub kind: TestKind,
    /// What it compares.
    pub operands: SmallVec<[Value; 2]>,
    /// The tests it is made of (`a && b`), each with whether it is negated.
    pub parts: Vec<(TestId, bool)>,
    /// Holds if all parts must hold; else one suffices.
    pub is_conjunction: bool,
    /// Where.
    pub span: Span,
}

impl Test {
    /// Returns the test that stands for those that were given up.
    pub(crate) fn blank() -> Test {
        Test {
            kind: TestKind::Truth,
            operands: SmallVec::new(),
            parts: Vec::new(),
            is_conjunction: false,
            span: Span::new(FileId(0), 0, 0),
        }
    }
}

/// How a side of a branch ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SideEnd {
    /// It was not run, since the test is decided.
    #[default]
    NotRun,
    /// It goes on behind the branch.
    Goes,
    /// It returns.
    Returns,
    /// It throws, or ends the process.
    Throws,
    /// It leaves or repeats a loop.
    Leaves,
}

/// A branch.
#[derive(Clone, Debug)]
pub struct Decision {
    /// What it hangs on.
    pub test: Option<(TestId, bool)>,
    /// Where the values tested come from.
    pub origins: OriginSet,
    /// What decided them.
    pub control: OriginSet,
    /// Where the test stands.
    pub span: Span,
    /// Holds if the outcome was known.
    pub is_certain: bool,
    /// How the sides ended: that of a test that does not hold, and of one that does.
    pub ends: [SideEnd; 2],
    /// A word for the host, such as the name of a library's guard.
    pub label: Option<Ustr>,
    /// The decisions of which one holds, where this is what others have left.
    pub remainder: SmallVec<[Decided; 4]>,
    /// Holds if they are left behind one branch, and not the ways through a function.
    pub is_of_branch: bool,
    /// Where several exceptions are caught together on a side, what decided last that each of them was thrown.
    pub caught: Vec<(bool, Decided)>,
}

impl Decision {
    /// Returns what decided last that what a handler on this side has caught was thrown, if that was one of several.
    pub fn caught_on(&self, side: bool) -> impl Iterator<Item = Decided> {
        let own = self.caught.iter().filter(move |(own, _)| *own == side);
        own.map(|(_, way)| *way)
    }

    /// Returns the decision that stands for those that were given up.
    pub(crate) fn blank() -> Decision {
        Decision {
            test: None,
            origins: OriginSet::EMPTY,
            control: OriginSet::EMPTY,
            span: Span::new(FileId(0), 0, 0),
            is_certain: true,
            ends: [SideEnd::NotRun; 2],
            label: None,
            remainder: SmallVec::new(),
            is_of_branch: false,
            caught: Vec::new(),
        }
    }
}

impl Machine<'_> {
    /// Holds if this path is one on which a test has found a value with exactly these origins there. What is read again
    /// and cannot have changed meanwhile, as a setting, is there then.
    pub fn is_found_there(&self, origins: OriginSet) -> bool {
        self.decided.iter().any(|it| {
            let test = self.decision(it.decision).test;
            test.is_some_and(|(test, is_negated)| self.finds(test, it.side != is_negated, origins))
        })
    }

    /// Holds if something with these origins is there wherever the test comes out as `holds`.
    fn finds(&self, test: TestId, holds: bool, origins: OriginSet) -> bool {
        let test = self.test(test);
        if !test.parts.is_empty() {
            let mut parts = test.parts.iter();
            return test.is_conjunction == holds
                && parts
                    .any(|(part, is_negated)| self.finds(*part, holds != *is_negated, origins));
        }
        let is_it = |value: &Value| value.origins == origins;
        match (test.kind, test.operands.as_slice()) {
            (TestKind::Truth, [only]) => holds && is_it(only),
            (TestKind::Equality, [left, right]) => {
                let is_nothing =
                    (is_it(left) && right.is_nothing()) || (is_it(right) && left.is_nothing());
                !holds && is_nothing
            }
            _ => false,
        }
    }
}

/// Something thrown.
#[derive(Clone, Debug, PartialEq)]
pub struct Thrown {
    /// The exception.
    pub value: Value,
    /// The decisions on the way.
    pub decided: Vec<Decided>,
    /// Where.
    pub span: Span,
}
