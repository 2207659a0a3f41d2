//! The running service's page, API and metrics: over the wire, and in a real browser.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::browser::{Browser, ENTER};
use crate::support::http::{Answer, ask, free_port, try_ask};
use crate::support::project::{Project, Running};
use crate::support::servers::{self, Database};

const WAIT_MAX: Duration = Duration::from_secs(120);
const ACT: &str = "may-act-may-act-may-act";
const LOOK: &str = "may-look-may-look-may-look";

/// `ponte run` with a page, on the embedded ERP and shop.
struct Service {
    port: u16,
    shop: Database,
    erp: Database,
    project: Project,
    _running: Running,
}

async fn service(test: &str, keys: &str) -> Service {
    let erp = servers::sqlite(&format!("{test} erp"));
    let shop = servers::sqlite(&format!("{test} shop"));
    let mut client = erp.client().await;
    client.load_file("schemas/reference/sqlite.sql").await;
    client.load_file("tests/cases/cli/erp.sql").await;
    // Something for a person to look at, whose name would like to be more than a name.
    client
        .run("INSERT INTO tax_classes (code, description, rate) VALUES ('NONE', 'of no shop', '4')")
        .await;
    client
        .run("INSERT INTO articles (sku, tax_class) VALUES ('<b>X</b>', 'NONE')")
        .await;
    client
        .run("INSERT INTO article_texts (sku, language, name) VALUES ('<b>X</b>', 'en', 'Bold')")
        .await;
    let mut client = shop.client().await;
    client.load_file("schemas/woocommerce/sqlite.sql").await;
    client.load_file("tests/cases/woocommerce/seed.sql").await;
    let port = free_port();
    let mut project = Project::new();
    let text = format!(
        r#"
[erp]
pack = "reference"
url  = "{}"
[shop.main]
pack       = "woocommerce"
url        = "{}"
language   = "en"
price_list = "public"
warehouses = ["WH"]
orders.since = 2026-01-01T00:00:00Z
[shop.main.tax]
IVA22  = {{ rate = 22, class = "" }}
EXEMPT = {{ rate = 0, class = "zero-rate" }}
[schedule]
zone = "UTC"
[schedule.flows]
price   = "demand"
article = "300d"
[service]
listen = "127.0.0.1:{port}"
token  = "${{ACT}}"
{keys}"#,
        erp.url, shop.url
    );
    project.file("ponte.toml", &text);
    project.env("ACT", ACT).env("LOOK", LOOK);
    project.ponte(&["setup", "--run"]).succeeds();
    project.ponte(&["match", "--accept"]);
    let running = project.start(&["run"]);
    let service = Service {
        port,
        shop,
        erp,
        project,
        _running: running,
    };
    service
        .until("/health/ready", |answer| answer.status == 200)
        .await;
    service
        .until_flow("main/article", |flow| {
            flow["last"]["outcome"] == "quarantined"
        })
        .await;
    service
}

impl Service {
    fn get(&self, path: &str) -> Answer {
        ask(
            self.port,
            "GET",
            path,
            &[("Authorization", &format!("Bearer {LOOK}"))],
            "",
        )
    }

    fn post(&self, path: &str, token: &str) -> Answer {
        ask(
            self.port,
            "POST",
            path,
            &[("Authorization", &format!("Bearer {token}"))],
            "",
        )
    }

