//! What an import of JavaScript or TypeScript leads to.
//!
//! Node's own rules (extensions, `index` files, `exports` and `imports` maps) are `oxc_resolver`'s. Around them stand the
//! aliases of `tsconfig.json`, and the way from a build that is not in the tree back to its source: a package of the
//! workspace says `"main": "dist/index.js"`, and what an analysis wants is `src/index.ts`.

use std::sync::{PoisonError, RwLock};

use firedoor_source::FileId;
use oxc_resolver::{ResolveError, ResolveOptions, ResolverGeneric};
use rustc_hash::FxHashMap;
use ustr::Ustr;

use crate::package::{Ecosystem, Package};
use crate::packages::Packages;
use crate::prisma;
use crate::tree::{Tree, absolute, folder_of, join, key, normalise};
use crate::tsconfig::Configs;

/// A longer specifier is no import that anyone wrote, and would cost stack in the resolver.
const LONGEST_SPECIFIER: usize = 1024;

/// Folders that builds are written to.
const BUILD_FOLDERS: [&str; 9] = [
    "dist", "build", "lib", "out", "esm", "cjs", "es", "output", ".build",
];

/// Folders that sources lie in.
const SOURCE_FOLDERS: [&str; 4] = ["src", "source", "lib", ""];

/// What an import leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// A file of the tree.
    File(FileId),
    /// A package that is not part of the tree.
    Package {
        /// The name, with its scope.
        name: Ustr,
        /// The path within the package: empty, or `/sub`.
        subpath: Ustr,
    },
    /// A module of the runtime, without the prefix `node:`.
    Builtin(Ustr),
    /// Nothing: the file is not there, or an alias leads nowhere.
    Missing,
}

/// Resolves imports of JavaScript and TypeScript.
pub(crate) struct JavaScript {
    tree: Tree,
    configs: Configs,
    /// The packages of the tree by name, ordered by folder.
    names: FxHashMap<Ustr, Vec<usize>>,
    /// The folders of generated clients of Prisma.
    clients: Vec<String>,
    from_javascript: ResolverGeneric<Tree>,
    from_typescript: ResolverGeneric<Tree>,
    known: RwLock<FxHashMap<Question, Resolution>>,
}

/// An import as far as the answer depends on it.
type Question = (Ustr, Ustr, bool);

impl JavaScript {
    /// Returns the resolver of `tree`.
    pub(crate) fn new(
        tree: Tree,
        configs: Configs,
        packages: &Packages,
        clients: Vec<String>,
    ) -> JavaScript {
        let mut names: FxHashMap<Ustr, Vec<usize>> = FxHashMap::default();
        for (index, package) in packages.all().iter().enumerate() {
            if let (Some(name), Ecosystem::Npm) = (package.name, package.ecosystem) {
                names.entry(name).or_default().push(index);
            }
        }
        let from_javascript =
            ResolverGeneric::new_with_file_system(tree.clone(), options(&JAVASCRIPT_FIRST));
        let from_typescript = from_javascript.clone_with_options(options(&TYPESCRIPT_FIRST));
        JavaScript {
            tree,
            configs,
            names,
            clients,
            from_javascript,
            from_typescript,
            known: RwLock::default(),
        }
    }

    /// Returns what `specifier` leads to in the file at `from`.
    pub(crate) fn resolve(&self, packages: &Packages, from: &str, specifier: &str) -> Resolution {
        if specifier.is_empty() || specifier.len() > LONGEST_SPECIFIER {
            return Resolution::Missing;
        }
        let site = Site {
            folder: folder_of(from),
            is_typescript: is_typescript(from),
        };
        let question = (
            Ustr::from(site.folder),
            Ustr::from(specifier),
            site.is_typescript,
        );
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(resolution) = known.get(&question) {
            return *resolution;
        }
        drop(known);
        let resolution = self.answer(packages, site, specifier);
        self.known
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(question, resolution);
        resolution
    }

    /// Returns the source file that `path` (in the tree, with or without extension) means, be it a file, a folder with an
    /// index, or a file of a build whose source is in the tree.
    pub(crate) fn source(&self, packages: &Packages, path: &str) -> Option<FileId> {
        let site = Site {
            folder: "",
            is_typescript: true,
        };
        self.load(site, path)
            .or_else(|| self.source_of_build(packages, site, path))
    }

    /// Returns the path of `file`.
    pub(crate) fn path(&self, file: FileId) -> &str {
        self.tree.path(file)
    }

