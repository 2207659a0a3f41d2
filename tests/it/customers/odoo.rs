//! Odoo's contacts and WooCommerce's accounts, both ways.

use super::shops::{Customers, Kind, Person};
use crate::orders::odoo::ARTICLES;
use crate::orders::place::Order;
use crate::support::servers;

/// A company and a person with the tag `Web`, one without it, one who works for the company.
const IN_ODOO: &str = "
    INSERT INTO res_partner_category (id, name, active) VALUES (3, '{\"en_US\": \"Gold\"}', TRUE), (4, '{\"en_US\": \"Web\", \"it_IT\": \"Rete\"}', TRUE);
    INSERT INTO res_partner (id, {ask}commercial_partner_id, parent_id, type, name, complete_name, is_company, active, vat, email, email_normalized, phone, street, zip, city, country_id, state_id) VALUES
        (11, {'ask'}11, NULL, 'contact', 'Ferro & Figli Srl', 'Ferro & Figli Srl', TRUE, TRUE, 'IT01234567890', 'Office@ferro.example', 'office@ferro.example', '06 1', 'Via Appia 7', '00100', 'Torino', 1, 1),
        (12, {'ask'}12, NULL, 'contact', 'Ida Maria Neri', 'Ida Maria Neri', FALSE, TRUE, '/', 'ida@example.com', 'ida@example.com', '06 2', 'Via Po 2', '00100', 'Torino', 1, 1),
        (13, {'ask'}13, NULL, 'contact', 'Counter sales', 'Counter sales', FALSE, TRUE, NULL, 'counter@example.com', 'counter@example.com', NULL, NULL, NULL, NULL, NULL, NULL),
        (14, {'ask'}11, 11, 'contact', 'Ivo', 'Ferro & Figli Srl, Ivo', FALSE, TRUE, 'IT01234567890', 'ivo@ferro.example', 'ivo@ferro.example', NULL, NULL, NULL, NULL, NULL, NULL);
    INSERT INTO res_partner_res_partner_category_rel (category_id, partner_id) VALUES (4, 11), (4, 12), (3, 13), (4, 14);";

async fn customers(test: &str, version: u32) -> Customers {
    let test = format!("{test} {version}");
    let erp = crate::odoo::erp(&test, version).await;
    let shop = servers::mariadb(&format!("{test} shop")).await;
    let (column, value) = match version {
        17 => ("", ""),
        _ => ("autopost_bills, ", "'ask', "),
    };
    let contacts = IN_ODOO.replace("{ask}", column).replace("{'ask'}", value);
    let mut client = erp.client().await;
    client.load(ARTICLES).await;
    client.load(&contacts).await;
    if version > 17 {
        client
            .run("ALTER TABLE res_partner ALTER autopost_bills DROP DEFAULT")
            .await;
    }
    let mut client = shop.client().await;
    client.load_file("schemas/woocommerce/mysql.sql").await;
    client.run("INSERT INTO wp_wc_product_meta_lookup (product_id, sku) VALUES (101, 'HAMMER'), (103, 'SHIRT-R')").await;
    let project = crate::odoo::project(&erp, &shop, "public")
        .replace("orders.since", "orders.import = true\norders.since");
    Customers::on(Kind::Woocommerce, (erp, shop), &project, "")
}

/// All of a contact that an account decides on.
const CONTACTS: &str = "SELECT p.name, p.is_company, p.vat, p.email, p.email_normalized, p.phone, p.street, p.zip, p.city, s.code, n.code,
    p.commercial_partner_id = p.id, (SELECT string_agg(t.name ->> 'en_US', ',') FROM res_partner_res_partner_category_rel r
     JOIN res_partner_category t ON t.id = r.category_id WHERE r.partner_id = p.id)
    FROM res_partner p LEFT JOIN res_country n ON n.id = p.country_id LEFT JOIN res_country_state s ON s.id = p.state_id";

