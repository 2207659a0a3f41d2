//! What `ponte grants` prints is enough for everything, and `ponte check` misses each part of it that is taken away.

use crate::support::client::Client;
use crate::support::pipeline::Pipeline;
use crate::support::project::Project;
use crate::support::servers::{self, Database};
use ponte::check::check;
use ponte::connections::Connections;
use serde_json::Value;

use super::shop;

/// The statements of one connection: what they are about, and themselves.
struct Printed {
    object: String,
    privileges: Vec<String>,
    statement: String,
    remark: Option<String>,
    lacking: usize,
}

fn printed(json: &Value, connection: &str) -> Vec<Printed> {
    let all = json["connections"].as_array().expect("connections");
    let of = all.iter().find(|one| one["connection"] == connection);
    let grants = of.expect("the connection")["grants"]
        .as_array()
        .expect("grants");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let one = |grant: &Value| Printed {
        object: text(&grant["object"]).expect("a text"),
        privileges: grant["privileges"]
            .as_array()
            .expect("privileges")
            .iter()
            .filter_map(text)
            .collect(),
        statement: text(&grant["statement"]).expect("a text"),
        remark: text(&grant["remark"]),
        lacking: grant["lacking"].as_array().map_or(0, Vec::len),
    };
    grants.iter().map(one).collect()
}

struct Side {
    name: &'static str,
    database: Database,
    admin: Client,
    login: String,
}

#[tokio::test]
async fn logins_with_exactly_what_is_printed_can_do_everything() {
    let erp = servers::postgres("grants erp").await;
    let shop_database = servers::mariadb("grants shop").await;
    shop::fill(&erp, &shop_database).await;
    let (erp_login, shop_login) = (
        format!("{}_login", erp.name),
        format!("p{}", std::process::id()),
    );
    let text = shop::project(
        &servers::with_login(&erp.url, &erp_login, "geheim"),
        &servers::with_login(&shop_database.url, &shop_login, "geheim"),
    )
    .replace(
        "[shop.main]\n",
        "[erp.article]\nchanges = \"timestamp\"\n[erp.price]\nchanges = \"timestamp\"\n[shop.main]\n",
    );
    // The administrator's part: logins, and ponte's own tables.
    let mut sides = [
        Side {
            name: "erp",
            admin: erp.client().await,
            database: erp,
            login: erp_login,
        },
        Side {
            name: "shop.main",
            admin: shop_database.client().await,
            database: shop_database,
            login: shop_login,
        },
    ];
    let Side { admin, login, .. } = &mut sides[0];
    admin.run(&format!("DROP ROLE IF EXISTS {login}")).await;
    admin
        .run(&format!("CREATE ROLE {login} LOGIN PASSWORD 'geheim'"))
        .await;
    admin.run("REVOKE ALL ON SCHEMA public FROM PUBLIC").await;
    let Side { admin, login, .. } = &mut sides[1];
    admin
        .run(&format!(
            "CREATE OR REPLACE USER '{login}'@'%' IDENTIFIED BY 'geheim'"
        ))
        .await;
    let urls = [&sides[0].database.url, &sides[1].database.url];
    let admins = Pipeline::new(&shop::project(urls[0], urls[1])).await;
    for name in ["erp", "shop.main"] {
        let engine = admins.connections.engine(name).expect("an engine");
        let mut session = engine.connect().await.expect("a connection");
        let own = admins.connections.own(name);
        own.create(session.as_mut()).await.expect("ponte's tables");
    }
    drop(admins);

    let mut project = Project::new();
    project.file("ponte.toml", &text);
    let first = project.ponte(&["grants", "--json"]).succeeds().stdout;
    assert!(!first.contains("geheim"), "a password is printed");
    let first: Value = serde_json::from_str(&first).expect("JSON");
    // On MariaDB the login cannot even connect yet: the names in the mapping are all there is.
    assert_eq!(first["connections"][1]["asked"], false, "{first:#}");
    for side in &mut sides {
        for grant in printed(&first, side.name) {
            let done = side.admin.try_run(&grant.statement).await;
            assert!(
                done.is_ok() || grant.remark.is_some(),
                "{}: {done:?}",
                grant.statement
            );
        }
    }
    let second = project.ponte(&["grants", "--json"]).succeeds().stdout;
    let second: Value = serde_json::from_str(&second).expect("JSON");
    for side in &sides {
        for grant in printed(&second, side.name) {
            assert_eq!(grant.lacking, 0, "{}", grant.statement);
        }
    }

    project.ponte(&["check"]).succeeds();
    for command in [
        &["match", "--accept"][..],
        &["sync", "--dry-run"],
        &["sync", "--try", "5"],
        &["sync"],
        &["sync"],
        &["resync"],
        &["verify"],
        &["explain", "TOOL-1"],
        &["status"],
    ] {
        let done = project.ponte(command);
        // Two variations that sell from one figure are for a person to look at.
        assert!(
            matches!(done.code, Some(0 | 4)),
            "{command:?}: {}{}",
            done.stdout,
            done.stderr
        );
    }
    // What an article has lost, or is deleted: rows go.
    sides[0]
        .admin
        .load(
            "UPDATE prices SET sale_amount = NULL, updated_at = now();
             DELETE FROM article_categories;
             UPDATE articles SET weight = NULL, updated_at = now()",
        )
        .await;
    let done = project.ponte(&["resync", "--json"]);
    assert!(
        matches!(done.code, Some(0 | 4)),
        "{}{}",
        done.stdout,
        done.stderr
    );

    let loaded = ponte::config::load(&project.path("ponte.toml"), &|_| None);
    let (plan, _) = loaded.expect("a project that has just run");
    let connections = Connections::new(&plan).expect("engines");
    for side in &mut sides {
        let mut taken = 0;
        for (number, grant) in printed(&second, side.name).into_iter().enumerate() {
            if grant.remark.is_some() {
                continue;
            }
            let all = grant.privileges.len();
            for (at, privilege) in grant.privileges.iter().enumerate() {
                // Each takes a look at both databases: in short, one privilege of every third object.
                if !crate::support::full() && (number % 3 != 0 || at != number / 3 % all) {
                    continue;
                }
                taken += 1;
                // `GRANT a, b ON c TO d` -> `REVOKE a ON c FROM d`
                let listed = grant.privileges.join(", ");
                let one = grant.statement.replacen(&listed, privilege, 1);
                let revoke = one
                    .replacen("GRANT", "REVOKE", 1)
                    .replacen(" TO ", " FROM ", 1);
                side.admin.run(&revoke).await;
                let report = check(&plan, &connections).await;
                side.admin.run(&one).await;
                let said = ponte::diagnostic::Diagnostics(report.diagnostics).render(false);
                assert!(
                    says(&said, &grant.object, privilege, &side.login),
                    "{revoke}\n{said}"
                );
            }
        }
        assert!(taken > 3, "{}: {taken}", side.name);
    }
    project.ponte(&["check"]).succeeds();
    let Side { admin, login, .. } = &mut sides[0];
    admin
        .load(&format!("DROP OWNED BY {login}; DROP ROLE {login}"))
        .await;
    let Side { admin, login, .. } = &mut sides[1];
    admin.run(&format!("DROP USER '{login}'@'%'")).await;
}

