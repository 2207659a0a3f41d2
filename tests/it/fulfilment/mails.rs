//! Mails to customers: each once, through a real mail server; what nobody knows is told to a person.

use super::story::Story;
use crate::support::smtpd::Smtpd;
use crate::sync::pair::On;
use std::time::{Duration, SystemTime};

impl Story {
    /// The project sends mails through this server.
    pub fn mails_through(&mut self, url: &str, more: &str) {
        let text = self.between.project.read("ponte.toml");
        let text = text.replace(
            "fulfilment.write = true",
            "fulfilment.write = true\nmail = { shipment = true, invoice = \"invoices/{invoice}.pdf\" }",
        );
        let mail =
            format!("\n[mail]\nurl = \"{url}\"\nfrom = \"The Shop <shop@example.com>\"\n{more}\n");
        self.between
            .project
            .file("ponte.toml", &format!("{text}{mail}"));
    }

    pub async fn customer_is(&self, order: u32, email: &str) {
        let document = self.document(order).await;
        self.erp(&format!(
            "UPDATE customers SET email = '{email}' WHERE number = (SELECT customer FROM orders WHERE number = '{document}')"
        ))
        .await;
    }

    /// An invoice's file that nobody has written to for an hour.
    fn pdf(&mut self, invoice: &str, content: &str) {
        let path = format!("invoices/{invoice}.pdf");
        let project = &mut self.between.project;
        project.file(&path, content);
        let file = std::fs::File::options()
            .append(true)
            .open(project.path(&path))
            .expect("the file just written");
        file.set_modified(SystemTime::now() - Duration::from_secs(3600))
            .expect("a file of this user");
    }

    async fn standing(&self) -> Vec<String> {
        let own = match self.between.shop.url.starts_with("postgres") {
            true => "ponte.mail",
            false => "ponte_mail",
        };
        self.rows(&format!(
            "SELECT record_key, kind, item, standing, tries FROM {own} ORDER BY record_key, kind, item"
        ))
        .await
    }
}

async fn sent_once(test: &str, shop: On) {
    let smtpd = Smtpd::open();
    let mut story = Story::new(test, On::Sqlite, shop, 4).await;
    // Shipped before anybody wanted mails: nobody gets one.
    story.deliver(1004, "D0", "T0", &[1, 2]).await;
    story.sync();
    story.mails_through(&format!("smtp://127.0.0.1:{}?tls=off", smtpd.port), "");
    story.pdf("F1", "%PDF-1.4 a file\n%%EOF\n");
    story.deliver(1001, "D1", "1Z 9", &[1]).await;
    story.sync();
    story.deliver(1001, "D2", "", &[2]).await;
    story.invoice(1001, "F1").await;
    let said = story.sync();
    assert!(said.contains("mails sent: 1"), "{said}");
    story
        .erp("UPDATE documents SET tracking_number = 'T2', carrier = 'UPS' WHERE number = 'D2'")
        .await;
    story.sync();
    story.sync();
    let mails = smtpd.mails();
    assert_eq!(mails.len(), 3, "{mails:#?}");
    assert!(
        mails[0].starts_with("To: buyer1001@example.com\n"),
        "{}",
        mails[0]
    );
    assert!(
        mails[0].contains("From: \"The Shop\" <shop@example.com>")
            || mails[0].contains("From: The Shop <shop@example.com>"),
        "{}",
        mails[0]
    );
    assert!(mails[0].contains("Subject: Your order 1001 is on its way"));
    assert!(mails[0].contains("Tracking number: 1Z 9"));
    assert!(mails[1].contains("Subject: Invoice F1 for your order 1001"));
    assert!(
        mails[1].contains("filename=\"F1.pdf\"") && mails[1].contains("%PDF-1.4 a file"),
        "{}",
        mails[1]
    );
    assert!(
        mails[2].contains("https://www.ups.com/track?tracknum="),
        "{}",
        mails[2]
    );
    assert_eq!(
        story.standing().await,
        [
            "1001 | invoice | F1 | sent | 1",
            "1001 | shipment | D1 | sent | 1",
            "1001 | shipment | D2 | sent | 1"
        ]
    );
    let preview = story
        .between
        .project
        .ponte(&["mail", "preview", "1001"])
        .succeeds()
        .stdout;
    assert!(
        preview.contains("shipment D1 (sent)") && preview.contains("To: buyer1001@example.com"),
        "{preview}"
    );
    // Whoever loses ponte's memory of the runs mails nobody again.
    story.between.project.remove(".ponte");
    story.sync();
    story.sync();
    assert_eq!(smtpd.mails().len(), 3);
}

