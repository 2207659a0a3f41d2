//! The tests' own eye on a database: raw SQL in, text out, one connection. It shares no code with ponte, so that a mistake
//! in ponte's reading or converting cannot hide itself.

#[path = "sqlserver.rs"]
pub mod sqlserver;

use std::path::Path;

use mysql_async::prelude::Queryable;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Row, ValueRef};

/// One row: each value as its server writes it as text, NULL as `None`. Bytes that are not UTF-8 appear as `\x00ff`.
pub type TextRow = Vec<Option<String>>;

pub enum Client {
    Postgres(sqlx::PgConnection),
    Mariadb(mysql_async::Conn),
    Sqlite(sqlx::SqliteConnection),
    SqlServer(Box<sqlserver::Connection>),
}

impl Client {
    /// Connects to a `postgres:`, `mysql:`, `sqlserver:` or `sqlite:` URL; a missing SQLite file is created.
    pub async fn connect(url: &str) -> Client {
        match Client::try_connect(url).await {
            Ok(client) => client,
            Err(error) => panic!("cannot connect to {url}: {error}"),
        }
    }

    pub async fn try_connect(url: &str) -> Result<Client, String> {
        match url.split(':').next() {
            Some("postgres" | "postgresql") => {
                let connection = sqlx::PgConnection::connect(url).await.map_err(text)?;
                Ok(Client::Postgres(connection))
            }
            Some("mysql" | "mariadb") => {
                let options = mysql_async::Opts::from_url(url).map_err(text)?;
                // The driver would otherwise move from TCP to the server's socket file, past any proxy.
                let options = mysql_async::OptsBuilder::from_opts(options).prefer_socket(false);
                let connection = mysql_async::Conn::new(options).await.map_err(text)?;
                Ok(Client::Mariadb(connection))
            }
            Some("sqlite") => {
                let options: SqliteConnectOptions = url.parse().map_err(text)?;
                let options = options.create_if_missing(true);
                let connection = sqlx::SqliteConnection::connect_with(&options)
                    .await
                    .map_err(text)?;
                Ok(Client::Sqlite(connection))
            }
            Some("sqlserver") => {
                let connection = sqlserver::connect(url).await.map_err(text)?;
                Ok(Client::SqlServer(Box::new(connection)))
            }
            _ => Err("not a URL of a known engine".to_owned()),
        }
    }

    /// Runs the statements of a script: DDL, a seed, a dump. On MariaDB `DELIMITER` lines are understood, which triggers
    /// with a body need there.
    pub async fn load(&mut self, script: &str) {
        match self {
            Client::Postgres(_) | Client::Sqlite(_) => {
                self.run(script).await;
            }
            // There a view or a schema is made by a batch of its own.
            Client::Mariadb(_) | Client::SqlServer(_) => {
                for statement in split_statements(script) {
                    self.run(&statement).await;
                }
            }
        }
    }

    /// `load` of a file named relative to the root of the repository.
    pub async fn load_file(&mut self, path: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        match std::fs::read_to_string(&path) {
            Ok(script) => self.load(&script).await,
            Err(error) => panic!("cannot read {}: {error}", path.display()),
        }
    }

    /// Runs one statement (on PostgreSQL and SQLite also several) and returns the number of rows it changed.
    pub async fn run(&mut self, sql: &str) -> u64 {
        match self.try_run(sql).await {
            Ok(changed) => changed,
            Err(error) => panic!("{error}\nin: {sql}"),
        }
    }

    pub async fn try_run(&mut self, sql: &str) -> Result<u64, String> {
        match self {
            Client::Postgres(connection) => {
                let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
                Ok(done.map_err(text)?.rows_affected())
            }
            Client::Sqlite(connection) => {
                let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
                Ok(done.map_err(text)?.rows_affected())
            }
            Client::Mariadb(connection) => {
                let result = connection.query_iter(sql).await.map_err(text)?;
                let changed = result.affected_rows();
                result.drop_result().await.map_err(text)?;
                Ok(changed)
            }
            Client::SqlServer(connection) => {
                let sql = in_tsql(sql);
                let done = connection.execute(sql, &[]).await.map_err(text)?;
                Ok(done.total())
            }
        }
    }

