//! The two directions, the owners, and that what goes one way does not come back.

use super::shops::{Customers, Kind, Person};
use crate::support::client::Client;
use crate::sync::pair::On;

/// A company and a person who are to have accounts, one who is not, one without an e-mail address.
const IN_ERP: &str = "INSERT INTO customers (number, name, first_name, last_name, email, phone, vat_number, street, postcode, city, province, web) VALUES
    ('C1', 'Ferro & Figli Srl', 'Ugo', 'Ferro', 'Office@ferro.example', '06 1', 'IT01234567890', 'Via Appia 7', '00100', 'Torino', 'TO', TRUE),
    ('C2', 'Ida Neri', 'Ida', 'Neri', 'ida@example.com', '06 2', NULL, 'Via Po 2', '00100', 'Torino', 'TO', TRUE),
    ('C3', 'Counter sales', NULL, NULL, 'counter@example.com', NULL, NULL, NULL, NULL, NULL, NULL, FALSE),
    ('C4', 'No address', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, TRUE)";

pub async fn fill(erp: &mut Client) {
    erp.run(IN_ERP).await;
}

/// As the shop's tables have it.
fn ferro(kind: Kind) -> &'static str {
    match kind {
        Kind::Opencart41 | Kind::Opencart40 => "Ferro &amp; Figli Srl",
        _ => "Ferro & Figli Srl",
    }
}

async fn all_of_it(customers: &Customers) {
    let kind = customers.kind;
    fill(&mut customers.erp.client().await).await;
    // First contact with what is in the ERP already.
    customers.project.ponte(&["match", "--accept"]);
    customers.run().succeeds();
    let expected = [
        "ida@example.com | Ida | Neri | - | 06 2 | Via Po 2".to_owned(),
        format!(
            "office@ferro.example | Ugo | Ferro | {} | 06 1 | Via Appia 7",
            ferro(kind)
        ),
    ];
    let accounts = customers.accounts().await;
    let shown = |accounts: &[String]| -> Vec<String> {
        // A company that is empty or NULL is none.
        accounts
            .iter()
            .map(|one| one.replace(" |  | ", " | - | "))
            .collect()
    };
    assert_eq!(shown(&accounts), expected, "{kind:?}");
    let passwords = customers.passwords().await;
    assert_eq!(passwords.len(), 2, "{passwords:?}");
    assert_ne!(passwords[0], passwords[1]);
    for one in &passwords {
        assert!(one.starts_with("$2y$10$") && one.len() == 60, "{one}");
    }
    customers
        .assert_still("nothing has changed since the accounts were made")
        .await;

    // A new account comes in, with all that its owner has said.
    let person = Person {
        company: "Latta Srl",
        ..Person::new(50)
    };
    customers.register(&person).await;
    customers.run().succeeds();
    let new = "SELECT name, first_name, last_name, email, phone, street, postcode, city, province, country, web FROM customers WHERE number LIKE 'WC%'";
    let web = if customers.erp.url.starts_with("postgres") {
        "t"
    } else {
        "1"
    };
    let row = format!(
        "Latta Srl | Ada | Rossi | buyer50@example.com | 011 | Via Roma 1 | 00100 | Torino | TO | IT | {web}"
    );
    let found = customers.erp_rows(new).await;
    let found: Vec<String> = found
        .iter()
        .map(|row| row.replace("| true", "| t"))
        .collect();
    assert_eq!(found, [row], "{kind:?}");
    customers
        .assert_still("a new account is no news on the way back")
        .await;

    // What the shop owns is taken from there, what the ERP owns from here.
    customers.change("ida@example.com", Some("333"), None).await;
    customers
        .erp
        .client()
        .await
        .run("UPDATE customers SET name = 'Ferro Spa' WHERE number = 'C1'")
        .await;
    let said = customers.run().succeeds();
    assert!(
        !said.stdout.contains("gives way"),
        "each changed its own: {}",
        said.stdout
    );
    let phone = "SELECT phone FROM customers WHERE number = 'C2'";
    assert_eq!(customers.erp_rows(phone).await, ["333"], "{kind:?}");
    let accounts = customers.accounts().await;
    assert!(
        accounts.iter().any(|one| one.contains("Ferro Spa")),
        "{accounts:?}"
    );
    customers
        .assert_still("each has what the other has changed")
        .await;

    // What somebody changes who does not own it is put back, and told.
    customers
        .erp
        .client()
        .await
        .run("UPDATE customers SET phone = '999' WHERE number = 'C2'")
        .await;
    customers
        .change("office@ferro.example", None, Some("Blech GmbH"))
        .await;
    let said = customers.run().succeeds();
    let told = [
        "is the shop's: '999' gives way to '333'",
        "was changed in the shop and is the ERP's: 'Blech GmbH' gives way to 'Ferro Spa'",
    ];
    for text in told {
        assert!(said.stdout.contains(text), "{text}: {}", said.stdout);
    }
    assert_eq!(customers.erp_rows(phone).await, ["333"], "{kind:?}");
    let accounts = customers.accounts().await;
    assert!(
        accounts.iter().any(|one| one.contains("Ferro Spa")),
        "{accounts:?}"
    );
    customers.assert_still("what was put back is right").await;

    // Both sides at once: the owner's counts, and it is told that there were two.
    customers
        .erp
        .client()
        .await
        .run("UPDATE customers SET name = 'Ferro Due' WHERE number = 'C1'")
        .await;
    customers
        .change("office@ferro.example", None, Some("Eisen AG"))
        .await;
    let said = customers.run().succeeds();
    let told = "was changed on both sides and is the ERP's: 'Eisen AG' gives way to 'Ferro Due'";
    assert!(said.stdout.contains(told), "{}", said.stdout);
    let status = customers.project.ponte(&["status"]).succeeds();
    let told = "main/customer: 3 customers linked, 1 value changed on both sides when it last ran";
    assert!(status.stdout.contains(told), "{}", status.stdout);
    customers
        .assert_still("the owner's value is on both sides")
        .await;

    // Who is switched off on one side stays on the other.
    customers
        .erp
        .client()
        .await
        .run("UPDATE customers SET web = FALSE WHERE number = 'C2'")
        .await;
    customers.run().succeeds();
    assert_eq!(customers.accounts().await.len(), 3, "{kind:?}");
    for _ in 0..3 {
        customers.assert_still("nobody is deleted").await;
    }
}

