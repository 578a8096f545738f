//! `.firedoor/judgements.toml`: read with every analysis, and added to by `firedoor judge`.

use std::path::Path;

use firedoor_analysis::judgements::{
    JUDGEMENTS_SCHEMA, Judged, Judgement, digest, parse_judgements,
};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use crate::configuration::{Fault, render};
use crate::inside;
use crate::user_error::UserError;

/// The place of the file, relative to the scanned root.
pub const FILE: &str = ".firedoor/judgements.toml";

/// The most bytes that the file may have.
const LARGEST: usize = 8 << 20;

/// What stands at the top of a new file.
const HEADING: &str = "\
# What was decided about findings and entry points, and what each decision rests on.
# `firedoor judge` adds to this file. A decision falls when what it rests on changes; take one out to withdraw it.
";

/// Returns the judgements of the tree at `root`.
pub fn load(root: &Path) -> Result<Vec<Judgement>, UserError> {
    match inside::read(root, FILE, LARGEST, UserError::Judgements)? {
        Some(text) => parse(&text),
        None => Ok(Vec::new()),
    }
}

/// Returns the judgements in `text`, the file of a commit; none if there is no such file.
pub fn load_text(text: Option<&str>) -> Result<Vec<Judgement>, UserError> {
    text.map_or(Ok(Vec::new()), parse)
}

fn parse(text: &str) -> Result<Vec<Judgement>, UserError> {
    parse_judgements(text).map_err(|fault| {
        let fault = Fault {
            message: fault.message,
            span: fault.span,
        };
        UserError::Judgements(render(FILE, text, &fault))
    })
}

/// Adds `judgement` to the file of the tree at `root`, in place of an older one about the same thing.
pub fn keep(root: &Path, judgement: &Judgement) -> Result<(), UserError> {
    let text = inside::read(root, FILE, LARGEST, UserError::Judgements)?;
    let text = match text {
        Some(text) => {
            parse(&text)?;
            text
        }
        None => format!("{HEADING}schema = \"{JUDGEMENTS_SCHEMA}\"\n"),
    };
    inside::write(root, FILE, &with(&text, judgement)?)
}

/// Comments and order stay as they are: people edit this file too.
fn with(text: &str, judgement: &Judgement) -> Result<String, UserError> {
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| broken(error.message()))?;
    let list = document
        .entry("judgement")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let Some(tables) = list.as_array_of_tables_mut() else {
        return Err(broken(
            "write judgements as `[[judgement]]`, so that one can be added",
        ));
    };
    let (key, name) = match &judgement.judged {
        Judged::Finding(name) => ("fingerprint", name),
        Judged::EntryPoint(name) => ("entry_point", name),
    };
    let position = tables
        .iter()
        .position(|table| table.get(key).and_then(Item::as_str) == Some(name));
    let fields = fields(judgement, key, name);
    match position.and_then(|position| tables.get_mut(position)) {
        Some(table) => {
            let decor = table.decor().clone();
            *table = fields;
            *table.decor_mut() = decor;
        }
        None => tables.push(fields),
    }
    Ok(document.to_string())
}

fn fields(judgement: &Judgement, key: &str, name: &str) -> Table {
    let mut table = Table::new();
    table.insert(key, value(name));
    if !judgement.title.is_empty() {
        let title = firedoor_report::clean(&judgement.title);
        table.insert("title", value(title.into_owned()));
    }
    table.insert("verdict", value(judgement.ruling.as_str()));
    table.insert("reason", value(&judgement.reason));
    if let Some(by) = &judgement.by {
        table.insert("by", value(by));
    }
    table.insert("evidence", value(digest(&judgement.seen)));
    let mut seen = Array::new();
    for line in &judgement.seen {
        seen.push(line);
    }
    for line in seen.iter_mut() {
        line.decor_mut().set_prefix("\n    ");
    }
    seen.set_trailing("\n");
    seen.set_trailing_comma(true);
    table.insert("seen", value(seen));
    table
}

fn broken(why: &str) -> UserError {
    UserError::Judgements(format!("{FILE}: {}", firedoor_report::clean(why)))
}

#[cfg(test)]
mod tests {
    use firedoor_analysis::judgements::Ruling;

    use super::*;

    fn judgement(reason: &str) -> Judgement {
        Judgement {
            judged: Judged::EntryPoint(String::from("GET /cards/{token}")),
            title: String::new(),
            ruling: Ruling::Public,
            reason: reason.to_owned(),
            by: Some(String::from("ada")),
            seen: vec![String::from("authentication: absent")],
        }
    }

    #[test]
    fn what_is_added_is_read_and_comments_stay() {
        let text = format!("# ours\nschema = \"{JUDGEMENTS_SCHEMA}\" # theirs\n");
        let one = with(&text, &judgement("so")).unwrap_or_default();
        assert!(
            one.starts_with("# ours\n") && one.contains("# theirs"),
            "{one}"
        );
        assert_eq!(parse(&one).unwrap_or_default(), [judgement("so")]);
        let other = with(&one, &judgement("otherwise")).unwrap_or_default();
        assert_eq!(parse(&other).unwrap_or_default(), [judgement("otherwise")]);
    }

    #[test]
    fn a_list_of_another_form_is_no_place_to_add_to() {
        let text = format!("schema = \"{JUDGEMENTS_SCHEMA}\"\njudgement = []\n");
        let error = with(&text, &judgement("so")).map_err(|error| error.to_string());
        assert!(
            error
                .expect_err("it is no list of tables")
                .contains("[[judgement]]")
        );
    }
}
