//! The store: what is known of commits, in one SQLite file, so that only new commits are analysed.
//!
//! It is a cache and nothing else. Whatever is wrong with it costs time and never an answer: what cannot be read, or
//! is not what was written, is worked out again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::snapshot::{Door, Known, Snapshot};

/// The form of the store. A store of an older one is emptied, and one of a newer one is left alone.
pub const FORM: i64 = 1;
/// Says that a file is a store of firedoor's: "fdoo".
const APPLICATION: i64 = 0x6664_6f6f;
/// With more bytes than this, what the last run did not use is forgotten.
pub const MOST_BYTES: i64 = 512 << 20;
/// How long to wait for another run that writes.
const PATIENCE: Duration = Duration::from_secs(10);

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS part (hash TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS snapshot (
        key TEXT PRIMARY KEY, body TEXT NOT NULL, sum TEXT NOT NULL, run INTEGER NOT NULL
    ) WITHOUT ROWID;";

/// An open store.
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
    /// The number of this run.
    run: i64,
    doors: FxHashMap<String, Arc<Vec<Door>>>,
    findings: FxHashMap<String, Arc<Known>>,
}

/// Why a store is not used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It is the file of another program.
    #[error("it belongs to another program")]
    Foreign,
    /// A newer firedoor wrote it.
    #[error("a newer firedoor wrote it")]
    Newer,
    /// It cannot be read or written.
    #[error("{0}")]
    Broken(#[from] rusqlite::Error),
}

/// A snapshot as it is stored: its parts lie beside it, each once.
#[derive(Serialize, Deserialize)]
struct Row {
    doors: String,
    findings: Vec<String>,
    fault: Option<String>,
}

