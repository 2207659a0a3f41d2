//! Accounts as each shop's own registration writes them, and the two databases that customers go between.

use crate::orders::place::has_schemas;
use crate::support::client::Client;
use crate::support::pipeline::{dump, same_dump};
use crate::support::project::{Outcome, Project};
use crate::support::servers::{Database, sa_password, without_secrets};
use crate::sync::pair::{On, database};
use crate::sync::{opencart, prestashop, shop};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Woocommerce,
    Opencart41,
    Opencart40,
    Prestashop,
}

/// An ERP, a shop, and the program between them.
pub struct Customers {
    pub kind: Kind,
    pub erp: Database,
    pub shop: Database,
    pub project: Project,
}

/// What somebody types in who registers; `vat` where the shop asks for it.
pub struct Person {
    pub id: u32,
    pub email: String,
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub company: &'static str,
    pub vat: &'static str,
}

impl Person {
    pub fn new(id: u32) -> Person {
        Person {
            id,
            email: format!("Buyer{id}@example.com"),
            first_name: "Ada",
            last_name: "Rossi",
            company: "",
            vat: "",
        }
    }
}

impl Customers {
    /// A shop without accounts. Nobody has to accept its match: it is empty.
    pub async fn new(test: &str, kind: Kind) -> Customers {
        let test = &format!("{test} {kind:?}");
        let on = match kind {
            Kind::Woocommerce => On::Mariadb,
            _ => return Customers::of(kind, filled(test, kind).await, ""),
        };
        Customers::woocommerce(test, On::Postgres, on).await
    }

    pub async fn woocommerce(test: &str, erp: On, shop: On) -> Customers {
        let erp = database(erp, &format!("{test} erp")).await;
        let shop = database(shop, &format!("{test} shop")).await;
        shop::fill(&erp, &shop).await;
        Customers::of(Kind::Woocommerce, (erp, shop), "")
    }

    /// `more`: what the project says of customers beside `sync = true`.
    pub fn of(kind: Kind, (erp, shop): (Database, Database), more: &str) -> Customers {
        let text = match kind {
            Kind::Woocommerce => shop::project(&erp.url, &shop.url),
            Kind::Opencart41 => opencart::project("4.1", &erp, &shop, ""),
            Kind::Opencart40 => opencart::project("4.0", &erp, &shop, ""),
            Kind::Prestashop => prestashop::project(&erp, &shop),
        };
        Customers::on(kind, (erp, shop), &text, more)
    }

    /// The same with a project's text, whatever its ERP is.
    pub fn on(kind: Kind, (erp, shop): (Database, Database), text: &str, more: &str) -> Customers {
        let text = without_secrets(text);
        let mut project = Project::new();
        let customers = "[shop.main.customer]\nsync = true\n";
        project.file("ponte.toml", &format!("{text}{customers}{more}"));
        project.env("PASSWORD", "ponte");
        if erp.url.starts_with("sqlserver") {
            project.env("SA_PASSWORD", &sa_password());
        }
        project.ponte(&["setup", "--run"]).succeeds();
        Customers {
            kind,
            erp,
            shop,
            project,
        }
    }

    /// Both ways, once.
    #[track_caller]
    pub fn run(&self) -> Outcome {
        self.project.ponte(&["sync", "customer", "web_customer"])
    }

    /// A run after a run: rows of both databases stay as they are, down to what ponte remembers.
    pub async fn assert_still(&self, claim: &str) {
        let before = self.dumps().await;
        self.run().succeeds();
        let after = self.dumps().await;
        same_dump(&before, &after, claim);
    }

    async fn dumps(&self) -> Vec<String> {
        let mut all = dump(&mut self.erp.client().await).await;
        all.extend(dump(&mut self.shop.client().await).await);
        all
    }

    pub async fn rows(database: &Database, sql: &str) -> Vec<String> {
        let rows = database.client().await.rows(sql).await;
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        rows.iter()
            .map(|row| row.iter().map(text).collect::<Vec<_>>().join(" | "))
            .collect()
    }

    pub async fn erp_rows(&self, sql: &str) -> Vec<String> {
        Self::rows(&self.erp, sql).await
    }