#[tokio::test]
async fn each_mail_goes_out_once_on_mariadb() {
    sent_once("mails mariadb", On::Mariadb).await;
}

#[tokio::test]
async fn each_mail_goes_out_once_on_sqlite() {
    sent_once("mails sqlite", On::Sqlite).await;
}

#[tokio::test]
async fn refused_put_off_and_unknown_mails() {
    let mut smtpd = Smtpd::open();
    let mut story = Story::new("mails refused", On::Sqlite, On::Sqlite, 4).await;
    story.mails_through(&format!("smtp://127.0.0.1:{}?tls=off", smtpd.port), "");
    for (order, name) in [
        (1001, "later"),
        (1002, "never"),
        (1003, "dies"),
        (1004, "fine"),
    ] {
        story
            .customer_is(order, &format!("{name}@example.com"))
            .await;
        story
            .deliver(order, &format!("D{order}"), "T", &[1, 2])
            .await;
    }
    smtpd.down();
    let said = story.sync();
    assert!(said.contains("mails wait"), "{said}");
    smtpd.up();
    let run = |code: i32| {
        let run = story.between.project.ponte(&["sync", "main/fulfilment"]);
        run.exits_with(code)
    };
    run(4);
    run(4);
    let mails = smtpd.mails();
    assert_eq!(
        mails.len(),
        2,
        "the one that dies is not sent again: {mails:#?}"
    );
    assert_eq!(
        story.standing().await,
        [
            "1001 | shipment | D1001 | due | 1",
            "1002 | shipment | D1002 | refused | 1",
            "1003 | shipment | D1003 | sending | 1",
            "1004 | shipment | D1004 | sent | 1"
        ]
    );
    let list = story
        .between
        .project
        .ponte(&["quarantine", "list", "main/fulfilment"])
        .succeeds()
        .stdout;
    assert!(
        list.contains("1003 shipment D1003") && list.contains("it may have been sent"),
        "{list}"
    );
    assert!(list.contains("nobody of this name"), "{list}");
    story.customer_is(1002, "found@example.com").await;
    story
        .between
        .project
        .ponte(&["mail", "again", "1002"])
        .succeeds();
    run(4);
    assert_eq!(smtpd.mails().len(), 3);
    assert!(smtpd.mails()[2].starts_with("To: found@example.com\n"));
}

#[tokio::test]
async fn killed_around_the_mail_server_nobody_gets_two() {
    let smtpd = Smtpd::open();
    let mut story = Story::new("mails killed", On::Sqlite, On::Sqlite, 2).await;
    story.mails_through(&format!("smtp://127.0.0.1:{}?tls=off", smtpd.port), "");
    story.deliver(1001, "D1", "T1", &[1, 2]).await;
    story.kill_at("mail not handed over", 1).await;
    story.deliver(1002, "D2", "T2", &[1, 2]).await;
    story.kill_at("mail handed over", 1).await;
    for _ in 0..2 {
        story
            .between
            .project
            .ponte(&["sync", "main/fulfilment"])
            .exits_with(4);
    }
    assert_eq!(smtpd.mails().len(), 1);
    assert_eq!(
        story.standing().await,
        [
            "1001 | shipment | D1 | sending | 1",
            "1002 | shipment | D2 | sending | 1"
        ]
    );
}

