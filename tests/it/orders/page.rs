//! The page at the desk: what waits for approval is decided there, and an order's story is told, by keyboard on a small screen.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::place::{Between, Order};
use crate::support::browser::{Browser, ENTER};
use crate::support::http::{Answer, ask, free_port};
use crate::sync::pair::On;

/// However slow the machine is.
const WAIT_MAX: Duration = Duration::from_secs(120);
const ACT: &str = "may-act-may-act-may-act";
const LOOK: &str = "may-look-may-look-may-look";

struct Desk {
    port: u16,
}

impl Desk {
    fn send(&self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
        ];
        ask(self.port, method, path, &headers, body)
    }

    fn get(&self, path: &str) -> Value {
        let answer = self.send("GET", path, LOOK, "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        serde_json::from_str(&answer.body).expect("a JSON document")
    }

    /// Of all questions that were ever asked, this one.
    fn question(&self, id: &str) -> Value {
        let all = self.get("/api/approvals?all=true");
        let all = all["approvals"].as_array().expect("a list").clone();
        let found = all.into_iter().find(|one| one["id"] == id);
        found.unwrap_or_else(|| panic!("nothing is asked by {id}"))
    }

    async fn until(&self, path: &str, pointer: &str, expected: &str) {
        let began = Instant::now();
        loop {
            let answer = self.send("GET", path, LOOK, "");
            let found: Value = serde_json::from_str(&answer.body).unwrap_or_default();
            if found.pointer(pointer).is_some_and(|one| one == expected) {
                return;
            }
            assert!(began.elapsed() < WAIT_MAX, "{path}: {found}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[tokio::test]
async fn questions_are_decided_and_orders_told_on_the_page() {
    let mut between = Between::new("orders page", On::Sqlite, On::Sqlite).await;
    between.project.ponte(&["match", "--accept"]);
    between
        .project
        .ponte(&["sync", "main/article", "main/price"]);
    let port = free_port();
    let text = between.project.read("ponte.toml");
    between.project.file(
        "ponte.toml",
        &format!(
            r#"{text}
[shop.main.price]
approve = "number(new._regular_price) < number(old._regular_price) * 0.8"
[[shop.main.orders.accept]]
if   = "total > 50"
take = "after approval"
[schedule.flows]
category  = "demand"
article   = "demand"
price     = "demand"
stock     = "demand"
order     = "demand"
verify    = "demand"
reconcile = "demand"
[service]
listen     = "127.0.0.1:{port}"
token      = "${{ACT}}"
look_token = "${{LOOK}}"
"#
        ),
    );
    between.project.env("ACT", ACT).env("LOOK", LOOK);
    between
        .place(&[
            Order::usual(1001),
            Order::usual(1002),
            Order::of_pieces(1003, 4),
        ])
        .await;
    let mut erp = between.erp.client().await;
    erp.run("UPDATE prices SET amount = amount * 0.5 WHERE sku = 'TOOL-1'")
        .await;
    between.project.ponte(&["sync", "main/order"]).exits_with(4);
    between.project.ponte(&["sync", "main/price"]).exits_with(4);
    let _running = between.project.start(&["run"]);
    let desk = Desk { port };
    let began = Instant::now();
    while crate::support::http::try_ask(port, "GET", "/health/ready", &[], "")
        .map_or(0, |answer| answer.status)
        != 200
    {
        assert!(began.elapsed() < WAIT_MAX, "the service does not start");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    // Machines: what is decided is what was shown, by whoever may act, and no rejection without a reason.
    let asked = desk.question("main/order/1003");
    let digest = asked["digest"].as_str().expect("a digest");
    let word = |digest: &str, why: &str| {
        serde_json::json!({ "id": "main/order/1003", "digest": digest, "why": why }).to_string()
    };
    let accept = "/api/approvals/accept";
    for (path, token, body, status) in [
        (accept, LOOK, word(digest, ""), 403),
        (accept, ACT, word("of another content", ""), 409),
        ("/api/approvals/reject", ACT, word(digest, " "), 400),
        (
            accept,
            ACT,
            word(digest, "").replace("1003", "no such order"),
            409,
        ),
        (accept, ACT, word(digest, ""), 200),
        (accept, ACT, word(digest, ""), 200),
    ] {
        let answer = desk.send("POST", path, token, &body);
        assert_eq!(answer.status, status, "{path} {body}: {}", answer.body);
    }
    let decided = desk.question("main/order/1003");
    assert_eq!(
        (&decided["standing"], &decided["by"]),
        (&"accepted".into(), &"the API".into())
    );

    // People, on a phone, in Italian, without a mouse.
    let root = format!("http://127.0.0.1:{port}");
    let browser = Browser::open(400, 800, "it");
    browser.go(&root);
    browser.tab_to("token");
    browser.keys(LOOK);
    browser.keys(ENTER);
    browser.shows(&["Flussi"]);
    browser.go(&format!("{root}/approvals"));
    browser.shows(&["TOOL-1 / public", "_regular_price", "12.5", "6.25", "1001"]);
    let buttons = "return [...document.querySelectorAll('main button')].length";
    assert_eq!(
        browser.script(buttons),
        0,
        "who may only look decides nothing"
    );
    browser.go(&format!("{root}/login"));
    browser.tab_to("token");
    browser.keys(ACT);
    browser.tab_to("name");
    browser.keys(&format!("Ada{ENTER}"));
    browser.shows(&["Esegui ora", "ultimi 30 giorni"]);
    browser.go(&format!("{root}/approvals"));
    let fits = browser.script("return document.documentElement.scrollWidth <= window.innerWidth");
    assert_eq!(fits, true, "nothing has to be scrolled sideways");
    browser.tab_to("Approva: 1001");
    browser.keys(ENTER);
    browser.shows(&["1001 main/order, approvato"]);
    browser.tab_to("Perché: 1002");
    browser.keys(&format!("una frode{ENTER}"));
    let gone = "return document.body.innerText.includes('1002')";
    let began = Instant::now();
    while browser.script(gone) == true {
        assert!(began.elapsed() < WAIT_MAX, "1002 still waits");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let rejected = desk.question("main/order/1002");
    for (name, expected) in [
        ("standing", "rejected"),
        ("by", "Ada"),
        ("reason", "una frode"),
    ] {
        assert_eq!(rejected[name], expected, "{name}");
    }
    browser.tab_to("Approva: TOOL-1 / public");
    browser.keys(ENTER);
    browser.shows(&["TOOL-1 / public main/price, approvato"]);

    // What was approved comes in, what was rejected does not; the story says both.
    desk.send("POST", "/api/flows/main/order/run", ACT, "");
    desk.until(
        "/api/order?ref=1001",
        "/orders/0/document/number",
        "W100001",
    )
    .await;
    browser.go(&format!("{root}/order"));
    browser.tab_to("ref");
    browser.keys(&format!("W100001{ENTER}"));
    browser.shows(&["main/1001", "53.10 EUR", "W100001", "2 x TOOL-1", "aperto"]);
    let fits = browser.script("return document.documentElement.scrollWidth <= window.innerWidth");
    assert_eq!(fits, true, "nor an order's story");
    browser.go(&format!("{root}/order?ref=main%2F1002&lang=en"));
    browser.shows(&["In the ERP since", "rejected: una frode"]);
    browser.tab_to("Italiano");
    browser.keys(ENTER);
    browser.shows(&["Nel gestionale dal", "main/1002"]);
    browser.go(&format!("{root}/order?ref=nowhere"));
    browser.shows(&["Nessun negozio ha questo ordine."]);
    let unknown = desk.send("GET", "/api/order?ref=nowhere", LOOK, "");
    assert_eq!(unknown.status, 404);
    desk.send("POST", "/api/flows/main/price/run", ACT, "");
    let mut shop = between.shop.client().await;
    let price =
        "SELECT meta_value FROM wp_postmeta WHERE meta_key = '_regular_price' AND post_id = 101";
    let began = Instant::now();
    while shop.value(price).await.as_deref() != Some("6.25") {
        assert!(began.elapsed() < WAIT_MAX, "the price was approved");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    between.assert_whole(2).await;
}
