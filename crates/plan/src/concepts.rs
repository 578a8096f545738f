//! Concepts: the many ways to say one thing, kept once for the patterns of all parts.
//!
//! "Expires", "is good for" and "dies after" are one concept, and a decision about invitations should not have to
//! learn it anew after one about sessions did. A pattern names a concept as `@name`, and gets all its ways.

use std::collections::BTreeMap;

/// How deep concepts may name each other.
const DEEPEST: usize = 4;

/// The concepts by their names, each as the inside of a bracket.
#[derive(Debug, Default)]
pub struct Concepts(BTreeMap<String, String>);

impl Concepts {
    /// Reads the file of concepts, or says what is wrong with it.
    pub fn read(text: &str) -> Result<Concepts, String> {
        let lists: BTreeMap<String, Vec<String>> =
            toml::from_str(text).map_err(|error| error.to_string())?;
        let ways = |(name, ways): (String, Vec<String>)| (name, ways.join("|"));
        Ok(Concepts(lists.into_iter().map(ways).collect()))
    }

    /// Returns the pattern with brackets in the place of names.
    pub fn write_out(&self, pattern: &str) -> Result<String, String> {
        self.write(pattern, 0)
    }

    fn write(&self, pattern: &str, depth: usize) -> Result<String, String> {
        let Some((before, rest)) = pattern.split_once('@') else {
            return Ok(pattern.to_owned());
        };
        if depth > DEEPEST {
            return Err(format!("`{pattern}` names itself"));
        }
        let is_end = |letter: char| !letter.is_ascii_lowercase() && letter != '-';
        let (name, behind) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
        let ways = self
            .0
            .get(name)
            .ok_or_else(|| format!("no concept is called `{name}`"))?;
        let ways = self.write(ways, depth + 1)?;
        let behind = self.write(behind, depth)?;
        Ok(format!("{before}({ways}){behind}"))
    }
}
