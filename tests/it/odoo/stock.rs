//! Available stock: what each step of a web order's life makes of the figure, beside a count by hand.

use super::{loaded, run_all};
use crate::support::pipeline::{Pipeline, changed};
use crate::support::servers::Database;
use std::collections::{BTreeMap, BTreeSet};

async fn cells(database: &Database, sql: &str) -> Vec<Vec<String>> {
    let rows = database.client().await.rows(sql).await;
    let cell = |cell: Option<String>| cell.unwrap_or_default();
    rows.into_iter()
        .map(|row| row.into_iter().map(cell).collect())
        .collect()
}

fn number(text: &str) -> f64 {
    text.parse().unwrap_or(0.0)
}

/// Pieces of each sku that are to be had in warehouse WH, as a person would add them up: no query of the pack, no join.
async fn by_hand(erp: &Database, pending: &[(&str, f64)]) -> BTreeMap<String, f64> {
    let places = cells(erp, "SELECT id, location_id, usage FROM stock_location").await;
    let mut inside: BTreeSet<String> = BTreeSet::from(["10".to_owned()]);
    for _ in 0..places.len() {
        for place in &places {
            if inside.contains(&place[1]) {
                inside.insert(place[0].clone());
            }
        }
    }
    inside.retain(|id| {
        places
            .iter()
            .any(|place| place[0] == *id && place[2] == "internal")
    });
    let skus: BTreeMap<String, String> = cells(
        erp,
        "SELECT id, default_code FROM product_product WHERE default_code <> ''",
    )
    .await
    .into_iter()
    .map(|row| (row[0].clone(), row[1].clone()))
    .collect();
    let mut pieces: BTreeMap<String, f64> = BTreeMap::new();
    for quant in cells(
        erp,
        "SELECT product_id, location_id, quantity FROM stock_quant",
    )
    .await
    {
        if inside.contains(&quant[1]) && !["5", "7"].contains(&quant[0].as_str()) {
            *pieces.entry(skus[&quant[0]].clone()).or_default() += number(&quant[2]);
        }
    }
    for line in cells(
        erp,
        "SELECT product_id, location_id, product_qty, state, location_dest_id, location_final_id FROM stock_move",
    )
    .await
    {
        let open = !["draft", "done", "cancel"].contains(&line[3].as_str());
        if open && inside.contains(&line[1]) && (line[5] == "3" || line[4] == "3") {
            *pieces.entry(skus[&line[0]].clone()).or_default() -= number(&line[2]);
        }
    }
    for (sku, quantity) in pending {
        *pieces.entry((*sku).to_owned()).or_default() -= quantity;
    }
    pieces
}

async fn shown(shop: &Database) -> BTreeMap<String, f64> {
    let rows = cells(
        shop,
        "SELECT l.sku, m.meta_value FROM wp_wc_product_meta_lookup l JOIN wp_postmeta m ON m.post_id = l.product_id AND m.meta_key = '_stock'",
    )
    .await;
    rows.into_iter()
        .map(|row| (row[0].clone(), number(&row[1])))
        .collect()
}

/// After a cycle the shop shows what the count by hand says, and 0 for less.
#[track_caller]
fn agree(title: &str, shown: &BTreeMap<String, f64>, by_hand: &BTreeMap<String, f64>) {
    for sku in ["HAMMER", "SHIRT-R", "SHIRT-B", "SPADE", "DRILL", "RAKE"] {
        let wanted = by_hand.get(sku).copied().unwrap_or(0.0).max(0.0);
        assert_eq!(shown.get(sku), Some(&wanted), "{title}: {sku}");
    }
}

async fn web_order(shop: &Database, id: u32, sku: &str, quantity: u32) {
    run_all(
        shop,
        &[
            &format!(
                "INSERT INTO wp_wc_orders (id, status, currency, type, customer_id, date_created_gmt, date_updated_gmt)
                 VALUES ({id}, 'wc-processing', 'EUR', 'shop_order', 0, '2026-02-01', '2026-02-01')"
            ),
            &format!(
                "INSERT INTO wp_woocommerce_order_items (order_item_id, order_item_name, order_item_type, order_id)
                 VALUES ({id}, 'x', 'line_item', {id})"
            ),
            &format!(
                "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value)
                 SELECT {id}, '_qty', '{quantity}' UNION ALL SELECT {id}, '_variation_id', '0'
                 UNION ALL SELECT {id}, '_product_id', product_id FROM wp_wc_product_meta_lookup WHERE sku = '{sku}'"
            ),
        ],
    )
    .await;
}

struct Step {
    title: &'static str,
    erp: &'static [&'static str],
    /// Pieces of web orders that Odoo does not count then.
    pending: &'static [(&'static str, f64)],
}

