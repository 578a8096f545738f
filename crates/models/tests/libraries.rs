//! Keeps the lists of modelled packages in the documentation up to date.
//!
//! The packages are read off the tables of the models, so that no list promises what no table holds.

use std::collections::BTreeSet;
use std::fmt::Write;

use firedoor_models::{MODELS, Model};

/// The subjects in the order of the documentation, each with its models.
const SUBJECTS: &[(&str, &[&str])] = &[
    (
        "web frameworks and servers",
        &[
            "express",
            "express_ws",
            "django",
            "express_terminal",
            "node_http",
            "fastapi",
            "fastapi_views",
            "fastapi_websocket",
            "fastify",
            "flask",
            "flask_answers",
            "flask_config",
            "flask_errors",
            "flask_request",
            "flask_rest",
            "flask_sockets",
            "http_status",
            "nestjs",
            "nextjs",
            "nextjs_wrappers",
            "next-connect",
            "python_socketio",
            "werkzeug_local",
            "starlette",
            "trpc",
            "socket",
            "socketio",
            "socketio_client",
            "upgrade",
            "ws",
        ],
    ),
    ("plugins of Fastify", &["fastify_plugins"]),
    (
        "sessions and log-in",
        &[
            "authlib",
            "fastapi_security",
            "fastapi_users",
            "python_logins",
            "fastapi_users_routes",
            "flask_http_auth",
            "flask_jwt",
            "flask_login",
            "identity",
            "issued-tokens",
            "next-clerk",
            "next-safe-action",
            "next-sessions",
            "oauth_clients",
            "passport",
            "path-patterns",
            "sessions",
        ],
    ),
    (
        "tokens and signatures",
        &[
            "jose",
            "jsonwebtoken",
            "python_jwt",
            "python_signed",
            "qstash",
            "webhook_signatures",
        ],
    ),
    (
        "passwords, one-time codes, comparison of secrets",
        &[
            "node-crypto",
            "oslo",
            "passkeys",
            "passwords",
            "python_passwords",
        ],
    ),
    (
        "rate limits",
        &["flask_limiter", "limiters", "python_limits"],
    ),
    (
        "requests of other sites",
        &[
            "answer-headers",
            "cookies",
            "cross-site",
            "fastapi_middleware",
            "flask_cross_site",
        ],
    ),
    (
        "shape of input",
        &[
            "express-validator",
            "lodash",
            "marshmallow",
            "pydantic",
            "python_picks",
            "typebox",
            "validators",
            "zod",
        ],
    ),
    (
        "data stores",
        &[
            "drizzle",
            "flask_sqlalchemy",
            "peewee",
            "sqlalchemy_table",
            "python_active",
            "python_mongo",
            "tortoise",
            "beanie",
            "python_redis",
            "knex",
            "kysely",
            "supabase",
            "mongodb",
            "mongoose",
            "prisma",
            "python_sql",
            "redis",
            "sequelize",
            "sql_drivers",
            "sqlalchemy",
            "sqlalchemy_query",
            "sqlalchemy_session",
            "sqlmodel",
            "typeorm",
        ],
    ),
    ("random identifiers", &["identifiers"]),
    (
        "settings",
        &[
            "dates",
            "node",
            "pydantic_settings",
            "python_caches",
            "python_regex",
            "python_standard",
        ],
    ),
    ("events within the program", &["node_events"]),
    (
        "requests and mail that are sent",
        &["celery", "python_http", "sending"],
    ),
    (
        "files, programs and stores of objects",
        &["file_lists", "node_system", "python_system"],
    ),
    (
        "layers that refuse nobody, and wrappers",
        &["contexts", "layers"],
    ),
];

/// Modules that come with Python.
const STANDARD: &[&str] = &[
    "base64", "binascii", "builtins", "calendar", "csv", "datetime", "email", "hashlib", "hmac",
    "html", "io", "os", "pathlib", "random", "re", "secrets", "smtplib", "sqlite3", "time",
    "urllib", "uuid",
];

/// Packages of which a model knows one helper, so that a list would promise too much.
const HELPERS: &[&str] = &[
    "npm:@nestjs/swagger",
    "npm:apollo-server-express",
    "npm:desm",
    "npm:react",
    "npm:util",
    "py:Crypto",
    "py:Cryptodome",
    "py:allauth",
    "py:anyio",
    "py:asgiref",
];

