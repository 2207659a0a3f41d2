//! An ERP that a project describes itself, whose orders are numbered by the server: an identity column, SQLite's autoincrement.

use super::place::Order;
use crate::support::project::{Outcome, Project};
use crate::support::servers::{self, Database};
use crate::sync::pair::{On, database};

const PACK: &str = r#"
[pack]
system  = "Small ERP"
side    = "erp"
engines = ["{engine}"]
"#;

/// The document's number is nobody's to give: the rows, and the link, take it from the row that the server has just numbered.
const ORDER: &str = r#"
record   = "order"
articles = "SELECT i.code AS sku, i.code AS article FROM items i WHERE i.code IN (:sku)"

[find]
by  = { reference = "web_reference" }
sql = "SELECT o.no AS id, o.web_reference AS reference, 'order' AS kind FROM papers o WHERE o.web_reference IS NOT NULL"

[link]
id = "order.no"

[[write]]
as     = "order"
kinds  = ["order"]
table  = "papers"
match  = { no = "find.id" }
insert = { web_reference = "web_reference", total = "total", state = "payment_state" }

[[write]]
as     = "line"
if     = "created"
table  = "paper_rows"
each   = "lines AS l"
match  = { paper_no = "order.no", place = "l.row" }
insert = { item = "l.article", pieces = "l.quantity", amount = "l.amount" }

[[write]]
as     = "charge"
if     = "created"
table  = "paper_rows"
each   = "charges AS c"
match  = { paper_no = "order.no", place = "c.row" }
insert = { amount = "c.amount" }
"#;

/// A column that the server numbers, and the rest of the tables. Some numbers are somebody else's.
fn tables(on: On) -> String {
    let (number, text) = match on {
        On::Postgres => (
            "no INTEGER GENERATED ALWAYS AS IDENTITY (START WITH 500) PRIMARY KEY",
            "VARCHAR(60)",
        ),
        On::SqlServer => ("no INT IDENTITY(500, 1) PRIMARY KEY", "NVARCHAR(60)"),
        On::Sqlite => ("no INTEGER PRIMARY KEY AUTOINCREMENT", "VARCHAR(60)"),
        On::Mariadb => ("no INT AUTO_INCREMENT PRIMARY KEY", "VARCHAR(60)"),
    };
    format!(
        "CREATE TABLE items (code {text} NOT NULL PRIMARY KEY);
         INSERT INTO items (code) VALUES ('TOOL-1'), ('TOOL-3');
         CREATE TABLE papers ({number}, web_reference {text} NULL, total DECIMAL(12, 2) NULL, state {text} NULL);
         CREATE TABLE paper_rows (paper_no INT NOT NULL, place INT NOT NULL, item {text} NULL, pieces DECIMAL(12, 2) NULL, amount DECIMAL(12, 2) NULL,
           PRIMARY KEY (paper_no, place));
         INSERT INTO papers (total) VALUES (1), (2), (3);"
    )
}

struct Numbered {
    erp: Database,
    shop: Database,
    project: Project,
}

impl Numbered {
    async fn new(test: &str, on: On) -> Numbered {
        let erp = database(on, &format!("{test} erp")).await;
        let shop = database(On::Mariadb, &format!("{test} shop")).await;
        erp.client().await.load(&tables(on)).await;
        let mut client = shop.client().await;
        client.load_file("schemas/woocommerce/mysql.sql").await;
        client.load_file("tests/cases/woocommerce/seed.sql").await;
        client.run("DELETE FROM wp_wc_orders").await;
        let mut project = Project::new();
        let engine = match on {
            On::Postgres => "postgres",
            On::SqlServer => "sqlserver",
            On::Sqlite => "sqlite",
            On::Mariadb => "mysql",
        };
        project.file("erp/pack.toml", &PACK.replace("{engine}", engine));
        project.file("erp/order.toml", ORDER);
        let text = format!(
            r#"
[erp]
pack = "./erp"
url  = "{}"

[shop.main]
pack          = "woocommerce"
url           = "{}"
records       = ["order"]
orders.since  = 2026-01-01T00:00:00Z
orders.import = true

[shop.main.tax]
IVA22 = {{ rate = 22, class = "" }}
IVA10 = {{ rate = 10, class = "reduced-rate" }}
"#,
            erp.url, shop.url
        );
        project.file("ponte.toml", &servers::without_secrets(&text));
        project.env("PASSWORD", "ponte");
        project.env("SA_PASSWORD", &servers::sa_password());
        project.ponte(&["setup", "--run"]).succeeds();
        Numbered { erp, shop, project }
    }

    async fn place(&self, ids: std::ops::RangeInclusive<u32>) {
        let mut client = self.shop.client().await;
        for (pieces, id) in (1..=4).cycle().zip(ids) {
            Order::of_pieces(id, pieces).place(&mut client).await;
        }
    }

