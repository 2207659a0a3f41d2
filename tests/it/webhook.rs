//! A shop's webhook has a flow run, and can do nothing else.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::requests::{ASLEEP, gated};
use crate::service::{NAMES, WAIT_MAX, project, signal, started, until};
use crate::support::http::{ask, free_port};
use crate::support::project::Project;

const RUN: &str = "/api/flows/agents0/run";
const SECRET: &str = "the-shops-own-secret-2026";
/// What WooCommerce would send, and its signature by this secret, as another program has computed it.
const BODY: &str = r#"{"id":1001,"status":"processing","billing":{"first_name":"Zoë"}}"#;
const SIGNATURE: &str = "2n1iSbKsSvBMbTfDNr/MQatVHMiY4HArEWqDK85dn5U=";
const BY_ANOTHER: &str = "fYWmC0W1xYLCaMcpTzbtDDlI1QWOQ5S1uA5yPgUYXnE=";
const WOOCOMMERCE: (&str, &str) = ("Content-Type", "application/json");

fn keys(port: u16) -> String {
    format!(
        "[service]\nlisten = \"127.0.0.1:{port}\"\ntoken = \"${{ACT}}\"\nlook_token = \"${{LOOK}}\"\nwebhook_token = \"${{HOOK}}\"\n"
    )
}

fn tokens(project: &mut Project) {
    project
        .env("ACT", "may-act-may-act-may-act")
        .env("LOOK", "may-look-may-look-may-look")
        .env("HOOK", SECRET);
}

#[tokio::test]
async fn a_shop_that_signs_or_sends_its_token_has_a_flow_run_and_nothing_else() {
    let port = free_port();
    let schedule =
        "agents0 = \"demand\"\nagents1 = \"demand\"\ncopy0 = \"demand\"\ncopy1 = \"demand\"\n";
    let (erp, [shop, _far], mut project) = project("webhook::signed", schedule).await;
    let text = project.read("ponte.toml");
    project.file("ponte.toml", &format!("{text}\n{}", keys(port)));
    tokens(&mut project);
    let running = started(&project, port).await;
    let post = |path: &str, headers: &[(&str, &str)], body: &str| {
        ask(port, "POST", path, headers, body).status
    };

    // WooCommerce asks whether somebody is there, and wants exactly 200; nothing runs by it.
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(post(RUN, &[form], "webhook_id=17"), 200);
    assert_eq!(post(RUN, &[form], "webhook_id=17&flow=agents0"), 401);
    assert_eq!(post(RUN, &[form], ""), 401);

    let signed = |signature| [WOOCOMMERCE, ("X-WC-Webhook-Signature", signature)];
    assert_eq!(post(RUN, &[WOOCOMMERCE], BODY), 401, "unsigned");
    assert_eq!(post(RUN, &signed(BY_ANOTHER), BODY), 401);
    assert_eq!(post(RUN, &signed("no base64"), BODY), 401);
    assert_eq!(
        post(RUN, &signed(SIGNATURE), &BODY.replace("1001", "1002")),
        401
    );
    let shown = ("Authorization", "Bearer the-shops-own-secret-2027");
    assert_eq!(post(RUN, &[shown], ""), 401, "unknown");
    assert_eq!(
        post(&format!("{RUN}?token=the-shops-own-secret-2027"), &[], ""),
        401
    );
    assert_eq!(
        post(&format!("{RUN}?token=may-act-may-act-may-act"), &[], ""),
        401
    );
    let look = ("Authorization", "Bearer may-look-may-look-may-look");
    assert_eq!(post(RUN, &[look], ""), 403, "known, without the right");
    assert_eq!(shop.client().await.value(NAMES).await, None, "nothing ran");

    assert_eq!(post(RUN, &signed(SIGNATURE), BODY), 202);
    until(&shop, NAMES, "Anna,Bruno").await;
    let mut client = erp.client().await;
    let bearer = ("Authorization", "Bearer the-shops-own-secret-2026");
    for (name, path, headers) in [
        ("Bice", RUN.to_owned(), vec![bearer]),
        ("Berta", format!("{RUN}?token={SECRET}"), vec![]),
        ("Bea", format!("{RUN}?token={SECRET}"), vec![form]),
    ] {
        client
            .run(&format!(
                "UPDATE agent SET name = '{name}' WHERE code = 'B'"
            ))
            .await;
        assert_eq!(post(&path, &headers, ""), 202, "{path}");
        until(&shop, NAMES, &format!("Anna,{name}")).await;
    }

    // Nothing else, and nothing is told to it.
    for path in ["resync", "pause", "resume"] {
        let path = format!("/api/flows/agents0/{path}");
        assert_eq!(post(&path, &[bearer], ""), 403, "{path}");
        assert_eq!(post(&path, &signed(SIGNATURE), BODY), 401, "{path}");
        assert_eq!(
            post(&format!("{path}?token={SECRET}"), &[], ""),
            401,
            "{path}"
        );
    }
    assert_eq!(post("/api/approvals/accept", &[bearer], "{}"), 403);
    for path in ["/", "/api/flows", "/api/runs", "/metrics"] {
        let asked = ask(port, "GET", path, &[bearer], "");
        assert_eq!(asked.status, 403, "{path}");
        let asked = ask(port, "GET", &format!("{path}?token={SECRET}"), &[], "");
        assert!([303, 401].contains(&asked.status), "{path}: {asked:?}");
    }
    let login = ask(port, "POST", "/login", &[form], &format!("token={SECRET}"));
    assert!(login.header("set-cookie").is_none(), "{login:?}");
    signal(&running, "-TERM");
    running.wait().succeeds();
}

