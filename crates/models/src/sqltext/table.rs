//! Tables as `CREATE TABLE` and `CREATE UNIQUE INDEX` declare them.

use firedoor_app::{AssetField, Provenance};
use sqlparser::ast::{
    ColumnOption, CreateIndex, CreateTable, Expr, Ident, IndexColumn, ObjectName, TableConstraint,
};
use ustr::Ustr;

use super::Table;

/// Returns the last part of a name without its quotes.
pub(super) fn name_of(name: &ObjectName) -> Ustr {
    let last = name.0.last().and_then(|part| part.as_ident());
    last.map_or_else(Ustr::default, |ident| Ustr::from(&ident.value))
}

/// Reads `CREATE TABLE`; `value` gives the provenance of a default.
pub(super) fn table(create: &CreateTable, mut value: impl FnMut(&Expr) -> Provenance) -> Table {
    let mut fields: Vec<AssetField> = Vec::new();
    for column in &create.columns {
        let mut field = AssetField {
            is_expiry: false,
            name: Ustr::from(&column.name.value),
            kind: Some(Ustr::from(&column.data_type.to_string().to_lowercase())),
            refers_to: None,
            is_unique: false,
            default: None,
        };
        for option in &column.options {
            match &option.option {
                ColumnOption::PrimaryKey(_) | ColumnOption::Unique(_) => field.is_unique = true,
                ColumnOption::ForeignKey(key) => {
                    field.refers_to = Some(name_of(&key.foreign_table));
                }
                ColumnOption::Default(default) => field.default = Some(value(default)),
                _ => {}
            }
        }
        fields.push(field);
    }
    for constraint in &create.constraints {
        match constraint {
            TableConstraint::Unique(unique) => mark_unique(&mut fields, &unique.columns),
            TableConstraint::PrimaryKey(key) => mark_unique(&mut fields, &key.columns),
            TableConstraint::ForeignKey(key) => {
                let target = name_of(&key.foreign_table);
                refer(&mut fields, &key.columns, target);
            }
            _ => {}
        }
    }
    Table {
        name: name_of(&create.name),
        fields,
    }
}

/// Reads `CREATE UNIQUE INDEX`.
pub(super) fn index(create: &CreateIndex) -> Option<Table> {
    let [column] = create.columns.as_slice() else {
        return None;
    };
    let name = column_name(column).filter(|_| create.unique)?;
    Some(Table {
        name: name_of(&create.table_name),
        fields: vec![AssetField {
            is_expiry: false,
            name,
            kind: None,
            refers_to: None,
            is_unique: true,
            default: None,
        }],
    })
}

fn column_name(column: &IndexColumn) -> Option<Ustr> {
    match &column.column.expr {
        Expr::Identifier(name) => Some(Ustr::from(&name.value)),
        _ => None,
    }
}

/// Only a key of one column makes that column unique.
fn mark_unique(fields: &mut [AssetField], columns: &[IndexColumn]) {
    let [column] = columns else {
        return;
    };
    let name = column_name(column);
    for field in fields {
        field.is_unique |= Some(field.name) == name;
    }
}

fn refer(fields: &mut [AssetField], columns: &[Ident], target: Ustr) {
    let [column] = columns else {
        return;
    };
    for field in fields {
        if field.name == column.value.as_str() {
            field.refers_to = Some(target);
        }
    }
}
