//! Reads the text of `.firedoor/judgements.toml`, strictly: a mistyped line would let a finding pass, or count.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::{JUDGEMENTS_SCHEMA, Judged, Judgement, Ruling, digest};

/// A fault in the text, with its place where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgementFault {
    /// What is wrong.
    pub message: String,
    /// The bytes that it is about.
    pub span: Option<Range<usize>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: Spanned<String>,
    #[serde(default)]
    judgement: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fingerprint: Option<String>,
    entry_point: Option<String>,
    #[serde(default)]
    title: String,
    verdict: Spanned<String>,
    reason: Spanned<String>,
    by: Option<String>,
    evidence: Spanned<String>,
    seen: Vec<String>,
}

/// Returns the judgements in `text`, in its order.
///
/// # Errors
/// If the text is no TOML of this shape, or a judgement contradicts itself.
pub fn parse_judgements(text: &str) -> Result<Vec<Judgement>, JudgementFault> {
    let document: Document = toml::from_str(text).map_err(|error| JudgementFault {
        message: error.message().to_owned(),
        span: error.span(),
    })?;
    if document.schema.get_ref() != JUDGEMENTS_SCHEMA {
        let message = format!("the schema is not {JUDGEMENTS_SCHEMA}");
        return Err(fault(message, document.schema.span()));
    }
    let mut known = BTreeSet::new();
    let mut judgements = Vec::with_capacity(document.judgement.len());
    for entry in &document.judgement {
        let judgement = judgement(entry)?;
        if !known.insert(judgement.judged.clone()) {
            let message = format!("`{}` is judged twice", judgement.judged.name());
            return Err(fault(message, entry.span()));
        }
        judgements.push(judgement);
    }
    Ok(judgements)
}

fn judgement(entry: &Spanned<Entry>) -> Result<Judgement, JudgementFault> {
    let place = entry.span();
    let entry = entry.get_ref();
    let ruling = Ruling::parse(entry.verdict.get_ref()).ok_or_else(|| {
        let message = String::from("a verdict is one of accepted, false-positive, public");
        fault(message, entry.verdict.span())
    })?;
    let reason = entry.reason.get_ref().trim();
    if reason.is_empty() {
        let message = String::from("a judgement has a reason: say which");
        return Err(fault(message, entry.reason.span()));
    }
    if *entry.evidence.get_ref() != digest(&entry.seen) {
        let message = String::from(
            "`evidence` is not the digest of `seen`: judge again instead of changing what was seen",
        );
        return Err(fault(message, entry.evidence.span()));
    }
    Ok(Judgement {
        judged: judged(entry, ruling, place)?,
        title: entry.title.clone(),
        ruling,
        reason: reason.to_owned(),
        by: entry.by.clone(),
        seen: entry.seen.clone(),
    })
}

fn judged(entry: &Entry, ruling: Ruling, place: Range<usize>) -> Result<Judged, JudgementFault> {
    match (&entry.fingerprint, &entry.entry_point, ruling) {
        (None, Some(id), Ruling::Public) => Ok(Judged::EntryPoint(id.clone())),
        (Some(fingerprint), None, Ruling::Accepted | Ruling::FalsePositive) => {
            Ok(Judged::Finding(fingerprint.clone()))
        }
        _ => Err(fault(
            String::from(
                "`public` is said of an `entry_point`, the other verdicts of the `fingerprint` of a finding",
            ),
            place,
        )),
    }
}

fn fault(message: String, span: Range<usize>) -> JudgementFault {
    JudgementFault {
        message,
        span: Some(span),
    }
}
