//! OpenAPI 3.x.

use super::{Api, ApiKind, Documented, Lines, Node, Operation, resolved, schemes};

const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];

pub(super) fn read(file: &str, text: &str, root: &Node) -> Api {
    let lines = Lines::new(text);
    let global = root.get("security");
    let mut operations = Vec::new();
    let paths = root.get("paths").map(Node::entries).unwrap_or_default();
    for (path, item) in paths {
        let item = resolved(root, item);
        for (method, operation) in item.entries() {
            if !METHODS.contains(&method.as_str()) {
                continue;
            }
            let (security, schemes) = requirement(operation.get("security").or(global));
            let responses = operation
                .get("responses")
                .map(Node::entries)
                .unwrap_or_default();
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                security,
                schemes,
                is_limited: responses
                    .iter()
                    .any(|(status, _)| status == "429" || status == "4XX"),
                line: lines.of(&["paths", path, method]),
            });
        }
    }
    let servers = root.get("servers").map(Node::items).unwrap_or_default();
    Api {
        file: file.to_owned(),
        kind: ApiKind::OpenApi,
        operations,
        schemes: schemes(root, &lines),
        servers: servers
            .iter()
            .filter_map(|server| server.text_of("url"))
            .map(String::from)
            .collect(),
        description: description(root),
    }
}

pub(super) fn description(root: &Node) -> String {
    let info = root.get("info");
    info.and_then(|info| info.text_of("description"))
        .unwrap_or("")
        .to_owned()
}

/// Returns what a list of requirements says: one of them suffices, and an empty one needs nothing.
pub(super) fn requirement(security: Option<&Node>) -> (Documented, Vec<String>) {
    let choices = security.map(Node::items).unwrap_or_default();
    let mut names: Vec<String> = choices
        .iter()
        .flat_map(|choice| choice.entries().iter().map(|(name, _)| name.clone()))
        .collect();
    names.dedup();
    let is_empty = |choice: &Node| choice.entries().is_empty() && choice.text_of("$ref").is_none();
    let documented = match (names.is_empty(), choices.iter().any(is_empty)) {
        (true, _) => Documented::Public,
        (false, true) => Documented::Optional,
        (false, false) => Documented::Secured,
    };
    (documented, names)
}
