//! Errors after which SQL Server wants a transaction begun anew, in the midst of whole flows: the victim of a deadlock (1205), a lock that
//! is not given (1222), a row that somebody else has changed (3960). The flow does so, nothing is lost, and nothing is there twice.

use tds_stand_in::{Moment, Options, Server};

use crate::orders::place::{Between, Order};
use crate::support::client::Client;
use crate::support::full;
use crate::support::servers::{self, Database};
use crate::sync::cells::changes;
use crate::sync::shop::{cells_of, run_all};

const NUMBERS: [i32; 3] = [1205, 1222, 3960];
const MOMENTS: [Moment; 2] = [Moment::Before, Moment::After];

/// A server of its own with an ERP, whose statements fail as the test says, and a shop in a file.
struct Company {
    server: Server,
    between: Between,
}

impl Company {
    async fn new(test: &str, more: &str) -> Company {
        let server = Server::start(Options::default());
        let mut admin = Client::connect(&server.url()).await;
        for statement in [
            "CREATE DATABASE company",
            "ALTER DATABASE company SET ALLOW_SNAPSHOT_ISOLATION ON",
            "ALTER DATABASE company SET READ_COMMITTED_SNAPSHOT ON",
        ] {
            admin.run(statement).await;
        }
        let erp = Database::at(server.url().replace("/master", "/company"), "company");
        let shop = servers::sqlite(&format!("{test} shop"));
        let between = Between::filled(erp, shop, more).await;
        between.project.ponte(&["match", "--accept"]);
        Company { server, between }
    }

    /// The program's run, whose statements with these texts fail each once; how it ends.
    #[track_caller]
    fn run_failing(&self, failing: &[(i32, &str, Moment)], arguments: &[&str]) -> Option<i32> {
        for (number, text, moment) in failing {
            self.server.faults().fail(*number, text, 0, *moment);
        }
        let ran = self.between.project.ponte(arguments);
        let left = self.server.faults().is_armed();
        assert!(!left, "not reached: {failing:?}\n{ran}");
        println!("{failing:?}\n{ran}");
        ran.code
    }
}

/// What a flow reads, its children with it.
const READ: [(&str, &[&str]); 4] = [
    (
        "main/category",
        &["FROM categories c) s ORDER BY", "FROM category_texts t) s"],
    ),
    (
        "main/article",
        &["FROM articles a) s ORDER BY", "FROM article_texts t) s"],
    ),
    ("main/price", &["FROM prices p\n"]),
    ("main/stock", &["FROM articles a\n", "FROM order_lines l\n"]),
];

/// Changes of the ERP that each of the flows carries over.
const CHANGES: [&str; 4] = [
    "UPDATE article_texts SET name = 'Claw hammer' WHERE sku = 'TOOL-1'",
    "UPDATE prices SET amount = 99 WHERE sku = 'TOOL-2'",
    "UPDATE categories SET parent_id = 'C' WHERE id = 'G'",
    "DELETE FROM article_categories WHERE sku = 'DRILL' AND category_id = 'T'",
];

#[tokio::test]
async fn records_that_could_not_be_read_are_read_again() {
    let right = Company::new("victims undisturbed", "").await;
    let codes = || READ.map(|(flow, _)| right.run_failing(&[], &["sync", flow]));
    let first = codes();
    let loaded = cells_of(&right.between.shop).await;
    run_all(&right.between.erp, &CHANGES).await;
    let second = codes();
    let changed = cells_of(&right.between.shop).await;
    assert_ne!(changes(&loaded, &changed), "");

    // How the first load and the changes fail.
    let kinds = match full() {
        true => NUMBERS
            .map(|number| MOMENTS.map(|moment| [(number, moment); 2]))
            .concat(),
        false => vec![[(1205, Moment::After), (1222, Moment::Before)]],
    };
    for [load, later] in kinds {
        let claim = format!("{load:?}, {later:?}");
        let company = Company::new(&format!("victims {claim}"), "").await;
        let codes = |(number, moment)| {
            READ.map(|(flow, texts)| {
                let failing: Vec<_> = texts.iter().map(|text| (number, *text, moment)).collect();
                company.run_failing(&failing, &["sync", flow])
            })
        };
        assert_eq!(codes(load), first, "{claim}");
        let found = cells_of(&company.between.shop).await;
        assert_eq!(changes(&loaded, &found), "", "{claim}, first load");
        run_all(&company.between.erp, &CHANGES).await;
        assert_eq!(codes(later), second, "{claim}");
        let found = cells_of(&company.between.shop).await;
        assert_eq!(changes(&changed, &found), "", "{claim}, changes");
    }
}

/// What an import of one order says to the ERP, in its order.
const WRITTEN: [&str; 7] = [
    "FROM customers c WHERE c.email",
    "UPDATE counters",
    "INSERT INTO [customers]",
    "INSERT INTO [orders]",
    "INSERT INTO [order_lines]",
    "INSERT INTO [order_taxes]",
    "INSERT INTO [ponte].[link]",
];

#[tokio::test]
async fn an_order_that_could_not_be_written_is_written_once() {
    let company = Company::new("victims orders", "").await;
    // Whatever is looked up once per table is known by then.
    let mut placed = 1;
    company.between.place(&[Order::usual(1001)]).await;
    company
        .between
        .project
        .ponte(&["sync", "main/order"])
        .succeeds();
    let mut failures = Vec::new();
    for (at, text) in WRITTEN.into_iter().enumerate() {
        for number in NUMBERS {
            failures.extend(MOMENTS.map(|moment| (number, text, moment)));
        }
        if !full() {
            let kept = failures.split_off(failures.len() - 6);
            // Each number and each moment comes by.
            failures.push(kept[(5 * at) % 6]);
        }
    }
    for (number, text, moment) in failures {
        let orders = [1001 + placed, 1002 + placed].map(Order::usual);
        company.between.place(&orders).await;
        placed += 2;
        let code = company.run_failing(&[(number, text, moment)], &["sync", "main/order"]);
        assert_eq!(code, Some(0));
        company.between.assert_whole(placed as usize).await;
    }
    // What was rolled back gave its numbers back.
    let numbers =
        "SELECT MIN(number), MAX(number), COUNT(*) FROM orders WHERE web_reference IS NOT NULL";
    assert_eq!(
        company.between.erp_rows(numbers).await,
        [format!("W100001 | W{} | {placed}", 100_000 + placed)]
    );
    let buyers = "SELECT COUNT(*), COUNT(DISTINCT email) FROM customers WHERE number LIKE 'WC%'";
    assert_eq!(
        company.between.erp_rows(buyers).await,
        [format!("{placed} | {placed}")]
    );
}
