//! `.firedoor/plan.toml`: the decisions of a plan, kept beside the code that owes them.
//!
//! People edit the file: they accept an obligation with a reason, or take a rule away. Writing it again keeps what
//! they wrote, comments and order included, and brings only what firedoor wrote up to date.

use firedoor_rules::Severity;
use serde::Deserialize;
use toml_edit::{DocumentMut, Item, Table, Value, value};

use crate::api::Api;
use crate::design::{Obligation, Review};
use crate::vocabulary::severity;

/// The name of the shape.
const SCHEMA: &str = "firedoor.plan/1";
/// The most bytes that the file may have.
pub const LARGEST_PLAN: usize = 4 << 20;

const HEAD: &str = "\
# Written by `firedoor review --write`; `firedoor check` holds the code against it.
# Your edits stay: state = \"accepted\" with a reason accepts what is open, `rules` says what checks it.
";

/// A plan that is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The documents that it was made from, relative to the root.
    pub documents: Vec<String>,
    /// The decisions in the order of the file.
    pub kept: Vec<Kept>,
    /// Those of the documents that describe an interface.
    pub apis: Vec<Api>,
}

/// A decision that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The id.
    pub id: String,
    /// `open`, `unsafe`, `deferred`, `decided` or `accepted`.
    pub state: String,
    /// Why it is accepted.
    pub reason: Option<String>,
    /// How bad it is if it is made wrongly.
    pub severity: Severity,
    /// What has to be decided.
    pub question: String,
    /// The sentence that it rests on.
    pub quote: String,
    /// The rules that check it.
    pub rules: Vec<&'static str>,
}

#[derive(Deserialize)]
struct PlanFile {
    schema: String,
    #[serde(default)]
    documents: Vec<String>,
    #[serde(default)]
    obligation: toml::Table,
}

#[derive(Deserialize)]
struct KeptEntry {
    state: String,
    #[serde(default)]
    reason: Option<String>,
    severity: String,
    #[serde(default)]
    question: String,
    #[serde(default)]
    quote: String,
    #[serde(default)]
    rules: Vec<String>,
}

const STATES: &[&str] = &["open", "unsafe", "deferred", "decided", "accepted"];

impl Plan {
    /// Reads the file, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Plan, String> {
        let file: PlanFile = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        if file.schema != SCHEMA {
            return Err(format!("its schema is not {SCHEMA}"));
        }
        for document in &file.documents {
            refuse_outside(document)?;
        }
        let kept: Result<Vec<Kept>, String> = file
            .obligation
            .into_iter()
            .map(|(id, entry)| kept(id, entry))
            .collect();
        Ok(Plan {
            documents: file.documents,
            kept: kept?,
            apis: Vec::new(),
        })
    }
}

/// A path in the file leads to a document of the tree, never out of it.
fn refuse_outside(path: &str) -> Result<(), String> {
    let is_absolute = path.starts_with(['/', '\\']) || path.chars().nth(1) == Some(':');
    let leaves = path.split(['/', '\\']).any(|part| part == "..");
    match is_absolute || leaves || path.is_empty() {
        true => Err(format!(
            "the document `{path}` is not below the root of the tree"
        )),
        false => Ok(()),
    }
}

fn kept(id: String, entry: toml::Value) -> Result<Kept, String> {
    let entry: KeptEntry = entry
        .try_into()
        .map_err(|error: toml::de::Error| format!("`{id}`: {}", error.message()))?;
    if !STATES.contains(&entry.state.as_str()) {
        return Err(format!(
            "`{id}` has the state `{}`; there are: {}",
            entry.state,
            STATES.join(", ")
        ));
    }
    let reason = entry.reason.filter(|reason| !reason.trim().is_empty());
    if entry.state == "accepted" && reason.is_none() {
        return Err(format!("`{id}` is accepted without a reason"));
    }
    let severity =
        severity(&entry.severity).ok_or_else(|| format!("`{id}` has no known severity"))?;
    let rules: Result<Vec<&'static str>, String> = entry
        .rules
        .iter()
        .map(|name| match firedoor_rules::rule(name) {
            Some(rule) => Ok(rule.id),
            None => Err(format!(
                "`{id}` names the rule `{name}`, which does not exist"
            )),
        })
        .collect();
    Ok(Kept {
        state: entry.state,
        reason,
        severity,
        question: entry.question,
        quote: entry.quote,
        rules: rules?,
        id,
    })
}

/// Returns the file as it is to be: what `review` says, and what people have written in `existing`.
pub fn keep(
    existing: Option<&str>,
    documents: &[String],
    review: &Review,
) -> Result<String, String> {
    let mut document: DocumentMut = match existing {
        Some(text) => {
            Plan::parse(text)?;
            text.parse()
                .map_err(|error: toml_edit::TomlError| error.message().to_owned())?
        }
        None => format!("{HEAD}schema = \"{SCHEMA}\"\n")
            .parse()
            .map_err(|error: toml_edit::TomlError| error.message().to_owned())?,
    };
    document["documents"] = value(
        documents
            .iter()
            .map(String::as_str)
            .collect::<toml_edit::Array>(),
    );
    let table = document.entry("obligation").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let table = table.as_table_mut().ok_or("`obligation` is no table")?;
    let gone: Vec<String> = table
        .iter()
        .filter(|(id, item)| {
            !is_accepted(item) && !review.decisions.iter().any(|decision| decision.id == *id)
        })
        .map(|(id, _)| id.to_owned())
        .collect();
    for id in gone {
        table.remove(&id);
    }
    for decision in &review.decisions {
        put(table, decision);
    }
    Ok(document.to_string())
}

fn is_accepted(item: &Item) -> bool {
    item.get("state").and_then(Item::as_str) == Some("accepted")
}

fn put(table: &mut Table, decision: &Obligation) {
    let is_new = !table.contains_key(&decision.id);
    let item = table
        .entry(&decision.id)
        .or_insert_with(|| Item::Table(Table::new()));
    let Some(entry) = item.as_table_like_mut() else {
        return;
    };
    let is_accepted = entry.get("state").and_then(Item::as_str) == Some("accepted");
    if !is_accepted {
        set(entry, "state", decision.state.as_str().into());
    }
    if is_new {
        set(entry, "severity", decision.severity.as_str().into());
    }
    set(entry, "question", one_line(&decision.question).into());
    let quote = decision
        .evidence
        .first()
        .map(|quote| one_line(&quote.text))
        .unwrap_or_default();
    set(entry, "quote", quote.into());
    if is_new {
        let rules: toml_edit::Array = decision.rules.iter().copied().collect();
        set(entry, "rules", rules.into());
    }
}

/// Changes a value and leaves what stands around it, comments above all.
fn set(entry: &mut dyn toml_edit::TableLike, key: &str, new: Value) {
    match entry.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = new;
            *old.decor_mut() = decor;
        }
        None => {
            entry.insert(key, Item::Value(new));
        }
    }
}

fn one_line(text: &str) -> String {
    let visible = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter });
    visible
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