#[test]
fn the_list_of_libraries_is_up_to_date() {
    let mut text = String::new();
    for (subject, npm, python) in table() {
        let _ = writeln!(text, "## {}\n", capitalised(subject));
        for (ecosystem, packages) in [("npm", npm), ("Python", python)] {
            if !packages.is_empty() {
                let _ = writeln!(text, "{ecosystem}: {}.\n", quoted(&packages));
            }
        }
    }
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/libraries.md");
    firedoor_testkit::keep_part(page, "libraries", &text);
}

#[test]
fn the_readme_says_what_is_supported() {
    let mut text = String::from("| subject | npm | Python |\n| --- | --- | --- |\n");
    for (subject, npm, python) in table() {
        let _ = writeln!(
            text,
            "| {subject} | {} | {} |",
            shortened(&npm),
            shortened(&python)
        );
    }
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    firedoor_testkit::keep_part(page, "libraries", &text);
}

#[test]
fn every_model_has_a_subject() {
    let known: Vec<&str> = SUBJECTS.iter().flat_map(|it| it.1).copied().collect();
    for model in MODELS {
        assert!(known.contains(&model.name), "{} has no subject", model.name);
    }
    for name in known {
        let is_there = MODELS.iter().any(|model| model.name == name);
        assert!(is_there, "there is no model {name}");
    }
}

/// Returns the subjects with their packages of npm and of Python, each package once.
fn table() -> Vec<(&'static str, Vec<String>, Vec<String>)> {
    let mut seen = BTreeSet::new();
    let mut rows = Vec::new();
    for (subject, names) in SUBJECTS {
        let models = MODELS.iter().filter(|model| names.contains(&model.name));
        let found: BTreeSet<String> = models.flat_map(|model| packages(model)).collect();
        let new: Vec<String> = found
            .into_iter()
            .filter(|it| seen.insert(it.clone()))
            .collect();
        let of = |ecosystem: &str| -> Vec<String> {
            let names = new.iter().filter_map(|it| it.strip_prefix(ecosystem));
            names.map(str::to_owned).collect()
        };
        rows.push((*subject, of("npm:"), of("py:")));
    }
    rows
}

/// Returns the packages that a model knows something of: `npm:` or `py:` and the name that is imported.
fn packages(model: &Model) -> BTreeSet<String> {
    let calls = model.calls.iter().map(|it| it.0);
    let members = model.members.iter().map(|it| it.0);
    let classes = model.classes.iter().map(|it| it.0);
    let instances = model.instances.iter().map(|it| it.0);
    let aliases = model.aliases.iter().map(|it| it.0);
    calls
        .chain(members)
        .chain(classes)
        .chain(instances)
        .chain(aliases)
        .filter_map(package)
        .filter(|package| !HELPERS.contains(&package.as_str()))
        .collect()
}

/// Returns the package of an API path: `npm:@clerk/express` of `npm:@clerk/express.getAuth`.
fn package(path: &str) -> Option<String> {
    let (ecosystem, rest) = path.split_once(':')?;
    // The names that have a dot.
    for name in ["socket.io", "@nestjs/platform-socket.io"] {
        if rest.starts_with(name) {
            return Some(format!("npm:{name}"));
        }
    }
    let is_scoped = rest.starts_with('@');
    let mut ends = rest
        .char_indices()
        .filter(|(_, c)| matches!(c, '.' | '/' | '('));
    let end = ends
        .nth(usize::from(is_scoped))
        .map_or(rest.len(), |(at, _)| at);
    let name = &rest[..end];
    let is_package = match ecosystem {
        "npm" => true,
        "py" => !STANDARD.contains(&name),
        _ => false,
    };
    (is_package && !name.is_empty()).then(|| format!("{ecosystem}:{name}"))
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// Returns the first names, those of organisations last, and how many there are besides.
fn shortened(names: &[String]) -> String {
    const MOST: usize = 20;
    let is_kind = |name: &String| name.starts_with("passport-");
    let mut names: Vec<&str> = names
        .iter()
        .filter(|it| !is_kind(it))
        .map(|it| &**it)
        .collect();
    names.sort_by_key(|name| name.starts_with('@'));
    for name in &mut names {
        if *name == "passport" {
            *name = "passport with its strategies";
        }
    }
    match names.len() {
        count if count <= MOST => names.join(", "),
        count => format!("{} and {} more", names[..MOST].join(", "), count - MOST),
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}