    fn answer(&self, packages: &Packages, site: Site, specifier: &str) -> Resolution {
        if let Some(resolution) = by_scheme(specifier) {
            return resolution;
        }
        if is_relative(specifier) {
            if normalise(site.folder, specifier).is_some_and(|path| self.is_client(&path)) {
                return client();
            }
            return self
                .relative(packages, site, specifier)
                .map_or(Resolution::Missing, Resolution::File);
        }
        if specifier.starts_with('/') {
            return Resolution::Missing;
        }
        let (candidates, is_alias) = self.configs.candidates(site.folder, specifier);
        if candidates.iter().any(|path| self.is_client(path)) {
            return client();
        }
        let aliased = candidates.iter().find_map(|path| {
            self.load(site, path)
                .or_else(|| self.source_of_build(packages, site, path))
        });
        if let Some(file) = aliased {
            return Resolution::File(file);
        }
        if specifier.starts_with('#') {
            return self.internal(packages, site, specifier);
        }
        self.bare(packages, site, specifier, is_alias)
    }

    /// Tells whether `path` is in a folder that Prisma generates its client into.
    fn is_client(&self, path: &str) -> bool {
        self.clients.iter().any(|folder| {
            path.strip_prefix(folder.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    fn relative(&self, packages: &Packages, site: Site, specifier: &str) -> Option<FileId> {
        if let Ok(Some(file)) = self.node(site, specifier) {
            return Some(file);
        }
        let path = normalise(site.folder, specifier)?;
        if let Some(package) = packages.at(Ecosystem::Npm, &path) {
            return self.package_source(packages, site, package, "");
        }
        self.source_of_build(packages, site, &path)
    }

    /// Resolves `#name` by the `imports` of the package around.
    fn internal(&self, packages: &Packages, site: Site, specifier: &str) -> Resolution {
        if let Ok(Some(file)) = self.node(site, specifier) {
            return Resolution::File(file);
        }
        nearest(packages, site.folder)
            .and_then(|package| self.target_source(packages, site, package, specifier))
            .map_or(Resolution::Missing, Resolution::File)
    }

    fn bare(&self, packages: &Packages, site: Site, specifier: &str, is_alias: bool) -> Resolution {
        let (name, subpath) = split_package(specifier);
        let outside = Resolution::Package {
            name: Ustr::from(name),
            subpath: Ustr::from(subpath),
        };
        let workspace = self.workspace_package(packages, site, Ustr::from(name));
        let is_link = workspace.is_some_and(|package| is_linked(packages, site, package));
        if workspace.is_some() && !is_link {
            return outside;
        }
        match self.node(site, specifier) {
            // Where a package's build is missing, Node's rules go on to a package of the same name further out.
            Ok(Some(file)) if workspace.is_none_or(|package| self.is_in(package, file)) => {
                return Resolution::File(file);
            }
            Err(ResolveError::Builtin { resolved, .. }) => {
                return Resolution::Builtin(Ustr::from(resolved.trim_start_matches("node:")));
            }
            _ => {}
        }
        if let Some(package) = workspace {
            return self
                .package_source(packages, site, package, subpath)
                .map_or(Resolution::Missing, Resolution::File);
        }
        if let Some(file) = self.unwritten_alias(packages, site, specifier) {
            return Resolution::File(file);
        }
        let is_declared = enclosing(packages, site.folder)
            .any(|package| package.dependency(Ustr::from(name)).is_some());
        if (is_alias || !is_package_name(name)) && !is_declared {
            return Resolution::Missing;
        }
        outside
    }

    /// Returns the package of the tree with that name that is nearest to the importing file.
    fn workspace_package<'a>(
        &self,
        packages: &'a Packages,
        site: Site,
        name: Ustr,
    ) -> Option<&'a Package> {
        self.names
            .get(&name)?
            .iter()
            .filter_map(|index| packages.all().get(*index))
            // The first of equals must win, and `max_by_key` gives the last.
            .rev()
            .max_by_key(|package| shared_folders(&package.folder, site.folder))
    }

    /// Resolves what bundlers and frameworks map without being told so in a file that can be read: `@/x` and `~/x`, the
    /// aliases of `module-alias`, and paths from the package's folder.
    fn unwritten_alias(&self, packages: &Packages, site: Site, specifier: &str) -> Option<FileId> {
        for package in enclosing(packages, site.folder) {
            for (prefix, folder) in &package.aliases {
                if let Some(rest) = specifier.strip_prefix(prefix.as_str())
                    && (rest.is_empty() || rest.starts_with('/'))
                    && let Some(file) = self.source(packages, &join(folder, rest.trim_matches('/')))
                {
                    return Some(file);
                }
            }
            let bases: &[&str] = match specifier.split('/').next() {
                Some("@" | "~") => &["src", "", "app"],
                Some("$lib") => &["src/lib"],
                _ => &[""],
            };
            let (first, rest) = specifier.split_once('/')?;
            let rest = if matches!(first, "@" | "~" | "$lib") {
                rest
            } else if package.dependency(Ustr::from(first)).is_some() {
                return None;
            } else {
                specifier
            };
            let found = bases
                .iter()
                .filter_map(|base| normalise(&join(&package.folder, base), rest))
                .find_map(|path| self.load(site, &path));
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// Returns the source of `subpath` of a package of the tree whose manifest leads to no file of the tree.
    fn package_source(
        &self,
        packages: &Packages,
        site: Site,
        package: &Package,
        subpath: &str,
    ) -> Option<FileId> {
        let wanted = format!(".{subpath}");
        if let Some(file) = self.target_source(packages, site, package, &wanted) {
            return Some(file);
        }
        let rest = subpath.trim_start_matches('/');
        let names: &[&str] = match rest {
            "" => &["index", "main", "mod", "server", "app"],
            _ => &[rest],
        };
        for name in names {
            for folder in SOURCE_FOLDERS {
                let path = normalise(&join(&package.folder, folder), name)?;
                if let Some(file) = self.load(site, &path) {
                    return Some(file);
                }
            }
        }
        let path = normalise(&package.folder, rest)?;
        self.source_of_build(packages, site, &path)
    }

    /// Returns the source of what a package's manifest says for `subpath`.
    fn target_source(
        &self,
        packages: &Packages,
        site: Site,
        package: &Package,
        subpath: &str,
    ) -> Option<FileId> {
        package
            .targets
            .iter()
            .filter(|(key, _)| key == subpath)
            .filter_map(|(_, target)| normalise(&package.folder, target))
            .find_map(|path| {
                self.load(site, &path)
                    .or_else(|| self.source_of_build(packages, site, &path))
            })
    }

    /// Returns the file that the build file at `path` is made of: `dist/a.js` of `src/a.ts`, or of `a.ts`.
    fn source_of_build(&self, packages: &Packages, site: Site, path: &str) -> Option<FileId> {
        let folder = enclosing(packages, folder_of(path))
            .next()
            .map_or("", |package| package.folder.as_str());
        let inner = path.strip_prefix(folder)?.trim_start_matches('/');
        let mut rest = inner;
        let mut is_build = false;
        while let Some((first, tail)) = rest.split_once('/')
            && BUILD_FOLDERS.contains(&first)
        {
            rest = tail;
            is_build = true;
        }
        if !is_build {
            return None;
        }
        let rest = rest
            .strip_suffix(".d.ts")
            .map_or(rest.to_string(), |stem| format!("{stem}.js"));
        SOURCE_FOLDERS
            .iter()
            .map(|source| join(&join(folder, source), &rest))
            .find_map(|path| self.load(site, &path))
    }

    /// Returns the file at `path` in the tree, with an extension added or as a folder with an index.
    fn load(&self, site: Site, path: &str) -> Option<FileId> {
        if path.len() > LONGEST_SPECIFIER {
            return None;
        }
        let specifier = format!("./{path}");
        self.node(Site { folder: "", ..site }, &specifier)
            .ok()
            .flatten()
    }

    fn is_in(&self, package: &Package, file: FileId) -> bool {
        let path = self.tree.path(file);
        package.folder.is_empty()
            || path
                .strip_prefix(package.folder.as_str())
                .is_some_and(|rest| rest.starts_with('/'))
    }

    /// Asks Node's rules.
    fn node(&self, site: Site, specifier: &str) -> Result<Option<FileId>, ResolveError> {
        let resolver = if site.is_typescript {
            &self.from_typescript
        } else {
            &self.from_javascript
        };
        let resolution = resolver.resolve(absolute(site.folder), specifier)?;
        Ok(key(resolution.path()).and_then(|path| self.tree.file(path)))
    }
}

/// Where an import stands, as far as it matters.
#[derive(Clone, Copy)]
struct Site<'a> {
    folder: &'a str,
    is_typescript: bool,
}

/// Where a compiled file lies beside its source, each language finds its own.
struct Preference {
    extensions: [&'static str; 9],
    aliases: [(&'static str, &'static [&'static str]); 4],
}

const JAVASCRIPT_FIRST: Preference = Preference {
    extensions: [
        ".js", ".ts", ".tsx", ".jsx", ".mjs", ".cjs", ".mts", ".cts", ".json",
    ],
    aliases: [
        (".js", &[".js", ".ts", ".tsx", ".jsx"]),
        (".jsx", &[".jsx", ".tsx"]),
        (".mjs", &[".mjs", ".mts"]),
        (".cjs", &[".cjs", ".cts"]),
    ],
};

const TYPESCRIPT_FIRST: Preference = Preference {
    extensions: [
        ".ts", ".tsx", ".js", ".jsx", ".mts", ".cts", ".mjs", ".cjs", ".json",
    ],
    aliases: [
        (".js", &[".ts", ".tsx", ".js", ".jsx"]),
        (".jsx", &[".tsx", ".jsx"]),
        (".mjs", &[".mts", ".mjs"]),
        (".cjs", &[".cts", ".cjs"]),
    ],
};

fn options(preference: &Preference) -> ResolveOptions {
    let owned = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
    ResolveOptions {
        extensions: owned(&preference.extensions),
        extension_alias: preference
            .aliases
            .iter()
            .map(|(extension, aliases)| (extension.to_string(), owned(aliases)))
            .collect(),
        condition_names: owned(&["source", "development", "node", "import", "require"]),
        main_fields: owned(&["source", "main", "module"]),
        builtin_modules: true,
        // The environment is no input of an analysis.
        node_path: false,
        ..ResolveOptions::default()
    }
}

fn is_typescript(path: &str) -> bool {
    [".ts", ".tsx", ".mts", ".cts"]
        .iter()
        .any(|extension| path.ends_with(extension))
}

fn is_relative(specifier: &str) -> bool {
    matches!(specifier.split('/').next(), Some("." | ".."))
}

/// Resolves what a scheme decides alone: `node:fs`, `bun:sqlite`, `npm:express@4`, `https://…`.
fn client() -> Resolution {
    Resolution::Package {
        name: Ustr::from(prisma::PACKAGE),
        subpath: Ustr::default(),
    }
}

fn by_scheme(specifier: &str) -> Option<Resolution> {
    let (scheme, rest) = specifier.split_once(':')?;
    match scheme {
        "node" => Some(Resolution::Builtin(Ustr::from(rest))),
        "bun" | "cloudflare" => Some(Resolution::Builtin(Ustr::from(specifier))),
        "npm" | "jsr" => {
            let (name, subpath) = split_package(rest.trim_start_matches('/'));
            let name = match name.get(1..).and_then(|tail| tail.find('@')) {
                Some(at) => &name[..at + 1],
                None => name,
            };
            Some(Resolution::Package {
                name: Ustr::from(name),
                subpath: Ustr::from(subpath),
            })
        }
        "http" | "https" | "data" | "file" => Some(Resolution::Missing),
        _ => None,
    }
}

/// Splits `@scope/name/sub` into the package's name and `/sub`.
pub(crate) fn split_package(specifier: &str) -> (&str, &str) {
    let mut slashes = specifier.match_indices('/').map(|(index, _)| index);
    let end = if specifier.starts_with('@') {
        slashes.nth(1)
    } else {
        slashes.next()
    };
    specifier.split_at(end.unwrap_or(specifier.len()))
}

/// Holds if a registry could know a package by that name; `@/x` and `~` it cannot.
fn is_package_name(name: &str) -> bool {
    let bare = match name.strip_prefix('@') {
        Some(scoped) => match scoped.split_once('/') {
            Some((scope, name)) if !scope.is_empty() => name,
            _ => return false,
        },
        None => name,
    };
    bare.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_' || first == '-')
}

/// Returns the npm packages around `folder`, the nearest first.
pub(crate) fn enclosing<'a>(
    packages: &'a Packages,
    folder: &'a str,
) -> impl Iterator<Item = &'a Package> {
    packages.enclosing(Ecosystem::Npm, folder)
}

fn nearest<'a>(packages: &'a Packages, folder: &'a str) -> Option<&'a Package> {
    enclosing(packages, folder).next()
}

fn shared_folders(a: &str, b: &str) -> usize {
    a.split('/')
        .zip(b.split('/'))
        .take_while(|(a, b)| a == b)
        .count()
}

/// Holds if an importer gets the package of the tree and not the one of the registry with the same name:
/// an example called `express` is not what `"express": "^4.18.0"` means.
fn is_linked(packages: &Packages, site: Site, package: &Package) -> bool {
    let Some(name) = package.name else {
        return false;
    };
    let declared = enclosing(packages, site.folder).find_map(|importer| importer.dependency(name));
    let Some(range) = declared else {
        return true;
    };
    let is_range =
        range.starts_with(|first: char| first.is_ascii_digit() || "^~>=<v".contains(first));
    match &package.version {
        Some(version) if is_range => major(range) == major(version),
        _ => true,
    }
}

fn major(version: &str) -> &str {
    let digits = version.trim_start_matches(|first: char| !first.is_ascii_digit());
    digits.split(['.', '-', ' ']).next().unwrap_or("")
}
