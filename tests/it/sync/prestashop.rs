//! The packs `reference` and `prestashop`: first contact with a shop that already sells, what becomes of it, and every row
//! that follows from others recounted here.

use std::collections::BTreeMap;

use crate::support::client::Client;
use crate::support::pipeline::{Pipeline, changed, dump, full, same_dump};
use crate::support::servers::{self, Database};

struct Pair {
    erp: Client,
    shop: Client,
    pipeline: Pipeline,
}

pub async fn databases(test: &str) -> (Database, Database) {
    let erp = servers::postgres(&format!("{test} erp")).await;
    let shop = servers::mariadb(&format!("{test} shop")).await;
    let mut client = erp.client().await;
    client.load_file("schemas/reference/postgres.sql").await;
    client.load_file("tests/cases/prestashop/erp.sql").await;
    let mut client = shop.client().await;
    client.load_file("schemas/prestashop/mysql.sql").await;
    client.load_file("tests/cases/prestashop/seed.sql").await;
    (erp, shop)
}

pub fn project(erp: &Database, shop: &Database) -> String {
    format!(
        r#"
[erp]
pack = "reference"
url  = "{}"

[shop.main]
pack         = "prestashop"
url          = "{}"
language     = "it"
price_list   = "public"
warehouses   = ["WH"]
orders.since = 2026-01-01T00:00:00Z
[shop.main.tax]
IVA22 = {{ rate = 22, rules = 1 }}
IVA10 = {{ rate = 10, rules = 2 }}
"#,
        erp.url, shop.url
    )
}

async fn pair(test: &str) -> Pair {
    let (erp, shop) = databases(test).await;
    let pipeline = Pipeline::new(&project(&erp, &shop)).await;
    Pair {
        erp: erp.client().await,
        shop: shop.client().await,
        pipeline,
    }
}

impl Pair {
    /// One run that writes, and a second one that finds everything right.
    async fn sync(&mut self) {
        assert!(self.pipeline.sync(&changed()).await);
        follows(&mut self.shop).await;
        let before = dump(&mut self.shop).await;
        assert!(
            !self.pipeline.sync(&full()).await,
            "a second run writes nothing"
        );
        same_dump(&before, &dump(&mut self.shop).await, "a second run");
    }

    /// DRILL leaves the ERP.
    async fn remove_drill(&mut self) {
        for table in [
            "stock",
            "prices",
            "article_categories",
            "article_texts",
            "articles",
        ] {
            let sql = format!("DELETE FROM {table} WHERE sku = 'DRILL'");
            self.erp.run(&sql).await;
        }
    }

    /// A row as text, its columns separated by blanks.
    async fn one(&mut self, columns: &str, rest: &str) -> String {
        let sql = format!("SELECT CONCAT_WS(' ', {columns}) FROM {rest}");
        self.shop.value(&sql).await.unwrap_or_default()
    }

    async fn list(&mut self, sql: &str) -> Vec<String> {
        let rows = self.shop.rows(sql).await;
        let text = |row: &Vec<Option<String>>| {
            let texts: Vec<&str> = row
                .iter()
                .map(|cell| cell.as_deref().unwrap_or("NULL"))
                .collect();
            texts.join(" ")
        };
        rows.iter().map(text).collect()
    }
}

