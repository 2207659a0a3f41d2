//! The program as its users meet it, on a SQLite ERP and a SQLite WooCommerce shop.

use crate::support::client::{Client, TextRow};
use crate::support::project::Project;
use crate::support::servers;
use snapbox::str;

/// The project of `tests/cases/cli`, beside the shop of `tests/cases/woocommerce`.
const PROJECT: &str = r#"
[erp]
pack = "reference"
url  = "sqlite:erp.db"

[shop.main]
pack       = "woocommerce"
url        = "sqlite:shop.db"
language   = "en"
price_list = "public"
warehouses = ["WH"]
orders.since = 2026-01-01T00:00:00Z

[shop.main.tax]
IVA22  = { rate = 22, class = "" }
EXEMPT = { rate = 0, class = "zero-rate" }
"#;

async fn client(project: &Project, file: &str) -> Client {
    Client::connect(&format!("sqlite://{}", project.path(file).display())).await
}

/// Both databases, nothing of ponte's in them yet.
async fn databases() -> Project {
    let mut project = Project::new();
    project.file("ponte.toml", PROJECT);
    let mut erp = client(&project, "erp.db").await;
    erp.load_file("schemas/reference/sqlite.sql").await;
    erp.load_file("tests/cases/cli/erp.sql").await;
    let mut shop = client(&project, "shop.db").await;
    shop.load_file("schemas/woocommerce/sqlite.sql").await;
    shop.load_file("tests/cases/woocommerce/seed.sql").await;
    // Two variations that sell from one figure are for a person to look at, in every run: not in these tests.
    shop.run("UPDATE wp_wc_product_meta_lookup SET sku = '' WHERE sku LIKE 'CAP%'")
        .await;
    project
}

async fn set_up() -> Project {
    let project = databases().await;
    project.ponte(&["setup", "--run"]).succeeds();
    project.ponte(&["match", "--accept"]).succeeds();
    project
}

/// Everything in the shop, but for the lease.
async fn contents(project: &Project) -> Vec<(String, Vec<TextRow>)> {
    let mut shop = client(project, "shop.db").await;
    let tables = shop
        .rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('ponte_lease', 'ponte_heartbeat') ORDER BY name")
        .await;
    let mut contents = Vec::new();
    for name in tables.into_iter().flatten().flatten() {
        let rows = shop.rows(&format!("SELECT * FROM \"{name}\"")).await;
        contents.push((name, rows));
    }
    contents
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in\n{text}"))
}

