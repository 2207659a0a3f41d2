//! Derived rows compared and written, by themselves.

use std::path::Path;
use std::sync::Arc;

use ponte::db::catalog::Table;
use ponte::db::query::TableName;
use ponte::db::template::Bound;
use ponte::db::{self, DbErrorKind, DbUrl, Isolation, Session};
use ponte::diagnostic::{SourceFile, Span};
use ponte::plan::{Derived, DerivedRows, ServerSql};
use ponte::sync::derived::{Differences, compare, write};
use ponte::value::Value;

use crate::support::client::Client;
use crate::support::servers::{self, Database};

const SCHEMA: &str = "
CREATE TABLE article (id INTEGER PRIMARY KEY, price TEXT);
CREATE TABLE meta (meta_id INTEGER PRIMARY KEY AUTOINCREMENT, post_id INTEGER NOT NULL, name VARCHAR(20) NOT NULL, value VARCHAR(8));
INSERT INTO article VALUES (1, '10'), (2, '20'), (3, '30');
";

struct Bench {
    database: Database,
    session: Box<dyn Session>,
}

impl Bench {
    async fn new(test: &str) -> Bench {
        let database = servers::sqlite(test);
        database.client().await.load(SCHEMA).await;
        let url = DbUrl::parse(&database.url, None, Path::new(".")).expect("a URL");
        let engine = db::engine(&url).expect("an engine");
        Bench {
            session: engine.connect().await.expect("a session"),
            database,
        }
    }

    async fn client(&self) -> Client {
        self.database.client().await
    }

    async fn table(&mut self) -> Table {
        let table = self.session.table(&TableName::parse("meta")).await;
        table.expect("a catalog").expect("the table")
    }

    async fn compare(&mut self, derived: &Derived) -> db::Result<Differences> {
        let table = self.table().await;
        let ids = Bound::Many(vec![Value::Int(1), Value::Int(2)]);
        let bound = move |name: &str| (name == "id").then(|| ids.clone());
        compare(self.session.as_mut(), derived, &table, &bound).await
    }

    /// Compares and writes; what there was to write, as (inserted, updated, removed).
    async fn repair(&mut self, derived: &Derived) -> (u64, u64, u64) {
        self.session
            .begin(Isolation::ReadCommitted)
            .await
            .expect("a transaction");
        let found = self.compare(derived).await.expect("a comparison");
        write(self.session.as_mut(), &found).await.expect("a write");
        self.session.commit().await.expect("a commit");
        assert!(
            self.compare(derived)
                .await
                .expect("a comparison")
                .is_empty()
        );
        found.counts()
    }

    async fn rows(&self) -> Vec<String> {
        let rows = self.client().await.rows("SELECT meta_id || ' ' || post_id || ' ' || name || ' ' || value FROM meta ORDER BY meta_id").await;
        rows.into_iter()
            .map(|mut row| row[0].take().expect("no NULL"))
            .collect()
    }
}

fn sql(text: &str) -> ServerSql {
    let file = Arc::new(SourceFile::new("test.toml", text));
    ServerSql {
        text: text.to_owned(),
        at: Span::new(&file, 0..0),
    }
}

fn derived(rows: DerivedRows, text: &str) -> Derived {
    let sql = sql(text);
    Derived {
        table: TableName::parse("meta"),
        table_at: sql.at.clone(),
        rows,
        groups: None,
        condition: None,
        touch: false,
        at: sql.at.clone(),
        sql,
    }
}

fn columns() -> Vec<String> {
    vec!["post_id".to_owned(), "name".to_owned()]
}

fn by_key(insert_missing: bool, scope: Option<&str>) -> Derived {
    let rows = DerivedRows::Key {
        columns: columns(),
        insert_missing,
        scope: scope.map(sql),
    };
    derived(
        rows,
        "SELECT id AS post_id, 'price' AS name, price AS value FROM article WHERE id IN (:id) AND price IS NOT NULL",
    )
}

