//! What guards are good for, and what is known of them.

/// What a guard is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Control {
    /// Somebody is proven to be asking.
    Authentication,
    /// The caller has a role or permission.
    Authorization,
    /// The record belongs to the caller.
    Ownership,
    /// Attempts are counted.
    RateLimit,
    /// The request was made on purpose (cross-site request forgery).
    Csrf,
    /// The origin of the request is checked.
    Origin,
    /// The shape of the input is checked.
    Validation,
    /// Headers that tell browsers to be careful.
    SecurityHeaders,
    /// Which other sites may read answers.
    Cors,
}

impl Control {
    /// All controls in the order of output.
    pub const ALL: [Control; 9] = [
        Control::Authentication,
        Control::Authorization,
        Control::Ownership,
        Control::RateLimit,
        Control::Csrf,
        Control::Origin,
        Control::Validation,
        Control::SecurityHeaders,
        Control::Cors,
    ];

    /// Returns the word for it in output and configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Control::Authentication => "authentication",
            Control::Authorization => "authorization",
            Control::Ownership => "ownership",
            Control::RateLimit => "rate_limit",
            Control::Csrf => "csrf",
            Control::Origin => "origin",
            Control::Validation => "validation",
            Control::SecurityHeaders => "security_headers",
            Control::Cors => "cors",
        }
    }

    /// Returns the control that `word` names.
    pub fn parse(word: &str) -> Option<Control> {
        Control::ALL
            .into_iter()
            .find(|control| control.as_str() == word)
    }
}

/// How far a control holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Whoever fails it is refused.
    Enforced,
    /// Refused only under a condition that can be false in production; the condition in words.
    Conditional(String),
    /// The identity is read, nobody is refused.
    Observed,
    /// Nothing of the kind.
    Absent,
    /// Something in the chain could not be resolved; the reason.
    Unknown(String),
}

impl Verdict {
    /// Returns the word for it in output.
    pub fn as_str(&self) -> &'static str {
        match self {
            Verdict::Enforced => "enforced",
            Verdict::Conditional(_) => "conditional",
            Verdict::Observed => "observed",
            Verdict::Absent => "absent",
            Verdict::Unknown(_) => "unknown",
        }
    }

    /// Holds if the control refuses, at least under a condition.
    pub fn refuses(&self) -> bool {
        matches!(self, Verdict::Enforced | Verdict::Conditional(_))
    }

    /// Returns the condition or the reason, if the verdict has one.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Verdict::Conditional(text) | Verdict::Unknown(text) => Some(text),
            _ => None,
        }
    }

    /// Returns what holds if two layers with these verdicts stand one behind the other: the stronger.
    pub fn both(self, other: Verdict) -> Verdict {
        if self.strength() >= other.strength() {
            self
        } else {
            other
        }
    }

    fn strength(&self) -> u8 {
        match self {
            Verdict::Enforced => 4,
            Verdict::Unknown(_) => 3,
            Verdict::Conditional(_) => 2,
            Verdict::Observed => 1,
            Verdict::Absent => 0,
        }
    }
}
