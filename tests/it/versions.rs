//! Versions of ERP and shop that a pack does not know are told, and hold up nothing; on real servers.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::service::{signal, until};
use crate::support::http::{ask, free_port};
use crate::support::project::Project;
use crate::support::servers::{self, Database};
use crate::sync::shop;

/// However slow the machine is.
const WAIT_MAX: Duration = Duration::from_secs(120);

const REFERENCE: &str = "pack = \"reference\"\n";

/// A project of a pack's schema as it comes, on a real server.
async fn of(test: &str, pack: &str) -> (Project, Database) {
    let mut project = Project::new();
    let other = servers::sqlite(&format!("versions::{test} other"));
    let mut client = other.client().await;
    let (erp, shop, on, taxes) = match pack {
        "odoo" => {
            client.load_file("schemas/woocommerce/sqlite.sql").await;
            let on = servers::postgres(&format!("versions::{test}")).await;
            let mut erp = on.client().await;
            erp.load_file("schemas/odoo/postgres.sql").await;
            erp.load_file("tests/cases/odoo/seed.sql").await;
            ("pack = \"odoo\"\n", "woocommerce", on, "class = \"\"")
        }
        "sap-business-one" => {
            client.load_file("schemas/woocommerce/sqlite.sql").await;
            let on = servers::sqlserver(&format!("versions::{test}")).await;
            let mut erp = on.client().await;
            erp.load_file("schemas/sap-business-one/sqlserver.sql")
                .await;
            erp.load_file("tests/cases/sap-business-one/seed.sql").await;
            (
                "pack = \"sap-business-one\"\n",
                "woocommerce",
                on,
                "class = \"\"",
            )
        }
        shop => {
            client.load_file("schemas/reference/sqlite.sql").await;
            let on = servers::mariadb(&format!("versions::{test}")).await;
            let ddl = format!("schemas/{shop}/mysql.sql");
            let mut there = on.client().await;
            there.load_file(&ddl).await;
            if let Some(version) = shop.strip_prefix("opencart-") {
                let seed = format!("tests/cases/opencart/seed-{version}.sql");
                there.load_file(&seed).await;
            }
            let taxes = match shop {
                "prestashop" => "rules = 1",
                "woocommerce" => "class = \"\"",
                _ => "class = 9",
            };
            (REFERENCE, shop, on, taxes)
        }
    };
    let (erp_url, shop_url) = match erp == REFERENCE {
        true => (&other.url, &on.url),
        false => (&on.url, &other.url),
    };
    project.env("ERP", erp_url).env("SHOP", shop_url);
    project.file(
        "ponte.toml",
        &format!(
            "[erp]\n{erp}url = \"${{ERP}}\"\n[shop.main]\npack = \"{shop}\"\nurl = \"${{SHOP}}\"\nlanguage = \"en\"\n\
             price_list = \"public\"\norders.since = 2026-01-01T00:00:00Z\n[shop.main.tax]\nIVA22 = {{ rate = 22, {taxes} }}\n"
        ),
    );
    // SQLite's file lives as long as its handle.
    std::mem::forget(other);
    (project, on)
}

/// Of P344 and P345: severity and first line.
fn told(project: &Project) -> Vec<String> {
    let said = project.ponte(&["check", "--json"]);
    let document: Value = serde_json::from_str(&said.stdout).expect("a JSON document");
    let found = document["diagnostics"].as_array().expect("a list").iter();
    let of_versions = found.filter(|one| ["P344", "P345"].map(Value::from).contains(&one["code"]));
    of_versions
        .map(|one| {
            format!(
                "{}: {}",
                one["severity"].as_str().expect("a text"),
                one["message"].as_str().expect("a text")
            )
        })
        .collect()
}

