//! Where a document of the interface and the map differ, both ways.

use firedoor_app::{Control, EntryPoint, Map, Transport, Verdict};
use firedoor_source::Span;

use crate::api::{Api, ApiKind, Documented, Operation};

/// How a document and the code differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriftKind {
    /// The document requires a credential, and the code does not.
    NotEnforced,
    /// The code requires a credential, and the document does not say so.
    Undocumented,
    /// The document has an operation that the code has not.
    NotInCode,
    /// The code has an entry point that the document has not.
    NotInDocument,
}

impl DriftKind {
    /// Returns the word for it in output.
    pub fn as_str(self) -> &'static str {
        match self {
            DriftKind::NotEnforced => "not-enforced",
            DriftKind::Undocumented => "undocumented-security",
            DriftKind::NotInCode => "not-in-code",
            DriftKind::NotInDocument => "not-in-document",
        }
    }
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// How they differ.
    pub kind: DriftKind,
    /// The document.
    pub file: String,
    /// The line of the operation; 0 where there is none.
    pub line: u32,
    /// The operation or entry point.
    pub operation: String,
    /// Where the code registers it.
    pub registered: Option<Span>,
    /// What differs, in words.
    pub message: String,
}

/// Returns where `api` and `map` differ.
pub fn drift(api: &Api, map: &Map) -> Vec<Drift> {
    let entries: Vec<&EntryPoint> = map
        .entry_points
        .iter()
        .filter(|entry| is_of(api.kind, entry))
        .collect();
    // A code base without such entry points is another one; its document says nothing about this.
    if entries.is_empty() {
        return Vec::new();
    }
    let base = base(api, &entries);
    let mut found = Vec::new();
    for operation in &api.operations {
        let own: Vec<&&EntryPoint> = entries
            .iter()
            .filter(|entry| is_same(operation, &base, entry))
            .collect();
        match own.first() {
            Some(entry) => found.extend(compare(api, operation, entry)),
            None => found.push(Drift {
                kind: DriftKind::NotInCode,
                file: api.file.clone(),
                line: operation.line,
                operation: operation.id(),
                registered: None,
                message: String::from("it is documented, and the map has no such entry point"),
            }),
        }
    }
    for entry in entries {
        let is_known = api
            .operations
            .iter()
            .any(|operation| is_same(operation, &base, entry));
        if !is_known && is_documentable(entry) {
            found.push(Drift {
                kind: DriftKind::NotInDocument,
                file: api.file.clone(),
                line: 0,
                operation: entry.id(),
                registered: Some(entry.registered),
                message: String::from("the code has it, and the document does not mention it"),
            });
        }
    }
    found.sort_by_key(|drift| drift.kind);
    found
}

fn is_of(kind: ApiKind, entry: &EntryPoint) -> bool {
    match kind {
        ApiKind::OpenApi => entry.transport == Transport::Http,
        ApiKind::AsyncApi => entry.transport == Transport::WebSocket && entry.message.is_none(),
    }
}

fn is_documentable(entry: &EntryPoint) -> bool {
    !entry.path.contains("*}") && !matches!(entry.method.as_str(), "HEAD" | "OPTIONS" | "ANY")
}

fn compare(api: &Api, operation: &Operation, entry: &EntryPoint) -> Option<Drift> {
    let verdict = entry.verdict(Control::Authentication);
    let (kind, message) = match (operation.security, &verdict) {
        (Documented::Secured, Verdict::Absent | Verdict::Observed | Verdict::Conditional(_)) => (
            DriftKind::NotEnforced,
            format!(
                "documented with {}, and authentication is {} in the code",
                operation.schemes.join(", "),
                verdict.as_str()
            ),
        ),
        (Documented::Public, Verdict::Enforced) => (
            DriftKind::Undocumented,
            String::from(
                "the code requires a credential, and the document says that none is needed",
            ),
        ),
        _ => return None,
    };
    Some(Drift {
        kind,
        file: api.file.clone(),
        line: operation.line,
        operation: operation.id(),
        registered: Some(entry.registered),
        message,
    })
}

/// Returns the path of the server below which most operations are found.
fn base(api: &Api, entries: &[&EntryPoint]) -> String {
    let mut bases = vec![String::new()];
    bases.extend(api.servers.iter().map(|server| path_of(server)));
    let hits = |base: &String| {
        let is_there =
            |operation: &&Operation| entries.iter().any(|entry| is_same(operation, base, entry));
        api.operations.iter().filter(is_there).count()
    };
    let best = bases.iter().map(hits).max().unwrap_or(0);
    bases
        .iter()
        .find(|base| hits(base) == best)
        .cloned()
        .unwrap_or_default()
}

fn path_of(server: &str) -> String {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    let is_path = server.starts_with('/');
    let path = match is_path {
        true => server,
        false => rest.find('/').map_or("", |start| &rest[start..]),
    };
    path.trim_end_matches('/').to_owned()
}

/// Holds if both mean one path; the names of parameters do not matter.
fn is_same(operation: &Operation, base: &str, entry: &EntryPoint) -> bool {
    let is_method = operation.method == entry.method.as_str()
        || entry.method == "ANY"
        || operation.method == "WS";
    is_method && segments(&format!("{base}{}", operation.path)) == segments(&entry.path)
}

fn segments(path: &str) -> Vec<&str> {
    firedoor_app::path_segments(path)
        .map(|segment| {
            if segment.starts_with('{') {
                "{}"
            } else {
                segment
            }
        })
        .collect()
}
