//! What stands in the shop after a first load and after changes in NAV.

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
FITTING | Montaggio | publish |  | - | - | SERV | 50 | - | 9999 | instock
HAMMER | Martello | publish |  | 0.7 | 8000000000019 | Utensili &amp; mano | 11 | - | 13 | instock
NAILS | Chiodi | publish |  | 0.6 | - | Utensili | 4 | - | 8 | instock
RAKE | Rastrello | draft | reduced-rate | - | - | Utensili | 15 | - | 0 | outofstock
SAW | Sega | draft |  | - | - | Utensili | 20 | - | 0 | outofstock
";

#[tokio::test]
async fn nav_fills_an_empty_shop() {
    let (_erp, shop, pipeline) = loaded("nav::shop::load").await;
    assert!(pipeline.sync(&changed()).await);
    snapbox::assert_data_eq!(articles(&shop).await, LOADED);
    snapbox::assert_data_eq!(
        categories(&shop).await,
        "- > SERV\n- > Utensili\nUtensili > Utensili &amp; mano\n"
    );
    is_right(&pipeline, &shop).await;
}

#[tokio::test]
async fn what_changes_in_nav_changes_in_the_shop() {
    let (erp, shop, pipeline) = loaded("nav::shop::changes").await;
    assert!(pipeline.sync(&changed()).await);
    let mut client = erp.client().await;
    for statement in [
        "UPDATE [CRONUS Italia S_p_A_$Sales Price] SET [Ending Date] = '2025-12-31' WHERE [Sales Code] = 'WEB 2'",
        "INSERT INTO [CRONUS Italia S_p_A_$Item Ledger Entry] ([Entry No_], [Item No_], [Location Code], [Quantity]) VALUES (6, 'HAMMER', 'SEDE', -3), (7, 'SAW', 'SEDE', 9)",
        "UPDATE [CRONUS Italia S_p_A_$Item] SET [Sales Blocked] = 0 WHERE [No_] = 'SAW'",
        "UPDATE [CRONUS Italia S_p_A_$Item] SET [Blocked] = 1, [Description] = 'Chiodi vecchi' WHERE [No_] = 'NAILS'",
    ] {
        client.run(statement).await;
    }
    assert!(pipeline.sync(&changed()).await);
    let now = articles(&shop).await;
    let of = |sku: &str| now.lines().find(|line| line.starts_with(sku)).unwrap_or("");
    assert_eq!(
        of("HAMMER"),
        "HAMMER | Martello | publish |  | 0.7 | 8000000000019 | Utensili &amp; mano | 12.5 | - | 10 | instock"
    );
    assert_eq!(
        of("SAW"),
        "SAW | Sega | publish |  | - | - | Utensili | 20 | - | 8 | instock"
    );
    assert_eq!(
        of("NAILS"),
        "NAILS | Chiodi vecchi | draft |  | 0.6 | - | Utensili | 4 | - | 8 | instock"
    );
    is_right(&pipeline, &shop).await;
}

/// Before 2017 items had no GTIN, no state of their own for sales, and categories no parents.
#[tokio::test]
async fn an_older_nav_fills_it_alike() {
    let erp = servers::sqlserver("nav::shop::older erp").await;
    let mut client = erp.client().await;
    let newer = [
        "[GTIN]",
        "[Sales Blocked]",
        "[Parent Category]",
        "[PA Code]",
    ];
    for file in [
        "schemas/dynamics-nav/sqlserver.sql",
        "tests/cases/dynamics-nav/seed.sql",
    ] {
        let text = std::fs::read_to_string(file).expect("a file of the project");
        let older = text
            .lines()
            .filter(|line| !newer.iter().any(|column| line.contains(column)));
        let older: Vec<&str> = older.collect();
        client.load(&older.join("\n")).await;
    }
    let shop = servers::mariadb("nav::shop::older shop").await;
    let mut shop_client = shop.client().await;
    shop_client.load_file("schemas/woocommerce/mysql.sql").await;
    let pipeline = Pipeline::new(&project(&erp, &shop)).await;
    client
        .run("INSERT INTO [CRONUS Italia S_p_A_$Item Cross Reference] ([Item No_], [Cross-Reference Type], [Cross-Reference No_]) VALUES ('HAMMER', 3, '8000000000019')")
        .await;
    assert!(pipeline.sync(&changed()).await);
    snapbox::assert_data_eq!(
        categories(&shop).await,
        "- > SERV\n- > Utensili\n- > Utensili &amp; mano\n"
    );
    let now = articles(&shop).await;
    assert!(
        now.contains("HAMMER | Martello | publish |  | 0.7 | 8000000000019 | Utensili &amp; mano | 11 | - | 13 | instock"),
        "{now}"
    );
    is_right(&pipeline, &shop).await;
}
