//! What stands in the shop after a first load and after changes in SAP.

use super::{erp, project};
use crate::odoo::shop::{articles, categories, is_right};
use crate::support::pipeline::{Pipeline, changed};
use crate::support::servers::{self, Database};

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
