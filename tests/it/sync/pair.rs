//! Two databases and one flow between them, `x`, from table `source` to table `target`.

use crate::support::pipeline::{Pipeline, dump};
use crate::support::servers::{self, Database};

pub struct Pair {
    pub source: Database,
    pub target: Database,
    pub pipeline: Pipeline,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum On {
    Postgres,
    Mariadb,
    Sqlite,
    SqlServer,
}

pub async fn database(on: On, test: &str) -> Database {
    match on {
        On::Postgres => servers::postgres(test).await,
        On::Mariadb => servers::mariadb(test).await,
        On::Sqlite => servers::sqlite(test),
        On::SqlServer => servers::sqlserver(test).await,
    }
}

impl Pair {
    /// `source` and `target` are scripts that make the tables; `key` is the source's key as TOML, `to` what follows
    /// `[flow.x.to]` beside connection and table.
    pub async fn new(
        test: &str,
        (source_on, source_script): (On, &str),
        (target_on, target_script): (On, &str),
        key: &str,
        to: &str,
    ) -> Pair {
        let source = database(source_on, &format!("{test} source")).await;
        let target = database(target_on, &format!("{test} target")).await;
        source.client().await.load(source_script).await;
        target.client().await.load(target_script).await;
        let project = format!(
            r#"
[connection.a]
url = "{}"
[connection.b]
url = "{}"
[flow.x]
from = {{ connection = "connection.a", table = "source", key = {key} }}
[flow.x.to]
connection = "connection.b"
table = "target"
{to}
"#,
            source.url, target.url
        );
        let pipeline = Pipeline::new(&project).await;
        Pair {
            source,
            target,
            pipeline,
        }
    }

    /// Rows of the target, each in one text: `a|b|NULL`.
    pub async fn rows(&self, sql: &str) -> Vec<String> {
        let rows = self.target.client().await.rows(sql).await;
        let text = |row: Vec<Option<String>>| {
            let values = row.into_iter();
            let values: Vec<String> = values
                .map(|value| value.unwrap_or_else(|| "NULL".to_owned()))
                .collect();
            values.join("|")
        };
        rows.into_iter().map(text).collect()
    }

    pub async fn dump(&self) -> Vec<String> {
        dump(&mut self.target.client().await).await
    }
}