    async fn until(&self, path: &str, is_so: impl Fn(&Answer) -> bool) -> Answer {
        let began = Instant::now();
        let headers = [("Authorization", format!("Bearer {LOOK}"))];
        let headers = headers
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        loop {
            let answer = match try_ask(self.port, "GET", path, &headers, "") {
                Ok(answer) if is_so(&answer) => return answer,
                other => other,
            };
            assert!(began.elapsed() < WAIT_MAX, "{path}: {answer:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn until_flow(&self, flow: &str, is_so: impl Fn(&Value) -> bool) {
        let found = |answer: &Answer| {
            let document: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            let flows = document["flows"].as_array().cloned().unwrap_or_default();
            flows
                .iter()
                .any(|found| found["flow"] == flow && is_so(found))
        };
        self.until("/api/flows", found).await;
    }

    async fn posts_of(&self, sku: &str) -> Option<String> {
        let query = format!("SELECT count(*) FROM wp_wc_product_meta_lookup WHERE sku = '{sku}'");
        self.shop.client().await.value(&query).await
    }
}

#[tokio::test]
async fn machines_look_and_act_with_tokens() {
    let service = service("page::api", "look_token = \"${LOOK}\"\n").await;
    // Nobody looks without a token, nobody acts with the one for looking.
    for path in [
        "/api/flows",
        "/api/runs",
        "/api/quarantine",
        "/api/explain?sku=A",
        "/metrics",
        "/help",
    ] {
        assert_eq!(
            ask(service.port, "GET", path, &[], "").status,
            401,
            "{path}"
        );
        assert_eq!(service.get(path).status, 200, "{path}");
    }
    assert_eq!(
        ask(service.port, "GET", "/", &[], "").header("location"),
        Some("/login")
    );
    let run = "/api/flows/main/price/run";
    assert_eq!(ask(service.port, "POST", run, &[], "").status, 401);
    assert_eq!(service.post(run, LOOK).status, 403);
    assert_eq!(service.post(run, "may-act-may-act-may-ac").status, 401);
    let bearer = format!("Bearer {ACT}");
    let got = ask(service.port, "GET", run, &[("Authorization", &bearer)], "");
    assert_eq!(got.status, 405, "nothing is done by GET");
    let unknown = service.post("/api/flows/main/prise/run", ACT);
    assert_eq!(unknown.status, 404);
    assert!(
        unknown.body.contains("there is no such flow"),
        "{unknown:?}"
    );
    assert_eq!(service.post("/api/flows/main/price/stop", ACT).status, 404);
    assert_eq!(service.post(run, ACT).status, 202);
    service
        .until_flow("main/price", |flow| flow["last"]["read"] == 4)
        .await;

    service.post("/api/flows/main/price/pause", ACT);
    service
        .until_flow("main/price", |flow| flow["paused"] == true)
        .await;
    service.post("/api/flows/main/price/resume", ACT);
    service
        .until_flow("main/price", |flow| flow["paused"] == false)
        .await;

    let runs: Value = serde_json::from_str(&service.get("/api/runs?flow=main/price").body).unwrap();
    assert_eq!(runs["runs"][0]["flow"], "main/price");
    let quarantine: Value = serde_json::from_str(&service.get("/api/quarantine").body).unwrap();
    let keys = quarantine["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| &record["key"]);
    assert!(
        keys.into_iter().any(|key| key == "<b>X</b>"),
        "{quarantine}"
    );
    let metrics = service.get("/metrics").body;
    for line in [
        "ponte_runs_total{flow=\"main/article\",outcome=\"quarantined\"} 1",
        "ponte_runs_total{flow=\"main/price\",outcome=\"failed\"} 0",
        "ponte_late{flow=\"main/stock\"} 0",
        "ponte_late{flow=\"main/verify\"} 0",
        "ponte_read_total{flow=\"main/price\"} 4",
        "ponte_written_total{flow=\"main/price\"} 4",
        "# TYPE ponte_written_total counter",
        "# TYPE ponte_errors_total counter",
    ] {
        assert!(
            metrics.lines().any(|found| found == line),
            "{line}\n{metrics}"
        );
    }
    let figure = |name: &str| -> f64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.expect(name).trim().parse().expect("a figure")
    };
    // A run took its time, and lately: that is all that can be said of a clock.
    let seconds = figure("ponte_run_seconds_total{flow=\"main/price\"}");
    assert!(seconds > 0.0, "{metrics}");
    assert_eq!(
        figure("ponte_last_run_seconds{flow=\"main/price\"}"),
        seconds,
        "of its only run"
    );
    let ended = figure("ponte_last_good_timestamp_seconds{flow=\"main/price\"}");
    let flows: Value = serde_json::from_str(&service.get("/api/flows").body).unwrap();
    let mut flows = flows["flows"].as_array().unwrap().iter();
    let price = flows.find(|flow| flow["flow"] == "main/price").unwrap();
    let good: chrono::DateTime<chrono::Utc> = price["last_good"].as_str().unwrap().parse().unwrap();
    assert_eq!((ended * 1000.0).round(), good.timestamp_millis() as f64);
    assert_eq!(price["last"]["ended"], price["last_good"]);
    for (language, heading) in [
        ("en", "# When something is not as it should be"),
        ("it", "# Quando qualcosa non è come dovrebbe"),
    ] {
        let help = service.get(&format!("/help?lang={language}")).body;
        assert!(help.contains(heading) && help.contains("P344"), "{help}");
    }
    let health = ask(service.port, "GET", "/health", &[], "");
    assert_eq!(
        (health.status, health.body.as_str()),
        (200, r#"{"status":"ok"}"#)
    );
    let openapi: Value = serde_json::from_str(&service.get("/openapi.json").body).unwrap();
    for path in openapi["paths"].as_object().unwrap().keys() {
        let path = path.replace("{flow}", "main/price");
        let status = service.get(&path).status;
        assert!(status != 404, "{path}: {status}");
    }
}

#[tokio::test]
async fn pages_elsewhere_reach_nothing() {
    let service = service("page::foreign", "").await;
    for host in ["evil.example", "evil.example:80", "127.0.0.1", ""] {
        let answer = ask(service.port, "GET", "/api/flows", &[("Host", host)], "");
        assert!(
            matches!(answer.status, 400 | 421),
            "{host}: {}",
            answer.status
        );
    }
    let page = ask(service.port, "GET", "/quarantine", &[], "");
    assert!(
        page.body.contains("&lt;b&gt;X") && !page.body.contains("<b>X"),
        "{}",
        page.body
    );
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("default-src 'none'")
    );

    // A cookie alone does nothing: a form needs what only a page of the session holds.
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let wrong = ask(service.port, "POST", "/login", &form, "token=wrong");
    assert_eq!((wrong.status, wrong.header("set-cookie")), (401, None));
    let logged_in = ask(
        service.port,
        "POST",
        "/login",
        &form,
        &format!("token={ACT}"),
    );
    assert_eq!(logged_in.status, 303);
    let cookie = logged_in.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    let with = [form[0], ("Cookie", cookie)];
    let order = "flow=main%2Fprice&wanted=run";
    assert_eq!(ask(service.port, "POST", "/act", &with, order).status, 403);
    assert_eq!(
        ask(
            service.port,
            "POST",
            "/act",
            &with,
            &format!("{order}&form=")
        )
        .status,
        403
    );
    let page = ask(service.port, "GET", "/", &with[1..], "").body;
    let secret = page.split_once("name=\"form\" value=\"").unwrap().1;
    let secret = secret.split_once('"').unwrap().0;
    let order = format!("{order}&form={secret}");
    let foreign = [with[0], with[1], ("Origin", "http://evil.example")];
    assert_eq!(
        ask(service.port, "POST", "/act", &foreign, &order).status,
        403
    );
    assert_eq!(ask(service.port, "POST", "/act", &with, &order).status, 303);
    service
        .until_flow("main/price", |flow| flow["last"]["read"] == 4)
        .await;
    ask(service.port, "POST", "/logout", &with, "");
    assert_eq!(ask(service.port, "POST", "/act", &with, &order).status, 401);
}

#[tokio::test]
async fn people_look_and_act_in_a_browser() {
    let service = service("page::browser", "").await;
    let root = format!("http://127.0.0.1:{}", service.port);
    // A phone of somebody who reads Italian, and has no mouse.
    let browser = Browser::open(400, 800, "it");
    browser.go(&root);
    browser.shows(&["Flussi", "main/article"]);
    let fits = browser.script("return document.documentElement.scrollWidth <= window.innerWidth");
    assert_eq!(fits, true, "nothing has to be scrolled sideways");
    assert_eq!(
        browser.script("return document.querySelectorAll('button').length"),
        0
    );

    browser.tab_to("Accedi");
    browser.keys(ENTER);
    browser.tab_to("token");
    browser.keys(&format!("{ACT}{ENTER}"));
    browser.shows(&["Sospendi"]);
    let fits = browser.script("return document.documentElement.scrollWidth <= window.innerWidth");
    assert_eq!(fits, true, "nor with buttons");
    browser.tab_to("Esegui ora: main/price");
    browser.keys(ENTER);
    service
        .until_flow("main/price", |flow| flow["last"]["read"] == 4)
        .await;
    browser.go(&root);
    browser.tab_to("Sospendi: main/price");
    browser.keys(ENTER);
    service
        .until_flow("main/price", |flow| flow["paused"] == true)
        .await;
    browser.go(&root);
    browser.shows(&["sospeso"]);

    browser.go(&format!("{root}/explain"));
    browser.tab_to("sku");
    browser.keys(&format!("TOOL-1{ENTER}"));
    browser.shows(&["giacenza", "on hand"]);
    browser.go(&format!("{root}/quarantine?lang=en"));
    browser.shows(&["<b>X</b>", "Try again"]);
    // The button tries its record, and no other: the flow's own run is that of the service's start.
    let history = async || {
        let runs = service.get("/api/runs?flow=main/article").body;
        let runs: Value = serde_json::from_str(&runs).expect("JSON");
        let runs = runs["runs"].as_array().expect("runs").iter();
        let ended = runs.filter(|run| run["finished"].is_string());
        ended
            .map(|run| run["scope"].to_string())
            .collect::<Vec<_>>()
    };
    let part = "\"part\"".to_owned();
    assert!(!history().await.contains(&part));
    browser.tab_to("Try again: main/article <b>X</b>");
    browser.keys(ENTER);
    let began = Instant::now();
    while !history().await.contains(&part) {
        assert!(began.elapsed() < WAIT_MAX, "it is not tried again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    browser.shows(&["<b>X</b>"]);
    assert_eq!(service.posts_of("TOOL-1").await.as_deref(), Some("1"));

    // The sum as a picture is whole on the narrowest of phones.
    let phone = Browser::open(360, 740, "it");
    phone.go(&format!("{root}/explain?sku=TOOL-1"));
    phone.shows(&["giacenza", "disponibile"]);
    let fits = phone.script("return document.documentElement.scrollWidth <= window.innerWidth");
    assert_eq!(fits, true, "nothing has to be scrolled sideways");
    let drawn = phone.script(
        "return [...document.querySelectorAll('.sum svg')].map(svg => {
            const [all, bar] = [svg, svg.querySelector('rect')].map(one => one.getBoundingClientRect());
            return [bar.left >= all.left - 1 && bar.right <= all.right + 1, bar.width / all.width];
        })",
    );
    let bars = drawn.as_array().expect("bars");
    assert!(bars.iter().all(|bar| bar[0] == true), "{drawn}");
    let longest = bars.iter().filter_map(|bar| bar[1].as_f64());
    let longest = longest.fold(0.0, f64::max);
    assert!((0.98..=1.02).contains(&longest), "{drawn}");
}

#[tokio::test]
async fn articles_sold_too_often_are_told_as_oversold() {
    let service = service("page::oversold", "").await;
    let mut erp = service.erp.client().await;
    for statement in [
        "INSERT INTO customers (number, name) VALUES ('C1', 'Rossi')",
        "INSERT INTO orders (number, customer, status, order_date) VALUES ('E1', 'C1', 'confirmed', '2026-06-01')",
        "INSERT INTO order_lines (order_number, line, sku, warehouse, quantity) VALUES ('E1', 1, 'TOOL-2', 'WH', '5')",
    ] {
        erp.run(statement).await;
    }
    // The shop's own articles of which a person is told have another reason.
    let mut shop = service.shop.client().await;
    for statement in [
        "DELETE FROM wp_postmeta WHERE meta_key = '_sku' AND meta_value IN ('CAP-R', 'CAP-B')",
        "DELETE FROM wp_wc_product_meta_lookup WHERE sku IN ('CAP-R', 'CAP-B')",
    ] {
        shop.run(statement).await;
    }
    let run = "/api/flows/main/stock/run";
    assert_eq!(service.post(run, ACT).status, 202);
    for (language, word) in [("en", "oversold"), ("it", "venduto oltre la giacenza")] {
        let word = format!("<span class=\"state oversold\">{word}</span>");
        let is_told = |answer: &Answer| answer.body.contains(&word);
        service.until(&format!("/?lang={language}"), is_told).await;
    }
    let said = service.project.ponte(&["status"]).succeeds().stdout;
    for line in [
        "  oversold  ",
        "main/stock: 1 article was oversold when it last ran",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let list = ["quarantine", "list", "main/stock"];
    let list = service.project.ponte(&list).succeeds().stdout;
    assert_eq!(list, "Nothing is in quarantine.\n");
}
