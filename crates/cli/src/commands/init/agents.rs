//! Registers firedoor with coding agents: what is there is kept, and added to where it has a place for that.

use std::path::Path;

use serde_json::Value;
use toml_edit::{Array, DocumentMut, Item, Table, value};

use crate::agents::{Agent, Commands, Registration};
use crate::inside;
use crate::user_error::UserError;

/// What stands around the instructions, so that they can be found again.
const BEGIN: &str = "<!-- firedoor:begin -->";
const END: &str = "<!-- firedoor:end -->";
const INSTRUCTIONS: &str = include_str!("instructions.md");

/// The most bytes of a file that is added to.
const LARGEST: usize = 4 << 20;

/// Returns the text of a file with what is added to it, or why that cannot be.
type Addition<'a> = dyn Fn(Option<&str>) -> Result<String, String> + 'a;

/// Registers firedoor with `agent` in the repository at `top`, for what lies in `folder`, and says what became of each
/// file. One that cannot be added to is left as it is.
pub(super) fn register(agent: &Agent, top: &Path, folder: &str) -> Vec<String> {
    let commands = commands(agent, folder);
    let mut lines: Vec<String> = agent
        .registrations
        .iter()
        .map(|registration| place(registration, agent, top, &commands))
        .collect();
    lines.push(format!("note: {}", agent.advice));
    lines
}

fn commands(agent: &Agent, folder: &str) -> Commands {
    let words = |words: &[&str]| -> Vec<String> {
        let folder = (folder != ".").then_some(folder);
        let words = words.iter().copied().chain(folder);
        words.map(str::to_owned).collect()
    };
    Commands {
        hook: firedoor_report::shell(&words(&["firedoor", "hook", agent.name])),
        server: words(&["mcp"]),
    }
}

fn place(registration: &Registration, agent: &Agent, top: &Path, commands: &Commands) -> String {
    let (path, added): (&str, &Addition) = match registration {
        Registration::Json { path, document } => {
            (path, &|text| with_json(text, &document(commands), agent))
        }
        Registration::TomlServer { path } => (path, &|text| with_server(text, commands)),
        Registration::Instructions { path } => (path, &|text| Ok(with_instructions(text))),
    };
    match add(top, path, added) {
        Ok(word) => format!("{word} {path}"),
        Err(why) => format!("left  {path}: {why}"),
    }
}

fn add(top: &Path, path: &str, added: &Addition) -> Result<&'static str, String> {
    let told = |error: UserError| error.to_string();
    let text = inside::read(top, path, LARGEST, UserError::Configuration).map_err(told)?;
    let new = added(text.as_deref())?;
    if text.as_deref() == Some(&new) {
        return Ok("kept ");
    }
    inside::write(top, path, &new).map_err(told)?;
    Ok(match text {
        Some(_) => "added to",
        None => "wrote",
    })
}

fn with_json(text: Option<&str>, document: &Value, agent: &Agent) -> Result<String, String> {
    let mut whole = match text {
        None => Value::Object(serde_json::Map::new()),
        Some(text) => serde_json::from_str(text).map_err(|error| {
            format!("it is no plain JSON ({error}); docs/agents.md says what to add")
        })?,
    };
    let before = whole.clone();
    merge(&mut whole, document, agent)?;
    if let (Some(text), true) = (text, whole == before) {
        return Ok(text.to_owned());
    }
    let text = serde_json::to_string_pretty(&whole).map_err(|error| error.to_string())?;
    Ok(format!("{text}\n"))
}

/// Adds what is missing. What is there has the last word, and a list that has a hook of firedoor gets no second one.
fn merge(whole: &mut Value, part: &Value, agent: &Agent) -> Result<(), String> {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            for (key, value) in part {
                match whole.get_mut(key) {
                    Some(own) => {
                        merge(own, value, agent).map_err(|why| format!("`{key}`: {why}"))?
                    }
                    None => {
                        whole.insert(key.clone(), value.clone());
                    }
                }
            }
            Ok(())
        }
        (Value::Array(whole), Value::Array(part)) => {
            let mark = format!("firedoor hook {}", agent.name);
            let is_there = whole.iter().any(|own| own.to_string().contains(&mark));
            let is_hook = part.iter().any(|new| new.to_string().contains(&mark));
            if is_hook && !is_there {
                whole.extend(part.iter().cloned());
            }
            Ok(())
        }
        (Value::Object(_) | Value::Array(_), _) | (_, Value::Object(_) | Value::Array(_)) => Err(
            String::from("it has another form than expected; docs/agents.md says what to add"),
        ),
        _ => Ok(()),
    }
}

