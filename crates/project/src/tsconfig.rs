//! `tsconfig.json` and `jsconfig.json`: import prefixes that are mapped to folders.
//!
//! This is read here and not by `oxc_resolver`, which follows TypeScript's rule that a config rules only the files that
//! it `include`s, and gives up on a config whose `extends` lies in `node_modules`. An analysis wants the alias all the
//! same: a file that a config leaves out (a test, a script, a `.js` file) is still run by a tool that knows the alias.

use firedoor_source::{FileId, FileSet};
use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use crate::package::Note;
use crate::tree::{folder_of, join, normalise, outward};

/// More steps of `extends` than anyone writes: what is deeper is not followed, for the stack's sake.
const DEEPEST_EXTENDS: usize = 16;

/// All configs of a tree.
#[derive(Clone, Debug, Default)]
pub(crate) struct Configs {
    /// The configs of a folder in the order in which they are asked.
    by_folder: FxHashMap<String, Vec<Config>>,
}

/// What one config says about imports, with what it inherits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Config {
    base_url: Option<String>,
    paths: Vec<Mapping>,
    references: Vec<String>,
}

/// One line of `paths`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Mapping {
    prefix: String,
    /// What follows the star; nothing if the key has no star.
    suffix: Option<String>,
    /// Paths in the tree, with a star or without.
    targets: Vec<String>,
}

impl Configs {
    /// Reads the configs of `files`. `package_folder` tells where a package of the tree lies, for `extends`.
    pub(crate) fn new(
        files: &FileSet,
        package_folder: &dyn Fn(&str) -> Option<String>,
        notes: &mut Vec<Note>,
    ) -> Configs {
        let mut reader = Reader {
            files,
            package_folder,
            parsed: FxHashMap::default(),
            done: FxHashMap::default(),
            reading: Vec::new(),
            faults: Vec::new(),
        };
        let mut by_folder: FxHashMap<String, Vec<(String, Config)>> = FxHashMap::default();
        for (id, file) in files.iter() {
            let name = file.path.rsplit('/').next().unwrap_or("");
            let is_config = (name.starts_with("tsconfig") && name.ends_with(".json"))
                || name == "jsconfig.json";
            if !is_config || file.path.contains("node_modules/") {
                continue;
            }
            if let Some(message) = reader.fault(id) {
                notes.push(Note { file: id, message });
                continue;
            }
            let config = reader.effective(id, 0);
            by_folder
                .entry(folder_of(&file.path).to_string())
                .or_default()
                .push((file.path.clone(), config));
        }
        let mut faults = reader.faults;
        faults.sort_by(|a, b| (a.file, &a.message).cmp(&(b.file, &b.message)));
        faults.dedup();
        notes.append(&mut faults);
        Configs {
            by_folder: by_folder
                .into_iter()
                .map(|(folder, configs)| (folder, ordered(configs)))
                .collect(),
        }
    }

    /// Returns the paths that `specifier` may stand for in a file of `folder`, the best first, and whether a `paths` key named it.
    pub(crate) fn candidates(&self, folder: &str, specifier: &str) -> (Vec<String>, bool) {
        let mut candidates = Vec::new();
        let mut bases = Vec::new();
        let mut is_named = false;
        for folder in outward(folder) {
            for config in self.by_folder.get(folder).into_iter().flatten() {
                let before = candidates.len();
                config.add_candidates(specifier, &mut candidates);
                is_named |= candidates.len() > before && !config.has_catch_all();
                bases.extend(config.base_url.iter().map(|base| join(base, specifier)));
            }
        }
        candidates.extend(bases);
        (candidates, is_named)
    }
}

/// Puts the config that a file is asked for first to the front: `tsconfig.json`, what it refers to, `jsconfig.json`, the others.
fn ordered(configs: Vec<(String, Config)>) -> Vec<Config> {
    let main = configs
        .iter()
        .position(|(path, _)| path == "tsconfig.json" || path.ends_with("/tsconfig.json"));
    let references = main.map_or(Vec::new(), |main| configs[main].1.references.clone());
    let rank = |index: usize, path: &str| {
        if Some(index) == main {
            0
        } else if references.iter().any(|reference| reference == path) {
            1
        } else if path.ends_with("jsconfig.json") {
            2
        } else {
            3
        }
    };
    let mut ranked: Vec<(usize, Config)> = configs
        .iter()
        .enumerate()
        .map(|(index, (path, config))| (rank(index, path), config.clone()))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut unique: Vec<Config> = Vec::new();
    for (_, config) in ranked {
        if !unique.contains(&config) {
            unique.push(config);
        }
    }
    unique
}

impl Config {
    /// Adds what the most specific key that fits leads to, as TypeScript chooses it.
    fn add_candidates(&self, specifier: &str, candidates: &mut Vec<String>) {
        let best = self
            .paths
            .iter()
            .filter_map(|mapping| Some((mapping.star(specifier)?, mapping)))
            .max_by_key(|(_, mapping)| (mapping.suffix.is_none(), mapping.prefix.len()));
        if let Some((star, mapping)) = best {
            candidates.extend(
                mapping
                    .targets
                    .iter()
                    .map(|target| target.replacen('*', star, 1)),
            );
        }
    }

    fn has_catch_all(&self) -> bool {
        self.paths
            .iter()
            .any(|mapping| mapping.prefix.is_empty() && mapping.suffix.is_some())
    }
}