/// The nested sets, depths and orders of the whole tree, walked from the parents; and each article's default category.
async fn follows(shop: &mut Client) {
    let number = |text: &Option<String>| -> u64 {
        text.as_deref()
            .expect("a number")
            .parse()
            .expect("a number")
    };
    let rows = shop
        .rows(
            "SELECT c.id_category, c.id_parent, s.position, c.position, c.level_depth, c.nleft, c.nright
             FROM ps_category c JOIN ps_category_shop s ON s.id_category = c.id_category AND s.id_shop = 1",
        )
        .await;
    let mut children: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
    for row in &rows {
        children
            .entry(number(&row[1]))
            .or_default()
            .push((number(&row[2]), number(&row[0])));
        assert_eq!(row[2], row[3], "both orders of category {:?}", row[0]);
    }
    let mut right = BTreeMap::new();
    let mut count = 0;
    for siblings in children.values_mut() {
        siblings.sort_unstable();
        let positions: Vec<u64> = siblings.iter().map(|(position, _)| *position).collect();
        assert_eq!(positions, (0..siblings.len() as u64).collect::<Vec<_>>());
    }
    walk(0, 0, &children, &mut count, &mut right);
    assert_eq!(right.len(), rows.len());
    for row in &rows {
        let found = (number(&row[4]), number(&row[5]), number(&row[6]));
        assert_eq!(
            found,
            right[&number(&row[0])],
            "category {:?}: depth, left, right",
            row[0]
        );
    }
    let astray = shop
        .rows(
            "SELECT p.id_product FROM ps_product p JOIN ps_product_shop s ON s.id_product = p.id_product
             WHERE p.id_category_default <> s.id_category_default OR p.price <> s.price OR p.active <> s.active
                OR NOT EXISTS (SELECT 1 FROM ps_category_product x WHERE x.id_product = p.id_product AND x.id_category = p.id_category_default)
                OR (SELECT COUNT(*) FROM ps_product_lang l WHERE l.id_product = p.id_product AND l.link_rewrite <> '') <> 2
                OR NOT EXISTS (SELECT 1 FROM ps_stock_available a WHERE a.id_product = p.id_product AND a.id_product_attribute = 0)",
        )
        .await;
    assert_eq!(astray, Vec::<Vec<Option<String>>>::new());
    let doubled = shop
        .rows("SELECT id_category, position FROM ps_category_product GROUP BY id_category, position HAVING COUNT(*) > 1 OR position >= 1000000")
        .await;
    assert_eq!(doubled, Vec::<Vec<Option<String>>>::new());
}

fn walk(
    parent: u64,
    depth: u64,
    children: &BTreeMap<u64, Vec<(u64, u64)>>,
    count: &mut u64,
    right: &mut BTreeMap<u64, (u64, u64, u64)>,
) {
    for (_, id) in children.get(&parent).into_iter().flatten() {
        *count += 1;
        let left = *count;
        walk(*id, depth + 1, children, count, right);
        *count += 1;
        right.insert(*id, (depth, left, *count));
    }
}

