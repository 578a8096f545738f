//! Who wrote a change: names of agents from authors, addresses, trailers and remarks of commits, by a table that the
//! user can extend.

use serde::Deserialize;

use crate::message::{person, trailers};

/// The agents that are known without the user.
const KNOWN: &str = include_str!("agents.toml");

/// The trailers that name somebody who wrote the change too.
const WRITERS: [&str; 3] = ["co-authored-by", "co-developed-by", "authored-by"];

/// The trailers that name a tool.
const TOOLS: [&str; 8] = [
    "generated-by",
    "assisted-by",
    "created-by",
    "made-with",
    "generated-with",
    "coding-agent",
    "ai-agent",
    "ai-assistant",
];

/// How an agent shows in commits. In patterns case means nothing, and `*` stands for any text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Its name in output.
    pub name: String,
    /// Names of authors, committers and co-authors.
    #[serde(default)]
    pub names: Vec<String>,
    /// Their addresses.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// What stands in trailers that name a tool.
    #[serde(default)]
    pub tools: Vec<String>,
    /// Whole lines of a message.
    #[serde(default)]
    pub lines: Vec<String>,
}

impl Agent {
    /// Holds if nothing of it could be seen in a commit.
    pub fn is_invisible(&self) -> bool {
        [&self.names, &self.addresses, &self.tools, &self.lines]
            .iter()
            .all(|patterns| patterns.is_empty())
    }
}

/// What tells of a commit who wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// Name and address of the author.
    pub author: (String, String),
    /// Name and address of the committer.
    pub committer: (String, String),
    /// The message.
    pub message: String,
}

/// All agents that are looked for.
#[derive(Clone, Debug)]
pub struct Agents(pub(crate) Vec<Agent>);

impl Agents {
    /// Returns the agents that are known, and those of the user, who come first: an agent of a known name adds to it.
    pub fn with(own: &[Agent]) -> Agents {
        #[derive(Deserialize)]
        struct Document {
            agents: Vec<Agent>,
        }
        // A test holds that the table can be read.
        let known = toml::from_str(KNOWN).map_or_else(|_| Vec::new(), |it: Document| it.agents);
        Agents(own.iter().cloned().chain(known).collect())
    }

    /// Returns the names of the agents that wrote the commit, in alphabetical order.
    pub fn of(&self, signs: &Signs) -> Vec<String> {
        let mut people = vec![
            (signs.author.0.as_str(), signs.author.1.as_str()),
            (signs.committer.0.as_str(), signs.committer.1.as_str()),
        ];
        let mut tools = Vec::new();
        for trailer in trailers(&signs.message) {
            let is = |keys: &[&str]| keys.iter().any(|key| key.eq_ignore_ascii_case(trailer.key));
            if is(&WRITERS) {
                people.push(person(trailer.value));
            } else if is(&TOOLS) {
                let tool = person(trailer.value);
                tools.push(tool.0);
                people.push(tool);
            }
        }
        let names: Vec<&str> = people.iter().map(|it| it.0).collect();
        let addresses: Vec<&str> = people.iter().map(|it| it.1).collect();
        let lines: Vec<&str> = signs.message.lines().map(str::trim).collect();
        let any = |patterns: &[String], texts: &[&str]| {
            texts.iter().any(|text| {
                !text.is_empty() && patterns.iter().any(|pattern| matches(pattern, text))
            })
        };
        let mut found: Vec<String> = self
            .0
            .iter()
            .filter(|agent| {
                any(&agent.names, &names)
                    || any(&agent.addresses, &addresses)
                    || any(&agent.tools, &tools)
                    || any(&agent.lines, &lines)
            })
            .map(|agent| agent.name.clone())
            .collect();
        found.sort();
        found.dedup();
        found
    }
}

/// Holds if `pattern`, in which `*` stands for any text, is `text`, whatever their case.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut left) = text.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = rest.split('*').collect();
    let (last, between) = parts.split_last().unwrap_or((&"", &[]));
    for part in between {
        match left.find(part) {
            Some(place) => left = &left[place + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}
