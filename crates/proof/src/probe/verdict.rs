//! What an answer means: whether somebody was let in, and whether that is what the map says.

use firedoor_app::query::{verifies_code, verifies_password};
use firedoor_app::{Check, Control, EffectKind, EntryPoint, Refusal, Verdict};

use super::Probed;
use super::http::Reply;

/// What an answer says of whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reading {
    /// He was refused.
    Refused,
    /// He was let in.
    LetIn,
    /// There is nothing at that path, or no such record.
    NotThere,
    /// That is not clear.
    Unclear,
    /// Nobody asked.
    NotAsked,
}

impl Reading {
    /// Returns the word for it in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Reading::Refused => "refused",
            Reading::LetIn => "let_in",
            Reading::NotThere => "not_there",
            Reading::Unclear => "unclear",
            Reading::NotAsked => "not_asked",
        }
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it says.
    pub reading: Reading,
    /// The status of HTTP, or the code with which a connection was closed.
    pub status: Option<u16>,
    /// Where a redirect leads.
    pub location: Option<String>,
    /// What it says, in words.
    pub words: String,
}

impl Answer {
    pub(crate) fn new(reading: Reading, status: Option<u16>, words: impl Into<String>) -> Answer {
        Answer {
            reading,
            status,
            location: None,
            words: words.into(),
        }
    }

    pub(crate) fn not_asked(why: &str) -> Answer {
        Answer::new(Reading::NotAsked, None, why)
    }

    pub(crate) fn failed(why: &str) -> Answer {
        Answer::new(Reading::Unclear, None, format!("no answer: {why}"))
    }

    /// Holds if another value for a parameter might be answered otherwise.
    pub(crate) fn is_misfit(&self) -> bool {
        matches!(self.status, Some(400 | 404 | 422 | 500))
    }
}

/// What an answer means for a verdict or a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ruling {
    /// It is as was said.
    Confirmed,
    /// It is not.
    Refuted,
    /// The answer does not tell.
    Undecided,
}

impl Ruling {
    /// Returns the word for it in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Ruling::Confirmed => "confirmed",
            Ruling::Refuted => "refuted",
            Ruling::Undecided => "undecided",
        }
    }
}

/// Returns what a reply says; `nowhere` is what is answered where nothing is.
pub(crate) fn http_answer(reply: &Reply, nowhere: &Reply) -> Answer {
    let status = reply.status;
    let (reading, words) = match status {
        200..=299 if status == nowhere.status && reply.body == nowhere.body => (
            Reading::NotThere,
            String::from("the same is answered where nothing is"),
        ),
        200..=299 | 304 => (Reading::LetIn, format!("{status}")),
        401 | 403 | 407 => (Reading::Refused, format!("{status}")),
        404 | 405 | 410 | 501 => (Reading::NotThere, format!("{status}")),
        300..=399 => redirect(reply),
        429 => (Reading::Unclear, String::from("429: too many requests")),
        400..=499 => (
            Reading::Unclear,
            format!("{status}: the request does not fit"),
        ),
        500..=599 => (Reading::Unclear, format!("{status}: it failed")),
        _ => (Reading::Unclear, format!("{status}")),
    };
    Answer {
        location: reply.location.clone(),
        ..Answer::new(reading, Some(status), words)
    }
}

fn redirect(reply: &Reply) -> (Reading, String) {
    let Some(location) = &reply.location else {
        return (Reading::Unclear, format!("{} to nowhere", reply.status));
    };
    let shown: String = location.chars().take(200).collect();
    let words = format!("{} to {shown}", reply.status);
    match is_log_in(location) && reply.is_own {
        true => (Reading::Refused, words),
        false => (Reading::Unclear, words),
    }
}

/// Holds if a path is that of a log-in, by its words.
fn is_log_in(location: &str) -> bool {
    let path = location.split(['?', '#']).next().unwrap_or(location);
    let words = path.to_ascii_lowercase().replace(['-', '_'], "");
    words
        .split('/')
        .any(|word| matches!(word, "login" | "signin" | "auth" | "sso" | "authenticate"))
}

/// What the map leads one to expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    Refusal,
    Admission,
    Either,
    Unknown,
}

fn expected(entry: &EntryPoint) -> Expected {
    let verdicts = [Control::Authentication, Control::Authorization];
    let verdicts = verdicts.map(|control| entry.verdict(control));
    if verdicts.contains(&Verdict::Enforced) {
        Expected::Refusal
    } else if verdicts
        .iter()
        .any(|it| matches!(it, Verdict::Conditional(_)))
    {
        Expected::Either
    } else if verdicts.iter().any(|it| matches!(it, Verdict::Unknown(_))) {
        Expected::Unknown
    } else {
        Expected::Admission
    }
}

