//! Which files tell something about an application's wiring.

/// Why a file matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interest {
    /// Code in JavaScript or TypeScript, which may be minified.
    Script,
    /// Code in another language, or a named file.
    Source,
    /// A manifest or setting that is needed to understand the code.
    Manifest,
    /// Data and settings that may be referred to.
    Data,
}

impl Interest {
    /// Returns the size up to which such a file is read.
    pub fn most_bytes(self) -> u64 {
        match self {
            Interest::Data => 256 * 1024,
            _ => super::MOST_BYTES,
        }
    }
}

/// Returns why the file at `path` (with `/`) matters; nothing if it does not.
pub fn interest(path: &str) -> Option<Interest> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if is_manifest(name) {
        return Some(Interest::Manifest);
    }
    let (_, extension) = name.rsplit_once('.')?;
    match extension {
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => Some(Interest::Script),
        "py" => Some(Interest::Source),
        "prisma" | "sql" => Some(Interest::Manifest),
        "json" | "toml" | "yaml" | "yml" | "conf" => Some(Interest::Data),
        _ => None,
    }
}

/// Holds for files whose name alone says that they describe the project.
fn is_manifest(name: &str) -> bool {
    let starts_and_ends = |start: &str, end: &str| name.starts_with(start) && name.ends_with(end);
    matches!(
        name,
        "package.json" | "pyproject.toml" | "Pipfile" | "Procfile" | "Dockerfile" | "firedoor.toml"
    ) || starts_and_ends("tsconfig", ".json")
        || starts_and_ends("jsconfig", ".json")
        || starts_and_ends("requirements", ".txt")
        || name.starts_with("Dockerfile.")
        || name.ends_with(".Dockerfile")
        || is_environment_example(name)
}

/// Holds for the hidden files that are read although they are hidden: they name settings without their secrets.
pub fn is_environment_example(name: &str) -> bool {
    matches!(
        name,
        ".env.example" | ".env.sample" | ".env.template" | ".env.dist"
    )
}

/// Holds for folders of installed or vendored code, which is not the application's own.
pub fn is_foreign_folder(name: &str) -> bool {
    matches!(
        name,
        "node_modules"
            | "bower_components"
            | "jspm_packages"
            | "vendor"
            | "site-packages"
            | "__pycache__"
            | "__pypackages__"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_what_explains_it_matters() {
        for path in ["a.ts", "a/b.tsx", "c.cjs", "d.mts"] {
            assert_eq!(interest(path), Some(Interest::Script), "{path}");
        }
        for path in [
            "package.json",
            "x/tsconfig.build.json",
            "requirements-dev.txt",
            "Dockerfile",
            ".env.example",
            "prisma/schema.prisma",
        ] {
            assert_eq!(interest(path), Some(Interest::Manifest), "{path}");
        }
        assert_eq!(interest("routes.json"), Some(Interest::Data));
        assert_eq!(interest("nginx/site.conf"), Some(Interest::Data));
        for path in ["README.md", "logo.png", "ts", "notes.txt", ".env"] {
            assert_eq!(interest(path), None, "{path}");
        }
    }
}
