//! Tracking numbers that come onto the ERP's deliveries from couriers and from the shop, and the mails that wait for them.

use std::time::{Duration, SystemTime};

use super::story::Story;
use crate::support::project::Project;
use crate::support::proxy::{COMMIT_POSTGRES, Fault, Proxy};
use crate::support::smtpd::Smtpd;
use crate::sync::pair::On;

impl Story {
    /// More keys for the shop's fulfilment.
    fn tracking_from(&mut self, keys: &str) {
        let text = self.between.project.read("ponte.toml");
        let with = format!("fulfilment.write = true\nfulfilment.tracking = [{keys}]");
        let text = text.replace("fulfilment.write = true", &with);
        self.between.project.file("ponte.toml", &text);
    }

    /// A courier's file that was written a minute ago.
    fn dropped(&self, name: &str, text: &str) {
        write(&self.between.project, name, text);
        let file = std::fs::File::options()
            .write(true)
            .open(self.between.project.path(name))
            .expect("it was just written");
        let then = SystemTime::now() - Duration::from_secs(60);
        file.set_modified(then).expect("the file's time can be set");
    }

    /// Number, carrier, tracking number and day of arrival of the ERP's deliveries.
    async fn deliveries(&self) -> Vec<String> {
        let sql = "SELECT number, carrier, tracking_number, delivered_on FROM documents WHERE kind = 'delivery' ORDER BY number";
        self.between.erp_rows(sql).await
    }
}

fn write(project: &Project, name: &str, text: &str) {
    let path = project.path(name);
    let folder = path.parent().expect("a folder within the project");
    std::fs::create_dir_all(folder).expect("room for a folder");
    std::fs::write(path, text).expect("room for a file");
}

/// The first file lacks what the second one has; nothing that is there is touched, nothing is filled twice.
async fn from_a_folder(test: &str, erp: On) {
    let mut story = Story::new(test, erp, On::Sqlite, 4).await;
    story.tracking_from(
        "{ folder = \"courier\", columns = { parcel = \"DDT\", tracking = \"LDV\", delivered_on = \"Consegna\" }, carrier = \"GLS\" }",
    );
    story.deliver(1001, "D1", "", &[1, 2]).await;
    story.deliver(1002, "D2", "T2", &[1, 2]).await;
    story.deliver(1003, "D3", "", &[1, 2]).await;
    story.deliver(1004, "D4", "", &[1, 2]).await;
    // The courier's day is as long ago as a file may be asked about.
    let recent = match erp {
        On::Postgres => "CURRENT_DATE - 1",
        On::SqlServer => "DATEADD(day, -1, GETUTCDATE())",
        _ => "date('now', '-1 day')",
    };
    story
        .erp(&format!(
            "UPDATE documents SET document_date = {recent}, carrier = CASE WHEN number = 'D1' THEN NULL ELSE carrier END"
        ))
        .await;
    let said = story.sync();
    assert!(
        said.contains("folder") && said.contains("cannot be read"),
        "{said}"
    );
    story.dropped(
        "courier/1.csv",
        "DDT;LDV;Consegna\r\nD1;T1;\r\nD2;other;\r\nD3;T3;\r\nD3;T9;\r\nX;T;\r\n",
    );
    let project = &story.between.project;
    let dry = project.ponte(&["sync", "main/fulfilment", "--dry-run"]);
    let dry = dry.exits_with(4).stdout;
    assert!(dry.contains("T1"), "{dry}");
    let before = story.deliveries().await;
    assert!(
        before[0].starts_with("D1 | - | - | -"),
        "a dry run writes nothing: {before:?}"
    );
    let run = || {
        let run = project.ponte(&["sync", "main/fulfilment"]);
        run.exits_with(4);
    };
    run();
    let wanted = [
        "D1 | GLS | T1 | -",
        "D2 | BRT | T2 | -",
        "D3 | BRT | - | -",
        "D4 | BRT | - | -",
    ];
    assert_eq!(story.deliveries().await, wanted);
    assert_eq!(
        story.order(1001).await,
        "wc-completed | T1 | GLS | - | 2",
        "told in the same run"
    );
    let list = project.ponte(&["quarantine", "list", "main/fulfilment"]);
    let list = list.succeeds().stdout;
    assert!(
        list.contains("1003 delivery D3")
            && list.contains("it has several tracking numbers: T3, T9"),
        "{list}"
    );
    run();
    assert_eq!(story.deliveries().await, wanted);
    // One that is still being written waits; the ERP's people were quicker with D4.
    story.dropped(
        "courier/1.csv",
        "DDT;LDV;Consegna\r\nD1;T1;07/03/2026\r\nD3;T3;\r\nD4;T4;\r\n",
    );
    write(
        project,
        "courier/2.csv",
        "DDT;LDV;Consegna\nD1;T1;01/01/2026\n",
    );
    story
        .erp("UPDATE documents SET tracking_number = 'MINE' WHERE number = 'D4'")
        .await;
    project.ponte(&["sync", "main/fulfilment"]).succeeds();
    let wanted = [
        "D1 | GLS | T1 | 2026-03-07",
        "D2 | BRT | T2 | -",
        "D3 | BRT | T3 | -",
        "D4 | BRT | MINE | -",
    ];
    assert_eq!(story.deliveries().await, wanted);
    let dry = project.ponte(&["sync", "main/fulfilment", "--dry-run"]);
    let dry = dry.succeeds().stdout;
    assert!(!dry.contains("T1") && !dry.contains("T4"), "{dry}");
}

