//! `schema.prisma`: <https://www.prisma.io/docs/orm/reference/prisma-schema-reference>.
//!
//! The language is small: blocks in braces, a field a line, attributes that begin with `@`.

use firedoor_app::{AssetField, AssetKind, Origin, Provenance, Unresolved};
use firedoor_eval::Machine;
use firedoor_source::{FileId, Span};
use indexmap::IndexMap;
use ustr::Ustr;

use crate::ModelHost;
use crate::store;

/// The models of all schemas, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Schema {
    is_read: bool,
    pub(super) models: IndexMap<Ustr, Vec<SchemaField>>,
    /// The words of each enum.
    pub(super) choices: IndexMap<Ustr, Vec<Ustr>>,
}

/// A field of a model.
#[derive(Clone, Debug)]
pub(super) struct SchemaField {
    pub(super) name: Ustr,
    /// The type without `?` and `[]`.
    pub(super) kind: Ustr,
    pub(super) is_list: bool,
    /// The fields that keep the reference, of a relation.
    pub(super) keys: Vec<Ustr>,
    is_unique: bool,
    default: Option<Provenance>,
}

impl Schema {
    /// Returns the name of the model that `client.name` is.
    pub(super) fn model(&self, member: &str) -> Ustr {
        let found = self
            .models
            .keys()
            .find(|name| decapitalised(name) == member);
        found.copied().unwrap_or_else(|| {
            let mut letters = member.chars();
            let first = letters.next().map(|c| c.to_uppercase().to_string());
            Ustr::from(&format!(
                "{}{}",
                first.unwrap_or_default(),
                letters.as_str()
            ))
        })
    }

    /// Returns the field of a model.
    pub(super) fn field(&self, model: Ustr, name: &str) -> Option<&SchemaField> {
        self.models
            .get(&model)?
            .iter()
            .find(|field| field.name == name)
    }

    /// Returns the relation that a field is.
    pub(super) fn relation(&self, model: Ustr, name: &str) -> Option<&SchemaField> {
        let field = self.field(model, name)?;
        self.models.contains_key(&field.kind).then_some(field)
    }

    /// Returns the field of `model` that keeps the reference to a record of `other`.
    pub(super) fn reference(&self, model: Ustr, other: Ustr) -> Option<Ustr> {
        let fields = self.models.get(&model)?;
        let mut back = fields.iter().filter(|field| field.kind == other);
        back.find_map(|field| field.keys.first().copied())
    }

    /// Returns the field of `model` that keeps the reference to a record of `other`, if there is one such field only.
    pub(super) fn only_reference(&self, model: Ustr, other: Ustr) -> Option<Ustr> {
        let fields = self.models.get(&model)?;
        let back = fields.iter().filter(|field| field.kind == other);
        let mut keys = back.filter_map(|field| field.keys.first().copied());
        keys.next().filter(|_| keys.next().is_none())
    }
}

fn decapitalised(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => format!("{}{}", first.to_lowercase(), letters.as_str()),
        None => String::new(),
    }
}

/// Reads all schemas of the program and declares their models as assets.
pub(super) fn load(host: &ModelHost, machine: &Machine<'_>) {
    if host.state().prisma.schema.is_read {
        return;
    }
    let mut schema = Schema {
        is_read: true,
        ..Schema::default()
    };
    let mut spans: IndexMap<Ustr, Span> = IndexMap::new();
    for (id, file) in machine.program.files.iter() {
        if file.path.ends_with(".prisma")
            && let Some(database) = database(&file.text)
        {
            store::note_database(host, database);
        }
        if file.path.ends_with(".prisma")
            && let Some(unresolved) = read(&file.text, id, &mut schema, &mut spans)
        {
            host.state().unresolved.push(unresolved);
        }
    }
    for (name, fields) in &schema.models {
        let declared = fields
            .iter()
            .filter(|field| !schema.models.contains_key(&field.kind))
            .map(|field| asset_field(&schema, *name, field))
            .collect();
        if let Some(span) = spans.get(name) {
            store::declare(host, *name, AssetKind::Table, *span, declared);
        }
    }
    host.state().prisma.schema = schema;
}

/// The provider of the data source: `provider = "postgresql"` in the block that is called so.
fn database(text: &str) -> Option<&str> {
    let lines = text.lines().map(str::trim);
    let mut block = lines.skip_while(|line| !line.starts_with("datasource "));
    let provider = block.find(|line| line.starts_with("provider") || line.starts_with('}'))?;
    provider.split('"').nth(1)
}

