//! `ponte reload`: a changed project is taken by the service that runs, flow by flow; a wrong one is not.

use crate::service::{NAMES, project, signal, until};
use crate::support::project::Project;
use crate::support::servers;
use std::time::Duration;

#[tokio::test]
async fn a_command_hears_what_the_service_makes_of_the_project() {
    let schedule =
        "agents0 = \"demand\"\nagents1 = \"demand\"\ncopy0 = \"demand\"\ncopy1 = \"demand\"\n";
    let (_erp, [shop, _], mut project) = project("reload::command", schedule).await;
    let nobody = project.ponte(&["reload"]).exits_with(2);
    assert!(
        nobody.stderr.contains("no running service has answered"),
        "{nobody}"
    );
    assert!(!project.path(".ponte/reload.request").exists());

    let before = project.read("ponte.toml");
    let running = project.start(&["run"]);
    while !project.path(".ponte/log").exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let at = |when: &str| before.replace("agents0 = \"demand\"", &format!("agents0 = \"{when}\""));
    project.file("ponte.toml", &at("now"));
    let wrong = project.ponte(&["reload"]).exits_with(2);
    assert!(
        wrong.stderr.contains("`now` says no time to run"),
        "{wrong}"
    );
    // The service sees what this command does not: a password that only its environment lacks.
    let needs = format!(
        "{}\n[service]\nlisten = \"127.0.0.1:0\"\ntoken = \"${{RELOAD_TOKEN}}\"\n",
        at("1h")
    );
    project.file("ponte.toml", &needs);
    project.env("RELOAD_TOKEN", "a token of many letters");
    let refused = project.ponte(&["reload"]).exits_with(2);
    assert!(refused.stderr.contains("RELOAD_TOKEN"), "{refused}");
    assert_eq!(shop.client().await.value(NAMES).await, None);
    // Beside the project both see it.
    project.file(
        "ponte.env",
        "# for the service\nRELOAD_TOKEN=\"another one of many letters\"\n",
    );
    project.ponte(&["reload"]).succeeds();
    until(&shop, NAMES, "Anna,Bruno").await;
    signal(&running, "-TERM");
    let said = running.wait().succeeds().stderr;
    for line in [
        "the project as it was before is kept",
        "each flow runs by it from its next run on",
        "agents0  every 1h",
        "stopped",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
}

#[tokio::test]
async fn a_flow_that_takes_long_holds_up_no_other_databases_reload() {
    let erp = servers::postgres("reload::long erp").await;
    let shops = [1, 2].map(|number| servers::sqlite(&format!("reload::long shop {number}")));
    let mut client = erp.client().await;
    client
        .run("CREATE TABLE agent (code text PRIMARY KEY, name text NOT NULL)")
        .await;
    client
        .run("INSERT INTO agent VALUES ('A', 'Anna'), ('B', 'Bruno')")
        .await;
    for shop in &shops {
        let mut client = shop.client().await;
        client
            .run("CREATE TABLE agent (code TEXT PRIMARY KEY, name TEXT NOT NULL)")
            .await;
    }
    let mut project = Project::new();
    let text = format!(
        r#"
[connection.erp]
url = "{}"
[connection.slow]
url = "{}"
[connection.quick]
url = "{}"
[flow.slow]
from = {{ connection = "connection.erp", sql = "SELECT a.code, a.name FROM agent a, pg_sleep(600)", key = ["code"] }}
to = {{ connection = "connection.slow", table = "agent", match = {{ code = "code" }}, set = {{ name = "name" }} }}
[flow.quick]
from = {{ connection = "connection.erp", table = "agent", key = ["code"] }}
to = {{ connection = "connection.quick", table = "agent", match = {{ code = "code" }}, set = {{ name = "name" }} }}
[schedule.flows]
verify = "demand"
slow = "1h"
quick = "demand"
"#,
        erp.url, shops[0].url, shops[1].url
    );
    project.file("ponte.toml", &text);
    project.ponte(&["setup", "--run"]).succeeds();
    let running = project.start(&["run"]);
    let asleep = "SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND state = 'active' AND datname = current_database() AND pid <> pg_backend_pid()";
    until(&erp, asleep, "t").await;
    project.file(
        "ponte.toml",
        &text.replace("quick = \"demand\"", "quick = \"10s\""),
    );
    project.ponte(&["reload"]).succeeds();
    until(&shops[1], NAMES, "Anna,Bruno").await;
    assert_eq!(
        client.value(asleep).await.as_deref(),
        Some("t"),
        "it has not been waited for"
    );
    // Nor is a stop held up by what comes to its end.
    signal(&running, "-TERM");
    let said = running.wait().succeeds().stderr;
    assert!(said.contains("slow: interrupted"), "{said}");
    assert_eq!(shops[0].client().await.value(NAMES).await, None);
}
