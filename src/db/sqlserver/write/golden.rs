//! Every statement that writes, as a file: `tests/cases/sqlserver/*.sql`. They are valid on SQL Server 2012, and hold no hint that takes
//! more than single rows' locks.

use super::*;
use crate::db::clock;
use crate::db::query::{Part, Query};
use crate::db::render::Dialect;
use crate::db::sqlserver::cell::cell;
use crate::db::sqlserver::dialect::{DIALECT, OLD_DIALECT, declaration, statement};
use crate::db::sqlserver::load;
use tiberius::ColumnData;

/// Compares with the file; `SNAPSHOTS=overwrite` writes it.
fn compare(name: &str, text: &str, params: &[ColumnData<'_>]) {
    let declared: Vec<String> = params
        .iter()
        .zip(1..)
        .map(|(param, n)| format!("@P{n} {}", declaration(param)))
        .collect();
    // One clause a line, to be read.
    let mut shown = text.replace("; ", ";\n");
    for word in [
        " FROM ",
        " SET ",
        " VALUES ",
        " OUTPUT ",
        " ON ",
        " WHERE ",
        " ORDER BY ",
        " OFFSET ",
    ] {
        shown = shown.replace(word, &format!("\n   {word}"));
    }
    let shown = format!("-- {}\n{shown}\n", declared.join(", "));
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases/sqlserver")
        .join(format!("{name}.sql"));
    let expected = snapbox::Data::read_from(&path, Some(snapbox::data::DataFormat::Text));
    snapbox::Assert::new()
        .action_env("SNAPSHOTS")
        .eq(shown, expected.raw());
}

fn written(name: &str, statement: Statement) {
    compare(name, &statement.text, &statement.params);
}

fn asked(name: &str, dialect: &'static Dialect, query: Query) {
    let (text, params) = statement(dialect, &query).unwrap();
    compare(name, &text, &params);
}

fn target(declared: &str) -> Target {
    Target {
        declared: Declared {
            collation: Some("Latin1_General_CI_AS".to_owned()),
            code_page: Some(1252),
            ..Declared::parse(declared)
        },
        is_identity: false,
        is_writable: true,
    }
}

fn decimal(text: &str) -> Value {
    Value::Decimal(Decimal::parse(text).unwrap())
}

fn text_of(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn insert(columns: &[&str], types: &[&str]) -> (Insert, Vec<Target>) {
    let insert = Insert {
        table: TableName::parse("dbo.we]ird"),
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        types: Vec::new(),
        rows: vec![
            vec![Value::Int(1), decimal("12.5"), text_of("à 😀")],
            vec![Value::Null, Value::Null, Value::Null],
        ],
        generated: None,
        distinct_by: Vec::new(),
    };
    (insert, types.iter().map(|ty| target(ty)).collect())
}

const COLUMNS: [&str; 3] = ["id", "pri]ce", "name"];
const TYPES: [&str; 3] = ["int", "money", "nvarchar(20)"];

#[test]
fn rows_are_inserted() {
    let (insert, mut targets) = insert(&COLUMNS, &TYPES);
    let plain = |targets: &[Target]| {
        plain_insert(&insert, targets, &insert.rows)
            .unwrap()
            .remove(0)
    };
    written("insert", plain(&targets));
    targets[0].is_identity = true;
    written("insert-identity", plain(&targets));
    targets[0].is_identity = false;
    let numbered = target("int");
    let out = numbered_insert(&insert, "no", &numbered, &targets, &insert.rows);
    written("insert-numbered", out.unwrap());
    let mut none = insert.clone();
    none.columns.clear();
    none.rows = vec![Vec::new()];
    let out = plain_insert(&none, &[], &none.rows).unwrap().remove(0);
    written("insert-defaults", out);
    let out = numbered_insert(&none, "no", &numbered, &[], &none.rows);
    written("insert-numbered-defaults", out.unwrap());
}

#[test]
fn tables_are_asked_whether_they_are_what_they_were() {
    let moment = |text: &str| Value::DateTime(text.parse().unwrap());
    let known = |id, text| Known {
        standing: Some(Standing {
            id,
            modified: moment(text),
        }),
        columns: HashMap::new(),
    };
    let view = Known {
        standing: None,
        columns: HashMap::new(),
    };
    let mut written = Written::default();
    assert_eq!(written.question(), None);
    let then = "2026-01-01T10:00:00.003";
    for (name, table) in [("t", known(5, then)), ("u", known(7, then)), ("v", view)] {
        written.tables.insert(TableName::parse(name), table);
    }
    compare("begin-kept", &written.question().unwrap(), &[]);
    written.keep(&[]);
    assert_eq!(written.question(), None);
}

#[test]
fn many_rows_are_loaded() {
    let (mut insert, targets) = insert(&COLUMNS, &TYPES);
    let forms = load::cells(&insert, &targets).unwrap().unwrap().forms;
    let (create, fill) = load::statements(&insert, &targets, &forms);
    compare("load-create", &create, &[]);
    compare("load-fill", &fill, &[]);

    // A long text makes its column one of long texts; values of several sorts go by statements.
    insert.rows.push(vec![
        Value::Int(3),
        Value::Null,
        text_of(&"😀".repeat(2001)),
    ]);
    let forms = load::cells(&insert, &targets).unwrap().unwrap().forms;
    let (create, _) = load::statements(&insert, &targets, &forms);
    assert!(create.ends_with("[c2] nvarchar(max) NULL)"), "{create}");
    insert
        .rows
        .push(vec![text_of("4"), Value::Null, Value::Null]);
    assert!(load::cells(&insert, &targets).unwrap().is_none());
}

#[test]
fn rows_are_written_by_their_keys() {
    let table = TableName::parse("dbo.t");
    let names = ["code", "day", "price", "flag"].map(str::to_owned);
    let targets = ["varchar(20)", "datetime", "decimal(19,4)", "bit"].map(target);
    let day = Value::DateTime("2024-02-29T12:00:00.003".parse().unwrap());
    let row = [text_of("à-1"), day, decimal("-0.05"), Value::Bool(true)];
    let null = [text_of("B"), row[1].clone(), Value::Null, Value::Null];
    let rows = [row.iter().collect(), null.iter().collect::<Vec<_>>()];
    let keyed = |verb, keys, names, targets| Keyed {
        verb,
        table: &table,
        keys,
        names,
        targets,
    };
    let update = keyed("UPDATE", 2, &names, &targets);
    let set = |out: &mut Statement| assign(out, 2, &names[2..]);
    written("update", update.statement(&set, &rows).unwrap());

    let delete = keyed("DELETE", 2, &names[..2], &targets[..2]);
    let keys: Vec<Vec<&Value>> = rows.iter().map(|row| row[..2].to_vec()).collect();
    written("delete", delete.statement(&|_| {}, &keys).unwrap());

    // Ponte's own tables compare by bytes, whatever the database does.
    let mut own = ["nvarchar(255)", "nvarchar(max)"].map(target);
    own[0].declared.collation = Some("Latin1_General_100_BIN2".to_owned());
    let by_text = keyed("UPDATE", 1, &names[..2], &own);
    let (key, value) = (text_of("a"), text_of("b"));
    let set = |out: &mut Statement| assign(out, 1, &names[1..2]);
    let rows = [vec![&key, &value]];
    written("update-by-text", by_text.statement(&set, &rows).unwrap());

    let (names, numbers) = (
        ["id", "n"].map(str::to_owned),
        ["bigint", "bigint"].map(target),
    );
    let (key, by) = (Value::Int(1), Value::Int(-5));
    let rows = [vec![&key, &by]];
    let add = keyed("UPDATE", 1, &names, &numbers);
    for (name, is_text) in [("add", false), ("add-to-text", true)] {
        let set = |out: &mut Statement| increase(out, "n", is_text);
        written(name, add.statement(&set, &rows).unwrap());
    }
}

#[test]
fn rows_are_read_in_the_dialect() {
    let table = TableName::parse("dbo.t");
    let select = || {
        Query::sql("SELECT ")
            .idents(["a", "b"])
            .text(" FROM ")
            .table(&table)
            .text(" WHERE ")
    };
    let keys = vec![
        vec![text_of("x"), Value::Int(1)],
        vec![text_of("é"), Value::Null],
    ];
    asked(
        "select-locked",
        &OLD_DIALECT,
        select().among(&["a", "b"], keys).push(Part::ForUpdate),
    );
    asked(
        "select-shared",
        &OLD_DIALECT,
        select()
            .text("a = ")
            .value(decimal("1.50"))
            .push(Part::ForShare),
    );
    let ordered = |ty| {
        let list = vec![Value::Int(1), Value::Int(2)];
        let query = select().text("b IN (").list(list).text(") ORDER BY ");
        query.push(Part::Order("a".to_owned(), ty)).limit(5, true)
    };
    asked("select-ordered", &OLD_DIALECT, ordered(Type::TEXT));
    asked("select-ordered-2019", &DIALECT, ordered(Type::TEXT));
    // As long as the column and no longer.
    let nvarchar = || Declared::parse("nvarchar(50)").ty();
    asked("select-ordered-short", &OLD_DIALECT, ordered(nvarchar()));
    asked("select-ordered-short-2019", &DIALECT, ordered(nvarchar()));
    asked(
        "select-limited",
        &OLD_DIALECT,
        select().text("1 = 1").limit(1, false),
    );
}

#[test]
fn what_the_server_counts_is_asked() {
    asked("row-version", &OLD_DIALECT, clock::row_version_query());
    asked(
        "tracking",
        &OLD_DIALECT,
        clock::tracking_query("dbo.[my table]"),
    );
}

#[test]
fn no_statement_locks_a_table() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/sqlserver");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        for hint in [
            "TABLOCK",
            "XLOCK",
            "SERIALIZABLE",
            "HOLDLOCK",
            "NOLOCK",
            "MERGE",
            "PAGLOCK",
        ] {
            assert!(!text.contains(hint), "{hint}: {text}");
        }
        files += 1;
    }
    assert!(files >= 14, "{files}");
}

