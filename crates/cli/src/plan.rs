//! `.firedoor/plan.toml` and the documents that it names: reading and writing, within the tree only.

use std::io::Read;
use std::path::Path;

use firedoor_plan::{Document, LARGEST_DOCUMENT, LARGEST_PLAN, Plan, Review};

use crate::inside;
use crate::user_error::UserError;

/// The folder of what firedoor writes for itself, at the scanned root.
const FOLDER: &str = ".firedoor";
/// The file in it.
const FILE: &str = "plan.toml";

/// Returns the place of the plan, for a message.
pub fn place() -> String {
    format!("{FOLDER}/{FILE}")
}

/// Returns the plan of the tree at `root`, without its documents; nothing if there is none.
pub fn read(root: &Path) -> Result<Option<Plan>, UserError> {
    let Some(text) = inside::read(root, &place(), LARGEST_PLAN, fault)? else {
        return Ok(None);
    };
    Plan::parse(&text).map(Some).map_err(|fault| broken(&fault))
}

/// Returns the plan of the tree at `root` with the documents of its interface.
///
/// A document that is gone, or is none any more, is told by the second.
pub fn load(root: &Path) -> Result<Option<(Plan, Vec<String>)>, UserError> {
    let Some(mut plan) = read(root)? else {
        return Ok(None);
    };
    let mut notes = Vec::new();
    for name in plan.documents.clone() {
        if !firedoor_plan::is_data(&name) {
            continue;
        }
        let read = read_inner(root, &name).map_err(|error| error.to_string());
        match read.and_then(|document| firedoor_plan::read_api(&name, &document.text)) {
            Ok(api) => plan.apis.push(api),
            Err(why) => notes.push(firedoor_report::clean(&format!("{name}: {why}")).into_owned()),
        }
    }
    Ok(Some((plan, notes)))
}

/// Writes the plan, and returns its place for a message.
pub fn write(root: &Path, documents: &[String], review: &Review) -> Result<String, UserError> {
    let existing = inside::read(root, &place(), LARGEST_PLAN, fault)?;
    let text = firedoor_plan::keep(existing.as_deref(), documents, review)
        .map_err(|fault| broken(&fault))?;
    if existing.as_deref() != Some(text.as_str()) {
        inside::write(root, &place(), &text)?;
    }
    Ok(place())
}

/// Returns the document that the plan names, which must lie in the tree.
pub fn read_inner(root: &Path, name: &str) -> Result<Document, UserError> {
    let path = root.join(name);
    let place = path
        .canonicalize()
        .map_err(|error| UserError::unreadable(Path::new(name), error))?;
    if !place.starts_with(root) {
        return Err(broken(&format!(
            "the document `{name}` lies outside of the tree"
        )));
    }
    Ok(Document {
        file: name.to_owned(),
        text: read_text(&path)?,
    })
}

/// Holds if `name` can be kept: a path that goes down from the root.
pub fn is_inner(name: &str) -> bool {
    let path = Path::new(name);
    let mut parts = path.components();
    !name.is_empty() && parts.all(|part| matches!(part, std::path::Component::Normal(_)))
}

/// Returns the text of a document, whatever its encoding; one that is too large is refused before it is read.
pub fn read_text(path: &Path) -> Result<String, UserError> {
    let metadata = std::fs::metadata(path).map_err(|error| UserError::unreadable(path, error))?;
    if !metadata.is_file() {
        return Err(UserError::Document {
            file: path.to_string_lossy().into_owned(),
            why: String::from("it is no file"),
        });
    }
    let file = std::fs::File::open(path).map_err(|error| UserError::unreadable(path, error))?;
    let mut bytes = Vec::new();
    let most = LARGEST_DOCUMENT as u64 + 1;
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| UserError::unreadable(path, error))?;
    if bytes.len() > LARGEST_DOCUMENT {
        return Err(UserError::Document {
            file: path.to_string_lossy().into_owned(),
            why: format!(
                "it has more than {} MiB, too many for a plan",
                LARGEST_DOCUMENT >> 20
            ),
        });
    }
    Ok(decoded(&bytes))
}

fn decoded(bytes: &[u8]) -> String {
    let wide = |is_little: bool| {
        let units = bytes[2..].chunks_exact(2).map(|pair| match is_little {
            true => u16::from_le_bytes([pair[0], pair[1]]),
            false => u16::from_be_bytes([pair[0], pair[1]]),
        });
        String::from_utf16_lossy(&units.collect::<Vec<u16>>())
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(true),
        [0xfe, 0xff, ..] => wide(false),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn fault(why: String) -> UserError {
    UserError::Plan(firedoor_report::clean(&why).into_owned())
}

fn broken(why: &str) -> UserError {
    UserError::Plan(format!("{}: {}", place(), firedoor_report::clean(why)))
}
