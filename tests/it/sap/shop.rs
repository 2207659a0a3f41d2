//! What stands in the shop after a first load and after changes in SAP.

use super::{erp, project};
use crate::odoo::shop::{articles, categories, is_right};
use crate::support::pipeline::{Pipeline, changed};
use crate::support::servers::{self, Database};
use ponte::check::check;

async fn loaded(test: &str) -> (Database, Database, Pipeline) {
    let erp = erp(test).await;
    let shop = servers::mariadb(&format!("{test} shop")).await;
    let mut client = shop.client().await;
    client.load_file("schemas/woocommerce/mysql.sql").await;
    let pipeline = Pipeline::new(&project(&erp, &shop)).await;
    (erp, shop, pipeline)
}

const LOADED: &str = "\
FITTING | Montaggio | publish |  | - | - | Servizi &amp; altro | 50 | - | 9999 | instock
HAMMER | Martello | publish |  | 0.7 | 8000000000019 | Utensili | 12.5 | - | 13 | instock
NAILS | Chiodi, 100 pezzi | publish |  | 0.5 | - | Utensili | 4 | - | 12 | instock
PAINT | Vernice | publish |  | - | - | Utensili | - | - | 0 | outofstock
RAKE | Rastrello | draft | reduced-rate | - | - | Utensili | 15 | - | 3 | instock
SAW | Sega | publish |  | - | - | Utensili | 20 | - | 0 | outofstock
SET | Set di attrezzi | publish |  | - | - | Utensili | 99 | - | 0 | outofstock
SPADE | Vanga | draft |  | - | - | Utensili | 18 | - | 0 | outofstock
";

const CHANGED: &str = "\
FITTING | Montaggio | publish |  | - | - | Servizi &amp; altro | 50 | - | 9999 | instock
HAMMER | Martello | publish |  | 0.7 | 8000000000019 | Utensili | 13.9 | - | 13 | instock
NAILS | Chiodi | draft |  | 0.5 | - | Utensili | 4 | - | 6 | instock
PAINT | Vernice | publish |  | - | - | Utensili | 30 | - | 0 | outofstock
RAKE | Rastrello | publish | reduced-rate | 2 | - | Utensili | 15 | - | 3 | instock
SAW | Sega | publish |  | - | - | Utensili | 20 | - | 0 | outofstock
SET | Set di attrezzi | publish |  | - | - | Utensili | 99 | - | 0 | outofstock
SPADE | Vanga | draft |  | - | - | Utensili | 18 | - | 0 | outofstock
";

#[tokio::test]
async fn sap_fills_an_empty_shop() {
    let (_erp, shop, pipeline) = loaded("sap::shop::load").await;
    assert!(pipeline.sync(&changed()).await);
    snapbox::assert_data_eq!(articles(&shop).await, LOADED);
    snapbox::assert_data_eq!(
        categories(&shop).await,
        "- > Servizi &amp; altro\n- > Utensili\n"
    );
    is_right(&pipeline, &shop).await;
}

#[tokio::test]
async fn what_changes_in_sap_changes_in_the_shop() {
    let (erp, shop, pipeline) = loaded("sap::shop::changes").await;
    assert!(pipeline.sync(&changed()).await);
    let mut client = erp.client().await;
    for statement in [
        "UPDATE ITM1 SET Price = 13.9 WHERE ItemCode = 'HAMMER' AND PriceList = 1",
        "UPDATE OITW SET OnHand = 999, IsCommited = 300 WHERE ItemCode = 'NAILS'",
        "UPDATE OITM SET ItemName = 'Chiodi', frozenFor = 'Y' WHERE ItemCode = 'NAILS'",
        "UPDATE OITM SET frozenFor = 'N', SWeight1 = 2, SWght1Unit = 1 WHERE ItemCode = 'RAKE'",
        "UPDATE OITM SET UgpEntry = -1 WHERE ItemCode = 'PAINT'",
    ] {
        client.run(statement).await;
    }
    assert!(pipeline.sync(&changed()).await);
    snapbox::assert_data_eq!(articles(&shop).await, CHANGED);
    is_right(&pipeline, &shop).await;
}

#[tokio::test]
async fn prices_of_a_gross_list_are_gross() {
    let (erp, shop, _) = loaded("sap::shop::gross").await;
    let text = project(&erp, &shop).replace("\"Web\"", "\"Al pubblico\"");
    let pipeline = Pipeline::new(&text).await;
    assert!(pipeline.sync(&changed()).await);
    let now = articles(&shop).await;
    // 15.25 with 22 %, in a shop whose prices are net.
    assert!(now.contains("| Utensili | 12.5 | - | 13 |"), "{now}");
}