#[tokio::test]
async fn a_shop_that_calls_often_has_one_run() {
    let port = free_port();
    let (erp, shop, mut project) = gated("webhook::often").await;
    let text = project.read("ponte.toml");
    let text = text.replace("[service]\nrequests = \"connection.erp\"\n", &keys(port));
    project.file("ponte.toml", &text);
    tokens(&mut project);
    let running = started(&project, port).await;
    let run = || {
        let path = format!("/api/flows/agents/run?token={SECRET}");
        assert_eq!(ask(port, "POST", &path, &[], "").status, 202);
    };
    run();
    until(&erp, ASLEEP, "t").await;
    // More than could wait if each were a run of its own.
    for _ in 0..150 {
        run();
    }
    let mut client = erp.client().await;
    client.run("UPDATE gate SET closed = false").await;
    client.run("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND datname = current_database() AND pid <> pg_backend_pid()").await;
    until(&shop, NAMES, "Anna,Bruno").await;
    let began = Instant::now();
    loop {
        let look = [("Authorization", "Bearer may-look-may-look-may-look")];
        let flows = ask(port, "GET", "/api/flows", &look, "");
        let flows: Value = serde_json::from_str(&flows.body).expect("JSON");
        let flow = &flows["flows"][0];
        if flow["queued"] == false && flow["running"].is_null() && flow["totals"]["done"] == 1 {
            assert_eq!(
                flow["totals"]["failed"], 1,
                "the one that was cancelled: {flow}"
            );
            break;
        }
        assert!(began.elapsed() < WAIT_MAX, "{flow}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The next call is heard again.
    client
        .run("UPDATE agent SET name = 'Bice' WHERE code = 'B'")
        .await;
    run();
    until(&shop, NAMES, "Anna,Bice").await;
    let runs = project.ponte(&["runs", "agents", "--json"]).succeeds();
    let runs: Value = serde_json::from_str(&runs.stdout).expect("JSON");
    assert_eq!(runs["runs"].as_array().expect("runs").len(), 3, "{runs}");
    signal(&running, "-TERM");
    running.wait().succeeds();
}