    /// The rows of a query.
    pub async fn rows(&mut self, sql: &str) -> Vec<TextRow> {
        match self.try_rows(sql).await {
            Ok(rows) => rows,
            Err(error) => panic!("{error}\nin: {sql}"),
        }
    }

    pub async fn try_rows(&mut self, sql: &str) -> Result<Vec<TextRow>, String> {
        match self {
            Client::Postgres(connection) => {
                // The simple protocol answers every type as text.
                let rows = sqlx::raw_sql(AssertSqlSafe(sql))
                    .fetch_all(connection)
                    .await
                    .map_err(text)?;
                let values = rows
                    .iter()
                    .map(|row| (0..row.len()).map(|i| postgres_text(row, i)).collect());
                Ok(values.collect())
            }
            Client::Sqlite(connection) => {
                let rows = sqlx::raw_sql(AssertSqlSafe(sql))
                    .fetch_all(connection)
                    .await
                    .map_err(text)?;
                let values = rows
                    .iter()
                    .map(|row| (0..row.len()).map(|i| sqlite_text(row, i)).collect());
                Ok(values.collect())
            }
            Client::Mariadb(connection) => {
                let rows: Vec<mysql_async::Row> = connection.query(sql).await.map_err(text)?;
                Ok(rows
                    .into_iter()
                    .map(|row| row.unwrap().into_iter().map(mariadb_text).collect())
                    .collect())
            }
            Client::SqlServer(connection) => {
                let rows = connection.simple_query(in_tsql(sql)).await;
                let rows = rows.map_err(text)?;
                let rows = rows.into_first_result().await.map_err(text)?;
                let values = |row: tiberius::Row| row.into_iter().map(sqlserver::text).collect();
                Ok(rows.into_iter().map(values).collect())
            }
        }
    }

    /// The value of a query that yields exactly one row of one column.
    pub async fn value(&mut self, sql: &str) -> Option<String> {
        let mut rows = self.rows(sql).await;
        match rows.as_mut_slice() {
            [row] if row.len() == 1 => row[0].take(),
            _ => panic!("one row of one column expected, not {rows:?}\nfrom: {sql}"),
        }
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn postgres_text(row: &sqlx::postgres::PgRow, column: usize) -> Option<String> {
    let value = row.try_get_raw(column).expect("a column of the row");
    if value.is_null() {
        return None;
    }
    Some(value.as_str().expect("text of PostgreSQL").to_owned())
}

fn sqlite_text(row: &sqlx::sqlite::SqliteRow, column: usize) -> Option<String> {
    let value = row.try_get_raw(column).expect("a column of the row");
    if value.is_null() {
        return None;
    }
    // SQLite itself turns numbers into text here, whatever type the column declares.
    let bytes: Vec<u8> = row.try_get_unchecked(column).expect("a value of SQLite");
    Some(utf8_or_hex(bytes))
}

fn mariadb_text(value: mysql_async::Value) -> Option<String> {
    match value {
        mysql_async::Value::NULL => None,
        mysql_async::Value::Bytes(bytes) => Some(utf8_or_hex(bytes)),
        other => panic!("the text protocol yields bytes, not {other:?}"),
    }
}

fn utf8_or_hex(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let digits = error.as_bytes().iter().map(|byte| format!("{byte:02x}"));
        format!("\\x{}", digits.collect::<String>())
    })
}