#[tokio::test]
async fn with_starttls_and_a_login_everything_goes_to_the_test_recipient() {
    let smtpd = Smtpd::safe();
    let mut story = Story::new("mails tls", On::Sqlite, On::Sqlite, 1).await;
    story.mails_through(
        &format!("smtp://localhost:{}", smtpd.port),
        "user = \"shop\"\npassword = \"${MAIL_PASSWORD}\"\ntest_recipient = \"me@example.com\"",
    );
    let certificate = smtpd.path("cert.pem").display().to_string();
    story.between.project.env("SSL_CERT_FILE", &certificate);
    story.between.project.env("MAIL_PASSWORD", "wrong");
    story.between.project.file(
        "mails/shipment.en.html",
        "<p>{{ order.name }} & {{ parcel.number }}</p>",
    );
    story.deliver(1001, "D1", "T1", &[1, 2]).await;
    let said = story.sync();
    assert!(said.contains("mails wait"), "{said}");
    story.between.project.env("MAIL_PASSWORD", "secret");
    story.sync();
    let mails = smtpd.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].starts_with("To: me@example.com\n"));
    assert!(mails[0].contains("<p>Ada Rossi & D1</p>"), "{}", mails[0]);
}

#[tokio::test]
async fn in_italian_over_a_line_that_is_safe_from_its_first_byte() {
    let smtpd = Smtpd::safe_at_once();
    let mut story = Story::new("mails italian", On::Sqlite, On::Sqlite, 1).await;
    let project = story.between.project.read("ponte.toml");
    let project = project.replace("\"en\"", "\"it\"");
    story.between.project.file("ponte.toml", &project);
    story.mails_through(
        &format!("smtps://localhost:{}", smtpd.port),
        "user = \"shop\"\npassword = \"secret\"",
    );
    let certificate = smtpd.path("cert.pem").display().to_string();
    story.between.project.env("SSL_CERT_FILE", &certificate);
    story.pdf("F1", "%PDF-1.4 a file\n%%EOF\n");
    story.deliver(1001, "D1", "1Z 9", &[1, 2]).await;
    story.invoice(1001, "F1").await;
    story.sync();
    let mails = smtpd.mails();
    assert_eq!(mails.len(), 2, "{mails:#?}");
    let (shipment, invoice) = match mails[0].contains("Numero di spedizione") {
        true => (&mails[0], &mails[1]),
        false => (&mails[1], &mails[0]),
    };
    // An `è`, as headers say it.
    let subject = "Il suo ordine 1001 =?utf-8?b?w6g=?= in viaggio";
    assert!(
        shipment.contains(&format!("Subject: {subject}")),
        "{shipment}"
    );
    for text in [
        "Buongiorno Ada Rossi,",
        "abbiamo affidato a BRT un pacco del suo ordine 1001.",
        "Numero di spedizione: 1Z 9",
        "Se i pacchi sono pi=C3=B9 di uno, ricever=C3=A0 un messaggio per ciascuno.",
        "<p>abbiamo affidato a BRT un pacco del suo ordine <b>1001</b>.</p>",
    ] {
        assert!(shipment.contains(text), "{text}: {shipment}");
    }
    for text in [
        "Subject: Fattura F1 per il suo ordine 1001",
        "in allegato trova la fattura F1 per il suo ordine 1001.",
        "filename=\"F1.pdf\"",
    ] {
        assert!(invoice.contains(text), "{text}: {invoice}");
    }
}

#[tokio::test]
async fn a_template_that_is_none_is_told_and_nobody_gets_half_a_mail() {
    let smtpd = Smtpd::open();
    let mut story = Story::new("mails templates", On::Sqlite, On::Sqlite, 1).await;
    story.mails_through(&format!("smtp://127.0.0.1:{}?tls=off", smtpd.port), "");
    story.deliver(1001, "D1", "T1", &[1, 2]).await;
    for (template, why) in [
        (
            "\nHello",
            "template `shipment.en.txt` has no subject in its first line",
        ),
        (
            "Order {{ order.nummer }}\nHello",
            "template `shipment.en.txt`: undefined value",
        ),
    ] {
        story
            .between
            .project
            .file("mails/shipment.en.txt", template);
        let project = &story.between.project;
        project.ponte(&["sync", "main/fulfilment"]).exits_with(4);
        let listed = project.ponte(&["quarantine", "list", "main/fulfilment"]);
        assert!(listed.stdout.contains(why), "{listed}");
        project.ponte(&["mail", "again", "1001"]).succeeds();
    }
    assert_eq!(smtpd.mails().len(), 0);
    story
        .between
        .project
        .file("mails/shipment.en.txt", "Order {{ order.number }}\nHello");
    story.sync();
    let mails = smtpd.mails();
    assert!(mails[0].contains("Subject: Order 1001"), "{mails:#?}");
}