impl Store {
    /// Opens the store at `path`; makes one if there is none.
    ///
    /// # Errors
    /// If it cannot be used.
    pub fn open(path: &Path) -> Result<Store, StoreError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(PATIENCE)?;
        let number = |name: &str| -> rusqlite::Result<i64> {
            connection.pragma_query_value(None, name, |row| row.get(0))
        };
        let is_empty = number("schema_version")? == 0;
        let form = number("user_version")?;
        if !is_empty && number("application_id")? != APPLICATION {
            return Err(StoreError::Foreign);
        }
        if form > FORM {
            return Err(StoreError::Newer);
        }
        // Not every file system can do this, and without it a reader waits for a writer.
        let _ = connection.pragma_update(None, "journal_mode", "wal");
        connection.pragma_update(None, "synchronous", "normal")?;
        if is_empty || form < FORM {
            let clearing = match is_empty {
                true => "",
                false => "DROP TABLE IF EXISTS part; DROP TABLE IF EXISTS snapshot;",
            };
            // All at once, so that nobody meets a store that is half made.
            connection.execute_batch(&format!(
                "BEGIN IMMEDIATE; {clearing} {TABLES}
                 PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORM}; COMMIT;"
            ))?;
        }
        let run = connection.query_row(
            "SELECT coalesce(max(run), 0) + 1 FROM snapshot",
            [],
            |row| row.get(0),
        )?;
        Ok(Store {
            connection,
            run,
            doors: FxHashMap::default(),
            findings: FxHashMap::default(),
        })
    }

    /// Returns the snapshot of that key; nothing if there is none, or it is not what was written.
    pub(crate) fn get(&mut self, key: &str) -> Result<Option<Snapshot>, StoreError> {
        let row = self
            .connection
            .prepare_cached("SELECT body, sum, run FROM snapshot WHERE key = ?1")?
            .query_row([key], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                    row.get::<_, i64>(2)?,
                ))
            })
            .optional()?;
        let Some((body, sum, run)) = row.filter(|(body, sum, _)| *sum == sum_of(key, body)) else {
            return Ok(None);
        };
        drop(sum);
        if run != self.run {
            self.connection
                .prepare_cached("UPDATE snapshot SET run = ?2 WHERE key = ?1")?
                .execute(params![key, self.run])?;
        }
        let Ok(row) = serde_json::from_str::<Row>(&body) else {
            return Ok(None);
        };
        let doors = part(&self.connection, &mut self.doors, &row.doors)?;
        let mut findings = Vec::with_capacity(row.findings.len());
        for hash in &row.findings {
            findings.push(part(&self.connection, &mut self.findings, hash)?);
        }
        let findings: Option<Vec<Arc<Known>>> = findings.into_iter().collect();
        let fault = row.fault;
        Ok(doors.zip(findings).map(|(doors, findings)| Snapshot {
            doors,
            findings,
            fault,
        }))
    }

    /// Keeps a snapshot.
    pub(crate) fn put(&mut self, key: &str, snapshot: &Snapshot) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        let row = Row {
            doors: keep(&transaction, &*snapshot.doors)?,
            findings: snapshot
                .findings
                .iter()
                .map(|finding| keep(&transaction, &**finding))
                .collect::<Result<_, _>>()?,
            fault: snapshot.fault.clone(),
        };
        let body = print(&row);
        transaction
            .prepare_cached("INSERT OR REPLACE INTO snapshot VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![key, body, sum_of(key, &body), self.run])?;
        Ok(transaction.commit()?)
    }

    /// Forgets what this run did not use, if the store has become too large.
    pub(crate) fn tidy(&mut self) -> Result<(), StoreError> {
        self.tidy_above(MOST_BYTES)
    }

    pub(crate) fn tidy_above(&mut self, most: i64) -> Result<(), StoreError> {
        let number = |name: &str| -> rusqlite::Result<i64> {
            self.connection
                .pragma_query_value(None, name, |row| row.get(0))
        };
        let used = (number("page_count")? - number("freelist_count")?) * number("page_size")?;
        if used <= most {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        transaction.execute("DELETE FROM snapshot WHERE run < ?1", [self.run])?;
        transaction.execute_batch(
            "DELETE FROM part WHERE hash NOT IN (
                SELECT body ->> '$.doors' FROM snapshot
                UNION SELECT item.value FROM snapshot, json_each(snapshot.body, '$.findings') AS item
            );",
        )?;
        transaction.commit()?;
        Ok(())
    }
}

/// Returns the part with that hash; nothing if it is missing or damaged.
fn part<T: for<'de> Deserialize<'de>>(
    connection: &Connection,
    known: &mut FxHashMap<String, Arc<T>>,
    hash: &str,
) -> Result<Option<Arc<T>>, StoreError> {
    if let Some(part) = known.get(hash) {
        return Ok(Some(part.clone()));
    }
    let body: Option<String> = connection
        .prepare_cached("SELECT body FROM part WHERE hash = ?1")?
        .query_row([hash], |row| row.get(0))
        .optional()?;
    let part = body
        .filter(|body| hash_of(body) == hash)
        .and_then(|body| serde_json::from_str(&body).ok())
        .map(Arc::new);
    if let Some(part) = &part {
        known.insert(hash.to_owned(), Arc::clone(part));
    }
    Ok(part)
}

/// Keeps a part, and returns its hash. One that is damaged is written anew.
fn keep(connection: &Connection, part: &impl Serialize) -> Result<String, StoreError> {
    let body = print(part);
    let hash = hash_of(&body);
    connection
        .prepare_cached(
            "INSERT INTO part VALUES (?1, ?2)
             ON CONFLICT (hash) DO UPDATE SET body = excluded.body WHERE body <> excluded.body",
        )?
        .execute(params![hash, body])?;
    Ok(hash)
}

/// Nothing that is stored has a map whose keys are no strings, which is all that could fail.
fn print(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn hash_of(body: &str) -> String {
    blake3::hash(body.as_bytes()).to_hex()[..32].to_owned()
}

fn sum_of(key: &str, body: &str) -> String {
    hash_of(&format!("{key}\n{body}"))
}