#[tokio::test]
async fn each_pack_tells_the_versions_that_it_was_made_for_from_others() {
    const PRESTASHOP: &str =
        "UPDATE ps_configuration SET value = '{}' WHERE name = 'PS_VERSION_DB'";
    const WOOCOMMERCE: &str =
        "UPDATE wp_options SET option_value = '{}' WHERE option_name = 'woocommerce_version'";
    const ODOO: &str = "UPDATE ir_module_module SET latest_version = '{}' WHERE name = 'base'";
    const SAP: &str = "UPDATE CINF SET Version = {}";
    let cases = [
        (
            "prestashop",
            PRESTASHOP,
            &[
                ("8.0.0", ""),
                ("8.2.1", ""),
                (
                    "9.0.1",
                    "warning: PrestaShop 9.0.1 is newer than the pack was tested with",
                ),
                (
                    "1.7.8.11",
                    "error: PrestaShop 1.7.8.11 is older than the pack knows",
                ),
                (
                    "",
                    "warning: PrestaShop of unknown version: the version cannot be told",
                ),
            ][..],
        ),
        (
            "woocommerce",
            WOOCOMMERCE,
            &[
                ("8.0.0", ""),
                ("11.9.9", ""),
                (
                    "12.0.0-beta.1",
                    "warning: WooCommerce 12.0.0-beta.1 is newer than the pack was tested with",
                ),
                (
                    "7.9.1",
                    "error: WooCommerce 7.9.1 is older than the pack knows",
                ),
                (
                    "trunk",
                    "warning: WooCommerce trunk: the version cannot be told",
                ),
            ],
        ),
        (
            "odoo",
            ODOO,
            &[
                ("17.0.1.3", ""),
                ("saas~18.2.1.3", ""),
                ("19.0.1.3", ""),
                (
                    "20.0.1.3",
                    "warning: Odoo 20.0.1.3 is newer than the pack was tested with",
                ),
                ("saas~19.2.1.3", ""),
                (
                    "16.0.1.3",
                    "error: Odoo 16.0.1.3 is older than the pack knows",
                ),
                (
                    "",
                    "warning: Odoo of unknown version: the version cannot be told",
                ),
            ],
        ),
        (
            "sap-business-one",
            SAP,
            &[
                ("930230", ""),
                ("1000190", ""),
                (
                    "1100100",
                    "warning: SAP Business One 11.0 is newer than the pack was tested with",
                ),
                (
                    "920170",
                    "error: SAP Business One 9.2 is older than the pack knows",
                ),
                (
                    "0",
                    "error: SAP Business One 0.0 is older than the pack knows",
                ),
            ],
        ),
    ];
    for (pack, statement, versions) in cases {
        let (project, database) = of(pack, pack).await;
        let mut client = database.client().await;
        for (version, expected) in versions {
            client.run(&statement.replace("{}", version)).await;
            let said = told(&project);
            let expected: Vec<&str> = Some(*expected)
                .filter(|one| !one.is_empty())
                .into_iter()
                .collect();
            assert_eq!(said, expected, "{pack} {version}");
        }
    }
}

/// OpenCart's tables tell, and nothing else.
#[tokio::test]
async fn opencart_is_known_by_its_tables() {
    for (pack, changed, expected) in [
        ("opencart-4.1", "", ""),
        ("opencart-4.0", "", ""),
        (
            "opencart-4.1",
            "DROP TABLE oc_product_code",
            "error: OpenCart 4.1 4.1.0.0 is older than the pack knows",
        ),
        (
            "opencart-4.0",
            "CREATE TABLE oc_product_code (product_code_id INT PRIMARY KEY)",
            "warning: OpenCart 4.0 4.1.0.1+ is newer than the pack was tested with",
        ),
        (
            "opencart-4.1",
            "DROP TABLE oc_setting",
            "error: this does not look like OpenCart 4.1",
        ),
    ] {
        let (project, database) = of(&format!("{pack} {changed}"), pack).await;
        if !changed.is_empty() {
            database.client().await.run(changed).await;
        }
        let expected: Vec<&str> = Some(expected)
            .filter(|one| !one.is_empty())
            .into_iter()
            .collect();
        assert_eq!(told(&project), expected, "{pack} {changed}");
    }
}