#[tokio::test]
async fn of_rows_with_one_key_the_lowest_primary_key_counts() {
    let mut bench = Bench::new("derived::lowest").await;
    bench.client().await.run("INSERT INTO meta (post_id, name, value) VALUES (1, 'price', '9'), (1, 'price', '8'), (1, 'PRICE', '7')").await;
    assert_eq!(bench.repair(&by_key(false, None)).await, (0, 1, 0));
    assert_eq!(
        bench.rows().await,
        ["1 1 price 10", "2 1 price 8", "3 1 PRICE 7"]
    );
}

#[tokio::test]
async fn missing_rows_are_inserted_where_that_is_asked_for() {
    let mut bench = Bench::new("derived::missing").await;
    assert_eq!(bench.repair(&by_key(false, None)).await, (0, 0, 0));
    assert_eq!(bench.repair(&by_key(true, None)).await, (2, 0, 0));
    assert_eq!(bench.rows().await, ["1 1 price 10", "2 2 price 20"]);
}

#[tokio::test]
async fn rows_in_the_scope_that_nobody_wants_go() {
    let mut bench = Bench::new("derived::scope").await;
    let mut client = bench.client().await;
    client.run("INSERT INTO meta (post_id, name, value) VALUES (1, 'price', '10'), (2, 'price', '20'), (3, 'price', '30'), (1, 'other', 'x')").await;
    client
        .run("UPDATE article SET price = NULL WHERE id = 2")
        .await;
    assert_eq!(
        bench
            .repair(&by_key(true, Some("name = 'price' AND post_id IN (:id)")))
            .await,
        (0, 0, 1)
    );
    assert_eq!(
        bench.rows().await,
        ["1 1 price 10", "3 3 price 30", "4 1 other x"]
    );
}

#[tokio::test]
async fn lists_keep_the_rows_that_are_right_and_their_order() {
    let mut bench = Bench::new("derived::list").await;
    bench.client().await.run("INSERT INTO meta (post_id, name, value) VALUES (9, 'price', '10'), (9, 'price', '15'), (9, 'price', '15'), (8, 'price', '1')").await;
    let list = |text: &str| derived(DerivedRows::List { columns: columns() }, text);
    let both = list(
        "SELECT 9 AS post_id, 'price' AS name, price AS value FROM article WHERE id IN (:id) ORDER BY id",
    );
    assert_eq!(bench.repair(&both).await, (0, 1, 1));
    assert_eq!(
        bench.rows().await,
        ["1 9 price 10", "2 9 price 20", "4 8 price 1"]
    );
    bench
        .client()
        .await
        .run("INSERT INTO article VALUES (0, '5')")
        .await;
    let more = list(
        "SELECT 9 AS post_id, 'price' AS name, price AS value FROM article WHERE id IN (:id) OR id = 0 ORDER BY id",
    );
    assert_eq!(bench.repair(&more).await, (1, 2, 0));
    assert_eq!(
        bench.rows().await,
        ["1 9 price 5", "2 9 price 10", "4 8 price 1", "5 9 price 20"]
    );
}

#[tokio::test]
async fn what_does_not_fit_is_told_and_nothing_is_cut() {
    let mut bench = Bench::new("derived::misfit").await;
    bench
        .client()
        .await
        .run("UPDATE article SET price = '1234567890' WHERE id = 1")
        .await;
    let error = bench.compare(&by_key(true, None)).await.unwrap_err();
    assert_eq!(error.kind, DbErrorKind::Misfit);
    assert!(
        error.to_string().contains("`value`") && error.to_string().contains("1234567890"),
        "{error}"
    );
}

#[tokio::test]
async fn changes_show_what_was_and_what_will_be() {
    let mut bench = Bench::new("derived::changes").await;
    bench
        .client()
        .await
        .run("INSERT INTO meta (post_id, name, value) VALUES (1, 'price', '9')")
        .await;
    let found = bench
        .compare(&by_key(true, None))
        .await
        .expect("a comparison");
    let shown: Vec<String> = found
        .changes()
        .map(|change| {
            let column = &change.columns[0];
            format!(
                "{:?} {}: {} {:?} -> {:?}",
                change.kind, change.row, column.column, column.old, column.new
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            "Update post_id 1, name 'price': value Some(\"'9'\") -> Some(\"'10'\")",
            "Insert post_id 2, name 'price': value None -> Some(\"'20'\")"
        ]
    );
}
