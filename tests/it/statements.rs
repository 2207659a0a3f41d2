//! What ponte says to SQL Server with each pack: golden files, `tests/cases/<pack>/statements/<flow>.sql`. Whatever else comes to be said
//! there is read by somebody before it is committed: it must be valid on SQL Server 2012, find its rows by their keys,
//! and lock no more than them.
//!
//! The statements of two servers are compared, the oldest one and one since 2019, whose texts sort by their bytes. What only one of them is
//! told stands under a heading; a file without headings is the same for every version.

use std::collections::BTreeSet;
use std::path::Path;

use crate::orders::changes::status;
use crate::orders::place::{Between, Order};
use crate::orders::refunds::{HAMMER, credited, in_shop, refund};
use crate::support::client::Client;
use crate::support::servers::{self, Database};
use crate::{nav, sap};
use tds_stand_in::{Options, Server};

const LEASE: &str = "lease";
const VERSIONS: [&str; 2] = ["11.0.7001.0", "16.0.1000.6"];

/// What each flow is told, by version.
type Told = Vec<(&'static str, BTreeSet<String>)>;

/// Locks that are more than rows', and words that SQL Server 2012 does not know.
const REFUSED: [&str; 22] = [
    "TABLOCK",
    "XLOCK",
    "SERIALIZABLE",
    "HOLDLOCK",
    "NOLOCK",
    "PAGLOCK",
    "READ UNCOMMITTED",
    "MERGE ",
    "STRING_AGG",
    "STRING_SPLIT",
    "OPENJSON",
    "FOR JSON",
    "JSON_VALUE",
    "DROP TABLE IF EXISTS",
    "CREATE OR ALTER",
    " TRIM(",
    "CONCAT_WS",
    "DATEDIFF_BIG",
    "AT TIME ZONE",
    "GREATEST(",
    "LEAST(",
    "DISTINCT FROM",
];

enum Pack {
    Reference,
    Sap,
    Nav,
}

/// A first load, two orders, and what becomes of them.
async fn told(pack: &Pack, version: &str) -> Told {
    let server = Server::start(Options {
        version: version.to_owned(),
        ..Options::default()
    });
    let name = "company";
    let mut admin = Client::connect(&server.url()).await;
    for statement in [
        "CREATE DATABASE company",
        "ALTER DATABASE company SET ALLOW_SNAPSHOT_ISOLATION ON",
        "ALTER DATABASE company SET READ_COMMITTED_SNAPSHOT ON",
    ] {
        admin.run(statement).await;
    }
    let erp = Database::at(server.url().replace("/master", "/company"), name);
    let database = server.shared.database(name).expect("it was created");
    let more = "[shop.main.customer]\nsync = true\n";
    let of = match pack {
        Pack::Reference => "reference",
        Pack::Sap => "sap-business-one",
        Pack::Nav => "dynamics-nav",
    };
    let test = format!("statements::{of} {version}");
    let mut between = match pack {
        Pack::Reference => {
            let shop = servers::mariadb(&format!("{test} shop")).await;
            Between::filled(erp, shop, more).await
        }
        Pack::Sap => {
            sap::fill(&erp).await;
            sap::orders::of(erp, &test, more).await
        }
        Pack::Nav => {
            nav::fill(&erp).await;
            nav::orders::of(erp, &test, more).await
        }
    };
    between.say("fulfilment.write = true");
    credited(&mut between);
    // 4: accepted, and some of the shop's articles are not in the ERP.
    let accepted = between.project.ponte(&["match", "--accept"]);
    assert!(matches!(accepted.code, Some(0 | 4)), "{accepted}");
    let hear = |file: &'static str, arguments: &[&str]| {
        database.listen();
        let ran = between.project.ponte(arguments);
        // 7: not all of the shop's articles are what the ERP would have them.
        assert!(matches!(ran.code, Some(0 | 4 | 7)), "{file}: {ran}");
        (file, database.heard())
    };
    let mut told = vec![hear("check", &["check"])];
    for (file, flow) in [
        ("category", "main/category"),
        ("article", "main/article"),
        ("price", "main/price"),
        ("stock", "main/stock"),
        ("customer", "main/customer"),
    ] {
        told.push(hear(file, &["sync", flow]));
    }
    let company = Order {
        company: Some("Verdi S.r.l."),
        vat: Some("IT 01234567897"),
        ..Order::usual(1002)
    };
    between.place(&[Order::usual(1001), company]).await;
    told.push(hear("order", &["sync", "main/order"]));
    told.push(hear("stock-pending", &["sync", "main/stock"]));
    told.push(hear("fulfilment", &["sync", "main/fulfilment"]));
    told.push(hear("reconcile", &["reconcile"]));
    let paid_back = [HAMMER(1002)];
    in_shop(
        &between,
        &refund(2001, 1002, "15.25", "2026-03-04 10:00:00", &paid_back),
    )
    .await;
    told.push(hear("refund", &["sync", "main/refund"]));
    told.push(hear("order-told", &["order", "1002"]));
    told.push(hear("explain", &["explain", "TOOL-1"]));
    told.push(hear("match", &["match"]));
    told.push(hear("match-orders", &["match", "orders"]));
    told.push(hear("verify", &["verify"]));
    told.push(hear("resync", &["resync", "main/article"]));
    if matches!(pack, Pack::Reference) {
        told.push(hear("web-customer", &["sync", "main/web_customer"]));
    }
    status(&between, 1001, "wc-cancelled").await;
    told.push(hear("cancel", &["sync", "main/order"]));
    let heard = told.iter().flat_map(|(_, heard)| heard);
    let leases = heard.filter(|text| is_of_a_lease(text)).cloned().collect();
    told.push((LEASE, leases));
    told
}

