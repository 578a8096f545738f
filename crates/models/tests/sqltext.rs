//! What statements come to, in words.

use firedoor_app::{Access, Field, Operation, Origin, Provenance, RequestPart};
use ustr::Ustr;

use firedoor_models::sqltext::{accesses, read};

fn parameter(name: &str) -> Provenance {
    Provenance::new([Origin::Request(RequestPart::Body, Ustr::from(name))])
}

fn principal() -> Provenance {
    Provenance::new([Origin::Principal(Ustr::from("sub"))])
}

fn words(provenance: &Provenance) -> String {
    let words: Vec<String> = provenance
        .origins()
        .iter()
        .map(|origin| match origin {
            Origin::Request(_, field) => format!("${field}"),
            Origin::Principal(_) => "principal".to_owned(),
            Origin::Literal(text) => text.to_string(),
            Origin::Clock => "clock".to_owned(),
            Origin::Record {
                asset,
                field,
                of_principal,
            } => format!("{}{asset}.{field}", if *of_principal { "own " } else { "" }),
            other => format!("{other:?}"),
        })
        .collect();
    words.join("|")
}

fn fields(fields: &[Field]) -> String {
    let words: Vec<String> = fields
        .iter()
        .map(|field| format!("{} {} {}", field.name, field.operator, words(&field.value)))
        .collect();
    words.join(", ")
}

fn text(access: &Access) -> String {
    let verb = match access.operation {
        Operation::Read => "read",
        Operation::Count => "count",
        Operation::Create => "create",
        Operation::Update => "update",
        Operation::Delete => "delete",
    };
    let mut text = format!("{verb} {}", access.asset);
    for (label, list) in [("where", &access.key), ("set", &access.values)] {
        if !list.is_empty() {
            text.push_str(&format!(" {label} {}", fields(list)));
        }
    }
    for spread in &access.spread {
        text.push_str(&format!(" spread {}", words(spread)));
    }
    for (flag, word) in [
        (access.is_many, " many"),
        (access.is_conditional, " conditional"),
        (access.is_in_transaction, " locked"),
    ] {
        if flag {
            text.push_str(word);
        }
    }
    text
}

fn all(sql: &str) -> Vec<String> {
    let parameters = [parameter("a"), parameter("b"), principal()];
    let named = [
        (Ustr::from("id"), parameter("id")),
        (Ustr::from("user"), principal()),
        (Ustr::from(""), parameter("pasted")),
    ];
    accesses(sql, &parameters, &named)
        .iter()
        .map(text)
        .collect()
}

#[track_caller]
fn check(sql: &str, expected: &[&str]) {
    assert_eq!(all(sql), expected, "{sql}");
}

#[test]
fn placeholders_of_all_drivers() {
    check(
        "SELECT * FROM users WHERE id = ?",
        &["read users where id = $a"],
    );
    check(
        "SELECT * FROM users WHERE id = $2",
        &["read users where id = $b"],
    );
    check(
        "SELECT * FROM users WHERE id = ?2",
        &["read users where id = $b"],
    );
    check(
        "SELECT * FROM users WHERE id = :id",
        &["read users where id = $id"],
    );
    check(
        "SELECT * FROM users WHERE id = @id",
        &["read users where id = $id"],
    );
    check(
        "SELECT * FROM users WHERE id = %s",
        &["read users where id = $a"],
    );
    check(
        "SELECT * FROM users WHERE id = %(id)s",
        &["read users where id = $id"],
    );
    check(
        "SELECT * FROM users WHERE id = $1::int",
        &["read users where id = $a"],
    );
    check(
        "SELECT * FROM users WHERE id = '\u{1}'",
        &["read users where id = $pasted"],
    );
    check(
        "SELECT * FROM users WHERE id = \u{1}",
        &["read users where id = $pasted"],
    );
    check(
        "SELECT * FROM users WHERE name = '?'",
        &["read users where name = ?"],
    );
}

#[test]
fn conditions_have_operators() {
    check(
        "SELECT * FROM invites WHERE token = ? AND used_at IS NULL AND expires_at > NOW() LIMIT 1",
        &["read invites where token = $a, used_at = null, expires_at > clock"],
    );
    check(
        "SELECT * FROM users WHERE LOWER(email) = LOWER(?) OR age BETWEEN 1 AND 2 OR id IN (?, 7) OR name LIKE ?",
        &["read users where email = $a, age or 1, age or 2, id in $b|7, name or "],
    );
    check(
        "SELECT * FROM users WHERE id = ANY($1)",
        &["read users where id in $a many"],
    );
    check("SELECT * FROM users", &["read users many"]);
}