const LIFE: &[Step] = &[
    Step {
        title: "Odoo knows none of the web orders; references are taken literally",
        erp: &[
            "INSERT INTO sale_order (company_id, name, state, origin) VALUES (1, 'S90', 'sale', 'other/501'), (1, 'S91', 'sale', 'main/5011'), (1, 'S92', 'sale', '501')",
            "INSERT INTO sale_order_line (order_id, product_id, product_uom_id, product_uom_qty) SELECT id, 1, 1, 4 FROM sale_order",
        ],
        pending: &[("HAMMER", 4.0), ("DRILL", 12.0)],
    },
    Step {
        title: "a quotation",
        erp: &[
            "INSERT INTO sale_order (id, company_id, name, state, origin) VALUES (501, 1, 'S501', 'draft', 'main/501')",
            "INSERT INTO sale_order_line (order_id, product_id, product_uom_id, product_uom_qty) VALUES (501, 1, 1, 4)",
            "INSERT INTO sale_order_line (order_id, product_uom_qty, display_type) VALUES (501, 0, 'line_note')",
        ],
        pending: &[("HAMMER", 4.0), ("DRILL", 12.0)],
    },
    Step {
        title: "confirmed",
        erp: &[
            "UPDATE sale_order SET state = 'sale', delivery_status = 'pending' WHERE id = 501",
            "INSERT INTO stock_move (id, company_id, product_id, product_uom, product_uom_qty, product_qty, location_id, location_dest_id, location_final_id, state)
             VALUES (501, 1, 1, 1, 4, 4, 13, 3, 3, 'assigned')",
        ],
        pending: &[("DRILL", 12.0)],
    },
    Step {
        title: "delivered in part",
        erp: &[
            "UPDATE sale_order SET delivery_status = 'partial' WHERE id = 501",
            "UPDATE stock_move SET state = 'done', product_qty = 3, product_uom_qty = 3 WHERE id = 501",
            "INSERT INTO stock_move (id, company_id, product_id, product_uom, product_uom_qty, product_qty, location_id, location_dest_id, location_final_id, state)
             VALUES (502, 1, 1, 1, 1, 1, 13, 3, 3, 'confirmed')",
            "UPDATE stock_quant SET quantity = quantity - 3 WHERE product_id = 1 AND location_id = 13 AND owner_id IS NULL",
        ],
        pending: &[("DRILL", 12.0)],
    },
    Step {
        title: "the rest will not come: closed, though the web order is larger",
        erp: &[
            "UPDATE sale_order SET delivery_status = 'full' WHERE id = 501",
            "UPDATE stock_move SET state = 'cancel' WHERE id = 502",
            "UPDATE sale_order_line SET product_uom_qty = 3 WHERE order_id = 501 AND product_id = 1",
        ],
        pending: &[("DRILL", 12.0)],
    },
    Step {
        title: "one comes back; twelve drills are confirmed as a dozen",
        erp: &[
            "UPDATE stock_quant SET quantity = quantity + 1 WHERE product_id = 1 AND location_id = 13 AND owner_id IS NULL",
            "INSERT INTO sale_order (id, company_id, name, state, origin, delivery_status) VALUES (502, 1, 'S502', 'sale', 'main/502', 'pending')",
            "INSERT INTO sale_order_line (order_id, product_id, product_uom_id, product_uom_qty) VALUES (502, 15, 2, 1)",
            "INSERT INTO stock_move (id, company_id, product_id, product_uom, product_uom_qty, product_qty, location_id, location_dest_id, location_final_id, state)
             VALUES (503, 1, 15, 2, 1, 12, 11, 12, 3, 'confirmed')",
        ],
        pending: &[],
    },
    Step {
        title: "cancelled",
        erp: &[
            "UPDATE sale_order SET state = 'cancel', delivery_status = NULL WHERE id = 502",
            "UPDATE stock_move SET state = 'cancel' WHERE id = 503",
        ],
        pending: &[],
    },
    Step {
        title: "entered anew after all, as a quotation",
        erp: &[
            "INSERT INTO sale_order (id, company_id, name, state, origin) VALUES (503, 1, 'S503', 'draft', 'main/502')",
            "INSERT INTO sale_order_line (order_id, product_id, product_uom_id, product_uom_qty) VALUES (503, 15, 1, 12)",
        ],
        pending: &[("DRILL", 12.0)],
    },
    Step {
        title: "and confirmed with less than was ordered",
        erp: &[
            "UPDATE sale_order_line SET product_uom_qty = 10 WHERE order_id = 503",
            "UPDATE sale_order SET state = 'sale', delivery_status = 'pending' WHERE id = 503",
            "INSERT INTO stock_move (id, company_id, product_id, product_uom, product_uom_qty, product_qty, location_id, location_dest_id, location_final_id, state)
             VALUES (504, 1, 15, 1, 10, 10, 11, 3, 3, 'assigned')",
        ],
        pending: &[("DRILL", 2.0)],
    },
];

