//! The parts that a design can have and the decisions that belong to them, read from one data file a part.
//!
//! Adding a part is a file in `data/parts/`, a line in [`FILES`] and a plan in `fixtures/plans/`: see
//! `docs/review.md`.

use std::sync::OnceLock;

use firedoor_rules::Severity;
use serde::Deserialize;

use crate::grammar::{Grammar, grammar};
use crate::pattern::Pattern;

/// The data files, in the order in which parts are shown.
pub const FILES: &[(&str, &str)] = &[
    ("accounts", include_str!("../data/parts/accounts.toml")),
    ("session", include_str!("../data/parts/session.toml")),
    ("jwt", include_str!("../data/parts/jwt.toml")),
    (
        "refresh-token",
        include_str!("../data/parts/refresh-token.toml"),
    ),
    ("cookie", include_str!("../data/parts/cookie.toml")),
    ("oauth", include_str!("../data/parts/oauth.toml")),
    ("two-factor", include_str!("../data/parts/two-factor.toml")),
    (
        "password-reset",
        include_str!("../data/parts/password-reset.toml"),
    ),
    (
        "email-verification",
        include_str!("../data/parts/email-verification.toml"),
    ),
    ("invite", include_str!("../data/parts/invite.toml")),
    ("role", include_str!("../data/parts/role.toml")),
    ("tenant", include_str!("../data/parts/tenant.toml")),
    ("ownership", include_str!("../data/parts/ownership.toml")),
    ("admin", include_str!("../data/parts/admin.toml")),
    ("api", include_str!("../data/parts/api.toml")),
    ("live", include_str!("../data/parts/live.toml")),
    ("cors", include_str!("../data/parts/cors.toml")),
    ("upload", include_str!("../data/parts/upload.toml")),
    ("payment", include_str!("../data/parts/payment.toml")),
    ("score", include_str!("../data/parts/score.toml")),
    ("webhook", include_str!("../data/parts/webhook.toml")),
    ("rate-limit", include_str!("../data/parts/rate-limit.toml")),
    ("api-key", include_str!("../data/parts/api-key.toml")),
];

/// A part that a design can have.
#[derive(Debug)]
pub struct Part {
    /// Its id.
    pub id: &'static str,
    /// What it is called.
    pub title: String,
    /// Parts of one family are told apart by which is named nearest.
    pub(crate) family: Option<String>,
    /// What says that a design has it.
    pub(crate) mentions: Vec<Pattern>,
    /// What says that a sentence is about it, once it is there.
    pub(crate) about: Vec<Pattern>,
    /// Holds if other parts of the family use these words too, so that they do not tell it from them.
    pub(crate) is_about_generic: bool,
    /// Holds if these words mean it even where nothing around names it.
    pub(crate) is_about_own: bool,
    /// The decisions that belong to it.
    pub decisions: Vec<Decision>,
    /// What of a map shows that the code has it.
    pub(crate) visible: Visible,
}

/// What of a map shows that the code has a part.
#[derive(Debug)]
pub(crate) struct Visible {
    /// Words for effects, see `visible.rs`.
    pub effects: Vec<String>,
    /// Words in the path of an entry point.
    pub paths: Vec<Pattern>,
    /// Words in the name of an asset.
    pub assets: Vec<Pattern>,
}