#[tokio::test]
async fn a_couriers_files_fill_deliveries_on_postgres() {
    from_a_folder("courier's files postgres", On::Postgres).await;
}

#[tokio::test]
async fn a_couriers_files_fill_deliveries_on_sqlserver() {
    from_a_folder("courier's files sqlserver", On::SqlServer).await;
}

#[tokio::test]
async fn a_couriers_files_fill_deliveries_on_sqlite() {
    from_a_folder("courier's files sqlite", On::Sqlite).await;
}

#[tokio::test]
async fn a_couriers_table_and_the_shop_fill_deliveries() {
    let mut story = Story::new("courier's table", On::Postgres, On::Mariadb, 3).await;
    story
        .erp("CREATE TABLE shipments (our_number varchar(20), awb varchar(40), company varchar(40), arrived date)")
        .await;
    story.tracking_from(
        "{ connection = \"erp\", sql = \"SELECT our_number AS parcel, awb AS tracking, company AS carrier, arrived AS delivered_on FROM shipments WHERE our_number IN (:parcel)\" }, { shop = true }",
    );
    story.between.project.ponte(&["check"]).succeeds();
    story.deliver(1001, "D1", "", &[1]).await;
    story.deliver(1002, "D2", "", &[1, 2]).await;
    story
        .erp("UPDATE documents SET document_date = CURRENT_DATE; INSERT INTO shipments VALUES ('D1', 'T1', 'UPS', NULL), ('D9', 'T9', 'UPS', NULL)")
        .await;
    story
        .shop("INSERT INTO wp_wc_orders_meta (order_id, meta_key, meta_value) VALUES (1002, '_tracking_number', 'S2'), (1002, '_tracking_provider', 'Poste')")
        .await;
    story.sync();
    assert_eq!(
        story.deliveries().await,
        ["D1 | BRT | T1 | -", "D2 | BRT | S2 | -"]
    );
    assert_eq!(story.order(1001).await, "wc-processing | T1 | BRT | - | 1");
    assert_eq!(story.order(1002).await, "wc-completed | S2 | BRT | - | 1");
    // What ponte told the shop does not come back for the next parcel, even if the ERP has corrected it since.
    story.deliver(1001, "D3", "", &[2]).await;
    story
        .erp("UPDATE documents SET document_date = CURRENT_DATE, tracking_number = CASE number WHEN 'D1' THEN 'T1b' ELSE tracking_number END")
        .await;
    story.sync();
    story
        .erp("UPDATE shipments SET arrived = '2026-03-09' WHERE our_number = 'D1'")
        .await;
    story.sync();
    assert_eq!(
        story.deliveries().await,
        [
            "D1 | BRT | T1b | 2026-03-09",
            "D2 | BRT | S2 | -",
            "D3 | BRT | - | -"
        ]
    );
}

