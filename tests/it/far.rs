//! A shop at a web host: far away, with few connections, an unsteady line and a server that cannot be asked for more.

use std::time::Duration;

use crate::fulfilment::story::Story;
use crate::orders::place::{Between, Order};
use crate::support::client::Client;
use crate::support::pipeline::{Pipeline, changed, full as whole};
use crate::support::private::Private;
use crate::support::project::Project;
use crate::support::proxy::{Fault, Proxy};
use crate::support::servers::{self, Database};
use crate::support::{full, seed};
use crate::sync::shop;

/// `rows` rows, every one of which differs from the target's.
fn source(rows: u32) -> String {
    format!(
        "CREATE TABLE source (code INTEGER PRIMARY KEY, name TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) INSERT INTO source SELECT i, 'name ' || i FROM n"
    )
}

const TARGET: &str = "CREATE TABLE target (code INTEGER PRIMARY KEY, name VARCHAR(200))";

fn flow(source: &str, target: &str) -> String {
    format!(
        "[connection.a]\nurl = \"{source}\"\n[connection.b]\nurl = \"{target}\"\n\
         [flow.x]\nfrom = {{ connection = \"connection.a\", table = \"source\", key = [\"code\"] }}\n\
         to = {{ connection = \"connection.b\", table = \"target\", match = {{ code = \"code\" }}, set = {{ name = \"name\" }} }}\n"
    )
}

/// Rows, distinct keys, and rows with the right name.
async fn figures(client: &mut Client) -> String {
    let sql = "SELECT concat_ws(' ', count(*), count(DISTINCT code), sum(name = concat('name ', code))) FROM target";
    client.value(sql).await.expect("a row")
}

/// The login's limit is the server's: a third connection at once would be refused.
#[tokio::test]
async fn two_connections_to_a_shop_are_enough_for_everything() {
    let erp = servers::postgres("far::two erp").await;
    let shop = servers::mariadb("far::two shop").await;
    shop::fill(&erp, &shop).await;
    let login = format!("two{}", std::process::id());
    let mut admin = shop.client().await;
    admin
        .run(&format!(
            "CREATE OR REPLACE USER {login} IDENTIFIED BY 'p' WITH MAX_USER_CONNECTIONS 2"
        ))
        .await;
    admin
        .run(&format!("GRANT ALL ON {}.* TO {login}", shop.name))
        .await;
    let url = servers::with_login(&shop.url, &login, "p");
    let mut project = Project::new();
    project.file("ponte.toml", &shop::project(&erp.url, &url));
    for command in [
        &["setup", "--run"][..],
        &["check"],
        &["match"],
        &["match", "--accept"],
        &["sync", "--dry-run"],
        &["sync", "--try", "5"],
        &["sync"],
        &["resync"],
        &["verify"],
        &["explain", "TOOL-1"],
    ] {
        let done = project.ponte(command);
        // Two variations that sell from one figure, and a shop that nobody has accepted, are for a person to look at.
        assert!(
            matches!(done.code, Some(0 | 4)),
            "{command:?}: {}{}",
            done.stdout,
            done.stderr
        );
    }
    let linked = admin.value("SELECT count(*) FROM ponte_link").await;
    assert_ne!(linked.as_deref(), Some("0"), "something was carried over");
    admin.run(&format!("DROP USER {login}")).await;
}

