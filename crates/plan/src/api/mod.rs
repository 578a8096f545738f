//! OpenAPI and AsyncAPI documents: what they say about who may call what.

mod asyncapi;
pub(crate) mod node;
mod obligations;
mod openapi;

pub(crate) use node::Node;
pub(crate) use obligations::obligations;

/// Which kind of document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKind {
    /// OpenAPI 3.
    OpenApi,
    /// AsyncAPI 2 or 3.
    AsyncApi,
}

impl ApiKind {
    /// Returns the word for it in output.
    pub fn as_str(self) -> &'static str {
        match self {
            ApiKind::OpenApi => "openapi",
            ApiKind::AsyncApi => "asyncapi",
        }
    }
}

/// What a document says about the security of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Documented {
    /// A credential is required.
    Secured,
    /// A credential may be given.
    Optional,
    /// None is needed.
    Public,
}

/// An operation of an OpenAPI document, or a channel of an AsyncAPI document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Upper case; `WS` for a channel.
    pub method: String,
    /// The path as a template, without that of the server.
    pub path: String,
    /// What is said about its security.
    pub security: Documented,
    /// The names of the schemes that are required.
    pub schemes: Vec<String>,
    /// Holds if it says that it answers 429.
    pub is_limited: bool,
    /// Its line in the document; 0 if it was not found.
    pub line: u32,
}

impl Operation {
    /// Returns the name, as that of an entry point.
    pub fn id(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Holds if it is there to change something.
    pub fn is_write(&self) -> bool {
        matches!(self.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE")
    }
}

/// A security scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Its name.
    pub name: String,
    /// `http`, `apiKey`, `oauth2`, …
    pub kind: String,
    /// Where an API key is sent: `header`, `query`, `cookie`.
    pub place: String,
    /// The scheme of `http`: `bearer`, `basic`.
    pub http: String,
    /// The flows of OAuth.
    pub flows: Vec<String>,
    /// What is said about it.
    pub description: String,
    /// Its line in the document; 0 if it was not found.
    pub line: u32,
}

/// A document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Its name.
    pub file: String,
    /// What it is.
    pub kind: ApiKind,
    /// The operations in the order of the document.
    pub operations: Vec<Operation>,
    /// The schemes in the order of the document.
    pub schemes: Vec<Scheme>,
    /// The addresses of its servers.
    pub servers: Vec<String>,
    /// What it says about itself, in Markdown.
    pub description: String,
}

/// Reads the document `text`, or says why it is none.
pub fn read(file: &str, text: &str) -> Result<Api, String> {
    let root = Node::read(text)?;
    if let Some(version) = root.text_of("openapi") {
        return match version.starts_with('3') {
            true => Ok(openapi::read(file, text, &root)),
            false => Err(format!("OpenAPI {version} is not supported, 3.x is")),
        };
    }
    if let Some(version) = root.text_of("asyncapi") {
        return match version.starts_with('2') || version.starts_with('3') {
            true => Ok(asyncapi::read(file, text, &root)),
            false => Err(format!(
                "AsyncAPI {version} is not supported, 2.x and 3.x are"
            )),
        };
    }
    match root.get("swagger") {
        Some(_) => Err(String::from(
            "Swagger 2.0 is not supported; convert it to OpenAPI 3",
        )),
        None => Err(String::from("it is neither OpenAPI nor AsyncAPI")),
    }
}

/// Returns the schemes below `components`.
fn schemes(root: &Node, lines: &Lines) -> Vec<Scheme> {
    let all = root
        .get("components")
        .and_then(|it| it.get("securitySchemes"));
    let text = |node: &Node, name: &str| node.text_of(name).unwrap_or("").to_owned();
    let entries = all.map(Node::entries).unwrap_or_default();
    entries
        .iter()
        .map(|(name, node)| {
            let node = resolved(root, node);
            Scheme {
                name: name.clone(),
                kind: text(node, "type"),
                place: text(node, "in"),
                http: text(node, "scheme").to_lowercase(),
                flows: node.get("flows").map(names).unwrap_or_default(),
                description: text(node, "description"),
                line: lines.of(&["securitySchemes", name]),
            }
        })
        .collect()
}

fn names(node: &Node) -> Vec<String> {
    node.entries()
        .iter()
        .map(|(name, _)| name.clone())
        .collect()
}

/// Follows a reference within the document, once; references of references are no use here.
fn resolved<'a>(root: &'a Node, node: &'a Node) -> &'a Node {
    let target = node
        .text_of("$ref")
        .and_then(|reference| root.at(reference));
    target.unwrap_or(node)
}

/// Finds the lines of names, since parsers tell none. A line only points a person to the place.
struct Lines<'a> {
    lines: Vec<&'a str>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Lines<'a> {
        Lines {
            lines: text.lines().collect(),
        }
    }

    /// Returns the line of the last of `names`, each looked for behind the one before; 0 if one is not there.
    fn of(&self, names: &[&str]) -> u32 {
        let mut from = 0;
        for name in names {
            let found = self.lines[from..].iter().position(|line| {
                let line = line.trim_start().trim_start_matches(['"', '\'', '{']);
                let rest = line.strip_prefix(name).unwrap_or("");
                rest.trim_start_matches(['"', '\''])
                    .trim_start()
                    .starts_with(':')
            });
            match found {
                Some(offset) => from += offset + 1,
                None => return 0,
            }
        }
        u32::try_from(from).unwrap_or(0)
    }
}