    /// E-mail address, names, company, phone and street of every account.
    pub async fn accounts(&self) -> Vec<String> {
        let meta = |key: &str| {
            format!(
                "(SELECT m.meta_value FROM wp_usermeta m WHERE m.user_id = u.ID AND m.meta_key = '{key}' ORDER BY m.umeta_id LIMIT 1)"
            )
        };
        let sql = match self.kind {
            Kind::Woocommerce => format!(
                "SELECT u.user_email, {}, {}, {}, {}, {} FROM wp_users u WHERE u.user_email <> 'admin@example.com' AND {} LIKE '%customer%' ORDER BY 1",
                meta("billing_first_name"),
                meta("billing_last_name"),
                meta("billing_company"),
                meta("billing_phone"),
                meta("billing_address_1"),
                meta("wp_capabilities")
            ),
            Kind::Opencart41 | Kind::Opencart40 => {
                "SELECT c.email, c.firstname, c.lastname, a.company, c.telephone, a.address_1 FROM oc_customer c
                 LEFT JOIN oc_address a ON a.customer_id = c.customer_id AND a.`default` = 1 ORDER BY 1"
                    .to_owned()
            }
            Kind::Prestashop => {
                "SELECT c.email, c.firstname, c.lastname, a.company, a.phone, a.address1 FROM ps_customer c
                 LEFT JOIN ps_address a ON a.id_customer = c.id_customer WHERE c.is_guest = 0 ORDER BY 1"
                    .to_owned()
            }
        };
        Self::rows(&self.shop, &sql).await
    }

    pub async fn passwords(&self) -> Vec<String> {
        let sql = match self.kind {
            Kind::Woocommerce => {
                "SELECT u.user_pass FROM wp_users u WHERE u.user_pass LIKE '$2y$%'"
            }
            Kind::Opencart41 | Kind::Opencart40 => "SELECT c.password FROM oc_customer c",
            Kind::Prestashop => "SELECT c.passwd FROM ps_customer c",
        };
        Self::rows(&self.shop, sql).await
    }

    /// Somebody registers in the shop.
    pub async fn register(&self, person: &Person) {
        self.register_with(&mut self.shop.client().await, person)
            .await;
    }

