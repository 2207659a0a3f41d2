//! First contact: accounts and customers that are there already are matched, none is made before a person has accepted that.

use super::both_ways::fill;
use super::shops::{Customers, Kind, Person};
use crate::sync::pair::On;

#[tokio::test]
async fn nobody_is_created_on_either_side_before_the_match_is_accepted() {
    let customers = Customers::woocommerce("customers contact", On::Sqlite, On::Sqlite).await;
    fill(&mut customers.erp.client().await).await;
    // By e-mail address, by VAT number, and a stranger.
    let by_mail = Person {
        email: "IDA@example.com".to_owned(),
        ..Person::new(60)
    };
    let by_vat = Person {
        email: "purchase@ferro.example".to_owned(),
        vat: "it 01234567890",
        company: "Ferro",
        ..Person::new(61)
    };
    for person in [&by_mail, &by_vat, &Person::new(62)] {
        customers.register(person).await;
    }
    customers.erp.client().await.run("INSERT INTO customers (number, name, email, web) VALUES ('C9', 'Nine', 'nine@example.com', TRUE)").await;
    let numbers = "SELECT COUNT(*) FROM customers";
    let before = customers.erp_rows(numbers).await;
    customers.run();
    assert_eq!(
        customers.accounts().await.len(),
        3,
        "nobody is created in the shop"
    );
    assert_eq!(customers.erp_rows(numbers).await, before, "nor in the ERP");
    let links = format!(
        "SELECT record_key, target_id FROM {} WHERE record = 'web_customer' ORDER BY 1",
        customers.links()
    );
    assert_eq!(customers.erp_rows(&links).await, ["60 | C2", "61 | C1"]);
    customers.project.ponte(&["match", "--accept"]);
    customers.run().succeeds();
    let accounts = customers.accounts().await;
    assert_eq!(accounts.len(), 4, "{accounts:?}");
    let email = "SELECT email, vat_number FROM customers WHERE number = 'C1'";
    assert_eq!(
        customers.erp_rows(email).await,
        ["purchase@ferro.example | IT01234567890"],
        "the address is the shop's, the number the ERP's"
    );
    customers
        .assert_still("those who were matched are one each")
        .await;
}

/// A company's second account is a branch of it, or a double: a person says which, and no second customer is made of it.
#[tokio::test]
async fn a_second_account_of_a_company_makes_no_second_customer() {
    let customers = Customers::woocommerce("customers branch", On::Sqlite, On::Sqlite).await;
    let first = Person {
        vat: "01234567890",
        company: "Ferro",
        ..Person::new(70)
    };
    customers.register(&first).await;
    customers.run().succeeds();
    let branch = Person {
        vat: "01234567890",
        company: "Ferro, Asti",
        ..Person::new(71)
    };
    customers.register(&branch).await;
    let said = customers.run();
    let wanted = "SELECT name FROM customers WHERE number LIKE 'WC%'";
    assert_eq!(
        customers.erp_rows(wanted).await,
        ["Ferro"],
        "{}",
        said.stdout
    );
    let listed = customers.project.ponte(&["quarantine", "list"]).succeeds();
    assert!(
        listed.stdout.contains("which is linked with `70` already"),
        "{}",
        listed.stdout
    );
    // An account whose owner takes another e-mail address stays who it is.
    customers
        .shop
        .client()
        .await
        .run("UPDATE wp_users SET user_email = 'new@ferro.example' WHERE ID = 70")
        .await;
    customers.run();
    let email = "SELECT email FROM customers WHERE number LIKE 'WC%'";
    assert_eq!(customers.erp_rows(email).await, ["new@ferro.example"]);
    assert_eq!(customers.kind, Kind::Woocommerce);
}