#[test]
fn counts_are_no_reads() {
    check(
        "SELECT COUNT(*) AS n FROM users WHERE team = ?",
        &["count users where team = $a"],
    );
    check(
        "SELECT 1 FROM users WHERE team = ?",
        &["count users where team = $a"],
    );
}

#[test]
fn joins_and_subqueries_say_whose_records_are_read() {
    check(
        "SELECT o.* FROM orders o JOIN members m ON m.team_id = o.team_id WHERE o.id = $1 AND m.user_id = $3",
        &[
            "read members where team_id = orders.team_id, user_id = principal",
            "read orders where team_id = own members.team_id, id = $a",
        ],
    );
    check(
        "SELECT * FROM orders WHERE id = $1 AND team_id IN (SELECT team_id FROM members WHERE user_id = $3)",
        &[
            "read members where user_id = principal",
            "read orders where id = $a, team_id in own members.team_id",
        ],
    );
    check(
        "DELETE FROM orders o WHERE id = $1 AND EXISTS (SELECT m.id FROM members m WHERE m.user_id = $3 AND m.team_id = o.team_id)",
        &[
            "read members where user_id = principal, team_id = own orders.team_id",
            "delete orders where id = $a,  = own members.id conditional",
        ],
    );
    check(
        "WITH mine AS (SELECT id FROM teams WHERE owner = $3) SELECT * FROM orders WHERE team = (SELECT id FROM mine)",
        &[
            "read teams where owner = principal",
            "read orders where team = own teams.id",
        ],
    );
}

#[test]
fn changes() {
    check(
        "INSERT INTO users (email, role, at) VALUES (?, 'user', CURRENT_TIMESTAMP)",
        &["create users set email = $a, role = user, at = clock"],
    );
    check(
        "UPDATE slips SET used_at = now() WHERE id = $1 AND (used_at IS NULL OR used_at > now() - interval '30 seconds')",
        &["update slips where id = $a, used_at > 30 seconds|clock set used_at = clock conditional"],
    );
    check(
        "UPDATE slips SET used_at = now() WHERE id = $1 AND used_at IS NULL AND (ends_at IS NULL OR ends_at > now())",
        &[
            "update slips where id = $a, used_at = null, ends_at > clock set used_at = clock conditional",
        ],
    );
    check(
        "INSERT INTO users VALUES (?, ?)",
        &["create users set  = $a,  = $b"],
    );
    check(
        "UPDATE wallets SET balance = balance - $1, at = now() WHERE user_id = $3 AND balance >= $1",
        &[
            "update wallets where user_id = principal, balance >= $a set balance -= $a, at = clock conditional",
        ],
    );
    check(
        "UPDATE votes SET a = CASE WHEN true THEN now() END, b = CASE WHEN false THEN now() END WHERE id = 1",
        &["update votes where id = 1 set a = clock, b = null"],
    );
    check("DELETE FROM sessions", &["delete sessions many"]);
    check(
        "INSERT INTO votes (a, b) VALUES ($1, $2) ON CONFLICT (a) DO UPDATE SET n = votes.n + 1",
        &["create votes set a = $a, b = $b, n += 1"],
    );
    check(
        "INSERT INTO votes AS v (a) VALUES ($1) ON CONFLICT (a) DO UPDATE SET n = CASE WHEN v.at < now() THEN 1 ELSE v.n + 1 END",
        &["create votes set a = $a, n += 1"],
    );
    check(
        "SELECT balance FROM wallets WHERE id = ? FOR UPDATE",
        &["read wallets where id = $a locked"],
    );
    check(
        "REPLACE INTO users (id) VALUES (?)",
        &["create users set id = $a"],
    );
    check(
        "INSERT OR IGNORE INTO users (id) VALUES (?)",
        &["create users set id = $a"],
    );
}