    pub async fn register_with(&self, shop: &mut Client, person: &Person) {
        let Person {
            id,
            email,
            first_name,
            last_name,
            company,
            vat,
        } = person;
        let statements = match self.kind {
            Kind::Woocommerce => vec![
                format!(
                    "INSERT INTO wp_users (ID, user_login, user_pass, user_nicename, user_email, user_registered, display_name)
                     VALUES ({id}, 'login{id}', '$wp$hash', 'login{id}', '{email}', '2026-03-01 10:00:00', '{first_name}')"
                ),
                format!(
                    "INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES
                     ({id}, 'wp_capabilities', 'a:1:{{s:8:\"customer\";b:1;}}'), ({id}, 'billing_first_name', '{first_name}'),
                     ({id}, 'billing_last_name', '{last_name}'), ({id}, 'billing_company', '{company}'), ({id}, 'billing_address_1', 'Via Roma 1'),
                     ({id}, 'billing_postcode', '00100'), ({id}, 'billing_city', 'Torino'), ({id}, 'billing_state', 'TO'), ({id}, 'billing_country', 'IT'),
                     ({id}, 'billing_phone', '011'), ({id}, 'billing_vat_number', '{vat}')"
                ),
            ],
            Kind::Opencart41 | Kind::Opencart40 => vec![
                format!(
                    "INSERT INTO oc_customer (customer_id, customer_group_id, store_id, language_id, firstname, lastname, email, telephone, password,
                     custom_field, newsletter, ip, status, safe, token, code, date_added)
                     VALUES ({id}, 1, 0, 1, '{first_name}', '{last_name}', '{email}', '011', '$2y$10$x', '[]', 0, '127.0.0.1', 1, 0, '', '', '2026-03-01 10:00:00')"
                ),
                format!(
                    "INSERT INTO oc_address (customer_id, firstname, lastname, company, address_1, address_2, city, postcode, country_id, zone_id, custom_field, `default`)
                     VALUES ({id}, '{first_name}', '{last_name}', '{company}', 'Via Roma 1', '', 'Torino', '00100', 105, 3900, '[]', 1)"
                ),
            ],
            Kind::Prestashop => vec![
                format!(
                    "INSERT INTO ps_customer (id_customer, id_shop, id_gender, id_lang, company, firstname, lastname, email, passwd, active, date_add, date_upd)
                     VALUES ({id}, 1, 0, 1, '{company}', '{first_name}', '{last_name}', '{email}', '$2y$10$x', 1, '2026-03-01 10:00:00', '2026-03-01 10:00:00')"
                ),
                format!(
                    "INSERT INTO ps_address (id_country, id_state, id_customer, alias, company, lastname, firstname, address1, postcode, city, phone, vat_number, date_add, date_upd)
                     VALUES (10, 219, {id}, 'Home', '{company}', '{last_name}', '{first_name}', 'Via Roma 1', '00100', 'Torino', '011', '{vat}',
                     '2026-03-01 10:00:00', '2026-03-01 10:00:00')"
                ),
            ],
        };
        shop.run("BEGIN").await;
        for statement in statements {
            shop.run(&statement).await;
        }
        shop.run("COMMIT").await;
    }

    /// The shop's people, or the customer, change the phone number and the company of an account.
    pub async fn change(&self, email: &str, phone: Option<&str>, company: Option<&str>) {
        let mut shop = self.shop.client().await;
        let of_user =
            format!("user_id = (SELECT u.ID FROM wp_users u WHERE u.user_email = '{email}')");
        let of_opencart = format!(
            "customer_id = (SELECT c.customer_id FROM oc_customer c WHERE c.email = '{email}')"
        );
        let of_prestashop = format!(
            "id_customer = (SELECT c.id_customer FROM ps_customer c WHERE c.email = '{email}')"
        );
        let mut statements = Vec::new();
        if let Some(phone) = phone {
            statements.push(match self.kind {
                Kind::Woocommerce => format!("UPDATE wp_usermeta SET meta_value = '{phone}' WHERE meta_key = 'billing_phone' AND {of_user}"),
                Kind::Opencart41 | Kind::Opencart40 => format!("UPDATE oc_customer SET telephone = '{phone}' WHERE email = '{email}'"),
                Kind::Prestashop => format!("UPDATE ps_address SET phone = '{phone}' WHERE {of_prestashop}"),
            });
        }
        if let Some(company) = company {
            statements.push(match self.kind {
                Kind::Woocommerce => format!("UPDATE wp_usermeta SET meta_value = '{company}' WHERE meta_key = 'billing_company' AND {of_user}"),
                Kind::Opencart41 | Kind::Opencart40 => format!("UPDATE oc_address SET company = '{company}' WHERE {of_opencart}"),
                Kind::Prestashop => format!("UPDATE ps_address SET company = '{company}' WHERE {of_prestashop}"),
            });
        }
        for statement in statements {
            assert_eq!(shop.run(&statement).await, 1, "{statement}");
        }
    }

    /// A dead process keeps its lease for a minute; the test does not wait.
    pub async fn end_leases(&self) {
        for database in [&self.erp, &self.shop] {
            let lease = match has_schemas(&database.url) {
                true => "UPDATE ponte.lease SET owner = NULL",
                false => "UPDATE ponte_lease SET owner = NULL",
            };
            database.client().await.run(lease).await;
        }
    }

    pub fn links(&self) -> &'static str {
        match has_schemas(&self.erp.url) {
            true => "ponte.link",
            false => "ponte_link",
        }
    }
}

async fn filled(test: &str, kind: Kind) -> (Database, Database) {
    match kind {
        Kind::Prestashop => prestashop::databases(test).await,
        Kind::Opencart40 => with_places(opencart::databases("4.0", test).await).await,
        _ => with_places(opencart::databases("4.1", test).await).await,
    }
}

async fn with_places((erp, shop): (Database, Database)) -> (Database, Database) {
    let mut client = shop.client().await;
    for statement in [
        "INSERT INTO oc_country (country_id, iso_code_2, iso_code_3, address_format_id, postcode_required, status) VALUES (105, 'IT', 'ITA', 0, 0, 1)",
        "INSERT INTO oc_zone (zone_id, country_id, code, status) VALUES (3900, 105, 'TO', 1)",
    ] {
        // 4.0 has further columns without defaults.
        client
            .run("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'")
            .await;
        client.run(statement).await;
    }
    (erp, shop)
}
