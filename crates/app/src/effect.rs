//! What layers and handlers do, in a small closed vocabulary.

use std::sync::{Arc, OnceLock};

use firedoor_source::Span;
use ustr::Ustr;

use crate::{Control, FileOperation, Origin, Provenance};

/// The number of a check in its entry point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CheckId(pub u32);

/// How a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// An answer with this status.
    Status(u16),
    /// A redirect; where to, if known.
    Redirect(Option<String>),
    /// An exception; the status that the framework turns it into, if known.
    Throw(Option<u16>),
    /// The connection is closed.
    Close,
    /// The handler returns without doing its work.
    Return,
}

impl Refusal {
    /// Returns the HTTP status, if the refusal has one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Refusal::Status(status) => Some(*status),
            Refusal::Throw(status) => *status,
            _ => None,
        }
    }
}

/// What a check examines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CheckKind {
    /// Whether a value is there.
    Presence,
    /// Two values for equality.
    Equality,
    /// A value against a bound.
    Bound,
    /// Membership in a collection.
    Membership,
    /// Whether a token, signature or secret is right.
    Proof,
    /// The shape of input.
    Shape,
    /// A number of attempts.
    Attempts,
    /// A guard of a library, whose inside is known to its model.
    Library,
    /// Whether something failed.
    Failure,
    /// Anything else.
    Other,
}

/// How the first of two values stands to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Order {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Order {
    /// Returns what holds where this does not.
    pub fn negated(self) -> Order {
        match self {
            Order::Less => Order::GreaterOrEqual,
            Order::LessOrEqual => Order::Greater,
            Order::Greater => Order::LessOrEqual,
            Order::GreaterOrEqual => Order::Less,
        }
    }

    /// Returns what holds with the sides the other way round.
    pub fn turned(self) -> Order {
        match self {
            Order::Less => Order::Greater,
            Order::LessOrEqual => Order::GreaterOrEqual,
            Order::Greater => Order::Less,
            Order::GreaterOrEqual => Order::LessOrEqual,
        }
    }
}

/// What holds on a way past a check: one test, or several joined by "and" and "or".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// One test.
    Test {
        /// What kind.
        kind: CheckKind,
        /// The values examined, left then right where there are two.
        operands: Vec<Provenance>,
        /// Whether it holds.
        holds: bool,
    },
    /// All of them hold.
    All(Vec<Condition>),
    /// One of them holds, whichever.
    Any(Vec<Condition>),
}

impl Condition {
    /// Holds if every way through it passes a test that `is_wanted` accepts.
    pub fn always(&self, is_wanted: &dyn Fn(CheckKind, &[Provenance], bool) -> bool) -> bool {
        match self {
            Condition::Test {
                kind,
                operands,
                holds,
            } => is_wanted(*kind, operands, *holds),
            Condition::All(parts) => parts.iter().any(|part| part.always(is_wanted)),
            Condition::Any(parts) => {
                !parts.is_empty() && parts.iter().all(|part| part.always(is_wanted))
            }
        }
    }

    /// Holds if some way through it passes a test that `is_wanted` accepts.
    pub fn ever(&self, is_wanted: &dyn Fn(CheckKind, &[Provenance], bool) -> bool) -> bool {
        match self {
            Condition::Test {
                kind,
                operands,
                holds,
            } => is_wanted(*kind, operands, *holds),
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().any(|part| part.ever(is_wanted))
            }
        }
    }
}

/// A decision that a later effect depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What kind.
    pub kind: CheckKind,
    /// Where the test stands.
    pub span: Span,
    /// The values examined, left then right where there are two.
    pub operands: Vec<Provenance>,
    /// What, besides the operands, decided which values they have (implicit flow).
    pub control: Provenance,
    /// How the first operand stands to the second where the test holds, if it asks for their order.
    pub order: Option<Order>,
    /// Whether the test held on the way to the effect.
    pub outcome: bool,
    /// The outcome of the whole test, as it is written, on the way to the effect.
    pub side: bool,
    /// Holds if the code behind the test on this side does not come to what follows the test.
    pub ends: bool,
    /// Holds if it asks for how the origin of a page begins or ends, or for a form, and those of others may do so too:
    /// `origin.startsWith(site)`, which `https://site.example.elsewhere.example` does.
    pub is_loose_edge: bool,
    /// Holds if the test has several parts, of which one suffices for this outcome.
    pub is_alternative: bool,
    /// These parts, each as the check that it would be alone.
    pub alternatives: Vec<Check>,
    /// What happens on the other side, if it refuses.
    pub refusal: Option<Refusal>,
    /// What holds on the way to the effect, part by part; of a test without parts the test itself.
    pub condition: Arc<Condition>,
    /// What is known of it once the map changes no more.
    pub union: Union,
}