#[test]
fn what_was_never_set_is_behind_all() {
    check(
        "UPDATE boats SET race = $1 WHERE id = $2 AND (race IS NULL OR race <= $1)",
        &["update boats where id = $b, race <= $a set race = $a conditional"],
    );
    check(
        "UPDATE boats SET race = $1 WHERE id = $2 AND ($1 > race OR race IS NULL)",
        &["update boats where id = $b, race < $a set race = $a conditional"],
    );
    check(
        "SELECT id FROM boats WHERE race IS NULL OR sold < $1",
        &["read boats where race = null, sold < $a"],
    );
}

#[test]
fn what_is_pasted_in_is_not_lost() {
    check(
        "UPDATE users SET \u{1} WHERE id = ?",
        &["update users where id = $a spread $pasted"],
    );
    check(
        "UPDATE users SET ? WHERE id = ?",
        &["update users where id = $b spread $a"],
    );
    check(
        "UPDATE users SET name = $1, \u{1} = $\u{1} WHERE id = $2",
        &["update users where id = $b set name = $a spread $pasted"],
    );
    check(
        "UPDATE users SET at = coalesce($1, now()), \u{1} WHERE id = $2",
        &["update users where id = $b set at = $a|clock spread $pasted"],
    );
    check("INSERT INTO users SET ?", &["create users spread $a"]);
    check("INSERT INTO users \u{1}", &["create users spread $pasted"]);
    check(
        "INSERT INTO users (\u{1}) VALUES (\u{1})",
        &["create users spread $pasted"],
    );
    check(
        "SELECT * FROM users \u{1}",
        &["read users where  = $pasted many"],
    );
    check(
        "SELECT * FROM users WHERE \u{1}",
        &["read users where  = $pasted"],
    );
    check(
        "SELECT * FROM users WHERE id = ? \u{1} \u{1}",
        &["read users where id = $a,  = $pasted,  = $pasted"],
    );
    check("SELECT * FROM \u{1} WHERE id = ?", &[]);
    check(
        "SELECT * FROM users ORDER BY \u{1} \u{1}",
        &["read users where  = $pasted many"],
    );
    check(
        "UPDATE users SETT name := ?!",
        &["update users where  = $a"],
    );
}

#[test]
fn rows_know_their_tables() {
    let statements = read(
        "SELECT u.email, m.role AS rank, t.* FROM users u JOIN members m ON m.user_id = u.id JOIN teams t ON t.id = m.team_id",
        &[],
        &[],
    );
    let columns: Vec<(Option<&str>, String)> = statements[0]
        .columns
        .iter()
        .map(|(name, value)| (name.map(|name| name.as_str()), words(value)))
        .collect();
    assert_eq!(
        columns,
        [
            (Some("email"), "users.email".to_owned()),
            (Some("rank"), "members.role".to_owned()),
            (None, "teams.".to_owned()),
        ]
    );
}

#[test]
fn tables_are_declared() {
    let statements = read(
        "CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE, team INTEGER REFERENCES teams(id), role TEXT DEFAULT 'user');
         CREATE TABLE seats (a INT, b INT, FOREIGN KEY (a) REFERENCES users(id), UNIQUE (b), PRIMARY KEY (a, b));
         CREATE UNIQUE INDEX one ON users(team); BEGIN; COMMIT",
        &[],
        &[],
    );
    let tables: Vec<String> = statements
        .iter()
        .flat_map(|statement| &statement.tables)
        .map(|table| {
            let fields: Vec<String> = table
                .fields
                .iter()
                .map(|field| {
                    let unique = if field.is_unique { "!" } else { "" };
                    let to = field.refers_to.map_or(String::new(), |to| format!(">{to}"));
                    let default = field
                        .default
                        .as_ref()
                        .map_or(String::new(), |it| format!("={}", words(it)));
                    format!("{}{unique}{to}{default}", field.name)
                })
                .collect();
            format!("{} {}", table.name, fields.join(" "))
        })
        .collect();
    assert_eq!(
        tables,
        [
            "users id! email! team>teams role=user",
            "seats a>users b!",
            "users team!"
        ]
    );
    let transactions: Vec<Option<bool>> = statements.iter().map(|it| it.transaction).collect();
    assert_eq!(transactions, [None, None, None, Some(true), Some(false)]);
}

#[test]
fn any_text_is_taken() {
    for text in [
        "",
        ";;",
        "'",
        "$",
        ":",
        "%(",
        "SELECT",
        "\u{1}",
        "/*",
        "--",
        "((((",
        "ünï = ?",
    ] {
        read(text, &[], &[]);
    }
}