/// All that web hosts are known for at once, from the first comparison to the parcel that the customer is told of.
#[tokio::test]
async fn a_web_host_with_all_its_limits_is_good_enough() {
    let seed = seed("far::host");
    let host = Private::start(&["--wait-timeout=2", "--local-infile=0"]).await;
    let erp = servers::postgres("far::host erp").await;
    let shop = Database::at(host.url("shop"), "shop");
    let mut between = Between::filled(erp, shop, "").await;
    let mut admin = host.client("shop").await;
    admin
        .run("CREATE USER host IDENTIFIED BY 'ponte' WITH MAX_USER_CONNECTIONS 2")
        .await;
    admin.run("GRANT ALL ON shop.* TO host").await;
    let unsteady = Proxy::start(&between.shop.url);
    let far = Proxy::start(&unsteady.url(&between.shop.url));
    let url = servers::with_login(&between.shop.url, "host", "ponte");
    between.shop_at(&far.url(&url));
    between.say("fulfilment.write = true");
    far.set(Fault::Delay {
        each_way: Duration::from_millis(if full() { 20 } else { 2 }),
    });
    if full() {
        unsteady.set(Fault::Drop {
            one_in: 100,
            bytes_max: 20_000,
            seed,
        });
    }
    let story = Story { between };
    let run = |story: &Story, command: &[&str]| {
        let mut done = story.between.project.ponte(command);
        // A line that broke ends a run with words about that now and then; the next one goes on.
        for _ in 0..3 {
            if full() && done.code == Some(3) {
                done = story.between.project.ponte(command);
            }
        }
        // Two variations that sell from one figure are for a person to look at.
        assert!(
            matches!(done.code, Some(0 | 4)),
            "seed {seed}: {command:?}: {done}"
        );
    };
    for command in [
        &["check"][..],
        &["match", "--accept"],
        &["sync"],
        &["verify"],
    ] {
        run(&story, command);
    }
    story
        .between
        .place(&[Order::usual(1001), Order::usual(1002)])
        .await;
    run(&story, &["sync"]);
    story.between.assert_whole(2).await;
    story.deliver(1001, "D1", "T1", &[1, 2]).await;
    for command in [
        &["sync"][..],
        &["reconcile"],
        &["order", "1001"],
        &["explain", "TOOL-1"],
        &["resync"],
    ] {
        run(&story, command);
    }
    let told = story.order(1001).await;
    assert!(told.starts_with("wc-completed | T1 |"), "{told}");
    println!("far {:?}, unsteady {:?}", far.counts(), unsteady.counts());
}

