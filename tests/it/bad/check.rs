//! What `ponte check` says of a mapping that does not fit the live databases: each message code at least once.

use super::{Base, CHECK, Case, PACKS, Side, run};
use crate::sync::pair::On;

/// The pieces of the project's flow that cases replace.
const FROM: &str = "table = \"source\", key = [\"code\"]";
const NAME: &str = "name = \"name\"";

const ERP: (&str, &str) = ("pack = \"reference\"", "pack = \"./erp\"");
const SHOP: (&str, &str) = ("pack         = \"woocommerce\"", "pack = \"./shop\"");

const STOCK: &[&[&str]] = &[&["sync", "stock", "--no-progress"]];

fn check(name: &str) -> Case<'_> {
    Case {
        name,
        runs: CHECK,
        ..Case::default()
    }
}

fn check_packs(name: &str) -> Case<'_> {
    Case {
        base: PACKS,
        ..check(name)
    }
}

#[tokio::test]
async fn a_flow_that_does_not_fit() {
    let everything = |_: &str| "SELECT, INSERT, UPDATE, DELETE";
    let reads = |_: &str| "SELECT";
    run(&[
        Case {
            ready: false,
            ..check("check-not-set-up")
        },
        Case {
            edits: &[(FROM, "table = \"sources\", key = [\"code\"]")],
            ..check("check-source-table")
        },
        Case {
            edits: &[("table = \"target\"", "table = \"targets\"")],
            ..check("check-target-table")
        },
        Case {
            edits: &[(NAME, "nam = \"name\", title = \"nmae\"")],
            ..check("check-columns")
        },
        Case {
            edits: &[(FROM, "table = \"source\", key = [\"cod\"]")],
            ..check("check-key")
        },
        Case {
            edits: &[(FROM, "table = \"source\", where = \"nonsense > 1\", key = [\"code\"]")],
            ..check("check-condition")
        },
        Case {
            target: "ALTER TABLE target ENGINE = MyISAM",
            ..check("check-myisam")
        },
        Case {
            target: "ALTER TABLE target DROP COLUMN name, DROP COLUMN price; ALTER TABLE target ADD name VARCHAR(40) AS (upper(code)), ADD price POINT, ADD needed INT NOT NULL",
            ..check("check-column-types")
        },
        Case {
            login: Some((Side::Target, reads)),
            ..check("check-login-that-only-reads")
        },
        Case {
            base: Base::Encoded("SQL_ASCII", On::Sqlite),
            ..check("check-encoding")
        },
        Case {
            base: Base::Flow(On::Sqlite, On::Postgres),
            target: "ALTER DATABASE {database} SET default_transaction_read_only = on",
            ..check("check-read-only")
        },
        Case {
            base: Base::Flow(On::SqlServer, On::Sqlite),
            source: "ALTER DATABASE {database} SET ALLOW_SNAPSHOT_ISOLATION OFF",
            ..check("check-no-snapshots")
        },
        Case {
            edits: &[(
                FROM,
                "table = \"source\", key = [\"code\"], watermark = \"name >= :since\", changes = \"timestamp\"",
            )],
            ..check("check-watermark-of-texts")
        },
        Case {
            edits: &[(
                FROM,
                "table = \"source\", key = [\"code\"], watermark = \"born >= :since\", changes = \"timestamp\"",
            )],
            login: Some((Side::Source, everything)),
            ..check("check-watermark-of-days")
        },
    ])
    .await;
}

const SMALL_SHOP: (&str, &str) = (
    "shop/pack.toml",
    "[pack]\nsystem = \"Small shop\"\nside = \"shop\"\nengines = [\"sqlite\"]\n\
     [let.option]\nkey = [\"name\"]\nsql = \"SELECT option_name AS name, option_value AS value FROM wp_options\"\n\
     [pack.tables.tax]\ncolumns = { rate = \"decimal\", class = \"text\" }\n",
);
const SMALL_STOCK: &str = "record = \"stock\"\n[stock]\ntable = \"wp_postmeta\"\nkey = \"meta_id\"\ncolumn = \"meta_value\"\n\
     figures = \"SELECT sku, product_id AS id, stock_quantity AS shown, 1 AS managed FROM wp_wc_product_meta_lookup\"\n";

#[tokio::test]
async fn packs_that_do_not_fit() {
    let no_orders = |table: &str| match table {
        "wp_wc_orders" | "wp_wc_order_operational_data" => "",
        _ => "SELECT, INSERT, UPDATE, DELETE",
    };
    let unclear = format!(
        "{SMALL_STOCK}[[stock.pending]]\nif = \"1 / option['woocommerce_version'].value > 0\"\nsql = \"SELECT 1 AS reference\"\n"
    );
    let none = format!(
        "{SMALL_STOCK}[[stock.pending]]\nif = \"option['orders'].value = 'here'\"\nsql = \"SELECT 1 AS reference\"\n"
    );
    run(&[
        Case {
            target: "DROP TABLE wp_options",
            ..check_packs("check-another-system")
        },
        Case {
            target: "UPDATE wp_options SET option_value = '7.9.1' WHERE option_name = 'woocommerce_version'",
            ..check_packs("check-version-too-old")
        },
        Case {
            target: "UPDATE wp_options SET option_value = '12.0' WHERE option_name = 'woocommerce_version'",
            ..check_packs("check-version-too-new")
        },
        Case {
            target: "UPDATE wp_options SET option_value = 'trunk' WHERE option_name = 'woocommerce_version'",
            ..check_packs("check-version-unknown")
        },
        Case {
            base: Base::Packs(On::Postgres, On::Mariadb),
            runs: STOCK,
            target: "UPDATE wp_options SET option_value = '12.0' WHERE option_name = 'woocommerce_version'",
            ..check_packs("sync-version-too-new")
        },
        Case {
            base: Base::Packs(On::Postgres, On::Mariadb),
            runs: STOCK,
            target: "UPDATE wp_options SET option_value = '7.9.1' WHERE option_name = 'woocommerce_version'",
            ..check_packs("sync-version-too-old")
        },
        Case {
            edits: &[ERP],
            files: &[
                ("erp/pack.toml", "[pack]\nextends = \"reference\"\n"),
                (
                    "erp/article.toml",
                    "record = \"article\"\n[source]\nkey = [\"sku\"]\nsql = \"SELECT sku, active, barcod FROM (SELECT sku, active, barcode AS barcod FROM articles) x\"\n",
                ),
            ],
            ..check_packs("check-column-that-is-no-field")
        },
        Case {
            edits: &[ERP],
            files: &[(
                "erp/pack.toml",
                "[pack]\nextends = \"reference\"\n[left_out]\n\"articles without a barcode\" = \"SELECT COUNT(*) FROM articles WHERE COALESCE(barcode, '') = ''\"\n\
                 \"vouchers\" = \"SELECT COUNT(*) FROM articles WHERE 1 = 0\"\n",
            )],
            ..check_packs("check-left-out")
        },
        Case {
            edits: &[SHOP],
            files: &[SMALL_SHOP, ("shop/stock.toml", &unclear)],
            ..check_packs("check-condition-that-cannot-be-told")
        },
        Case {
            edits: &[SHOP],
            files: &[SMALL_SHOP, ("shop/stock.toml", &none)],
            ..check_packs("check-no-pending-orders")
        },
        Case {
            edits: &[("language     = \"en\"", "language     = \"de\"")],
            ..check_packs("check-language")
        },
        Case {
            base: Base::Packs(On::Sqlite, On::Mariadb),
            login: Some((Side::Target, no_orders)),
            ..check_packs("check-table-not-seen")
        },
    ])
    .await;
}
