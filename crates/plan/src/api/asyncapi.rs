//! AsyncAPI 2.x and 3.x: a channel is secured if its operations or all of its servers are.

use super::openapi::{description, requirement};
use super::{Api, ApiKind, Documented, Lines, Node, Operation, resolved, schemes};

pub(super) fn read(file: &str, text: &str, root: &Node) -> Api {
    let lines = Lines::new(text);
    let servers = root.get("servers").map(Node::entries).unwrap_or_default();
    let channels = root.get("channels").map(Node::entries).unwrap_or_default();
    let operations = channels
        .iter()
        .map(|(name, channel)| {
            let channel = resolved(root, channel);
            let (security, schemes) = channel_security(root, name, channel, servers);
            let address = channel.text_of("address").unwrap_or(name);
            Operation {
                method: String::from("WS"),
                path: match address.starts_with('/') {
                    true => address.to_owned(),
                    false => format!("/{address}"),
                },
                security,
                schemes,
                is_limited: false,
                line: lines.of(&["channels", name]),
            }
        })
        .collect();
    Api {
        file: file.to_owned(),
        kind: ApiKind::AsyncApi,
        operations,
        schemes: schemes(root, &lines),
        servers: servers
            .iter()
            .filter_map(|(_, server)| address(server))
            .collect(),
        description: description(root),
    }
}

fn address(server: &Node) -> Option<String> {
    let protocol = server.text_of("protocol").unwrap_or("");
    match (server.text_of("url"), server.text_of("host")) {
        (Some(url), _) if url.contains("://") => Some(url.to_owned()),
        (Some(host), _) | (None, Some(host)) => Some(format!("{protocol}://{host}")),
        (None, None) => None,
    }
}

/// Returns what the operations of a channel say, or else its servers.
fn channel_security(
    root: &Node,
    name: &str,
    channel: &Node,
    servers: &[(String, Node)],
) -> (Documented, Vec<String>) {
    let mut own = Vec::new();
    for direction in ["publish", "subscribe"] {
        own.extend(channel.get(direction).and_then(|it| it.get("security")));
    }
    let reference = format!("#/channels/{}", name.replace('~', "~0").replace('/', "~1"));
    for (_, operation) in root
        .get("operations")
        .map(Node::entries)
        .unwrap_or_default()
    {
        let channel = operation.get("channel").and_then(|it| it.text_of("$ref"));
        if channel == Some(reference.as_str()) {
            own.extend(operation.get("security"));
        }
    }
    if let Some(security) = own.first() {
        return named(root, security);
    }
    let mut all = Vec::new();
    let mut weakest = Documented::Secured;
    for (_, server) in servers {
        let (documented, names) = server
            .get("security")
            .map_or((Documented::Public, Vec::new()), |it| named(root, it));
        if documented != Documented::Secured {
            weakest = documented;
        }
        all.extend(names);
    }
    match servers.is_empty() {
        true => (Documented::Public, all),
        false => (weakest, all),
    }
}

/// In version 3 a requirement is the scheme itself, mostly as a reference.
fn named(root: &Node, security: &Node) -> (Documented, Vec<String>) {
    let items = security.items();
    let is_version_3 = items.iter().any(|item| {
        item.text_of("$ref").is_some() || resolved(root, item).text_of("type").is_some()
    });
    if !is_version_3 {
        return requirement(Some(security));
    }
    let names = items
        .iter()
        .map(|item| {
            let reference = item.text_of("$ref").unwrap_or("");
            reference.rsplit('/').next().unwrap_or("").to_owned()
        })
        .collect();
    (Documented::Secured, names)
}