#[tokio::test]
async fn a_lost_answer_fills_once() {
    let mut story = Story::new("tracking lost", On::Postgres, On::Sqlite, 1).await;
    story.tracking_from("{ folder = \"courier\" }");
    story.deliver(1001, "D1", "", &[1, 2]).await;
    story
        .erp("UPDATE documents SET document_date = CURRENT_DATE; CREATE TABLE filled (n int); CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN IF NEW.tracking_number IS NOT NULL THEN INSERT INTO filled VALUES (1); END IF; RETURN NEW; END'; CREATE TRIGGER filled AFTER UPDATE ON documents FOR EACH ROW EXECUTE FUNCTION fill()")
        .await;
    story.dropped("courier/a.txt", "parcel\ttracking\nD1\tT1\n");
    let proxy = Proxy::start(&story.between.erp.url);
    story.between.erp_at(&proxy.url(&story.between.erp.url));
    // The first COMMIT takes the lease.
    proxy.set(Fault::DropAnswer {
        pattern: COMMIT_POSTGRES.to_vec(),
        skip: 1,
    });
    story.sync();
    assert!(!proxy.is_armed(), "the answer was lost");
    assert_eq!(story.deliveries().await, ["D1 | BRT | T1 | -"]);
    let filled = story.between.erp_rows("SELECT COUNT(*) FROM filled").await;
    assert_eq!(filled, ["1"]);
    assert_eq!(story.order(1001).await, "wc-completed | T1 | BRT | - | 1");
}

#[tokio::test]
async fn a_mail_waits_for_its_number_so_long() {
    let smtpd = Smtpd::open();
    let mut story = Story::new("mails wait", On::Sqlite, On::Sqlite, 3).await;
    story.mails_through(&format!("smtp://127.0.0.1:{}?tls=off", smtpd.port), "");
    let text = story.between.project.read("ponte.toml");
    let text = text.replace(
        "shipment = true",
        "shipment = true, wait_for_tracking = \"6h\"",
    );
    story.between.project.file("ponte.toml", &text);
    for order in [1001, 1002] {
        story
            .deliver(order, &format!("D{order}"), "", &[1, 2])
            .await;
    }
    story.deliver(1003, "D1003", "T3", &[1, 2]).await;
    story.sync();
    assert_eq!(smtpd.mails().len(), 1, "only one has its number");
    let wait = "SELECT record_key, standing, (next_ms - changed_ms) / 3600000 FROM ponte_mail WHERE standing = 'due' ORDER BY record_key";
    assert_eq!(story.rows(wait).await, ["1001 | due | 6", "1002 | due | 6"]);
    // The number comes: its mail goes out at once. The other one's time is over: it goes out without.
    story
        .erp("UPDATE documents SET tracking_number = 'T1' WHERE number = 'D1001'")
        .await;
    story.sync();
    let mails = smtpd.mails();
    assert_eq!(mails.len(), 2);
    assert!(
        mails[1].starts_with("To: buyer1001@example.com\n") && mails[1].contains("T1"),
        "{}",
        mails[1]
    );
    story
        .shop("UPDATE ponte_mail SET next_ms = next_ms - 6 * 3600000 WHERE record_key = '1002'")
        .await;
    story.sync();
    let mails = smtpd.mails();
    assert_eq!(mails.len(), 3);
    assert!(
        mails[2].starts_with("To: buyer1002@example.com\n"),
        "{}",
        mails[2]
    );
    assert!(!mails[2].contains("Tracking number"), "{}", mails[2]);
    // A number that comes too late is not worth a second mail.
    story
        .erp("UPDATE documents SET tracking_number = 'T2' WHERE number = 'D1002'")
        .await;
    story.sync();
    assert_eq!(smtpd.mails().len(), 3);
    assert_eq!(story.order(1002).await, "wc-completed | T2 | BRT | - | 2");
}

#[tokio::test]
async fn killed_before_the_commit_the_next_run_fills_it() {
    let mut story = Story::new("tracking killed", On::Postgres, On::Sqlite, 1).await;
    story.tracking_from("{ folder = \"courier\" }");
    story.deliver(1001, "D1", "", &[1, 2]).await;
    story
        .erp("UPDATE documents SET document_date = CURRENT_DATE")
        .await;
    story.dropped("courier/a.csv", "parcel,tracking\nD1,T1\n");
    story.kill_at("tracking written", 1).await;
    assert_eq!(story.deliveries().await, ["D1 | BRT | - | -"]);
    story.sync();
    assert_eq!(story.deliveries().await, ["D1 | BRT | T1 | -"]);
    assert_eq!(story.order(1001).await, "wc-completed | T1 | BRT | - | 1");
}

#[tokio::test]
async fn check_holds_couriers_against_what_they_must_say() {
    let mut story = Story::new("tracking checked", On::Sqlite, On::Sqlite, 1).await;
    story.tracking_from(
        "{ folder = \"nowhere\" }, { connection = \"erp\", sql = \"SELECT number AS parcel FROM documents WHERE number IN (:parcel)\" }",
    );
    let said = story.between.project.ponte(&["check"]);
    said.exits_with(2)
        .stderr_eq(snapbox::file!["../../cases/fulfilment/couriers.txt"]);
}
