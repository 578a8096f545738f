//! Where Prisma writes its client: <https://www.prisma.io/docs/orm/prisma-schema/overview/generators>.
//!
//! Version 7 always generates the client into the project, and `output` allowed it before. What is generated is not
//! committed as a rule, and where it is, nobody wrote it; so an import of it is one of the package.

use firedoor_source::FileSet;

use crate::tree::{folder_of, normalise};

/// The package that a generated client is in place of.
pub(crate) const PACKAGE: &str = "@prisma/client";

/// The generators that write a client for JavaScript.
const PROVIDERS: [&str; 2] = ["prisma-client", "prisma-client-js"];

/// Returns the folders that clients are generated into.
pub(crate) fn outputs(files: &FileSet) -> Vec<String> {
    let schemas = files
        .iter()
        .filter(|(_, file)| file.path.ends_with(".prisma"));
    schemas
        .flat_map(|(_, file)| outputs_of(folder_of(&file.path), &file.text))
        .collect()
}

fn outputs_of(folder: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut provider = "";
    let mut output = None;
    let mut is_generator = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("generator ") {
            (is_generator, provider, output) = (true, "", None);
        } else if line.starts_with('}') {
            if is_generator && PROVIDERS.contains(&provider) {
                found.extend(output.and_then(|output| normalise(folder, output)));
            }
            is_generator = false;
        } else if let Some((name, value)) = line.split_once('=') {
            match name.trim() {
                "provider" => provider = quoted(value),
                "output" => output = Some(quoted(value)),
                _ => {}
            }
        }
    }
    found.retain(|folder| !folder.is_empty() && !folder.contains("node_modules"));
    found
}

fn quoted(value: &str) -> &str {
    value.split('"').nth(1).unwrap_or("")
}