/// What a check examines in all, and what it asks of a user, worked out once. A clone, which may be changed, has forgotten
/// both.
#[derive(Debug, Default)]
pub struct Union {
    all: Option<Provenance>,
    asked: OnceLock<Option<Control>>,
}

impl Clone for Union {
    fn clone(&self) -> Union {
        Union::default()
    }
}

impl PartialEq for Union {
    /// It says nothing that the check does not.
    fn eq(&self, _: &Union) -> bool {
        true
    }
}

impl Eq for Union {}

impl Check {
    /// Says that the check changes no more.
    pub(crate) fn finish(&mut self) {
        self.union = Union {
            all: Some(self.examined()),
            asked: OnceLock::new(),
        };
        self.alternatives.iter_mut().for_each(Check::finish);
    }

    /// Returns what the check asks of a user, which `find` works out where it is not known.
    pub(crate) fn asked_of_user(&self, find: impl FnOnce() -> Option<Control>) -> Option<Control> {
        match self.union.all {
            Some(_) => *self.union.asked.get_or_init(find),
            None => find(),
        }
    }

    fn examined(&self) -> Provenance {
        let operands = self.operands.iter();
        operands.fold(self.control.clone(), |all, operand| all.union(operand))
    }

    /// Returns the checks of which one came out as it did: the parts, or the check itself if it has none.
    pub fn parts(&self) -> &[Check] {
        match self.alternatives.as_slice() {
            [] => std::slice::from_ref(self),
            parts => parts,
        }
    }

    /// Returns the origins of what it examines in all, some perhaps more than once: for a question that one of them, or
    /// all of them, answer.
    pub fn origins(&self) -> impl Iterator<Item = &Origin> + Clone {
        let (operands, rest) = match &self.union.all {
            Some(union) => (&[][..], union),
            None => (self.operands.as_slice(), &self.control),
        };
        let all = operands.iter().chain([rest]);
        all.flat_map(Provenance::origins)
    }

    /// Returns the origins of the values that it examines, without what decided which values they have.
    pub fn operand_origins(&self) -> impl Iterator<Item = &Origin> + Clone {
        self.operands.iter().flat_map(Provenance::origins)
    }

    /// Returns the union of what it examines.
    pub fn provenance(&self) -> Provenance {
        match &self.union.all {
            Some(union) => union.clone(),
            None => self.examined(),
        }
    }
}

/// The operator of what only one of several alternatives asks for: it is not demanded of a record.
pub const OR: &str = "or";

/// The operator of what ties a record to the caller where it is not open to everybody by what it says of itself:
/// `owner = me or shared = true`.
pub const OR_OPEN: &str = "or open";

/// A named value: a column, a property, a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name, dotted where nested.
    pub name: Ustr,
    /// Where its value comes from.
    pub value: Provenance,
    /// How it is used: `=` in keys and writes; `>`, `<`, `in`, `!=`... in keys; `+=` for increments; [`OR`] in keys; `~` in an
    /// answer that is a page, which tells of it what its template picks out.
    pub operator: &'static str,
}

/// What is done to an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// Records are read.
    Read,
    /// Only their number or existence is read.
    Count,
    /// A record is made.
    Create,
    /// Records are changed.
    Update,
    /// Records are removed.
    Delete,
}

impl Operation {
    /// Holds if the asset is changed.
    pub fn is_write(self) -> bool {
        !matches!(self, Operation::Read | Operation::Count)
    }