async fn without_echo(kind: Kind) {
    let customers = Customers::new("customers both", kind).await;
    all_of_it(&customers).await;
}

#[tokio::test]
async fn customers_go_both_ways_without_echo_with_woocommerce() {
    without_echo(Kind::Woocommerce).await;
}

#[tokio::test]
async fn customers_go_both_ways_without_echo_with_prestashop() {
    without_echo(Kind::Prestashop).await;
}

#[tokio::test]
async fn customers_go_both_ways_without_echo_with_opencart_4_1() {
    without_echo(Kind::Opencart41).await;
}

#[tokio::test]
async fn customers_go_both_ways_without_echo_with_opencart_4_0() {
    without_echo(Kind::Opencart40).await;
}

#[tokio::test]
async fn customers_go_both_ways_between_two_files() {
    let customers = Customers::woocommerce("customers files", On::Sqlite, On::Sqlite).await;
    all_of_it(&customers).await;
}

#[tokio::test]
async fn customers_go_both_ways_from_sqlserver_to_mariadb() {
    let customers = Customers::woocommerce("customers sqlserver", On::SqlServer, On::Mariadb).await;
    all_of_it(&customers).await;
}

#[tokio::test]
async fn a_project_says_who_owns_a_field() {
    let databases = Customers::woocommerce("customers owner", On::Sqlite, On::Sqlite).await;
    let (erp, shop) = (databases.erp, databases.shop);
    let owner = "owner = { phone = \"erp\" }\n";
    let customers = Customers::of(Kind::Woocommerce, (erp, shop), owner);
    fill(&mut customers.erp.client().await).await;
    customers.project.ponte(&["match", "--accept"]);
    customers.run().succeeds();
    customers
        .erp
        .client()
        .await
        .run("UPDATE customers SET phone = '777' WHERE number = 'C2'")
        .await;
    customers.run().succeeds();
    let accounts = customers.accounts().await;
    assert!(accounts[0].contains("| 777 |"), "{accounts:?}");
    customers.change("ida@example.com", Some("888"), None).await;
    customers.run().succeeds();
    let accounts = customers.accounts().await;
    assert!(accounts[0].contains("| 777 |"), "{accounts:?}");
    let phone = "SELECT phone FROM customers WHERE number = 'C2'";
    assert_eq!(customers.erp_rows(phone).await, ["777"]);
    customers
        .assert_still("the ERP's phone number is on both sides")
        .await;
}