/// The ERP takes its time, the shop's connection lies idle, and somebody cuts it: nothing is wrong with that.
#[tokio::test]
async fn an_idle_connection_that_is_cut_is_replaced() {
    let erp = servers::postgres("far::idle erp").await;
    let target = servers::mariadb("far::idle shop").await;
    let mut client = erp.client().await;
    client
        .load(
            "CREATE TABLE kept (code integer PRIMARY KEY, name text); INSERT INTO kept SELECT i, 'name ' || i FROM generate_series(1, 700) i;
             CREATE VIEW source AS SELECT code, name FROM kept, (SELECT pg_sleep(1)) s",
        )
        .await;
    target.client().await.load(TARGET).await;
    let proxy = Proxy::start(&target.url);
    let pipeline = Pipeline::new(&flow(&erp.url, &proxy.url(&target.url))).await;
    for (round, options) in [changed(), changed(), whole()].iter().enumerate() {
        let before = proxy.counts().connections;
        let cut = async {
            let asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'";
            while client.value(asked).await.as_deref() == Some("0") {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            proxy.cut_all();
        };
        let (report, ()) = tokio::join!(pipeline.run("x", options), cut);
        assert_eq!(report.counts.read, 700, "run {round}");
        assert!(
            proxy.counts().connections >= before + 2,
            "run {round}: nothing was replaced"
        );
    }
    let found = figures(&mut target.client().await).await;
    assert_eq!(found, "700 700 700");
}

/// Neither `LOAD DATA LOCAL` nor packets of more than 64 KiB. A row that no packet holds waits; the others are written.
#[tokio::test]
async fn a_server_without_local_infile_and_with_small_packets() {
    let server = Private::start(&["--local-infile=0", "--max-allowed-packet=65536"]).await;
    let source = servers::sqlite("far::small source");
    let mut client = source.client().await;
    client.load(&self::source(3000)).await;
    client
        .run("UPDATE source SET name = hex(zeroblob(20000)) WHERE code IN (7, 1200); ")
        .await;
    client
        .run("UPDATE source SET name = hex(zeroblob(50000)) WHERE code = 2000")
        .await;
    let mut target = server.client("shop").await;
    target
        .run("CREATE TABLE target (code INTEGER PRIMARY KEY, name MEDIUMTEXT)")
        .await;
    let pipeline = Pipeline::new(&flow(&source.url, &server.url("shop"))).await;
    let report = pipeline.run("x", &changed()).await;
    assert_eq!((report.counts.created, report.counts.rejected), (2999, 1));
    let reason = report.rejected[0].reason.to_string();
    assert!(
        report.rejected[0].key == "2000" && reason.contains("max_allowed_packet is 65536"),
        "{reason}"
    );
    let rows = target
        .value(
            "SELECT concat_ws(' ', count(*), count(DISTINCT code), max(length(name))) FROM target",
        )
        .await;
    assert_eq!(rows.as_deref(), Some("2999 2999 40000"));
}

/// One connection in eight breaks somewhere, of both databases: each run ends well or says why, and in the end all is
/// there once.
#[tokio::test]
async fn a_line_that_drops_connections_converges() {
    let seed = seed("far::drops");
    let erp = servers::postgres("far::drops erp").await;
    let shop = servers::mariadb("far::drops shop").await;
    shop::fill(&erp, &shop).await;
    let lines = [Proxy::start(&erp.url), Proxy::start(&shop.url)];
    let urls = [lines[0].url(&erp.url), lines[1].url(&shop.url)];
    let mut project = Project::new();
    let text = shop::project(&urls[0], &urls[1]);
    project.file("ponte.toml", &text);
    project.ponte(&["setup", "--run"]).succeeds();
    project.ponte(&["match", "--accept"]).succeeds();
    for (number, line) in lines.iter().enumerate() {
        line.set(Fault::Drop {
            one_in: 8,
            bytes_max: 20_000,
            seed: seed.wrapping_add(number as u64),
        });
    }
    let mut broken = 0;
    for _ in 0..if full() { 40 } else { 4 } {
        let done = project.ponte(&["resync"]);
        match done.code {
            Some(0 | 4) => {}
            // A line that breaks each time that a flow begins anew ends it with words about that.
            Some(3) => broken += 1,
            code => panic!("seed {seed}: {code:?} {}{}", done.stdout, done.stderr),
        }
    }
    let cuts = lines[0].counts().cuts + lines[1].counts().cuts;
    println!("{cuts} connections cut, {broken} runs ended early");
    assert!(cuts > 0, "seed {seed}: nothing was cut");
    for line in &lines {
        line.clear();
    }
    project.ponte(&["sync"]).exits_with(4);
    let before = shop::cells_of(&shop).await;

    let right = servers::mariadb("far::drops undisturbed").await;
    let erp = servers::postgres("far::drops undisturbed erp").await;
    shop::fill(&erp, &right).await;
    project.remove("ponte.toml");
    let mut project = Project::new();
    project.file("ponte.toml", &shop::project(&erp.url, &right.url));
    project.ponte(&["setup", "--run"]).succeeds();
    project.ponte(&["match", "--accept"]).succeeds();
    project.ponte(&["sync"]).exits_with(4);
    let differ = crate::sync::cells::changes(&shop::cells_of(&right).await, &before);
    assert!(differ.is_empty(), "seed {seed}:\n{differ}");
}

/// More rows of a batch do not mean more times to wait for the server: nothing is asked or written row by row.
#[tokio::test]
async fn round_trips_do_not_grow_with_the_rows_of_a_batch() {
    let mut found = Vec::new();
    for articles in [100, 400] {
        let test = format!("far::batch {articles}");
        let erp = servers::sqlite(&format!("{test} erp"));
        let shop = servers::mariadb(&format!("{test} shop")).await;
        shop::fill(&erp, &shop).await;
        let numbers = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {articles})"
        );
        let mut client = erp.client().await;
        for insert in [
            "INSERT INTO articles (sku, tax_class) SELECT 'N' || i, 'IVA22' FROM n",
            "INSERT INTO article_texts (sku, language, name) SELECT 'N' || i, 'en', 'New ' || i FROM n",
            "INSERT INTO prices (sku, list, amount) SELECT 'N' || i, 'public', '12.50' FROM n",
            "INSERT INTO stock (sku, warehouse, quantity) SELECT 'N' || i, 'WH', '5' FROM n",
        ] {
            let (table, rest) = insert.split_once(" SELECT ").expect("a SELECT");
            client
                .run(&format!("{table} {numbers} SELECT {rest}"))
                .await;
        }
        let proxy = Proxy::start(&shop.url);
        let pipeline = Pipeline::new(&shop::project(&erp.url, &proxy.url(&shop.url))).await;
        let mut trips = Vec::new();
        for what in ["first load", "nothing changed", "full"] {
            proxy.reset_counts();
            let options = if what == "full" { whole() } else { changed() };
            pipeline.sync(&options).await;
            let counts = proxy.counts();
            println!("{articles} articles, {what}: {counts:?}");
            trips.push(counts.round_trips);
        }
        found.push(trips);
    }
    for (few, many) in found[0].iter().zip(&found[1]) {
        assert!(many * 10 <= few * 13, "{found:?}");
    }
}