/// A decision that a design with this part has to make.
#[derive(Debug)]
pub struct Decision {
    /// Its id: that of the part, a slash and a name.
    pub id: String,
    /// How bad it is if it is made wrongly.
    pub severity: Severity,
    /// What has to be decided.
    pub question: String,
    /// Why it matters.
    pub why: String,
    /// The usual good answers.
    pub answers: Vec<String>,
    /// The rules that check it in the code.
    pub rules: Vec<&'static str>,
    /// What a sentence is about besides what the part is about.
    pub(crate) about: Vec<Pattern>,
    /// What settles it in a sentence about the part.
    pub(crate) decided: Vec<Pattern>,
    /// What settles it wherever it is said.
    pub(crate) decided_anywhere: Vec<Pattern>,
    /// What speaks of it in a sentence about the part, so that it is settled, and denies nothing where it is negated.
    pub(crate) spoken: Vec<Pattern>,
    /// The same wherever it is said.
    pub(crate) spoken_anywhere: Vec<Pattern>,
    /// What settles it wrongly in a sentence about the part.
    pub(crate) bad: Vec<Pattern>,
    /// What settles it wrongly wherever it is said.
    pub(crate) bad_anywhere: Vec<Pattern>,
    /// What puts it off in a sentence about the part, if something there does: words for it that settle nothing.
    pub(crate) deferred: Vec<Pattern>,
    /// What puts it off, wherever it is said.
    pub(crate) deferred_anywhere: Vec<Pattern>,
    /// Holds if what settles it says nothing where it is negated.
    pub(crate) ignores_negation: bool,
    /// What must be there besides the part, if anything must: a log-in without passwords has none to hash.
    pub(crate) needs: Vec<Pattern>,
    /// Decisions that settle this one too.
    pub implied_by: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartFile {
    title: String,
    #[serde(default)]
    family: Option<String>,
    mentions: Vec<String>,
    #[serde(default)]
    about: Vec<String>,
    #[serde(default)]
    about_is_generic: bool,
    #[serde(default)]
    about_is_own: bool,
    decision: Vec<DecisionEntry>,
    visible: VisibleEntry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VisibleEntry {
    effects: Vec<String>,
    paths: Vec<String>,
    assets: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionEntry {
    id: String,
    severity: String,
    question: String,
    why: String,
    answers: Vec<String>,
    rules: Vec<String>,
    #[serde(default)]
    about: Vec<String>,
    #[serde(default)]
    decided: Vec<String>,
    #[serde(default)]
    decided_anywhere: Vec<String>,
    #[serde(default)]
    spoken: Vec<String>,
    #[serde(default)]
    spoken_anywhere: Vec<String>,
    #[serde(default)]
    unsafe_if: Vec<String>,
    #[serde(default)]
    unsafe_anywhere: Vec<String>,
    #[serde(default)]
    deferred: Vec<String>,
    #[serde(default)]
    deferred_anywhere: Vec<String>,
    #[serde(default)]
    ignores_negation: bool,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    implied_by: Vec<String>,
}

/// Returns all parts.
pub fn parts() -> &'static [Part] {
    static PARTS: OnceLock<Vec<Part>> = OnceLock::new();
    PARTS.get_or_init(|| {
        let read = FILES.iter().map(|(id, text)| read(id, text));
        // The files are part of the program, and a test holds that they are well formed.
        read.filter_map(Result::ok).collect()
    })
}

/// Returns the decision with that id.
pub fn decision(id: &str) -> Option<&'static Decision> {
    let mut decisions = parts().iter().flat_map(|part| &part.decisions);
    decisions.find(|decision| decision.id == id)
}

/// Reads the data file of a part.
pub fn read(id: &'static str, text: &str) -> Result<Part, String> {
    let file: PartFile = toml::from_str(text).map_err(|error| format!("{id}: {error}"))?;
    let grammar = grammar();
    let decisions: Result<Vec<Decision>, String> = file
        .decision
        .into_iter()
        .map(|entry| decision_of(id, entry, grammar))
        .collect();
    Ok(Part {
        id,
        title: file.title,
        family: file.family,
        mentions: patterns(&file.mentions, grammar)?,
        about: patterns(&file.about, grammar)?,
        is_about_generic: file.about_is_generic,
        is_about_own: file.about_is_own,
        decisions: decisions?,
        visible: Visible {
            effects: file.visible.effects,
            paths: patterns(&file.visible.paths, grammar)?,
            assets: patterns(&file.visible.assets, grammar)?,
        },
    })
}

fn decision_of(part: &str, entry: DecisionEntry, grammar: &Grammar) -> Result<Decision, String> {
    let id = format!("{part}/{}", entry.id);
    let severity =
        severity(&entry.severity).ok_or(format!("{id}: no severity `{}`", entry.severity))?;
    let rules: Result<Vec<&'static str>, String> = entry
        .rules
        .iter()
        .map(|rule| {
            let rule = firedoor_rules::rule(rule).ok_or(format!("{id}: no rule `{rule}`"))?;
            Ok(rule.id)
        })
        .collect();
    Ok(Decision {
        severity,
        question: entry.question,
        why: entry.why,
        answers: entry.answers,
        rules: rules?,
        about: patterns(&entry.about, grammar)?,
        decided: patterns(&entry.decided, grammar)?,
        decided_anywhere: patterns(&entry.decided_anywhere, grammar)?,
        spoken: patterns(&entry.spoken, grammar)?,
        spoken_anywhere: patterns(&entry.spoken_anywhere, grammar)?,
        bad: patterns(&entry.unsafe_if, grammar)?,
        bad_anywhere: patterns(&entry.unsafe_anywhere, grammar)?,
        deferred: patterns(&entry.deferred, grammar)?,
        deferred_anywhere: patterns(&entry.deferred_anywhere, grammar)?,
        ignores_negation: entry.ignores_negation,
        needs: patterns(&entry.needs, grammar)?,
        implied_by: entry.implied_by,
        id,
    })
}

fn patterns(texts: &[String], grammar: &Grammar) -> Result<Vec<Pattern>, String> {
    texts.iter().map(|text| grammar.pattern(text)).collect()
}

/// Returns the severity with that name.
pub fn severity(name: &str) -> Option<Severity> {
    [
        Severity::Low,
        Severity::Medium,
        Severity::High,
        Severity::Critical,
    ]
    .into_iter()
    .find(|severity| severity.as_str() == name)
}