    async fn rows(&self, sql: &str) -> Vec<String> {
        let rows = self.erp.client().await.rows(sql).await;
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        rows.iter()
            .map(|row| row.iter().map(text).collect::<Vec<_>>().join(" | "))
            .collect()
    }

    async fn end_leases(&self) {
        for database in [&self.erp, &self.shop] {
            let lease = match super::place::has_schemas(&database.url) {
                true => "UPDATE ponte.lease SET owner = NULL",
                false => "UPDATE ponte_lease SET owner = NULL",
            };
            database.client().await.run(lease).await;
        }
    }

    /// Every web order that is there is there once, with its own rows, the shop's total and a link that leads to its number; how many
    /// they are.
    async fn assert_sound(&self) -> usize {
        let own = match super::place::has_schemas(&self.erp.url) {
            true => "ponte.link",
            false => "ponte_link",
        };
        let papers = self
            .rows("SELECT COUNT(*), COUNT(DISTINCT web_reference) FROM papers WHERE web_reference IS NOT NULL")
            .await;
        let (all, distinct) = papers[0].split_once(" | ").expect("two counts");
        assert_eq!(all, distinct, "an order is there twice");
        let wrong = self
            .rows(
                "SELECT p.no FROM papers p WHERE p.web_reference IS NOT NULL AND (
                   (SELECT COUNT(*) FROM paper_rows r WHERE r.paper_no = p.no) <> 3
                   OR ROUND((SELECT SUM(r.amount) FROM paper_rows r WHERE r.paper_no = p.no) * 100, 0) <> ROUND(p.total * 100, 0))",
            )
            .await;
        assert_eq!(wrong, [""; 0], "rows of another order");
        let strays = "SELECT r.paper_no FROM paper_rows r WHERE NOT EXISTS (SELECT 1 FROM papers p WHERE p.no = r.paper_no AND p.web_reference IS NOT NULL)";
        assert_eq!(self.rows(strays).await, [""; 0], "rows of no order");
        let links = self
            .rows(&format!(
                "SELECT k.record_key, k.target_id FROM {own} k WHERE k.record = 'order'"
            ))
            .await;
        let mut linked: Vec<String> = links.iter().map(|link| format!("main/{link}")).collect();
        linked.sort_unstable();
        let mut there = self
            .rows("SELECT web_reference, no FROM papers WHERE web_reference IS NOT NULL")
            .await;
        there.sort_unstable();
        assert_eq!(linked, there);
        there.len()
    }

    fn sync(&self) -> Outcome {
        self.project.ponte(&["sync", "main/order"])
    }
}

async fn numbered_by_the_server(test: &str, on: On) {
    let mut numbered = Numbered::new(test, on).await;
    numbered.place(1001..=1006).await;
    // One whose article the ERP does not have takes no number's rows with it.
    let mut shop = numbered.shop.client().await;
    shop.run("UPDATE wp_woocommerce_order_itemmeta SET meta_value = '102' WHERE order_item_id = 100302 AND meta_key = '_product_id'")
        .await;
    numbered.sync().exits_with(4);
    assert_eq!(numbered.assert_sound().await, 5);
    let paid = numbered
        .rows("SELECT DISTINCT state FROM papers WHERE web_reference IS NOT NULL")
        .await;
    assert_eq!(paid, ["paid"]);
    numbered.sync().exits_with(4);
    assert_eq!(numbered.assert_sound().await, 5);

    // Others number papers meanwhile, and the program is killed before and after its COMMIT.
    let mut erp = numbered.erp.client().await;
    let mut placed = 1006;
    for point in ["batch without links", "batch written", "batch committed"] {
        numbered.place(placed + 1..=placed + 3).await;
        placed += 3;
        erp.run("INSERT INTO papers (total) VALUES (4)").await;
        assert!(
            numbered
                .project
                .killed_at(&["sync", "main/order"], point, 2),
            "{point}"
        );
        numbered.end_leases().await;
        numbered.assert_sound().await;
        erp.run("INSERT INTO papers (total) VALUES (5)").await;
        numbered.sync().exits_with(4);
        assert_eq!(
            numbered.assert_sound().await,
            (placed - 1001) as usize,
            "{point}"
        );
    }
}

#[tokio::test]
async fn orders_are_numbered_by_an_identity_column_of_postgres() {
    numbered_by_the_server("numbered postgres", On::Postgres).await;
}

#[tokio::test]
async fn orders_are_numbered_by_an_identity_column_of_sqlserver() {
    numbered_by_the_server("numbered sqlserver", On::SqlServer).await;
}

#[tokio::test]
async fn orders_are_numbered_by_sqlites_autoincrement() {
    numbered_by_the_server("numbered sqlite", On::Sqlite).await;
}
