//! Start commands: which file `nodemon --exec ts-node src/index.ts` and `uvicorn app.main:app` start.

use ustr::Ustr;

/// What a start command names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A path, relative to the folder that the command runs in.
    Path(String),
    /// A Python module, and the object in it that is served.
    Module(String, Option<Ustr>),
}

/// Programs that start the JavaScript file they are given.
const NODE_RUNNERS: [&str; 16] = [
    "node",
    "nodemon",
    "ts-node",
    "ts-node-dev",
    "ts-node-esm",
    "tsnd",
    "tsx",
    "bun",
    "deno",
    "pm2",
    "pm2-runtime",
    "esbuild",
    "tsup",
    "ncc",
    "babel-node",
    "vite-node",
];

/// Programs that serve `module:object`.
const PYTHON_SERVERS: [&str; 9] = [
    "uvicorn",
    "gunicorn",
    "hypercorn",
    "granian",
    "daphne",
    "waitress-serve",
    "flask",
    "uwsgi",
    "celery",
];

/// Programs that start the Python file they are given.
const PYTHON_RUNNERS: [&str; 4] = ["python", "python3", "fastapi", "streamlit"];

/// Where `fastapi run` looks when it is given no file.
const FASTAPI_DEFAULTS: [&str; 6] = [
    "main.py",
    "app.py",
    "api.py",
    "app/main.py",
    "app/app.py",
    "app/api.py",
];

/// Returns what the shell command `command` starts, in order.
pub fn targets(command: &str) -> Vec<Target> {
    let mut targets = Vec::new();
    for part in command.split(['&', ';', '|', '\n']) {
        let words: Vec<&str> = part
            .split_whitespace()
            .map(|word| word.trim_matches(['"', '\'', '`', '\\', '[', ']', ',']))
            .filter(|word| !word.is_empty())
            .collect();
        for (index, word) in words.iter().enumerate() {
            let program = word.rsplit('/').next().unwrap_or(word);
            let rest = &words[index + 1..];
            if NODE_RUNNERS.contains(&program) {
                targets.extend(paths(rest).map(Target::Path));
            } else if program == "nest" && rest.first() == Some(&"start") {
                // Where the Nest command looks unless its settings say otherwise.
                targets.push(Target::Path("src/main.ts".to_string()));
            } else if program == "fastify" && rest.first() == Some(&"start") {
                // The last word is the plugin; others that look like paths are values of options.
                targets.extend(paths(&rest[1..]).last().map(Target::Path));
            } else if PYTHON_RUNNERS.contains(&program) {
                let target = python(rest);
                if program == "fastapi" && target.is_none() {
                    targets.extend(FASTAPI_DEFAULTS.map(|path| Target::Path(path.to_string())));
                }
                targets.extend(target);
            } else if PYTHON_SERVERS.contains(&program) {
                targets.extend(served(rest));
            }
        }
    }
    targets.dedup();
    targets
}

/// Returns the words that may be paths; the caller keeps those that exist.
fn paths<'a>(words: &'a [&str]) -> impl Iterator<Item = String> + 'a {
    words
        .iter()
        .take_while(|word| **word != "--")
        .filter(|word| !word.starts_with('-') && (word.contains(['.', '/'])))
        .map(|word| word.to_string())
}

/// Returns the file or module that `python` or `fastapi run` is given.
fn python(words: &[&str]) -> Option<Target> {
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "-c" | "-" => return None,
            "-m" => {
                // A server that is run as a module is met as a word of its own.
                let module = words.next()?;
                return (!PYTHON_SERVERS.contains(module))
                    .then(|| Target::Module(module.to_string(), None));
            }
            path if path.ends_with(".py") => return Some(Target::Path(path.to_string())),
            _ => {}
        }
    }
    None
}

/// Returns the `module:object` that a server is given; `flask --app module`, `celery -A module` name the module alone.
fn served(words: &[&str]) -> Option<Target> {
    for (index, word) in words.iter().enumerate() {
        let word = word.strip_prefix("--app=").unwrap_or(word);
        if let Some((module, object)) = word.split_once(':')
            && is_dotted(module)
        {
            let object = object.split('(').next().unwrap_or(object);
            return is_dotted(object)
                .then(|| Target::Module(module.to_string(), Some(Ustr::from(object))));
        }
        let is_named = index > 0 && matches!(words[index - 1], "--app" | "-A");
        if is_named || word != words[index] {
            let module = word.trim_end_matches(".py");
            return is_dotted(module).then(|| Target::Module(module.to_string(), None));
        }
    }
    None
}

fn is_dotted(word: &str) -> bool {
    !word.is_empty()
        && word
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '.')
        && !word.starts_with(|first: char| first.is_ascii_digit())
}

/// Returns the commands of a `Procfile`: what stands behind `web:`.
pub fn of_procfile(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| Some(line.split_once(':')?.1.to_string()))
        .collect()
}

/// Returns the `CMD` and `ENTRYPOINT` of a `Dockerfile`.
pub fn of_dockerfile(text: &str) -> Vec<String> {
    let joined = text.replace("\\\r\n", " ").replace("\\\n", " ");
    joined
        .lines()
        .filter_map(|line| {
            let (word, rest) = line.trim().split_once(char::is_whitespace)?;
            let word = word.to_ascii_uppercase();
            matches!(word.as_str(), "CMD" | "ENTRYPOINT").then(|| spaced(rest))
        })
        .collect()
}

/// Returns what stands behind `command:` and `entrypoint:` in a compose file, on the line or as a list below it.
pub fn of_compose(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let line = line.trim();
        let Some(rest) = line
            .strip_prefix("command:")
            .or_else(|| line.strip_prefix("entrypoint:"))
        else {
            continue;
        };
        let mut command = spaced(rest.trim().trim_start_matches(['>', '|', '-']));
        while command.trim().is_empty() || command.starts_with(' ') {
            let Some(item) = lines.next_if(|line| line.trim().starts_with("- ")) else {
                break;
            };
            command = format!(
                " {} {}",
                command.trim(),
                item.trim().trim_start_matches("- ")
            );
        }
        if command.trim().is_empty() {
            command = lines.next().unwrap_or("").trim().to_string();
        }
        commands.push(command.trim().to_string());
    }
    commands
}

/// Writes the list `["node", "x.js"]` as words.
fn spaced(text: &str) -> String {
    if text.trim_start().starts_with('[') {
        return text.replace(',', " ");
    }
    text.to_string()
}