/// Says it at its start, once, and goes on; what was updated since is noticed in the night.
#[tokio::test]
async fn the_service_tells_of_a_newer_shop_and_runs() {
    let erp = servers::postgres("versions::service erp").await;
    let shop = servers::mariadb("versions::service shop").await;
    shop::fill(&erp, &shop).await;
    let mut in_shop = shop.client().await;
    let to = |version: &str| {
        format!(
            "UPDATE wp_options SET option_value = '{version}' WHERE option_name = 'woocommerce_version'"
        )
    };
    in_shop.run(&to("12.0")).await;
    let port = free_port();
    let mut project = Project::new();
    project.env("ERP", &erp.url).env("SHOP", &shop.url);
    let text = shop::project("${ERP}", "${SHOP}");
    let with = |verify: &str| {
        format!(
            "{text}[schedule]\nzone = \"UTC\"\n[schedule.flows]\nstock = \"10s\"\nverify = \"{verify}\"\n[service]\nlisten = \"127.0.0.1:{port}\"\n"
        )
    };
    project.file("ponte.toml", &with("demand"));
    project.ponte(&["setup", "--run"]).succeeds();
    project.ponte(&["match", "--accept"]).succeeds();
    let running = project.start(&["run"]);
    let created = "SELECT COUNT(*) > 0 FROM ponte_link";
    until(&shop, created, "1").await;
    let page = |language: &str| {
        let page = ask(port, "GET", &format!("/?lang={language}"), &[], "");
        page.body
    };
    let began = Instant::now();
    let english = "shop.main: WooCommerce 12.0 is newer than the versions that pack `woocommerce` was made for (8 to 11)";
    while !page("en").contains(english) {
        assert!(began.elapsed() < WAIT_MAX, "{}", page("en"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let italian = "shop.main: WooCommerce 12.0 è più recente delle versioni per cui è fatto il pacchetto `woocommerce` (8–11)";
    assert!(page("it").contains(italian), "{}", page("it"));
    let metrics = ask(port, "GET", "/metrics", &[], "").body;
    for line in [
        "ponte_unfamiliar{connection=\"erp\"} 0",
        "ponte_unfamiliar{connection=\"shop.main\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    // A run asks nothing: this goes unnoticed until a night's comparison has been.
    in_shop.run(&to("13.0")).await;
    for _ in 0..2 {
        // Two articles share a figure.
        project.ponte(&["sync", "stock"]).exits_with(4);
    }
    assert!(page("en").contains(english), "{}", page("en"));
    project.file("ponte.toml", &with("10s"));
    project.ponte(&["reload"]).succeeds();
    let began = Instant::now();
    while !page("en").contains("WooCommerce 13.0 is newer") {
        assert!(began.elapsed() < WAIT_MAX, "{}", page("en"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    in_shop.run(&to("11.1.0")).await;
    let began = Instant::now();
    while page("en").contains("is newer") {
        assert!(began.elapsed() < WAIT_MAX, "{}", page("en"));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    signal(&running, "-TERM");
    let said = running.wait().succeeds().stderr;
    let lines = said.lines().filter(|line| line.contains("warning[P345]"));
    let lines: Vec<&str> = lines
        .map(|line| &line[line.find("Woo").unwrap_or(0)..])
        .collect();
    let newer =
        |version: &str| format!("WooCommerce {version} is newer than the pack was tested with");
    assert_eq!(lines, [newer("12.0"), newer("13.0")], "{said}");
    let files = project.read(&log_file(&project));
    let events = files.lines().filter(|line| line.contains("P345"));
    let event: Value =
        serde_json::from_str(events.into_iter().next().expect("an event")).expect("JSON");
    assert_eq!(event["level"], "WARN", "{event}");
    assert!(event.to_string().contains("shop.main"), "{event}");
}

fn log_file(project: &Project) -> String {
    let folder = std::fs::read_dir(project.path(".ponte/log")).expect("log files");
    let file = folder.flatten().next().expect("a log file");
    format!(".ponte/log/{}", file.file_name().to_string_lossy())
}