impl Mapping {
    /// Returns what the star stands for if `specifier` fits.
    fn star<'a>(&self, specifier: &'a str) -> Option<&'a str> {
        match &self.suffix {
            None => (specifier == self.prefix).then_some(""),
            Some(suffix) => specifier
                .strip_prefix(self.prefix.as_str())?
                .strip_suffix(suffix.as_str()),
        }
    }
}

/// Reads configs and what they extend.
struct Reader<'a> {
    files: &'a FileSet,
    package_folder: &'a dyn Fn(&str) -> Option<String>,
    parsed: FxHashMap<FileId, Result<Map<String, Value>, String>>,
    done: FxHashMap<FileId, Config>,
    /// The configs that are being read, each of which extends the next.
    reading: Vec<FileId>,
    faults: Vec<Note>,
}

impl Reader<'_> {
    fn parse(&mut self, id: FileId) -> &Result<Map<String, Value>, String> {
        let files = self.files;
        self.parsed.entry(id).or_insert_with(|| {
            let mut text = files
                .file(id)
                .text
                .trim_start_matches('\u{feff}')
                .to_string();
            json_strip_comments::strip(&mut text).map_err(|error| error.to_string())?;
            if text.trim().is_empty() {
                return Ok(Map::new());
            }
            match serde_json::from_str(&text) {
                Ok(Value::Object(fields)) => Ok(fields),
                Ok(_) => Err("is not a JSON object".to_string()),
                Err(error) => Err(error.to_string()),
            }
        })
    }

    fn fault(&mut self, id: FileId) -> Option<String> {
        self.parse(id).as_ref().err().cloned()
    }

    fn fault_of(&mut self, file: FileId, message: String) {
        self.faults.push(Note { file, message });
    }

    /// Returns what the config `id` says, with what it extends.
    fn effective(&mut self, id: FileId, depth: usize) -> Config {
        if let Some(config) = self.done.get(&id) {
            return config.clone();
        }
        if self.reading.contains(&id) {
            self.fault_of(id, "it extends itself".to_owned());
            return Config::default();
        }
        self.reading.push(id);
        let config = self.read(id, depth);
        self.reading.pop();
        self.done.insert(id, config.clone());
        config
    }

    fn read(&mut self, id: FileId, depth: usize) -> Config {
        let Ok(fields) = self.parse(id).clone() else {
            return Config::default();
        };
        let path = self.files.file(id).path.clone();
        let folder = folder_of(&path);
        let mut config = Config::default();
        if depth < DEEPEST_EXTENDS {
            for specifier in strings(fields.get("extends")) {
                let Some(base) = self.extended(folder, specifier) else {
                    // A package that is not installed is nothing to speak of: few of them have aliases.
                    if specifier.starts_with('.') {
                        self.fault_of(
                            id,
                            format!("it extends `{specifier}`, which is not in the tree"),
                        );
                    }
                    continue;
                };
                let base = self.effective(base, depth + 1);
                config.base_url = base.base_url.or(config.base_url);
                if !base.paths.is_empty() {
                    config.paths = base.paths;
                }
            }
        }
        let options = fields.get("compilerOptions").and_then(Value::as_object);
        let option = |name: &str| options.and_then(|options| options.get(name));
        if let Some(base) = option("baseUrl").and_then(Value::as_str) {
            config.base_url = normalise(folder, strip_template(base));
        }
        if let Some(Value::Object(paths)) = option("paths") {
            let base = config.base_url.clone().unwrap_or(folder.to_string());
            config.paths = mappings(folder, &base, paths);
        }
        config.references = references(self.files, folder, fields.get("references"));
        config
    }

    /// Returns the config that `extends: specifier` means.
    fn extended(&self, folder: &str, specifier: &str) -> Option<FileId> {
        let path = if specifier.starts_with('.') {
            normalise(folder, specifier)?
        } else {
            let (name, subpath) = crate::javascript::split_package(specifier);
            normalise(
                &(self.package_folder)(name)?,
                subpath.trim_start_matches('/'),
            )?
        };
        find_config(self.files, &path)
    }
}

fn find_config(files: &FileSet, path: &str) -> Option<FileId> {
    files
        .find(path)
        .or_else(|| files.find(&format!("{path}.json")))
        .or_else(|| files.find(&join(path, "tsconfig.json")))
}

fn references(files: &FileSet, folder: &str, value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|reference| reference.get("path")?.as_str())
        .filter_map(|path| find_config(files, &normalise(folder, path)?))
        .map(|id| files.file(id).path.clone())
        .collect()
}

fn mappings(folder: &str, base: &str, paths: &Map<String, Value>) -> Vec<Mapping> {
    paths
        .iter()
        .map(|(key, targets)| {
            let (prefix, suffix) = match key.split_once('*') {
                Some((prefix, suffix)) => (prefix, Some(suffix.to_string())),
                None => (key.as_str(), None),
            };
            let targets = strings(Some(targets))
                .filter_map(|target| match target.strip_prefix("${configDir}") {
                    Some(rest) => normalise(folder, rest),
                    None => normalise(base, target),
                })
                .collect();
            Mapping {
                prefix: prefix.to_string(),
                suffix,
                targets,
            }
        })
        .collect()
}

/// Returns a string, or the strings of an array.
fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    let (one, many) = match value {
        Some(Value::String(text)) => (Some(text.as_str()), None),
        Some(Value::Array(items)) => (None, Some(items)),
        _ => (None, None),
    };
    one.into_iter()
        .chain(many.into_iter().flatten().filter_map(Value::as_str))
}

fn strip_template(path: &str) -> &str {
    path.strip_prefix("${configDir}").unwrap_or(path)
}