async fn both_ways(version: u32) {
    let customers = customers("customers odoo", version).await;
    // First contact with the contacts that are there.
    customers.project.ponte(&["match", "--accept"]);
    customers.run().succeeds();
    assert_eq!(
        customers.accounts().await,
        [
            "ida@example.com | Ida | Maria Neri | - | 06 2 | Via Po 2",
            "office@ferro.example | - | - | Ferro & Figli Srl | 06 1 | Via Appia 7",
        ]
    );
    customers
        .assert_still("nothing has changed since the accounts were made")
        .await;

    // New accounts come in: a company and a person.
    let company = Person {
        company: "Latta Srl",
        vat: "12345678903",
        ..Person::new(50)
    };
    for person in [&company, &Person::new(51)] {
        customers.register(person).await;
    }
    customers.run().succeeds();
    let new = format!("{CONTACTS} WHERE p.id > 100 ORDER BY p.email");
    assert_eq!(
        customers.erp_rows(&new).await,
        [
            "Latta Srl | t | IT12345678903 | buyer50@example.com | buyer50@example.com | 011 | Via Roma 1 | 00100 | Torino | TO | IT | t | Web",
            "Ada Rossi | f | - | buyer51@example.com | buyer51@example.com | 011 | Via Roma 1 | 00100 | Torino | TO | IT | t | Web",
        ]
    );
    customers
        .assert_still("a new account is no news on the way back")
        .await;

    // Each side's own fields go to the other one; what is not one's own is put back, and told.
    customers.change("ida@example.com", Some("333"), None).await;
    let mut odoo = customers.erp.client().await;
    odoo.run("UPDATE res_partner SET name = 'Ferro Spa' WHERE id = 11")
        .await;
    customers.run().succeeds();
    let phone = "SELECT phone FROM res_partner WHERE id = 12";
    assert_eq!(customers.erp_rows(phone).await, ["333"]);
    let accounts = customers.accounts().await;
    assert!(
        accounts.iter().any(|one| one.contains("Ferro Spa")),
        "{accounts:?}"
    );
    customers
        .change("office@ferro.example", None, Some("Blech GmbH"))
        .await;
    odoo.run("UPDATE res_partner SET phone = '999' WHERE id = 12")
        .await;
    let said = customers.run().succeeds();
    for told in [
        "is the shop's: '999' gives way to '333'",
        "was changed in the shop and is the ERP's: 'Blech GmbH' gives way to 'Ferro Spa'",
    ] {
        assert!(said.stdout.contains(told), "{told}: {}", said.stdout);
    }
    assert_eq!(customers.erp_rows(phone).await, ["333"]);
    customers.assert_still("what was put back is right").await;
}

#[tokio::test]
async fn customers_of_odoo_19_go_both_ways_without_echo() {
    both_ways(19).await;
}

#[tokio::test]
async fn and_those_of_odoo_17() {
    both_ways(17).await;
}

/// Whatever comes first, the order or the flow, an account is one contact.
#[tokio::test]
async fn an_account_that_orders_is_one_contact() {
    let customers = customers("customers odoo orders", 19).await;
    customers.project.ponte(&["match", "--accept"]);
    customers.run().succeeds();
    let ida = "SELECT u.ID FROM wp_users u WHERE u.user_email = 'ida@example.com'";
    let mut shop = customers.shop.client().await;
    let ida = shop.value(ida).await.expect("an account");
    customers.register(&Person::new(50)).await;
    // An account with a customer, who orders with another address; one that comes in with its order, and orders again with yet another.
    for (order, account) in [(1001, ida.as_str()), (1002, "50"), (1003, "50")] {
        Order::usual(order).place(&mut shop).await;
        shop.run(&format!(
            "UPDATE wp_wc_orders SET customer_id = {account} WHERE id = {order}"
        ))
        .await;
        customers.project.ponte(&["sync", "main/order"]).succeeds();
    }
    let of = "SELECT o.origin, p.name, p.id > 100, EXISTS (SELECT 1 FROM res_partner_res_partner_category_rel r WHERE r.partner_id = p.id AND r.category_id = 4)
        FROM sale_order o JOIN res_partner p ON p.id = o.partner_id WHERE o.origin LIKE 'main/%' ORDER BY 1";
    assert_eq!(
        customers.erp_rows(of).await,
        [
            "main/1001 | Ida Maria Neri | f | t",
            "main/1002 | Ada Rossi | t | t",
            "main/1003 | Ada Rossi | t | t",
        ]
    );
    customers.run().succeeds();
    let contacts = "SELECT COUNT(*) FROM res_partner p WHERE p.id > 100 AND p.type = 'contact'";
    assert_eq!(customers.erp_rows(contacts).await, ["1"]);
    customers
        .assert_still("the order's customer is the account's")
        .await;
}