/// What is for another list, for one customer, over or in another currency is none; a dearer one is the price.
#[tokio::test]
async fn period_discounts_of_a_list_are_sales() {
    let (erp, shop, pipeline) = loaded("sap::shop::periods").await;
    let mut client = erp.client().await;
    client
        .run(
            "INSERT INTO SPP1 (ItemCode, CardCode, LINENUM, Price, Currency, FromDate, ToDate) VALUES
             ('HAMMER', '*1', 0, 9, 'EUR', '2020-01-01', '2020-12-31'), ('HAMMER', '*1', 1, 7, 'EUR', '2087-01-01', NULL),
             ('HAMMER', '*1', 2, 10, 'EUR', '2021-01-01', '2086-12-31'), ('HAMMER', '*2', 0, 1, 'EUR', NULL, NULL),
             ('HAMMER', 'C001', 0, 5, 'EUR', NULL, NULL), ('NAILS', '*1', 0, 3, '', NULL, NULL), ('SAW', '*1', 0, 15, 'EUR', '2086-02-03', '2086-03-04'),
             ('RAKE', '*1', 0, 17, 'EUR', '2020-01-01', NULL), ('SPADE', '*1', 0, 1, 'USD', NULL, NULL), ('FITTING', '*1', 0, 60, 'EUR', '2086-01-01', NULL)",
        )
        .await;
    assert!(pipeline.sync(&changed()).await);
    let prices = "SELECT CONCAT_WS(' ', k.meta_value, r.meta_value, COALESCE(s.meta_value, '-'), p.meta_value,
                         COALESCE(DATE('1970-01-01 01:00:00' + INTERVAL f.meta_value SECOND), '-'), COALESCE(DATE('1970-01-01 01:00:00' + INTERVAL t.meta_value SECOND), '-'))
        FROM wp_postmeta k
        JOIN wp_postmeta r ON r.post_id = k.post_id AND r.meta_key = '_regular_price'
        JOIN wp_postmeta p ON p.post_id = k.post_id AND p.meta_key = '_price'
        LEFT JOIN wp_postmeta s ON s.post_id = k.post_id AND s.meta_key = '_sale_price' AND s.meta_value <> ''
        LEFT JOIN wp_postmeta f ON f.post_id = k.post_id AND f.meta_key = '_sale_price_dates_from' AND f.meta_value <> ''
        LEFT JOIN wp_postmeta t ON t.post_id = k.post_id AND t.meta_key = '_sale_price_dates_to' AND t.meta_value <> ''
        WHERE k.meta_key = '_sku' ORDER BY 1";
    let mut there = shop.client().await;
    let told = there.rows(prices).await;
    let told: Vec<String> = told.into_iter().flatten().flatten().collect();
    assert_eq!(
        told,
        [
            "FITTING 50 - 50 - -",
            "HAMMER 12.5 10 10 2021-01-01 2086-12-31",
            "NAILS 4 3 3 - -",
            "RAKE 17 - 17 - -",
            "SAW 20 15 20 2086-02-03 2086-03-04",
            "SET 99 - 99 - -",
            "SPADE 18 - 18 - -",
        ]
    );
    is_right(&pipeline, &shop).await;
    // The period is over: the next one has not begun.
    client
        .run("UPDATE SPP1 SET ToDate = '2021-12-31' WHERE ItemCode = 'HAMMER' AND LINENUM = 2")
        .await;
    assert!(pipeline.sync(&changed()).await);
    let told = there.rows(prices).await;
    let hammer = told.into_iter().flatten().flatten().nth(1);
    assert_eq!(hammer.as_deref(), Some("HAMMER 12.5 7 12.5 2087-01-01 -"));
}

#[tokio::test]
async fn prices_that_are_left_out_are_told() {
    let (erp, _shop, pipeline) = loaded("sap::shop::left out").await;
    let told = async || {
        let report = check(&pipeline.plan, &pipeline.connections).await;
        let found = report.diagnostics.iter();
        let left_out = found.filter(|one| one.code == "P349");
        left_out
            .map(|one| one.message.clone())
            .collect::<Vec<String>>()
    };
    assert_eq!(told().await, [""; 0]);
    let mut client = erp.client().await;
    for statement in [
        "INSERT INTO OSPP (ItemCode, CardCode, Price) VALUES ('HAMMER', 'C001', 9), ('NAILS', 'C001', 3), ('SAW', '*1', 9)",
        "INSERT INTO SPP1 (ItemCode, CardCode, LINENUM, Price) VALUES ('SAW', '*1', 0, 9), ('PAINT', '*1', 0, 20)",
        "INSERT INTO SPP2 (ItemCode, CardCode, SPP1LNum, SPP2LNum, Amount, Price) VALUES ('SAW', '*1', 0, 0, 10, 8)",
    ] {
        client.run(statement).await;
    }
    assert_eq!(
        told().await,
        [
            "special prices of single customers are not carried over: there are 2",
            "prices by quantity are not carried over: there are 1",
            "period discounts of articles with groups of units are not carried over: there are 1",
        ]
    );
}