#[tokio::test]
async fn a_shop_that_sells_already_is_taken_over_and_kept_right() {
    let mut pair = pair("sync::prestashop::story").await;
    pair.sync().await;

    // Matched by name under the same parent, created under what was matched.
    let categories = pair
        .list(
            "SELECT c.id_category, c.id_parent, l.id_lang, l.name, l.link_rewrite FROM ps_category c
             JOIN ps_category_lang l ON l.id_category = c.id_category WHERE c.id_category > 6 ORDER BY 1, 3",
        )
        .await;
    assert_eq!(
        categories,
        [
            "7 3 1 Elettrici elettrici",
            "7 3 2 Electric electric",
            "8 7 1 Trapani trapani",
            "8 7 2 Trapani trapani"
        ]
    );
    assert_eq!(
        pair.one("COUNT(*)", "ps_category_group WHERE id_category IN (7, 8)")
            .await,
        "6"
    );

    // HAMMER: the shop's text stays, the ERP's names, weight and barcode come; OFFERS is no category of the ERP's.
    assert_eq!(
        pair.one(
            "ean13, weight + 0e0, depth + 0e0, price + 0e0, indexed",
            "ps_product WHERE id_product = 11"
        )
        .await,
        "8000000000019 0.7 30 10 0"
    );
    assert_eq!(
        pair.list("SELECT name, description, description_short, link_rewrite FROM ps_product_lang WHERE id_product = 11").await,
        ["Martello <p>Nostro.</p> Breve martello", "Claw hammer NULL NULL hammer"]
    );
    assert_eq!(
        pair.list("SELECT id_category FROM ps_category_product WHERE id_product = 11")
            .await,
        ["3", "6"]
    );
    // SAW leaves T for G; its default category, one of the shop people's, stays.
    assert_eq!(
        pair.list("SELECT id_category FROM ps_category_product WHERE id_product = 12")
            .await,
        ["4", "6"]
    );
    assert_eq!(
        pair.one(
            "id_category_default",
            "ps_product_shop WHERE id_product = 12"
        )
        .await,
        "6"
    );

    // DRILL is new in both languages, LAMP in none of the ERP's categories and so in the shop's home.
    let new = "SELECT p.reference, s.active, s.id_tax_rules_group, s.id_category_default, l.id_lang, l.name, l.link_rewrite
               FROM ps_product p JOIN ps_product_shop s ON s.id_product = p.id_product AND s.id_shop = 1
               JOIN ps_product_lang l ON l.id_product = p.id_product AND l.id_shop = 1
               WHERE p.id_product > 14 ORDER BY 1, 5";
    assert_eq!(
        pair.list(new).await,
        [
            "DRILL 1 1 8 1 Trapano 18 V trapano-18-v",
            "DRILL 1 1 8 2 Drill 18 V drill-18-v",
            "LAMP 1 2 2 1 Lampada lampada",
            "LAMP 1 2 2 2 Lampada lampada",
        ]
    );
    let figures = "SELECT p.reference, a.quantity, a.physical_quantity, a.id_shop, a.id_shop_group FROM ps_stock_available a
                   JOIN ps_product p ON p.id_product = a.id_product WHERE a.id_product > 14 ORDER BY 1";
    assert_eq!(pair.list(figures).await, ["DRILL 4 4 1 0", "LAMP 0 0 1 0"]);

    // Combinations: barcode and stock, nothing of the article's.
    assert_eq!(
        pair.list(
            "SELECT reference, ean13, price + 0e0 FROM ps_product_attribute WHERE id_product = 13 ORDER BY id_product_attribute"
        )
        .await,
        ["CUP-R 8000000000026 0", "CUP-B  0.5"]
    );
    assert_eq!(pair.list("SELECT quantity FROM ps_stock_available WHERE id_product = 13 ORDER BY id_stock_available").await, ["10", "4", "6"]);
    assert_eq!(
        pair.one(
            "name",
            "ps_product_lang WHERE id_product = 13 AND id_lang = 1"
        )
        .await,
        "Tazza"
    );

    // Net prices; sales beside the shop people's own promotion.
    assert_eq!(
        pair.list("SELECT reference, price + 0e0 FROM ps_product WHERE reference IN ('HAMMER', 'SAW', 'DRILL', 'LAMP') ORDER BY 1").await,
        ["DRILL 122.868852", "HAMMER 10", "LAMP 30", "SAW 20"]
    );
    let sales = "SELECT p.reference, s.id_shop, s.price + 0e0, s.reduction + 0e0, s.reduction_tax, s.reduction_type, s.`from`, s.`to`
                 FROM ps_specific_price s JOIN ps_product p ON p.id_product = s.id_product ORDER BY 1, 2";
    let promotion = "HAMMER 0 -1 0.1 1 percentage 2026-01-01 00:00:00 2036-01-01 00:00:00";
    assert_eq!(
        pair.list(sales).await,
        [
            promotion,
            "LAMP 1 -1 2.727273 0 amount 2000-01-01 00:00:00 2099-12-31 23:59:59",
            "SAW 1 -1 3.606557 0 amount 2026-01-01 00:00:00 2036-06-30 23:59:59",
        ]
    );

    // The tree changes, an article leaves its categories, sales end.
    pair.shop.run("UPDATE ps_product SET indexed = 1").await;
    pair.shop
        .run("UPDATE ps_product_shop SET indexed = 1")
        .await;
    for change in [
        "UPDATE categories SET parent_id = 'H' WHERE id = 'E'",
        "UPDATE categories SET active = FALSE WHERE id = 'X'",
        "INSERT INTO categories (id, parent_id, position) VALUES ('Y', 'H', 5)",
        "INSERT INTO category_texts (category_id, language, name) VALUES ('Y', 'it', 'Yogurtiere')",
        "DELETE FROM article_categories WHERE sku = 'DRILL'",
        "INSERT INTO article_categories (sku, category_id) VALUES ('LAMP', 'Y'), ('HAMMER', 'Y')",
        "UPDATE article_texts SET name = 'Sega a mano' WHERE sku = 'SAW'",
        "UPDATE articles SET active = FALSE WHERE sku = 'HAMMER'",
        "UPDATE prices SET sale_amount = NULL, sale_from = NULL, sale_to = NULL WHERE sku = 'SAW'",
        "UPDATE prices SET sale_amount = 33 WHERE sku = 'LAMP'",
    ] {
        pair.erp.run(change).await;
    }
    pair.sync().await;
    assert_eq!(pair.list(sales).await, [promotion]);
    assert_eq!(
        pair.list("SELECT id_category, id_parent, level_depth, active FROM ps_category WHERE id_category >= 7 ORDER BY 1").await,
        ["7 5 3 1", "8 7 4 0", "9 5 3 1"]
    );
    assert_eq!(pair.list("SELECT id_category FROM ps_category_product x JOIN ps_product p USING (id_product) WHERE p.reference = 'DRILL'").await, ["2"]);
    assert_eq!(
        pair.one("active", "ps_product_shop WHERE id_product = 11")
            .await,
        "0"
    );
    // A new name is for the search index, too.
    assert_eq!(pair.list("SELECT p.reference, s.indexed FROM ps_product p JOIN ps_product_shop s USING (id_product) WHERE p.reference IN ('SAW', 'CUP') ORDER BY 1").await, ["CUP 1", "SAW 0"]);
}