#[tokio::test]
async fn a_server_that_wants_it_later_is_asked_ever_more_seldom() {
    let smtpd = Smtpd::open();
    let mut story = Story::new("mails later", On::Sqlite, On::Sqlite, 1).await;
    story.mails_through(&format!("smtp://127.0.0.1:{}?tls=off", smtpd.port), "");
    story.customer_is(1001, "later@example.com").await;
    story.deliver(1001, "D1", "T1", &[1, 2]).await;
    let mut pauses = Vec::new();
    for _ in 0..10 {
        story.sync();
        // Before its time nobody tries.
        story.sync();
        let pause = "SELECT tries, (next_ms - changed_ms) / 60000 FROM ponte_mail";
        pauses.extend(story.rows(pause).await);
        story.shop("UPDATE ponte_mail SET next_ms = 0").await;
    }
    assert_eq!(
        pauses,
        [
            "1 | 5", "2 | 10", "3 | 20", "4 | 40", "5 | 80", "6 | 160", "7 | 320", "8 | 640",
            "9 | 720", "10 | 720"
        ]
    );
    // So often that a person has to know: the next time it is one of them.
    story
        .shop("UPDATE ponte_mail SET next_ms = 0, tries = 19")
        .await;
    let sync = ["sync", "main/fulfilment"];
    story.between.project.ponte(&sync).exits_with(4);
    assert_eq!(
        story.standing().await,
        ["1001 | shipment | D1 | refused | 20"]
    );
    assert_eq!(smtpd.mails().len(), 0);
}

/// The ERP keeps its invoices' files in a table.
async fn from_a_column(test: &str, erp: On, bytes: &str) {
    let smtpd = Smtpd::open();
    let mut story = Story::new(test, erp, On::Sqlite, 6).await;
    story.mails_through(&format!("smtp://127.0.0.1:{}?tls=off", smtpd.port), "");
    let text = story.between.project.read("ponte.toml");
    let text = text.replace(
        "shipment = true, invoice = \"invoices/{invoice}.pdf\"",
        "wait_for_invoice = \"1s\", invoice_sql = \"SELECT p.content FROM invoice_files p WHERE p.invoice = :invoice\"",
    );
    story.between.project.file("ponte.toml", &text);
    story
        .erp(&format!(
            "CREATE TABLE invoice_files (invoice varchar(20), content {bytes})"
        ))
        .await;
    let hex = |text: &str| match erp {
        On::Postgres => format!("decode('{text}', 'hex')"),
        _ => format!("X'{text}'"),
    };
    let eleven_mib = match erp {
        On::Postgres => "decode(repeat('25', 11534336), 'hex')".to_owned(),
        _ => "zeroblob(11534336)".to_owned(),
    };
    for (invoice, content) in [
        // %PDF-1.4, a zero byte.
        ("F1", hex("255044462d312e3400")),
        ("F2", hex("3c68746d6c3e")),
        ("F3", hex("")),
        ("F4", eleven_mib),
        ("F5", "NULL".to_owned()),
    ] {
        story
            .erp(&format!(
                "INSERT INTO invoice_files VALUES ('{invoice}', {content})"
            ))
            .await;
    }
    for n in 1..=6 {
        story.invoice(1000 + n, &format!("F{n}")).await;
        story
            .deliver(1000 + n, &format!("D{n}"), "T", &[1, 2])
            .await;
    }
    let project = &story.between.project;
    project.ponte(&["sync", "main/fulfilment"]).exits_with(4);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    project.ponte(&["sync", "main/fulfilment"]).exits_with(4);
    let mails = smtpd.mails();
    assert_eq!(mails.len(), 1, "{mails:#?}");
    assert!(
        mails[0].contains("filename=\"F1.pdf\"") && mails[0].contains("%PDF-1.4"),
        "{}",
        mails[0]
    );
    let list = project.ponte(&["quarantine", "list", "main/fulfilment"]);
    let list = list.succeeds().stdout;
    for why in [
        "the file of invoice `F2` is no PDF",
        "the file of invoice `F3` is empty",
        "the file of invoice `F4` has 11 MiB; a mail takes 10 MiB",
        "the ERP has no file of invoice `F5`",
        "the ERP has no file of invoice `F6`",
    ] {
        assert!(list.contains(why), "{why}\n{list}");
    }
    // It is there by now.
    story
        .erp(&format!(
            "UPDATE invoice_files SET content = {} WHERE invoice = 'F5'",
            hex("255044462d")
        ))
        .await;
    project.ponte(&["mail", "again", "1005"]).succeeds();
    project.ponte(&["sync", "main/fulfilment"]).exits_with(4);
    assert_eq!(smtpd.mails().len(), 2);
}