/// Others have all the connections that a login may have: ponte waits for one, and says so if none comes free.
async fn crowded(target: Database, login: &str, limit: &[String], said: &str) {
    let source = servers::sqlite(&format!("far::crowded source of {}", target.name));
    source.client().await.load(&self::source(10)).await;
    let mut admin = target.client().await;
    admin.run(TARGET).await;
    for statement in limit {
        admin.run(statement).await;
    }
    let url = servers::with_login(&target.url, login, "ponte");
    let proxy = Proxy::start(&target.url);
    let mut project = Project::new();
    let text = flow(&source.url, &proxy.url(&url));
    project.file("ponte.toml", &servers::without_secrets(&text));
    project.env("PASSWORD", "ponte");
    project.ponte(&["setup", "--run"]).succeeds();

    let all = || async { [Client::connect(&url).await, Client::connect(&url).await] };
    let others = all().await;
    let refused = project.ponte(&["sync"]).exits_with(3);
    assert!(refused.stdout.contains(said), "{refused}");
    assert!(
        refused
            .stdout
            .contains("let the server take more connections of this user"),
        "{refused}"
    );

    proxy.reset_counts();
    let mut waiting = project.start(&["sync"]);
    while proxy.counts().connections < 3 {
        assert!(!waiting.has_ended(), "it did not wait");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(others);
    waiting.wait().succeeds();
    let sql = "SELECT count(*) FROM target WHERE name = concat('name ', code)";
    assert_eq!(admin.value(sql).await.as_deref(), Some("10"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_connections_in_mariadb_is_waited_for() {
    let target = servers::mariadb("far::crowded in mariadb").await;
    let login = format!("crowded{}", std::process::id());
    let limit = [
        format!("CREATE OR REPLACE USER {login} IDENTIFIED BY 'ponte' WITH MAX_USER_CONNECTIONS 2"),
        format!("GRANT ALL ON {}.* TO {login}", target.name),
    ];
    crowded(target, &login, &limit, "max_user_connections").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_connections_in_postgres_is_waited_for() {
    let target = servers::postgres("far::crowded in postgres").await;
    let login = format!("crowded{}", std::process::id());
    let limit = [
        format!("CREATE ROLE {login} LOGIN PASSWORD 'ponte' CONNECTION LIMIT 2"),
        format!("GRANT ALL ON DATABASE {} TO {login}", target.name),
        format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {login}"),
    ];
    crowded(target, &login, &limit, "too many connections for role").await;
}