/// Returns what the answer means for the verdict on authentication, and why.
pub(crate) fn ruling(
    entry: &EntryPoint,
    answer: &Answer,
    has_credentials: bool,
) -> (Ruling, String) {
    use Reading::{LetIn, NotAsked, NotThere, Refused, Unclear};
    let words = &answer.words;
    let undecided = |why: String| (Ruling::Undecided, why);
    match (expected(entry), answer.reading) {
        (_, NotAsked) => undecided(words.clone()),
        (_, NotThere) => undecided(format!("nothing is there for what was asked ({words})")),
        (Expected::Admission, Unclear) if goes_elsewhere(entry, answer) => (
            Ruling::Confirmed,
            format!("let in, and sent on as the code does ({words})"),
        ),
        (_, Unclear) => undecided(words.clone()),
        (_, LetIn) if has_credentials => undecided(format!("let in with credentials ({words})")),
        (Expected::Refusal, Refused) => (Ruling::Confirmed, format!("refused ({words})")),
        (Expected::Refusal, LetIn) => (
            Ruling::Refuted,
            format!("let in, though the map says that somebody must be proven ({words})"),
        ),
        (Expected::Admission, LetIn) => (Ruling::Confirmed, format!("let in ({words})")),
        (Expected::Admission, Refused) => match other_cause(entry, answer.status) {
            Some(cause) => undecided(format!("refused ({words}), maybe for {cause}")),
            None => (
                Ruling::Refuted,
                format!("refused, though the map shows no guard ({words})"),
            ),
        },
        (Expected::Either, Refused) => (
            Ruling::Confirmed,
            format!("refused, so the condition of its guard holds here ({words})"),
        ),
        (Expected::Either, LetIn) => (
            Ruling::Confirmed,
            format!("let in, so the condition of its guard does not hold here ({words})"),
        ),
        (Expected::Unknown, Refused) => {
            undecided(format!("the map does not know; refused ({words})"))
        }
        (Expected::Unknown, LetIn) => undecided(format!("the map does not know; let in ({words})")),
    }
}

/// Holds if a redirect that is no log-in is what the handler does.
fn goes_elsewhere(entry: &EntryPoint, answer: &Answer) -> bool {
    let redirects = entry
        .effects
        .iter()
        .any(|effect| matches!(effect.kind, EffectKind::Redirect(_)));
    answer.location.is_some() && redirects
}

/// Returns what else than a missing log-in may have refused the request.
fn other_cause(entry: &EntryPoint, status: Option<u16>) -> Option<&'static str> {
    if entry.verdict(Control::Csrf).refuses() {
        return Some("its check against other sites' requests");
    }
    if entry.verdict(Control::Origin).refuses() {
        return Some("its check of the origin");
    }
    if verifies_password(entry) || verifies_code(entry) {
        return Some("a password or code that was not sent");
    }
    let refuses = |check: &Check| check.refusal.as_ref().and_then(Refusal::status) == status;
    if status.is_some() && entry.checks.iter().any(refuses) {
        return Some("a check that the map shows and that proves nobody");
    }
    let asks_secret = entry.path.contains("token}") || entry.path.contains("code}");
    asks_secret.then_some("the secret in its path")
}

/// Rules about entry points that let in whom they should not.
const RULES_OF_OPEN_DOORS: [&str; 6] = [
    "unauthenticated-entry-point",
    "optional-authentication",
    "fail-open-guard",
    "guard-after-routes",
    "dead-guard",
    "conditional-guard",
];

/// Returns what the answer means for a finding of that rule; nothing for rules that it says nothing about.
pub(crate) fn finding_ruling(rule: &str, probed: &Probed) -> Option<(Ruling, String)> {
    if !RULES_OF_OPEN_DOORS.contains(&rule) {
        return None;
    }
    let words = &probed.answer.words;
    Some(match probed.answer.reading {
        Reading::LetIn => (Ruling::Confirmed, format!("let in ({words})")),
        Reading::Refused if rule == "conditional-guard" || rule == "fail-open-guard" => (
            Ruling::Undecided,
            format!("refused ({words}), which says nothing of when the guard is off"),
        ),
        Reading::Refused => (Ruling::Refuted, format!("refused ({words})")),
        _ => (Ruling::Undecided, probed.reason.clone()),
    })
}
