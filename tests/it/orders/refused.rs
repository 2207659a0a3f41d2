//! Orders that a person has to look at: the others go on, and each comes in once when it has been put right.

use super::place::{Between, Line, Order};
use crate::sync::pair::On;

#[tokio::test]
async fn what_cannot_be_imported_waits_and_says_why() {
    let between = Between::new("refused orders", On::Postgres, On::Mariadb).await;
    let usual = Order::usual;
    let with_line = |id, line| Order {
        lines: vec![line, Line(103, 0, 1, "15", "1.5", 2)],
        ..usual(id)
    };
    let orders = [
        // No article of the ERP has this product's sku; this product has no sku at all.
        with_line(1001, Line(106, 0, 2, "25", "5.5", 1)),
        with_line(1002, Line(999, 0, 2, "25", "5.5", 1)),
        // A fee that no line bears; a tax that is not the rate's; a rate that the ERP does not have.
        Order {
            total: "55.60",
            ..usual(1003)
        },
        with_line(1004, Line(101, 0, 2, "25", "5.5", 2)),
        Order {
            status: "wc-weird",
            ..usual(1005)
        },
        usual(1006),
    ];
    between.place(&orders).await;
    let mut erp = between.erp.client().await;
    erp.run("INSERT INTO customers (number, name, email) VALUES ('C1', 'One', 'twice@example.com'), ('C2', 'Two', 'Twice@example.com')").await;
    let twice = Order {
        email: "twice@example.com".to_owned(),
        ..usual(1007)
    };
    between.place(&[twice]).await;
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    between.assert_whole(1).await;
    let said = between.project.ponte(&["sync", "main/order"]).exits_with(4);
    assert!(
        !said.stdout.contains("Nothing was to be written")
            && said.stdout.contains("what was to be written was rejected"),
        "{said}"
    );
    let listed = between
        .project
        .ponte(&["quarantine", "list"])
        .succeeds()
        .stdout;
    for said in [
        "the ERP has no article `SHIRT` (line 1 (SHIRT))",
        "line 1 (Something) has no sku",
        "its lines and charges come to 53.1, but its total is 55.6",
        "line 1 (TOOL-1) bears a tax of 5.5, but 10 % within 30.5 is 2.77",
        "nobody has said what the shop's status `wc-weird` means",
        "several rows of the ERP could be its customer: C1, C2",
    ] {
        assert!(listed.contains(said), "{said}\n{listed}");
    }
    let shown = between
        .project
        .ponte(&["quarantine", "list", "--json"])
        .succeeds()
        .stdout;
    assert!(
        shown.contains(
            "put it into `import`, `wait`, `ignore` or `cancelled` of `[shop.main.order]`"
        ),
        "{shown}"
    );
    // Put right, each comes in once.
    let mut shop = between.shop.client().await;
    erp.run("INSERT INTO articles (sku, tax_class) VALUES ('SHIRT', 'IVA22')")
        .await;
    erp.run("DELETE FROM customers WHERE number = 'C2'").await;
    shop.run("UPDATE wp_wc_orders SET total_amount = 53.1 WHERE id = 1003")
        .await;
    shop.run("UPDATE wp_wc_orders SET status = 'wc-processing' WHERE id = 1005")
        .await;
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    between.assert_whole(5).await;
}

/// No transaction is left half: an order that the server refuses takes its customer and its number with it.
#[tokio::test]
async fn what_the_server_refuses_leaves_nothing() {
    let between = Between::new("refused by the server", On::Sqlite, On::Sqlite).await;
    let mut erp = between.erp.client().await;
    erp.run("CREATE TRIGGER no AFTER INSERT ON order_lines WHEN NEW.line = 3 AND NEW.order_number = 'W100001' BEGIN SELECT RAISE(ABORT, 'not this one'); END").await;
    between.place(&[Order::usual(1001)]).await;
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    between.assert_whole(0).await;
    assert_eq!(
        between
            .erp_rows("SELECT COUNT(*) FROM customers WHERE number LIKE 'WC%'")
            .await,
        ["0"]
    );
    assert_eq!(
        between
            .erp_rows("SELECT value FROM counters ORDER BY name")
            .await,
        ["100000", "100000", "100000"]
    );
    erp.run("DROP TRIGGER no").await;
    between.project.ponte(&["sync", "main/order"]).succeeds();
    between.assert_whole(1).await;
}

/// A table of ponte's own that does not take its rows is no order's fault.
#[tokio::test]
async fn an_altered_table_of_its_own_stops_the_import() {
    let refusing =
        "CREATE TRIGGER refusing BEFORE INSERT ON ponte_link BEGIN SELECT RAISE(ABORT, 'no'); END";
    let cases = [
        (
            On::Postgres,
            "ALTER TABLE ponte.link ADD COLUMN who text NOT NULL",
            "ALTER TABLE ponte.link DROP COLUMN who",
            "ponte's own table `ponte.link` was altered",
        ),
        (
            On::Postgres,
            "ALTER TABLE ponte.link RENAME TO elsewhere",
            "ALTER TABLE ponte.elsewhere RENAME TO link",
            "ponte's own tables are missing on `erp`",
        ),
        (
            On::Sqlite,
            refusing,
            "DROP TRIGGER refusing",
            "ponte's own table `ponte_link` was altered",
        ),
        (
            On::Sqlite,
            "ALTER TABLE ponte_link RENAME COLUMN kind TO sort",
            "ALTER TABLE ponte_link RENAME COLUMN sort TO kind",
            "ponte's own table `ponte_link` is missing or was altered",
        ),
    ];
    for (at, (erp, alter, restore, told)) in cases.into_iter().enumerate() {
        let between = Between::new(&format!("own table altered {at}"), erp, On::Sqlite).await;
        between
            .place(&[Order::usual(1001), Order::usual(1002)])
            .await;
        let mut client = between.erp.client().await;
        client.run(alter).await;
        let said = between.project.ponte(&["sync", "main/order"]).exits_with(2);
        for text in [told, "ponte setup --run"] {
            assert!(said.stdout.contains(text), "{text}\n{said}");
        }
        let orders = "SELECT COUNT(*) FROM orders WHERE web_reference IS NOT NULL";
        assert_eq!(between.erp_rows(orders).await, ["0"]);
        client.run(restore).await;
        between.project.ponte(&["sync", "main/order"]).succeeds();
        between.assert_whole(2).await;
    }
}
