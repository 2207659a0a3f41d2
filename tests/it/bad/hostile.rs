//! Names and values that would be SQL, templates or a terminal's commands, if anything took them for such: bound or quoted
//! on every engine, escaped where a person reads them, exact in JSON.

use super::{Base, Case, Stand, run};
use crate::sync::pair::On;

/// As a text of SQL: a key and a value of which nothing is harmless.
const KEY: &str = "K''; DROP TABLE target; --";
const VALUE: &str = "{{name}} ${HOME} {prefix} :since `\"''\\";

/// A table and a column of these names, on both sides: with a colour of the terminal's, too.
const TABLE: &str = "so`u\"r''ce; {x} -- :y\u{1b}[31m";
const COLUMN: &str = "na`me\" {{ $1 ? :z\u{1b}[2J";

fn quoted(on: On, name: &str) -> String {
    let name = name.replace("''", "'");
    match on {
        On::Mariadb => format!("`{}`", name.replace('`', "``")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// As a TOML text.
fn toml(name: &str) -> String {
    let name = name.replace("''", "'");
    let name = name.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", name.replace('\u{1b}', "\\u001b"))
}

#[tokio::test]
async fn names_are_quoted_and_values_bound() {
    for (source, target, name) in [
        (On::Postgres, On::Mariadb, "hostile-names"),
        (On::Mariadb, On::Postgres, "hostile-names-to-postgres"),
        (On::Sqlite, On::Sqlite, "hostile-names-on-sqlite"),
    ] {
        let rename = |on: On, table: &str| {
            let (new, column) = (quoted(on, TABLE), quoted(on, COLUMN));
            format!(
                "ALTER TABLE {table} RENAME TO {new}; ALTER TABLE {new} RENAME COLUMN name TO {column}"
            )
        };
        let backslash = |on: On| match on {
            On::Mariadb => VALUE.replace('\\', "\\\\"),
            _ => VALUE.to_owned(),
        };
        let control = match source {
            On::Postgres => "E'\\x1b[31mred\\nline\\u202e'",
            On::Mariadb => {
                "CONCAT(CHAR(27), '[31mred', CHAR(10), 'line', CONVERT(X'E280AE' USING utf8mb4))"
            }
            On::Sqlite | On::SqlServer => {
                "char(27) || '[31mred' || char(10) || 'line' || char(8238)"
            }
        };
        let value = backslash(source);
        // A script is cut at `;`: the keys are written by one statement each, with the sign spelt out.
        let semicolon = match source {
            On::Postgres => "chr(59)",
            _ => "char(59)",
        };
        let key = KEY.replace(';', &format!("' || {semicolon} || '"));
        let key = match source {
            On::Mariadb => format!(
                "CONCAT('{}')",
                key.replace("' || ", "', ").replace(" || '", ", '")
            ),
            _ => format!("'{key}'"),
        };
        let rows = format!(
            "ALTER TABLE source MODIFY_CODE; INSERT INTO source (code, name, pieces) VALUES ({key}, '{value}', 1);
             INSERT INTO source (code, name, pieces) VALUES ({control}, 'control in the key', 1);
             INSERT INTO source (code, name, pieces) VALUES ('BAD', {control}, 99999)"
        );
        let wide = |on: On| match on {
            On::Postgres => "ALTER COLUMN code TYPE varchar(60), ALTER COLUMN pieces TYPE integer",
            On::Mariadb => "MODIFY code VARCHAR(60), MODIFY pieces INTEGER",
            On::Sqlite | On::SqlServer => "ADD unused INTEGER",
        };
        let rows = rows.replace("MODIFY_CODE", wide(source));
        let target_wide = match target {
            On::Sqlite => String::new(),
            on => format!(
                "ALTER TABLE target {};",
                wide(on).split(", ").next().unwrap_or_default()
            ),
        };
        let table = toml(TABLE);
        let column = toml(COLUMN);
        let field = toml(&format!("\"{}\"", COLUMN.replace('"', "\"\"")));
        let set = format!("{column} = {field}");
        let show = format!(
            "SELECT code, {}, pieces FROM {} ORDER BY code",
            quoted(target, COLUMN),
            quoted(target, TABLE)
        );
        let source_sql = format!("{rows}; {}", rename(source, "source"));
        let target_sql = format!("{target_wide} {}", rename(target, "target"));
        run(&[Case {
            name,
            base: Base::Flow(source, target),
            source: &source_sql,
            target: &target_sql,
            edits: &[
                ("table = \"source\"", &format!("table = {table}")),
                ("table = \"target\"", &format!("table = {table}")),
                ("name = \"name\"", &set),
            ],
            runs: &[
                &["check"],
                &["sync", "--no-progress"],
                &["quarantine", "list"],
            ],
            rows: &show,
            ..Case::default()
        }])
        .await;
    }
}

#[tokio::test]
async fn json_has_texts_as_they_are() {
    let stand = Stand::new(&Case {
        name: "hostile-json",
        base: Base::Flow(On::Postgres, On::Mariadb),
        source: "ALTER TABLE source ALTER COLUMN code TYPE varchar(40); INSERT INTO source (code, price) VALUES (E'\\x1b[31mk\\ney\\u202e', 0)",
        target: "ALTER TABLE target ADD CHECK (price > 0)",
        ..Case::default()
    })
    .await;
    let outcome = stand.project.ponte(&["sync", "--json", "--no-progress"]);
    assert!(!outcome.stdout.contains('\u{1b}'), "{outcome}");
    let document: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("a document");
    let key = &document["flows"][0]["quarantined"][0]["key"];
    assert_eq!(key, "\u{1b}[31mk\ney\u{202e}", "{document:#}");
}