/// Whether the privilege is missed by name: by an error, or by a warning where it is optional.
fn says(said: &str, object: &str, privilege: &str, login: &str) -> bool {
    said.split("\n\n").any(|one| match object {
        "open transactions" => one.contains("[P373]") && one.contains(privilege),
        // Of what only some versions have, MariaDB does not say whether it is there.
        _ if one.contains("[P380]") => {
            let table = format!("sees no table `{object}`");
            one.contains(&table)
                && one.contains(login)
                && one.contains(&format!("GRANT {privilege}"))
        }
        _ => {
            one.contains("[P330]")
                && one.contains(&format!("may not {privilege} on `{object}`"))
                && one.contains(login)
                && one.contains("GRANT ")
        }
    })
}

/// Nothing but the names is needed to say what is to be granted; SQLite has files.
#[tokio::test]
async fn files_need_no_logins() {
    let mut project = Project::new();
    project.file(
        "ponte.toml",
        "[connection.a]\nurl = \"sqlite:a.db\"\n[connection.b]\nurl = \"postgres://ponte@127.0.0.1:1/nowhere\"\n[flow.x]\n\
         from = { connection = \"connection.a\", table = \"t\", key = [\"id\"] }\n\
         to = { connection = \"connection.b\", table = \"crm.t\", match = { id = \"id\" }, set = { v = \"v\" } }\n",
    );
    let text = project.ponte(&["grants"]).succeeds().stdout;
    assert!(
        text.contains("-- connection.a (sqlite): read the file: "),
        "{text}"
    );
    assert!(
        text.contains("GRANT SELECT, INSERT, UPDATE ON \"crm\".\"t\" TO \"ponte\";"),
        "{text}"
    );
}