async fn are_as_recorded(pack: Pack, folder: &str) {
    let [old, new] = VERSIONS;
    let (old, new) = (told(&pack, old).await, told(&pack, new).await);
    for ((file, old), (_, new)) in old.into_iter().zip(new) {
        let (old, new) = (normal(file, old), normal(file, new));
        assert!(!old.is_empty(), "{file}");
        for statement in old.union(&new) {
            let upper = statement.to_uppercase();
            let refused = REFUSED.iter().find(|word| upper.contains(**word));
            assert_eq!(refused, None, "{file}: {statement}");
        }
        let mut shown = section("", old.intersection(&new));
        shown += &section("-- Before SQL Server 2019\n\n", old.difference(&new));
        shown += &section("-- Since SQL Server 2019\n\n", new.difference(&old));
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/cases")
            .join(folder)
            .join("statements")
            .join(format!("{file}.sql"));
        let expected = snapbox::Data::read_from(&path, Some(snapbox::data::DataFormat::Text));
        snapbox::Assert::new()
            .action_env("SNAPSHOTS")
            .eq(shown, expected.raw());
    }
}

fn section<'a>(heading: &str, statements: impl Iterator<Item = &'a String>) -> String {
    let texts: Vec<String> = statements.map(|text| format!("{text};\n\n")).collect();
    match texts.is_empty() {
        true => String::new(),
        false => heading.to_owned() + &texts.concat(),
    }
}

fn is_of_a_lease(text: &str) -> bool {
    ["[lease]", "[heartbeat]"]
        .iter()
        .any(|table| text.contains(table))
}

/// Leases and heartbeats are renewed when the clock says so, during one flow or another: they have a file of their own.
fn normal(file: &str, statements: BTreeSet<String>) -> BTreeSet<String> {
    let kept = statements
        .into_iter()
        .filter(|text| file == LEASE || !is_of_a_lease(text));
    let end = |c: char| c == ';' || c.is_whitespace();
    kept.map(|text| text.trim_end_matches(end).to_owned())
        .collect()
}

#[tokio::test]
async fn what_the_reference_erp_is_told() {
    are_as_recorded(Pack::Reference, "reference").await;
}

#[tokio::test]
async fn what_sap_is_told() {
    are_as_recorded(Pack::Sap, "sap-business-one").await;
}

#[tokio::test]
async fn what_nav_is_told() {
    are_as_recorded(Pack::Nav, "dynamics-nav").await;
}
