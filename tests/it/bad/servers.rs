//! Servers that cannot be used: each command says which connection, why, and what to do.

use super::{Case, run};

const ALL: &[&[&str]] = &[&["check"], &["sync", "--no-progress"], &["setup", "--run"]];

fn unusable(name: &'static str, edit: &'static [(&'static str, &'static str)]) -> Case<'static> {
    Case {
        name,
        edits: edit,
        runs: ALL,
        ..Case::default()
    }
}

#[tokio::test]
async fn servers_that_cannot_be_used() {
    run(&[
        unusable(
            "servers-nobody-listens",
            &[("${TARGET}", "mysql://ponte@127.0.0.1:1/shop")],
        ),
        unusable(
            "servers-no-such-host",
            &[("${SOURCE}", "postgres://ponte@no-such-host.invalid/erp")],
        ),
        unusable(
            "servers-wrong-password",
            &[("${TARGET}", "mysql://root:${HOME}@[MARIADB]/[TARGET]")],
        ),
        unusable(
            "servers-wrong-password-postgres",
            &[("${SOURCE}", "postgres://ponte:${HOME}@[POSTGRES]/[SOURCE]")],
        ),
        unusable(
            "servers-no-such-database",
            &[("${SOURCE}", "${SOURCE}_none")],
        ),
        unusable(
            "servers-no-such-file",
            &[("${SOURCE}", "sqlite:missing.db")],
        ),
    ])
    .await;
}