/// A field that keeps a reference refers to the model of the relation.
fn asset_field(schema: &Schema, model: Ustr, field: &SchemaField) -> AssetField {
    let relation = schema
        .models
        .get(&model)
        .and_then(|fields| fields.iter().find(|other| other.keys.contains(&field.name)));
    AssetField {
        is_expiry: false,
        name: field.name,
        kind: Some(field.kind),
        refers_to: relation.map(|relation| relation.kind),
        is_unique: field.is_unique,
        default: field.default.clone(),
    }
}

/// Reads one schema; what is not closed is read as far as it goes, and told.
fn read(
    text: &str,
    file: FileId,
    schema: &mut Schema,
    spans: &mut IndexMap<Ustr, Span>,
) -> Option<Unresolved> {
    let mut model: Option<Ustr> = None;
    let mut is_other_block = false;
    let mut choice: Option<Ustr> = None;
    let mut unclosed = None;
    let mut offset = 0_usize;
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let code = line.split("//").next().unwrap_or("").trim();
        let words: Vec<&str> = code.split_whitespace().collect();
        match words.as_slice() {
            [] => {}
            ["model" | "view" | "type", name, ..] if code.ends_with('{') => {
                let name = Ustr::from(name.trim_end_matches('{'));
                unclosed = unclosed.or(model);
                let span = Span::new(file, start as u32, (start + line.trim_end().len()) as u32);
                spans.insert(name, span);
                schema.models.entry(name).or_default();
                model = Some(name);
            }
            _ if code.ends_with('{') => {
                is_other_block = true;
                choice = match words.as_slice() {
                    ["enum", name, ..] => Some(Ustr::from(name.trim_end_matches('{'))),
                    _ => None,
                };
            }
            ["}", ..] => {
                model = None;
                choice = None;
                is_other_block = false;
            }
            [word, ..] if is_other_block => {
                if let Some(choice) = choice.filter(|_| !word.starts_with('@')) {
                    let words = schema.choices.entry(choice).or_default();
                    words.push(Ustr::from(word));
                }
            }
            [first, ..] if first.starts_with("@@") => {
                if let Some(fields) = model.and_then(|name| schema.models.get_mut(&name)) {
                    mark_unique(code, fields);
                }
            }
            [name, kind, ..] => {
                if let Some(fields) = model.and_then(|name| schema.models.get_mut(&name)) {
                    fields.push(field(name, kind, code));
                }
            }
            _ => {}
        }
    }
    let name = unclosed.or(model)?;
    Some(Unresolved {
        reason: "unreadable-schema",
        span: spans.get(&name).copied()?,
        detail: format!("the block of `{name}` is not closed"),
    })
}

/// `@@unique([email])` and `@@id([id])` with one field make it unique.
fn mark_unique(code: &str, fields: &mut [SchemaField]) {
    if !code.starts_with("@@unique") && !code.starts_with("@@id") {
        return;
    }
    let names = listed(code);
    if let [name] = names.as_slice() {
        for field in fields.iter_mut().filter(|field| field.name == *name) {
            field.is_unique = true;
        }
    }
}

fn listed(code: &str) -> Vec<Ustr> {
    let inner = code
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    let inner = inner.map_or("", |(inner, _)| inner);
    inner
        .split(',')
        .map(|name| Ustr::from(name.trim()))
        .filter(|name| !name.is_empty())
        .collect()
}

fn field(name: &str, kind: &str, code: &str) -> SchemaField {
    let attribute = |word: &str| {
        let position = code.find(word)?;
        let rest = &code[position + word.len()..];
        (!rest.starts_with(|c: char| c.is_alphanumeric())).then_some(rest)
    };
    let relation =
        attribute("@relation").and_then(|rest| rest.find("fields:").map(|at| &rest[at..]));
    SchemaField {
        name: Ustr::from(name),
        kind: Ustr::from(kind.trim_end_matches(['?', '[', ']', '!'])),
        is_list: kind.contains("[]"),
        keys: relation.map(listed).unwrap_or_default(),
        is_unique: attribute(" @id").is_some() || attribute(" @unique").is_some(),
        default: attribute("@default").map(default),
    }
}

/// `@default(cuid())`, `@default(now())`, `@default("user")`.
fn default(rest: &str) -> Provenance {
    let inner = rest.strip_prefix('(').unwrap_or(rest);
    let end = inner.find([')', ' ']).unwrap_or(inner.len());
    let text = inner[..end].trim_matches('"');
    let origin = match text.split('(').next().unwrap_or("") {
        "now" => Origin::Clock,
        "uuid" | "nanoid" => Origin::Random {
            cryptographic: true,
            bits: Some(122),
        },
        "cuid" | "ulid" => Origin::Random {
            cryptographic: false,
            bits: None,
        },
        "autoincrement" | "dbgenerated" | "sequence" => Origin::Outside(Ustr::from(text)),
        _ => Origin::Literal(Ustr::from(text)),
    };
    Provenance::new([origin])
}