/// A second shop of the installation has columns of its own; the product's own are its default shop's.
#[tokio::test]
async fn shops_of_one_installation_do_not_write_in_turns() {
    let mut pair = pair("sync::prestashop::shops").await;
    pair.sync().await;
    pair.shop
        .load(
            "INSERT INTO ps_shop (id_shop, id_shop_group, name, color, id_category, theme_name, active, deleted) VALUES (2, 1, 'Second', '', 2, 'classic', 1, 0);
             UPDATE ps_product SET id_shop_default = 2, active = 0, price = 99 WHERE reference = 'DRILL';",
        )
        .await;
    pair.pipeline.lose_snapshots();
    assert!(!pair.pipeline.sync(&full()).await);
    assert_eq!(
        pair.one(
            "active, price + 0e0",
            "ps_product WHERE reference = 'DRILL'"
        )
        .await,
        "0 99"
    );
    pair.shop
        .run("UPDATE ps_product SET active = 1 WHERE reference = 'DRILL'")
        .await;
    pair.remove_drill().await;
    assert!(pair.pipeline.sync(&changed()).await);
    assert_eq!(
        pair.list(DRILL_IS_SHOWN).await,
        ["1 0"],
        "gone from this shop, not from that of the other"
    );
}

const DRILL_IS_SHOWN: &str = "SELECT p.active, s.active FROM ps_product p JOIN ps_product_shop s ON s.id_product = p.id_product AND s.id_shop = 1
    WHERE p.reference = 'DRILL'";

#[tokio::test]
async fn an_article_is_not_shown_before_its_price_is_written() {
    let mut pair = pair("sync::prestashop::needs").await;
    pair.pipeline.run("main/category", &changed()).await;
    pair.pipeline.run("main/article", &changed()).await;
    assert_eq!(pair.list(DRILL_IS_SHOWN).await, ["0 0"]);
    let theirs = "SELECT active FROM ps_product WHERE reference IN ('HAMMER', 'SAW')";
    assert_eq!(pair.list(theirs).await, ["1", "1"]);
    pair.erp.run("DELETE FROM prices WHERE sku = 'LAMP'").await;
    pair.sync().await;
    assert_eq!(pair.list(DRILL_IS_SHOWN).await, ["1 1"]);
    let lamp = DRILL_IS_SHOWN.replace("DRILL", "LAMP");
    assert_eq!(pair.list(&lamp).await, ["0 0"]);
    pair.erp
        .run("INSERT INTO prices (sku, list, amount) VALUES ('LAMP', 'public', 33)")
        .await;
    pair.sync().await;
    assert_eq!(pair.list(&lamp).await, ["1 1"]);
}

#[tokio::test]
async fn what_is_gone_from_the_erp_is_switched_off_and_comes_back() {
    let mut pair = pair("sync::prestashop::gone").await;
    pair.sync().await;
    let category = "SELECT active FROM ps_category WHERE id_category = 8";
    assert_eq!(pair.list(DRILL_IS_SHOWN).await, ["1 1"]);
    assert_eq!(pair.list(category).await, ["1"]);
    pair.remove_drill().await;
    for sql in [
        "DELETE FROM category_texts WHERE category_id = 'X'",
        "DELETE FROM categories WHERE id = 'X'",
    ] {
        pair.erp.run(sql).await;
    }
    pair.sync().await;
    assert_eq!(pair.list(DRILL_IS_SHOWN).await, ["0 0"]);
    assert_eq!(pair.list(category).await, ["0"]);
    for sql in [
        "INSERT INTO categories (id, parent_id, position) VALUES ('X', 'E', 1)",
        "INSERT INTO category_texts (category_id, language, name) VALUES ('X', 'it', 'Trapani')",
        "INSERT INTO articles (sku, tax_class) VALUES ('DRILL', 'IVA22')",
        "INSERT INTO article_texts (sku, language, name) VALUES ('DRILL', 'it', 'Trapano 18 V')",
        "INSERT INTO prices (sku, list, amount) VALUES ('DRILL', 'public', 149.9)",
    ] {
        pair.erp.run(sql).await;
    }
    pair.sync().await;
    assert_eq!(pair.list(DRILL_IS_SHOWN).await, ["1 1"]);
    assert_eq!(pair.list(category).await, ["1"]);
}