/// What tests say to all servers alike, as SQL Server has it: truth is a number, texts are joined by `+`, and those beyond ASCII have an N.
fn in_tsql(sql: &str) -> String {
    let mut said = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' => {
                let mut closed = rest.match_indices('\'').skip(1);
                let end = closed.find(|(at, _)| {
                    let quotes = rest[1..=*at].chars().rev().take_while(|c| *c == '\'');
                    quotes.count() % 2 == 1 && !rest[at + 1..].starts_with('\'')
                });
                end.map_or(rest.len(), |(at, _)| at + 1)
            }
            _ if first.is_alphanumeric() || first == '_' || first == '@' => rest
                .find(|c: char| !c.is_alphanumeric() && c != '_' && c != '@')
                .unwrap_or(rest.len()),
            _ if rest.starts_with("||") => 2,
            _ => first.len_utf8(),
        };
        let (piece, after) = rest.split_at(length);
        match piece {
            "TRUE" => said.push('1'),
            "FALSE" => said.push('0'),
            "||" => said.push('+'),
            _ => {
                let needs_n = first == '\'' && !piece.is_ascii() && !said.ends_with('N');
                said.push_str(if needs_n { "N" } else { "" });
                said.push_str(piece);
            }
        }
        rest = after;
    }
    said
}

#[test]
fn what_is_said_to_all_servers_is_said_to_sql_server_otherwise() {
    let said =
        in_tsql("SELECT a || '|| TRUE''é', N'è', '' FROM t WHERE IS_TRUE = TRUE AND b = FALSE");
    let wanted = "SELECT a + N'|| TRUE''é', N'è', '' FROM t WHERE IS_TRUE = 1 AND b = 0";
    assert_eq!(said, wanted);
}

/// The statements of a script, as MariaDB's command line client would find them.
fn split_statements(script: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut statement = String::new();
    let mut delimiter = ";";
    let mut rest = script;
    while !rest.is_empty() {
        if statement.trim().is_empty()
            && let Some(line) = rest.strip_prefix("DELIMITER ")
        {
            let (new, after) = line.split_once('\n').unwrap_or((line, ""));
            delimiter = new.trim();
            rest = after;
        } else if let Some(after) = rest.strip_prefix(delimiter) {
            statements.push(std::mem::take(&mut statement));
            rest = after;
        } else {
            let (piece, after) = rest.split_at(piece_length(rest));
            // The server's hints in dumps are comments of the other kind and stay.
            if !is_line_comment(piece) {
                statement.push_str(piece);
            }
            rest = after;
        }
    }
    statements.push(statement);
    statements.retain(|statement| !statement.trim().is_empty());
    statements
}

/// The length of the quoted text or comment that the text begins with, else of its first character.
fn piece_length(text: &str) -> usize {
    let first = text.chars().next().expect("not at the end");
    let end = match first {
        _ if is_line_comment(text) => text.find('\n'),
        '/' if text.starts_with("/*") => text.find("*/").map(|at| at + 2),
        '\'' | '"' | '`' => {
            let mut escaped = false;
            let closes = |(_, character): &(usize, char)| {
                let closes = *character == first && !escaped;
                escaped = *character == '\\' && !escaped && first != '`';
                closes
            };
            text.char_indices()
                .skip(1)
                .find(closes)
                .map(|(at, _)| at + 1)
        }
        _ => return first.len_utf8(),
    };
    end.unwrap_or(text.len())
}

fn is_line_comment(text: &str) -> bool {
    text.starts_with('#') || text.starts_with("-- ") || text.starts_with("--\n")
}

#[test]
fn scripts_are_split_into_statements() {
    let script = "-- a comment;\nINSERT INTO a VALUES -- it's; here\n  ('1;''2\\';', \"'\", `;`);\n\n/*! SET x; */;\n\
        DELIMITER //\nCREATE TRIGGER t BEGIN\n  SET @a = 1;\nEND//\nDELIMITER ;\nSELECT 1 # end";
    let expected = [
        "INSERT INTO a VALUES \n  ('1;''2\\';', \"'\", `;`)",
        "/*! SET x; */",
        "CREATE TRIGGER t BEGIN\n  SET @a = 1;\nEND",
        "SELECT 1",
    ];
    let statements = split_statements(script);
    let trimmed: Vec<&str> = statements
        .iter()
        .map(|statement| statement.trim())
        .collect();
    assert_eq!(trimmed, expected);
}