    /// Returns the word of the contract: `read`, `write` or `delete`.
    pub fn as_str(self) -> &'static str {
        match self {
            Operation::Read | Operation::Count => "read",
            Operation::Create | Operation::Update => "write",
            Operation::Delete => "delete",
        }
    }
}

/// An access to an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What is done.
    pub operation: Operation,
    /// To which asset.
    pub asset: Ustr,
    /// The conditions that choose the records; empty for all of them.
    pub key: Vec<Field>,
    /// The fields written.
    pub values: Vec<Field>,
    /// Whole objects whose fields are written, as `{...body}` does.
    pub spread: Vec<Provenance>,
    /// Holds if it can touch more than one record.
    pub is_many: bool,
    /// Holds if the change happens only where the key still matches (a conditional update).
    pub is_conditional: bool,
    /// Holds if it runs within a transaction or under a lock.
    pub is_in_transaction: bool,
    /// Holds if others may change what is read before the transaction ends: it takes no lock, and the transaction is one
    /// of a database server, at the level that it has by default.
    pub is_unlocked: bool,
}

/// A three-valued option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flag {
    /// Set.
    On,
    /// Set to off.
    Off,
    /// Not given: the library's default holds.
    Default,
    /// Depends on the condition in words.
    Conditional(String),
    /// Not known.
    Unknown,
}

/// A cookie that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetCookie {
    /// Its name, where known.
    pub name: Option<Ustr>,
    /// What it carries.
    pub value: Provenance,
    /// Whether scripts cannot read it.
    pub http_only: Flag,
    /// Whether it travels over TLS only.
    pub secure: Flag,
    /// `strict`, `lax`, `none` in lower case, where known.
    pub same_site: Option<Ustr>,
    /// Whether `same_site` is given at all.
    pub same_site_flag: Flag,
    /// The path it is sent to, where given.
    pub path: Option<Ustr>,
    /// Holds if the framework keeps its session in it.
    pub is_session: bool,
}

/// What kind a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TokenKind {
    /// A JSON Web Token.
    Jwt,
    /// A signed value of another form (itsdangerous, signed cookies).
    Signed,
    /// A framework's session.
    Session,
    /// An opaque token of a library.
    Opaque,
}

/// A token that is issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueToken {
    /// What kind.
    pub kind: TokenKind,
    /// The key.
    pub secret: Provenance,
    /// The algorithm, where given.
    pub algorithm: Option<Ustr>,
    /// Whether and how it expires; `None` if it does not, an empty provenance if unknown.
    pub expires: Option<Provenance>,
    /// What it carries, options (audience, issuer, subject) included under `aud`, `iss`, `sub`.
    pub claims: Vec<Field>,
}

/// A token that is verified, or only decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyToken {
    /// What kind.
    pub kind: TokenKind,
    /// The token.
    pub token: Provenance,
    /// The key; empty if it is only decoded.
    pub secret: Provenance,
    /// The algorithms accepted; `None` if not pinned.
    pub algorithms: Option<Vec<Ustr>>,
    /// Holds if the accepted algorithms are read from the token, so that its sender chooses.
    pub algorithms_from_token: bool,
    /// Holds if the library refuses unsafe algorithms when none are pinned.
    pub algorithms_safe_by_default: bool,
    /// Holds if the signature is checked.
    pub is_verified: bool,
    /// Holds if the library takes an empty key as it takes any other, and does not refuse.
    pub takes_empty_key: bool,
    /// Holds if an expired token is accepted.
    pub ignores_expiry: bool,
    /// Claims that the call itself checks, with what they must be (`aud`, `iss`).
    pub requires: Vec<Field>,
}

/// How a secret is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ComparisonKind {
    /// A password against its hash.
    Password,
    /// A one-time code (TOTP, mailed).
    Code,
    /// A signature of a passkey or security key against its public key.
    Passkey,
    /// In constant time.
    ConstantTime,
    /// With an ordinary operator.
    Plain,
}

/// A secret that is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompareSecret {
    /// How.
    pub kind: ComparisonKind,
    /// What was given.
    pub given: Provenance,
    /// What it must be.
    pub expected: Provenance,
}

