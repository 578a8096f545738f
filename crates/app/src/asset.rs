//! What the application keeps.

use firedoor_source::Span;
use ustr::Ustr;

use crate::Provenance;

/// What an asset is kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AssetKind {
    /// A table, collection or model of a database.
    Table,
    /// A key-value store such as Redis.
    KeyValue,
    /// A variable of the process: a map, list or dictionary at module level.
    Memory,
}

/// A field of an asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetField {
    /// The name.
    pub name: Ustr,
    /// The type as written, where known.
    pub kind: Option<Ustr>,
    /// The asset it refers to, where it is a relation.
    pub refers_to: Option<Ustr>,
    /// Holds if no two records share a value.
    pub is_unique: bool,
    /// Where its default comes from, if it has one.
    pub default: Option<Provenance>,
    /// Holds if the store removes a record some time after what this field says.
    pub is_expiry: bool,
}

/// A stored thing that the application keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The name of the model, table or variable.
    pub name: Ustr,
    /// What it is kept in.
    pub kind: AssetKind,
    /// Where it is declared.
    pub span: Span,
    /// Its fields, as far as declared.
    pub fields: Vec<AssetField>,
}

impl Asset {
    /// Returns the field of that name.
    pub fn field(&self, name: &str) -> Option<&AssetField> {
        self.fields.iter().find(|field| field.name == name)
    }
}