fn with_server(text: Option<&str>, commands: &Commands) -> Result<String, String> {
    let broken = |_| String::from("it is no TOML; docs/agents.md says what to add");
    let text = text.unwrap_or("");
    let mut document: DocumentMut = text.parse().map_err(broken)?;
    let servers = document.entry("mcp_servers").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let servers = servers
        .as_table_like_mut()
        .ok_or("`mcp_servers` is no table; docs/agents.md says what to add")?;
    if servers.contains_key("firedoor") {
        return Ok(text.to_owned());
    }
    let mut server = Table::new();
    server.insert("command", value("firedoor"));
    server.insert("args", value(commands.server.iter().collect::<Array>()));
    servers.insert("firedoor", Item::Table(server));
    Ok(document.to_string())
}

fn with_instructions(text: Option<&str>) -> String {
    let section = format!("{BEGIN}\n{}\n{END}\n", INSTRUCTIONS.trim());
    let Some(text) = text else {
        return section;
    };
    let own = text
        .split_once(BEGIN)
        .and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    match own {
        Some((before, after)) => format!("{before}{}{after}", section.trim_end()),
        None if text.trim().is_empty() => section,
        None => format!("{}\n\n{section}", text.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::agents::AGENTS;

    fn merged(text: &str) -> Result<Value, String> {
        let agent = crate::agents::agent("claude").unwrap_or(AGENTS[0]);
        let Some(Registration::Json { document, .. }) = agent.registrations.first() else {
            return Err(String::from("it has one"));
        };
        let text = with_json(Some(text), &document(&commands(agent, ".")), agent)?;
        serde_json::from_str(&text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_there_is_kept_and_added_to_once() {
        let text = r#"{"model": "x", "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say done"}]}]}}"#;
        let once = merged(text).unwrap_or_default();
        assert_eq!(once["model"], "x");
        assert_eq!(once["hooks"]["Stop"][0]["hooks"][0]["command"], "say done");
        assert_eq!(
            once["hooks"]["Stop"][1]["hooks"][0]["command"],
            "firedoor hook claude"
        );
        assert_eq!(
            once["hooks"]["PostToolUse"].as_array().map(Vec::len),
            Some(1)
        );
        assert_eq!(merged(&once.to_string()), Ok(once));
    }

    #[test]
    fn what_has_another_form_is_left() {
        for text in [
            "// a remark\n{}",
            "[]",
            "{\"hooks\": []}",
            "{\"hooks\": {\"Stop\": 1}}",
            "",
        ] {
            assert!(merged(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_server_is_added_to_settings_with_remarks() {
        let agent = AGENTS[1];
        let text = "# ours\nmodel = \"x\" # theirs\n\n[mcp_servers.other]\ncommand = \"y\"\n";
        let once = with_server(Some(text), &commands(agent, "services/api")).unwrap_or_default();
        assert!(once.starts_with(text), "{once}");
        assert!(
            once.contains(
                "[mcp_servers.firedoor]\ncommand = \"firedoor\"\nargs = [\"mcp\", \"services/api\"]"
            ),
            "{once}"
        );
        assert_eq!(with_server(Some(&once), &commands(agent, ".")), Ok(once));
        assert!(with_server(Some("mcp_servers = 1"), &commands(agent, ".")).is_err());
    }

    #[test]
    fn instructions_are_a_section_that_is_written_again() {
        let once = with_instructions(Some("# Ours\n\nText.\n"));
        assert!(
            once.starts_with("# Ours\n\nText.\n\n<!-- firedoor:begin -->"),
            "{once}"
        );
        assert_eq!(with_instructions(Some(&once)), once);
        let older = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        let newer = with_instructions(Some(&older));
        assert!(newer.starts_with("a\n") && newer.ends_with("\nb\n") && !newer.contains("old"));
    }

    #[test]
    fn a_folder_is_one_word_of_the_command() {
        let commands = commands(AGENTS[0], "it's $(x)");
        assert_eq!(commands.hook, r"firedoor hook claude 'it'\''s $(x)'");
        assert_eq!(json!(commands.server), json!(["mcp", "it's $(x)"]));
    }
}