#[test]
fn what_the_server_would_change_in_silence_is_refused() {
    let moment = |text: &str| Value::DateTime(text.parse().unwrap());
    for (declared, value, fits) in [
        ("varchar(20)", text_of("àé€"), true),
        ("varchar(20)", text_of("😀"), false),
        ("char(20)", text_of("Ω"), false),
        ("nvarchar(20)", text_of("😀 Ω"), true),
        ("datetime", moment("2024-01-01T00:00:00.997"), true),
        ("datetime", moment("2024-01-01T00:00:00.996"), false),
        ("smalldatetime", moment("2024-01-01T00:01:00"), true),
        ("smalldatetime", moment("2024-01-01T00:01:01"), false),
        ("datetime2(7)", moment("2024-01-01T00:00:00.996"), true),
        ("money", decimal("0.0001"), true),
        ("money", decimal("0.00001"), false),
        ("decimal(10,2)", text_of("1.5"), true),
        ("decimal(10,2)", text_of("x"), false),
        ("float", Value::Float(f64::INFINITY), false),
    ] {
        let cell = cell(&value, &target(declared));
        assert_eq!(cell.is_ok(), fits, "{declared} {value:?}: {cell:?}");
    }
    let mut computed = target("int");
    computed.is_writable = false;
    assert!(cell(&Value::Int(1), &computed).is_err());
}