/// A limiter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// How many, where known.
    pub limit: Option<u64>,
    /// In how many seconds, where known.
    pub window: Option<u64>,
    /// What is counted per; empty for the library's default (the client's address).
    pub key: Provenance,
    /// Whether requests are let pass uncounted: always, never, or under a condition.
    pub skips: Flag,
    /// Holds if only failures count.
    pub counts_failures_only: bool,
}

/// The condition of [`Throttle::skips`] that holds wherever a setting is missing.
pub const SETTING_MISSING: &str = "a setting is missing";

/// The condition of [`Throttle::skips`] that holds always, as the limit is given to a counter that nobody has set up.
pub const NO_SUCH_LIMIT: &str = "no counter has its name";

/// The condition of [`Throttle::skips`] that holds always, as each request makes a limiter of its own.
pub const MADE_ANEW: &str = "it is made anew for each request";

/// The condition of [`Throttle::skips`] that holds wherever users are served.
pub const IN_PRODUCTION: &str = "production";

/// The condition of [`Throttle::skips`] that holds always, as the limit is worked out from nothing, and no count is greater.
pub const NO_NUMBER: &str = "the limit is no number";

/// What a key is made of besides, as an [`Origin::Outside`], if the moment itself is part of it.
///
/// [`Origin::Outside`]: crate::Origin::Outside
pub const MOMENT: &str = "clock";

/// Likewise, if the number of a stretch of time is part of it that is over in a few seconds.
pub const BRIEF_MOMENT: &str = "clock:brief";

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SendChannel {
    /// Mail.
    Mail,
    /// Short message.
    Sms,
    /// A request to another server.
    Http,
}

/// What is done with a server-side session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionOperation {
    /// The caller is logged in.
    LogIn,
    /// A field is set.
    Write,
    /// A new identifier is given.
    Regenerate,
    /// It ends.
    Destroy,
}

/// What is done with a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoomKind {
    /// The connection joins it.
    Join,
    /// The connection leaves it.
    Leave,
    /// Something is sent to all in it.
    Broadcast,
}

/// The kinds of effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectKind {
    /// An asset is accessed.
    Access(Access),
    /// A token is issued.
    Issue(IssueToken),
    /// A token is verified or decoded.
    Verify(VerifyToken),
    /// A cookie is set.
    SetCookie(SetCookie),
    /// A cookie is cleared; its name, where known.
    ClearCookie(Option<Ustr>),
    /// A secret is compared.
    CompareSecret(CompareSecret),
    /// A password is hashed.
    HashPassword(Provenance),
    /// A one-time code is made or its secret is enrolled.
    MakeSecret(Provenance),
    /// Something is encrypted or decrypted with this key.
    Encrypt(Provenance),
    /// A limiter counts.
    Throttle(Throttle),
    /// A session is changed; the field and the value for a write.
    Session(SessionOperation, Option<Field>),
    /// The client is answered.
    Respond {
        /// The status, where known; 200 by default.
        status: Option<u16>,
        /// What the body tells; the message of an error too.
        body: Vec<Field>,
        /// Holds if the answer is made by an exception.
        is_error: bool,
    },
    /// The client is sent elsewhere.
    Redirect(Provenance),
    /// A header of the answer that says who may read it is set; its name in lower case, and the value.
    SetHeader(Ustr, Provenance),
    /// Something is sent out.
    Send {
        /// How.
        channel: SendChannel,
        /// To whom: an address, or the URL.
        to: Provenance,
        /// What.
        content: Vec<Field>,
    },
    /// A file is changed, with what its path is made of.
    File(FileOperation, Provenance),
    /// A program is started, or another one is steered, with what its command is made of.
    Run(Provenance),
    /// A room is joined, left or addressed.
    Room(RoomKind, Provenance),
    /// The connection is closed, its own or others'.
    Disconnect(Provenance),
    /// The next layer runs.
    Continue,
}

/// Something that a layer or handler does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What.
    pub kind: EffectKind,
    /// Where.
    pub span: Span,
    /// The function it stands in.
    pub function: Ustr,
    /// The checks that dominate it, outermost first, as numbers into the entry point's `checks`.
    pub checks: Vec<CheckId>,
    /// The number of the layer that does it; `None` for the handler.
    pub layer: Option<u32>,
}
