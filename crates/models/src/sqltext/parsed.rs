//! Syntax trees of statements that were sent before.
//!
//! A handler is followed anew for each entry point and each persona, and so is every helper that asks a database:
//! the same few texts are sent thousands of times. What they say hangs on their parameters, how they parse does not.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use sqlparser::ast::Statement as Tree;
use sqlparser::dialect::{Dialect, GenericDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

/// The trees by the texts that they were made of; none where no dialect takes the text.
#[derive(Debug, Default)]
pub struct Parsed {
    /// By text.
    pub trees: FxHashMap<String, Option<Rc<Tree>>>,
}

impl Parsed {
    /// Returns the tree of the text.
    pub fn tree(&mut self, text: &str) -> Option<Rc<Tree>> {
        if let Some(known) = self.trees.get(text) {
            return known.clone();
        }
        let tree = parse(text).map(Rc::new);
        self.trees.insert(text.to_owned(), tree.clone());
        tree
    }
}

/// Parses with the first dialect that takes it.
fn parse(text: &str) -> Option<Tree> {
    let dialects: [&dyn Dialect; 4] = [
        &GenericDialect {},
        &PostgreSqlDialect {},
        &SQLiteDialect {},
        &MySqlDialect {},
    ];
    dialects.iter().find_map(|dialect| {
        let mut parsed = Parser::parse_sql(*dialect, text).ok()?;
        (parsed.len() == 1).then(|| parsed.remove(0))
    })
}
