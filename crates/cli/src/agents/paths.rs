//! Which files a tool wrote, from the arguments that an agent gave it.

use serde_json::{Map, Value};

/// The most files of one edit that are looked at.
const MOST: usize = 200;

/// The keys under which tools are told a file.
const KEYS: [&str; 4] = ["file_path", "path", "filePath", "absolute_path"];

/// The keys under which tools are told a patch.
const PATCHES: [&str; 4] = ["command", "patch", "input", "patchText"];

/// Returns the files that the tool of that name wrote with these arguments: an object, or its text.
///
/// A patch is looked for only where the tool applies patches: commands of a shell may hold anything.
pub fn edited(tool: Option<&Value>, arguments: Option<&Value>) -> Vec<String> {
    let is_patch = tool
        .and_then(Value::as_str)
        .is_some_and(|name| matches!(name, "apply_patch" | "Edit" | "Write"));
    let mut files = match arguments {
        Some(Value::Object(object)) => of_object(object, is_patch),
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(Value::Object(object)) => of_object(&object, is_patch),
            _ if is_patch => of_patch(text),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    files.truncate(MOST);
    files
}

fn of_object(object: &Map<String, Value>, is_patch: bool) -> Vec<String> {
    let file = KEYS
        .iter()
        .find_map(|key| object.get(*key).and_then(Value::as_str));
    if let Some(file) = file {
        return vec![file.to_owned()];
    }
    let patch = PATCHES.iter().filter(|_| is_patch);
    let patch = patch
        .filter_map(|key| object.get(*key))
        .find_map(|value| match value {
            Value::String(text) => Some(text.clone()),
            // Some versions give the words of the command.
            Value::Array(words) => words.last()?.as_str().map(str::to_owned),
            _ => None,
        });
    patch.map_or(Vec::new(), |patch| of_patch(&patch))
}

/// Returns the files of a patch in the form that `apply_patch` takes.
fn of_patch(patch: &str) -> Vec<String> {
    let marks = ["*** Update File: ", "*** Add File: ", "*** Move to: "];
    patch
        .lines()
        .filter_map(|line| marks.iter().find_map(|mark| line.strip_prefix(mark)))
        .map(|file| file.trim().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(tool: &str, arguments: Value) -> Vec<String> {
        edited(Some(&json!(tool)), Some(&arguments))
    }

    #[test]
    fn files_are_found_in_the_arguments_of_tools() {
        assert_eq!(of("Write", json!({"file_path": "/a/b.ts"})), ["/a/b.ts"]);
        assert_eq!(of("edit", json!({"path": "b.ts"})), ["b.ts"]);
        assert_eq!(of("edit", json!("{\"path\": \"b.ts\"}")), ["b.ts"]);
        let patch = "*** Begin Patch\n*** Update File: a.ts\n@@\n-x\n+y\n*** Add File: b.ts\n*** Move to: c.ts\n";
        assert_eq!(
            of("apply_patch", json!({"command": patch})),
            ["a.ts", "b.ts", "c.ts"]
        );
        assert_eq!(of("apply_patch", json!(["x"])), [""; 0]);
        assert_eq!(
            of("apply_patch", json!({"command": ["apply_patch", patch]})).len(),
            3
        );
        assert_eq!(of("apply_patch", json!(patch)).len(), 3);
    }

    #[test]
    fn a_command_of_a_shell_is_no_patch() {
        let command = "cat <<X\n*** Update File: a.ts\nX";
        assert_eq!(of("Bash", json!({"command": command})), [""; 0]);
        assert_eq!(of("Bash", Value::Null), [""; 0]);
        assert_eq!(edited(None, None), [""; 0]);
    }

    #[test]
    fn a_patch_of_very_many_files_is_cut() {
        let patch = "*** Update File: a.ts\n".repeat(100_000);
        assert_eq!(of("apply_patch", json!({"command": patch})).len(), MOST);
    }
}