#[tokio::test]
async fn from_an_empty_folder_to_a_shop_in_step() {
    let mut project = databases().await;
    project.remove("ponte.toml");
    let init = ["init", "--erp", "reference", "--shop", "woocommerce"];
    project.ponte(&init).succeeds().stdout_eq(str![[r#"
ponte.toml was written. Fill in the connections, then:
  ponte setup --run
  ponte check
  ponte match
  ponte sync --dry-run

"#]]);
    project.ponte(&init).exits_with(2).stderr_eq(str![[r#"
error: `ponte.toml` exists already
  help: it is not overwritten; name another file, or remove it

"#]]);
    project.file("ponte.toml", PROJECT);

    project.ponte(&["check"]).exits_with(2).stdout_eq(str![[r#"
erp        SQLite [..]  Reference ERP       ok
shop.main  SQLite [..]  WooCommerce 11.0.1  ok

main/category: fits
main/article: fits
  reads the whole source in every run; by timestamp is possible (articles.updated_at, article_texts.updated_at, article_categories.updated_at)
main/price: fits
  reads the whole source in every run; by timestamp is possible (prices.updated_at, articles.updated_at)
main/stock: fits

"#]]);
    project.ponte(&["setup"]).succeeds().stdout_eq(str![[r#"
erp: ponte_lease, ponte_heartbeat, ponte_link, ponte_wrote, ponte_need, ponte_decision, ponte_generation, ponte_mail, ponte_approval to be created
shop.main: ponte_lease, ponte_heartbeat, ponte_link, ponte_wrote, ponte_need, ponte_decision, ponte_generation, ponte_mail, ponte_approval to be created
Nothing was created yet: `ponte setup --run` does it, `--print-sql` prints the statements.

"#]]);
    project
        .ponte(&["setup", "--run"])
        .succeeds()
        .stdout_eq(str![[r#"
erp: created ponte_lease, ponte_heartbeat, ponte_link, ponte_wrote, ponte_need, ponte_decision, ponte_generation, ponte_mail, ponte_approval
shop.main: created ponte_lease, ponte_heartbeat, ponte_link, ponte_wrote, ponte_need, ponte_decision, ponte_generation, ponte_mail, ponte_approval

"#]]);
    project
        .ponte(&["setup", "--run"])
        .succeeds()
        .stdout_eq(str![[r#"
erp: everything is there
shop.main: everything is there

"#]]);
    project.ponte(&["check"]).succeeds().stdout_eq(str![[r#"
erp        SQLite [..]  Reference ERP       ok
shop.main  SQLite [..]  WooCommerce 11.0.1  ok

main/category: fits
main/article: fits
  reads the whole source in every run; by timestamp is possible (articles.updated_at, article_texts.updated_at, article_categories.updated_at)
main/price: fits
  reads the whole source in every run; by timestamp is possible (prices.updated_at, articles.updated_at)
main/stock: fits

"#]]);

    project.ponte(&["match"]).exits_with(4).stdout_eq(str![[r#"
main/category: 1 record of the ERP, 4 rows of the shop
        1  would be linked by parent, name: T = 20
        3  only in the shop: 15 (0 / Uncategorized), 21 (20 / Hand &amp; garden), 22 (0 / Clothing)

main/article: 4 records of the ERP, 10 rows of the shop
        2  would be linked by sku: TOOL-1 = 101, TOOL-2 = 102
        2  only in the ERP: NEW-1, ODD-1
        8  only in the shop: 105 (TOOL-5), 103 (TOOL-3), 104 (TOOL-4), 106 (SHIRT), 109 (parent without a key), ...

Nobody has accepted the match yet: a sync writes to the pairs above and creates nothing where the shop has rows.
  ponte match main --accept

main: what in the ERP's data will trouble the shop
        2  no category: ODD-1, TOOL-2
           is found by search only, or in the shop's default category
        1  fractional quantity on hand: TOOL-1
           the shop shows whole pieces, rounded down

"#]]);
    let only_pairs = project.ponte(&["sync", "--dry-run", "--show", "0", "article"]);
    only_pairs.exits_with(4).stdout_eq(str![[r#"
flow          read  unchanged  right  created  changed  held  incomplete  rows +  rows ~  rows -  seconds
main/article     4          0      0        0        2     2           1       1       2       0 [..]
main/article: 2 records wait to be created: the shop has rows of `article` already, and nobody has accepted how they match; `ponte match main` shows it, `ponte match main --accept` accepts it
Dry run: nothing was written.

"#]]);
    project.ponte(&["match", "--accept"]).succeeds();

    let before = contents(&project).await;
    project
        .ponte(&["sync", "--dry-run", "--show", "0"])
        .succeeds()
        .stdout_eq(str![[r#"
flow           read  unchanged  right  created  changed  linked  follows  incomplete  rows +  rows ~  rows -  seconds
main/category     1          0      0        0        0       1        0           0       0       0       0 [..]
main/article      4          0      0        2        2       0        0           2      46       2       0 [..]
main/price        4          0      0        0        0       0        4           0       0       0       0 [..]
main/stock: 8 articles, 1 figure to be changed, 0 rows beside them; 2 web orders pending
  5 left alone: the ERP has no stock row for it: TOOL-5, TOOL-3, TOOL-4, SHIRT-S, SHIRT-M
  1 left alone: the shop does not manage stock for it; switch that on in the shop if it should: GIFT
  2 web orders are pending for more than 7 days: import or close them in the ERP
  1 figure was rounded down to whole pieces
Dry run: nothing was written.

"#]]);
    project
        .ponte(&["sync", "--try", "2", "--show", "0"])
        .succeeds();
    assert_eq!(contents(&project).await, before);
    assert!(!project.path(".ponte").exists());

    project
        .ponte(&["sync"])
        .succeeds()
        .stdout_eq(str![[r#"
flow           read  unchanged  right  created  changed  linked  rows +  rows ~  rows -  seconds
main/category     1          0      0        0        0       1       0       0       0 [..]
main/article      4          0      0        2        2       0      47       7       1 [..]
main/price        4          0      0        0        4       0       4       8       0 [..]
main/stock: 10 articles, 2 figures changed, 5 rows beside them; 2 web orders pending
  5 left alone: the ERP has no stock row for it: TOOL-5, TOOL-3, TOOL-4, SHIRT-S, SHIRT-M
  1 left alone: the shop does not manage stock for it; switch that on in the shop if it should: GIFT
  2 web orders are pending for more than 7 days: import or close them in the ERP
  1 figure was rounded down to whole pieces

"#]])
        .stderr_eq(str![[r#"
main/category: 1 row read, 0 created, 0 changed, 0 quarantined ([..] s)
main/article: 4 rows read, 2 created, 2 changed, 0 quarantined ([..] s)
main/price: 4 rows read, 0 created, 4 changed, 0 quarantined ([..] s)
main/stock: 10 articles, 2 changed ([..] s)

"#]]);
    let after = contents(&project).await;
    assert_ne!(after, before);

    project.ponte(&["sync"]).succeeds().stdout_eq(str![[r#"
flow           read  unchanged  right  created  changed  rows +  rows ~  rows -  seconds
main/category     1          1      0        0        0       0       0       0 [..]
main/article      4          4      0        0        0       0       0       0 [..]
main/price        4          4      0        0        0       0       0       0 [..]
main/stock: 10 articles, 0 figures changed, 0 rows beside them; 2 web orders pending
  5 left alone: the ERP has no stock row for it: TOOL-5, TOOL-3, TOOL-4, SHIRT-S, SHIRT-M
  1 left alone: the shop does not manage stock for it; switch that on in the shop if it should: GIFT
  2 web orders are pending for more than 7 days: import or close them in the ERP
  1 figure was rounded down to whole pieces
Nothing was to be written.

"#]]);
    assert_eq!(contents(&project).await, after);
    project.remove(".ponte");
    project.ponte(&["sync"]).succeeds().stdout_eq(str![[r#"
flow           read  unchanged  right  created  changed  rows +  rows ~  rows -  seconds
main/category     1          0      1        0        0       0       0       0 [..]
main/article      4          0      4        0        0       0       0       0 [..]
main/price        4          0      4        0        0       0       0       0 [..]
main/category: the state folder remembers no whole run, but the target was written to before; every record is compared with the target
main/article: the state folder remembers no whole run, but the target was written to before; every record is compared with the target
main/price: the state folder remembers no whole run, but the target was written to before; every record is compared with the target
main/stock: 10 articles, 0 figures changed, 0 rows beside them; 2 web orders pending
  5 left alone: the ERP has no stock row for it: TOOL-5, TOOL-3, TOOL-4, SHIRT-S, SHIRT-M
  1 left alone: the shop does not manage stock for it; switch that on in the shop if it should: GIFT
  2 web orders are pending for more than 7 days: import or close them in the ERP
  1 figure was rounded down to whole pieces
Nothing was to be written.

"#]]);
    assert_eq!(contents(&project).await, after);
    project
        .ponte(&["resync", "--no-progress"])
        .succeeds()
        .stderr_eq(str![""]);
    assert_eq!(contents(&project).await, after);
}

#[tokio::test]
async fn the_same_between_servers() {
    let erp = servers::postgres("cli::the_same_between_servers erp").await;
    let mut client = erp.client().await;
    client.load_file("schemas/reference/postgres.sql").await;
    client.load_file("tests/cases/cli/erp.sql").await;
    let shop = servers::mariadb("cli::the_same_between_servers shop").await;
    let mut client = shop.client().await;
    client.load_file("schemas/woocommerce/mysql.sql").await;
    client.load_file("tests/cases/woocommerce/seed.sql").await;

    let mut project = Project::new();
    let text = PROJECT.replace("sqlite:erp.db", "${ERP_URL}");
    project.file("ponte.toml", &text.replace("sqlite:shop.db", "${SHOP_URL}"));
    project.env("ERP_URL", &erp.url).env("SHOP_URL", &shop.url);
    project.ponte(&["check"]).exits_with(2);
    project.ponte(&["setup", "--run"]).succeeds();
    project.ponte(&["check"]).succeeds();
    project.ponte(&["match"]).exits_with(4);
    project.ponte(&["match", "--accept"]).succeeds();
    // Two variations that sell from one figure are for a person to look at.
    project.ponte(&["sync", "--dry-run"]).exits_with(4);
    project.ponte(&["sync", "--try", "10"]).succeeds();
    let first = json(&project.ponte(&["sync", "--json"]).exits_with(4).stdout);
    assert_eq!(first["flows"][1]["counts"]["created"], 2, "{first:#}");
    let second = json(&project.ponte(&["resync", "--json"]).exits_with(4).stdout);
    for flow in second["flows"].as_array().unwrap() {
        assert_eq!(
            flow["changes"].as_array().map_or(0, Vec::len),
            0,
            "{flow:#}"
        );
    }
    assert_eq!(second["flows"][3]["stock"]["changed"], 0);
    project.ponte(&["explain", "TOOL-1"]).succeeds();
}

#[tokio::test]
async fn a_dry_run_shows_old_and_new_values() {
    let project = set_up().await;
    project.ponte(&["sync"]).succeeds();
    let mut erp = client(&project, "erp.db").await;
    erp.run("UPDATE article_texts SET name = 'Claw hammer' WHERE sku = 'TOOL-1'")
        .await;
    erp.run("UPDATE prices SET amount = '21' WHERE sku = 'TOOL-1'")
        .await;
    erp.run("UPDATE stock SET quantity = '2' WHERE sku = 'TOOL-2'")
        .await;
    let before = contents(&project).await;
    project
        .ponte(&["sync", "--dry-run"])
        .succeeds()
        .stdout_eq(str![[r#"
main/article: 1 change
  TOOL-1
    update wp_posts (ID 101)  post_title: 'Hammer' -> 'Claw hammer'

main/price: 1 change
  TOOL-1 / public
    update wp_postmeta (meta_id 3)  _regular_price: '20' -> '21'

main/stock: 1 change
  TOOL-2  3 -> 2

flow           read  unchanged  right  created  changed  rows +  rows ~  rows -  seconds
main/category     1          1      0        0        0       0       0       0 [..]
main/article      4          3      0        0        1       0       1       0 [..]
main/price        4          3      0        0        1       0       1       0 [..]
main/stock: 10 articles, 1 figure to be changed, 0 rows beside them; 2 web orders pending
  5 left alone: the ERP has no stock row for it: TOOL-5, TOOL-3, TOOL-4, SHIRT-S, SHIRT-M
  1 left alone: the shop does not manage stock for it; switch that on in the shop if it should: GIFT
  2 web orders are pending for more than 7 days: import or close them in the ERP
  1 figure was rounded down to whole pieces
Dry run: nothing was written.

"#]]);
    assert_eq!(contents(&project).await, before);
    project
        .ponte(&["sync", "main/price", "--only", "TOOL-2"])
        .succeeds()
        .stdout_eq(str![[r#"
flow        read  unchanged  right  created  changed  rows +  rows ~  rows -  seconds
main/price     1          0      1        0        0       0       0       0 [..]
Nothing was to be written.

"#]]);
    project
        .ponte(&["sync", "article", "main/stock", "--show", "9"])
        .succeeds()
        .stdout_eq(str![[r#"
main/article: 1 change
  TOOL-1
    update wp_posts (ID 101)  post_title: 'Hammer' -> 'Claw hammer'

main/stock: 2 changes
  TOOL-2  3 -> 2
  update wp_wc_product_meta_lookup (product_id 102)  stock_quantity: 3.0 -> 2.0

flow          read  unchanged  right  created  changed  rows +  rows ~  rows -  seconds
main/article     4          3      0        0        1       0       1       0 [..]
main/stock: 10 articles, 1 figure changed, 1 row beside them; 2 web orders pending
  5 left alone: the ERP has no stock row for it: TOOL-5, TOOL-3, TOOL-4, SHIRT-S, SHIRT-M
  1 left alone: the shop does not manage stock for it; switch that on in the shop if it should: GIFT
  2 web orders are pending for more than 7 days: import or close them in the ERP
  1 figure was rounded down to whole pieces

"#]]);
}

#[tokio::test]
async fn what_cannot_be_carried_over_is_in_quarantine_until_it_can() {
    let mut project = set_up().await;
    project.file(
        "ponte.toml",
        &PROJECT.replace("EXEMPT = { rate = 0, class = \"zero-rate\" }\n", ""),
    );
    project.ponte(&["sync"]).exits_with(4).stdout_eq(str![[r#"
main/article: 1 record was not carried over
  ODD-1  rejected: `[shop.main.tax]` has no row `EXEMPT` (at pack:woocommerce/article.toml:[..])
      help: add the row `EXEMPT` to `[shop.main.tax]`

main/price: 1 record was not carried over
  ODD-1 / public  rejected: `[shop.main.tax]` has no row `EXEMPT` (at pack:woocommerce/price.toml:[..])
      help: add the row `EXEMPT` to `[shop.main.tax]`

flow           read  unchanged  right  created  changed  linked  rejected  rows +  rows ~  rows -  seconds
main/category     1          0      0        0        0       1         0       0       0       0 [..]
main/article      4          0      0        1        2       0         1      25       7       1 [..]
main/price        4          0      0        0        3       0         1       2       7       0 [..]
main/stock: 9 articles, 2 figures changed, 5 rows beside them; 2 web orders pending
  5 left alone: the ERP has no stock row for it: TOOL-5, TOOL-3, TOOL-4, SHIRT-S, SHIRT-M
  1 left alone: the shop does not manage stock for it; switch that on in the shop if it should: GIFT
  2 web orders are pending for more than 7 days: import or close them in the ERP
  1 figure was rounded down to whole pieces

"#]]);
    project.ponte(&["quarantine", "list"]).succeeds().stdout_eq(str![[r#"
main/article: 1 record
  ODD-1  rejected: `[shop.main.tax]` has no row `EXEMPT` (at pack:woocommerce/article.toml:[..])
main/price: 1 record
  ODD-1 / public  rejected: `[shop.main.tax]` has no row `EXEMPT` (at pack:woocommerce/price.toml:[..])

"#]]);
    project
        .ponte(&["quarantine", "show", "main/price", "ODD-1 / public"])
        .succeeds()
        .stdout_eq(str![[r#"
ODD-1 / public of main/price
  rejected: `[shop.main.tax]` has no row `EXEMPT` (at pack:woocommerce/price.toml:[..])
  help: add the row `EXEMPT` to `[shop.main.tax]`
  first seen [..], last [..], tried 1 time

"#]]);
    project
        .ponte(&["quarantine", "show", "main/price", "TOOL-1"])
        .exits_with(2);
    project.ponte(&["status"]).succeeds().stdout_eq(str![[r#"
flow           last run[..]outcome[..]last good run[..]read  quarantine  runs
main/category  [..]  done         [..]     1              every 1h
main/article   [..]  quarantined  [..]     4           1  every 1h
main/price     [..]  quarantined  [..]     4           1  every 1h
main/stock     [..]  done         [..]     9              every 15m
main/stock: 2 web orders were pending for more than 7 days when it last ran

"#]]);

    project.file("ponte.toml", PROJECT);
    project
        .ponte(&["quarantine", "retry"])
        .succeeds()
        .stdout_eq(str![[r#"
flow          read  unchanged  right  created  changed  rows +  rows ~  rows -  seconds
main/article     1          0      0        1        0      22       4       0 [..]
main/price       1          0      0        0        1       2       1       0 [..]

"#]]);
    project
        .ponte(&["quarantine", "list"])
        .succeeds()
        .stdout_eq(str![[r#"
Nothing is in quarantine.

"#]]);
}

#[tokio::test]
async fn explain_adds_up_what_the_shop_shows() {
    let project = set_up().await;
    project.ponte(&["sync", "--no-progress"]).succeeds();
    let explained = project.ponte(&["explain", "TOOL-1", "--json"]).succeeds();
    let document = json(&explained.stdout);
    assert_eq!(document["shops"][0]["sum"]["on_hand"], "9.5");
    assert_eq!(document["shops"][0]["available"], "5");
    project
        .ponte(&["explain", "TOOL-1", "--shop", "mian"])
        .exits_with(2)
        .stderr_eq(str![[r#"
error: there is no shop `mian` with a stock flow
  help: did you mean `main`?

"#]]);
}

#[tokio::test]
async fn another_process_on_the_pair_is_respected() {
    let project = set_up().await;
    let mut shop = client(&project, "shop.db").await;
    shop.run("DELETE FROM ponte_lease").await;
    shop.run("DELETE FROM ponte_heartbeat").await;
    shop.run("INSERT INTO ponte_lease VALUES ('shop.main', 7, 'somebody else')")
        .await;
    shop.run("INSERT INTO ponte_heartbeat VALUES ('shop.main', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER))")
        .await;
    let before = contents(&project).await;
    project.ponte(&["sync"]).exits_with(5).stdout_eq(str![[r#"
main/category, main/article, main/price, main/stock failed: `shop.main` is being worked on by somebody else (last sign of life [..] s ago); wait until it has finished; if it has died, its lease ends in [..] s

"#]]);
    assert_eq!(contents(&project).await, before);
    project
        .ponte(&["sync", "--dry-run", "--show", "0"])
        .succeeds();

    // The server's clock is put back by an hour: a dead owner does not gain that hour.
    shop.run("UPDATE ponte_heartbeat SET beat_ms = beat_ms + 3600000")
        .await;
    project.ponte(&["sync"]).exits_with(5);
    shop.run("UPDATE ponte_heartbeat SET beat_ms = beat_ms - 61000")
        .await;
    project.ponte(&["sync"]).succeeds();
    let lease = shop.rows("SELECT epoch, owner FROM ponte_lease").await;
    assert_eq!(lease, [[Some("8".to_owned()), None]]);
}

#[cfg(unix)]
#[tokio::test]
async fn ctrl_c_gives_the_leases_back() {
    let project = set_up().await;
    let mut erp = client(&project, "erp.db").await;
    let mut shop = client(&project, "shop.db").await;
    // The run takes the ERP's lease, then waits for the shop.
    shop.run("BEGIN IMMEDIATE").await;
    let running = project.start(&["sync"]);
    let held = "SELECT 1 FROM ponte_lease WHERE owner IS NOT NULL";
    while erp.rows(held).await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let interrupted = std::process::Command::new("kill")
        .args(["-INT", &running.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupted.success());
    running.wait().exits_with(130).stdout_eq(str![[r#"
main/category was interrupted; what it committed stays, the next run goes on
main/article was not run: the round was interrupted
main/price was not run: the round was interrupted
main/stock was not run: the round was interrupted

"#]]);
    shop.run("ROLLBACK").await;
    assert_eq!(erp.rows(held).await.len(), 0);
    project.ponte(&["status"]).succeeds().stdout_eq(str![[r#"
flow           last run             outcome      last good run  read  quarantine  runs
main/category  [..]  interrupted  never                            every 1h
main/article   never                             never                            every 1h
main/price     never                             never                            every 1h
main/stock     never                             never                            every 15m

"#]]);
    project.ponte(&["sync"]).succeeds();
}

#[tokio::test]
async fn without_setup_nothing_is_written() {
    let project = databases().await;
    project
        .ponte(&["sync", "article"])
        .exits_with(2)
        .stdout_eq(str![[r#"
main/article failed: ponte's own tables are missing on `erp`; run `ponte setup --run` first
  help: is it the right database? `ponte check` holds all that is used against it

"#]]);
}

#[tokio::test]
async fn wrong_commands_say_what_would_be_right() {
    let mut project = set_up().await;
    project
        .ponte(&["sync", "artcle"])
        .exits_with(2)
        .stderr_eq(str![[r#"
error: there is no flow `artcle`
  help: did you mean `article`?

"#]]);
    project
        .ponte(&["sync", "xyz"])
        .exits_with(2)
        .stderr_eq(str![[r#"
error: there is no flow `xyz`
  help: the project has: main/category, main/article, main/price, main/stock

"#]]);
    project
        .ponte(&["--project", "other.toml", "status"])
        .exits_with(2)
        .stderr_eq(str![[r#"
error: there is no project file `other.toml`
  help: `ponte init` writes one; one that lies elsewhere is named with `--project FILE`

"#]]);
    project
        .ponte(&[
            "init",
            "--erp",
            "referense",
            "--shop",
            "woocommerce",
            "x.toml",
        ])
        .exits_with(2)
        .stderr_eq(str![[r#"
error[P120]: there is no erp pack `referense`
 --> command line:1:1
  |
1 | referense
  | ^^^^^^^^^ unknown pack
  |
  = note: packs inside the program: dynamics-nav, odoo, reference, sap-business-one
  = help: did you mean `reference`?

1 error
`ponte code P120` tells what to do

"#]]);
    project.file("ponte.toml", &PROJECT.replace("warehouses", "warehuoses"));
    project.ponte(&["status"]).exits_with(2).stderr_eq(str![[r#"
error[P101]: wrong type: an array, wanted a text or a whole number or a table
  --> ponte.toml:11:14
   |
11 | warehuoses = ["WH"]
   |              ^^^^^^ wanted a text or a whole number or a table

1 error
`ponte code P101` tells what to do

"#]]);
}

#[tokio::test]
async fn a_database_out_of_reach_is_exit_code_3() {
    let mut project = Project::new();
    let url = "postgres://ponte:secret-word@127.0.0.1:1/none";
    project.file("ponte.toml", &PROJECT.replace("sqlite:erp.db", url));
    let mut shop = client(&project, "shop.db").await;
    shop.load_file("schemas/woocommerce/sqlite.sql").await;
    let checked = project.ponte(&["check"]).exits_with(3);
    assert!(!checked.to_string().contains("secret-word"), "{checked}");
    let ran = project.ponte(&["sync", "--dry-run"]).exits_with(3);
    assert!(!ran.to_string().contains("secret-word"), "{ran}");
}

#[tokio::test]
async fn every_command_answers_in_json() {
    let project = set_up().await;
    let calls: [(&[&str], i32); 9] = [
        (&["setup"], 0),
        (&["setup", "--print-sql"], 0),
        (&["check"], 0),
        (&["sync", "--dry-run"], 0),
        (&["sync"], 0),
        (&["resync", "main/price"], 0),
        (&["status"], 0),
        (&["quarantine", "list"], 0),
        (&["sync", "nothing"], 2),
    ];
    for (arguments, code) in calls {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        let ran = project.ponte(&arguments).exits_with(code);
        let document = json(&ran.stdout);
        assert_eq!(document["command"], arguments[0]);
        assert_eq!(document["exit_code"], code);
        assert_eq!(document["error"].is_null(), code == 0, "{document:#}");
        assert_eq!(ran.stderr, "", "{arguments:?}");
    }
    let status = json(&project.ponte(&["status", "--json"]).stdout);
    let flow = &status["flows"][1];
    assert_eq!(flow["flow"], "main/article");
    assert_eq!(flow["last_good_run"]["counts"]["read"], 4);
}

#[tokio::test]
async fn texts_of_a_database_cannot_steer_the_terminal() {
    let project = set_up().await;
    let mut erp = client(&project, "erp.db").await;
    erp.run("INSERT INTO articles (sku, tax_class) VALUES ('BAD' || char(27) || '[2J', 'IVA22')")
        .await;
    let ran = project.ponte(&["sync", "--dry-run", "--show", "50"]);
    assert!(!ran.to_string().contains('\u{1b}'), "{ran}");
    assert!(ran.stdout.contains("BAD\\u{1b}[2J"), "{ran}");
}

#[test]
fn a_code_is_explained_in_the_readers_language() {
    let mut project = Project::new();
    project
        .ponte(&["code", "p101", "P103"])
        .succeeds()
        .stdout_eq(str![[r#"
P101: wrong type
  The key is known, but its value is of another type.
  what to do: write the value as the message wants it: a text in quotes, a number without

P103: missing key
  The key has no default and must be given.
  what to do: add the key

"#]]);
    let long = project.ponte(&["code", "P345"]).succeeds().stdout;
    let heading = "\n\"… is newer than the pack was tested with\" (P345)\n";
    assert!(
        long.contains(heading) && !long.contains("see above"),
        "{long}"
    );
    let italian =
        "P103: missing key\n  la chiave è obbligatoria\n  cosa fare: aggiungere la chiave\n";
    let asked = project.ponte(&["code", "P103", "--lang", "it"]).succeeds();
    assert_eq!(asked.stdout, italian);
    project.env("LANG", "it_IT.UTF-8");
    let asked = project.ponte(&["code", "P103"]).succeeds();
    assert_eq!(asked.stdout, italian);
    project.env("LC_ALL", "C.UTF-8");
    let asked = project.ponte(&["code", "P103", "--json"]).succeeds();
    let told: serde_json::Value = serde_json::from_str(&asked.stdout).expect("JSON");
    assert_eq!(told["codes"][0]["what_to_do"], "add the key");
    let unknown = project.ponte(&["code", "P1003"]).exits_with(2);
    assert!(
        unknown.stderr.contains("no message has the code `P1003`")
            && unknown.stderr.contains("did you mean `P1"),
        "{unknown}"
    );
}

#[test]
fn help_teaches_by_examples() {
    let project = Project::new();
    project.ponte(&["--help"]).succeeds().stdout_eq(str![[r#"
Keeps a company's ERP database and its web shop's database in step, directly

Usage: ponte [OPTIONS] <COMMAND>

Commands:
  init         Write a commented project file to fill in
  setup        Create ponte's own tables on the servers
  check        Hold the project against the live databases; writes nothing
  grants       Print what each login must be allowed, as statements for an administrator
  match        Show which record is which row of the shop, and what its data will trouble; decide
               about it
  sync         Carry over what has changed
  resync       Compare every record, also those that have not changed in the ERP
  verify       Compare both sides as they are now, as far as ponte owns them
  reconcile    Hold the shops' orders against the ERP's, day by day
  order        Tell what became of a web order, or why nothing did
  approve      What waits for a person's approval, and the person's word
  explain      Tell why an article shows the stock it shows
  mail         Show the mails that an order's customer gets; send again what waits for a person
  run          Run every flow by its schedule, until it is told to stop
  pause        Keep `ponte run` from running flows, until they are resumed
  resume       Let `ponte run` run paused flows again
  reload       Let `ponte run` take the project as it is now, without a restart
  service      Install ponte as a service of the system (systemd, Windows), start and stop it
  status       Tell when each flow last ran, and what is left to look at
  runs         List what ran, newest first
  quarantine   Records that could not be carried over, with the reason
  code         Tell what a message's code means, and what to do
  demo         Play through what ponte does, with an embedded ERP and shop
  completions  Print a shell's completion script
  help         Print this message or the help of the given subcommand(s)

Options:
      --project <FILE>
          The project file
          
          [default: ponte.toml]

      --json
          One JSON document on standard output instead of text (docs/json.md)

  -v, --verbose...
          More of the log; twice for still more. PONTE_LOG=ponte=debug says it exactly

      --color <WHEN>
          Whether to use colours; NO_COLOR in the environment means never
          
          [default: auto]
          [possible values: auto, always, never]

      --no-progress
          No progress bars and lines while flows run

  -h, --help
          Print help (see a summary with '-h')

  -V, --version
          Print version

First steps:
  ponte init --erp reference --shop woocommerce
  ponte setup --run
  ponte check
  ponte match
  ponte match --accept
  ponte sync --dry-run
  ponte sync

Exit codes:
  0    done
  1    unexpected error
  2    the configuration or a mapping does not fit, or the command line is wrong
  3    a database cannot be reached or refuses the login
  4    done, but something was quarantined or waits for a person's decision
  5    another process is working on the pair
  6    done, but more records are gone from the ERP than the guard lets pass
  7    verify or reconcile found differences
  130  interrupted
Of several outcomes the most serious one counts: 130, 1, 3, 2, 5, 6, 7, 4, 0.

"#]]);
    for command in [
        "init",
        "setup",
        "check",
        "sync",
        "resync",
        "explain",
        "status",
        "quarantine",
        "code",
        "demo",
        "completions",
    ] {
        let help = project.ponte(&[command, "--help"]).succeeds();
        assert!(help.stdout.contains("\nExamples:\n  ponte "), "{help}");
    }
    let script = project.ponte(&["completions", "bash"]).succeeds();
    assert!(script.stdout.contains("_ponte()"), "{script}");
}