#[tokio::test]
async fn an_invoices_file_comes_from_a_column_on_postgres() {
    from_a_column("invoice column postgres", On::Postgres, "bytea").await;
}

#[tokio::test]
async fn an_invoices_file_comes_from_a_column_on_sqlite() {
    from_a_column("invoice column sqlite", On::Sqlite, "BLOB").await;
}

#[tokio::test]
async fn an_invoices_file_is_waited_for() {
    let smtpd = Smtpd::open();
    let mut story = Story::new("invoice late", On::Sqlite, On::Sqlite, 2).await;
    story.mails_through(&format!("smtp://127.0.0.1:{}?tls=off", smtpd.port), "");
    story.invoice(1001, "F1").await;
    let said = story.sync();
    assert!(
        said.contains("mails that wait for the invoice's file: 1"),
        "{said}"
    );
    assert_eq!(
        story.standing().await,
        ["1001 | invoice | F1 | due | 0"],
        "nobody is told yet"
    );
    // All that is known of it lies in the shop's database.
    std::fs::remove_dir_all(story.between.project.path(".ponte")).expect("a state folder");
    let mut shop = story.between.shop.client().await;
    story.pdf("F1", "%PDF-1.4 a file that is not whole y");
    shop.run("UPDATE ponte_mail SET next_ms = 0").await;
    let said = story.sync();
    assert!(
        said.contains("mails that wait for the invoice's file: 1"),
        "{said}"
    );
    assert_eq!(smtpd.mails().len(), 0);
    story.pdf("F1", "%PDF-1.4 a file that is whole\n%%EOF\n");
    shop.run("UPDATE ponte_mail SET next_ms = 0").await;
    story.sync();
    story.sync();
    assert_eq!(smtpd.mails().len(), 1, "{:#?}", smtpd.mails());

    // One whose file never comes is a person's after the time that is allowed.
    story.invoice(1002, "F2").await;
    story.sync();
    shop.run(
        "UPDATE ponte_mail SET next_ms = 0, changed_ms = changed_ms - 86400000 WHERE item = 'F2'",
    )
    .await;
    let project = &story.between.project;
    project.ponte(&["sync", "main/fulfilment"]).exits_with(4);
    let list = project.ponte(&["quarantine", "list", "main/fulfilment"]);
    let list = list.succeeds().stdout;
    assert!(
        list.contains("F2.pdf` cannot be read") && list.contains("`wait_for_invoice`"),
        "{list}"
    );
    story.pdf("F2", "%PDF-1.4 another\n%%EOF\n");
    let project = &story.between.project;
    project.ponte(&["mail", "again", "1002"]).succeeds();
    story.sync();
    assert_eq!(smtpd.mails().len(), 2);
}