async fn life(version: u32, change: impl Fn(&str) -> String) {
    let (erp, shop, pipeline) = loaded(&format!("odoo::stock::life {version}"), version).await;
    // Whose orders they are, and what they cost, is not what this is about.
    let partner = match version {
        17 => "INSERT INTO res_partner (id, type, name) VALUES (1, 'contact', 'Somebody')",
        _ => {
            "INSERT INTO res_partner (id, type, name, autopost_bills) VALUES (1, 'contact', 'Somebody', 'ask')"
        }
    };
    run_all(
        &erp,
        &[
            partner,
            "ALTER TABLE sale_order ALTER partner_id SET DEFAULT 1, ALTER partner_invoice_id SET DEFAULT 1, ALTER partner_shipping_id SET DEFAULT 1,
             ALTER date_order SET DEFAULT now(), ALTER picking_policy SET DEFAULT 'direct'",
            "ALTER TABLE sale_order_line ALTER name SET DEFAULT 'x', ALTER price_unit SET DEFAULT 0, ALTER customer_lead SET DEFAULT 0",
        ],
    )
    .await;
    assert!(pipeline.sync(&changed()).await);
    agree(
        "loaded",
        &shown(&shop).await,
        &counted(&erp, version, &[]).await,
    );
    web_order(&shop, 501, "HAMMER", 4).await;
    web_order(&shop, 502, "DRILL", 12).await;
    for step in LIFE {
        let erp_statements: Vec<String> = step.erp.iter().map(|sql| change(sql)).collect();
        let statements: Vec<&str> = erp_statements.iter().map(String::as_str).collect();
        run_all(&erp, &statements).await;
        cycle(&pipeline).await;
        let by_hand = counted(&erp, version, step.pending).await;
        agree(step.title, &shown(&shop).await, &by_hand);
    }
}

async fn counted(erp: &Database, version: u32, pending: &[(&str, f64)]) -> BTreeMap<String, f64> {
    // Seventeen has no last place of a move; its moves out of the output are all there.
    if version == 17 {
        run_all(
            erp,
            &["ALTER TABLE stock_move ADD COLUMN location_final_id INTEGER"],
        )
        .await;
    }
    let counted = by_hand(erp, pending).await;
    if version == 17 {
        run_all(
            erp,
            &["ALTER TABLE stock_move DROP COLUMN location_final_id"],
        )
        .await;
    }
    counted
}

/// A second cycle finds nothing to do.
async fn cycle(pipeline: &Pipeline) {
    pipeline.stock().await;
    let again = pipeline.stock().await;
    assert_eq!((again.changed, again.derived_changed), (0, 0));
}

#[tokio::test]
async fn a_web_order_lives_in_odoo_19() {
    life(19, str::to_owned).await;
}

#[tokio::test]
async fn a_web_order_lives_in_odoo_18() {
    life(18, |sql| sql.replace("product_uom_id", "product_uom")).await;
}

/// Where the app Manufacturing is installed, kits are known by their bills of materials, and left alone.
#[tokio::test]
async fn a_kit_is_left_alone() {
    let (erp, shop, pipeline) = loaded("odoo::stock::kit", 19).await;
    assert!(pipeline.sync(&changed()).await);
    run_all(
        &erp,
        &[
            "CREATE TABLE mrp_bom (id SERIAL PRIMARY KEY, product_tmpl_id INTEGER NOT NULL, product_id INTEGER, type VARCHAR NOT NULL, active BOOLEAN)",
            "INSERT INTO mrp_bom (product_tmpl_id, product_id, type, active) VALUES (10, NULL, 'phantom', TRUE), (3, 4, 'phantom', TRUE), (8, NULL, 'normal', TRUE), (15, NULL, 'phantom', FALSE)",
        ],
    )
    .await;
    run_all(
        &shop,
        &["UPDATE wp_postmeta SET meta_value = '3' WHERE meta_key = '_stock'"],
    )
    .await;
    pipeline.stock().await;
    let shown = shown(&shop).await;
    let of = |sku: &str| shown[sku];
    assert_eq!(["NAILS", "SHIRT-B"].map(of), [3.0, 3.0]);
    assert_eq!(["SHIRT-R", "SPADE", "DRILL"].map(of), [5.0, 7.0, 28.0]);
}
