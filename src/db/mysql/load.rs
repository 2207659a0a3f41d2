//! Many new rows by `LOAD DATA LOCAL INFILE`, sent from memory: the server spends half as much on them as on an INSERT.
//!
//! With LOCAL the server cuts, converts and leaves out whatever does not fit, even in strict mode, and only counts
//! warnings. So what was loaded stands only if there is no warning at all and every row has arrived; otherwise it is
//! undone, and the rows go the ordinary way, which says what is wrong with them.

use super::dialect::DIALECT;
use super::session::MySqlSession;
use crate::db::query::{Insert, Query, TableName};
use crate::db::render::Sql;
use crate::db::{Result, fetch};
use crate::value::{Value, iso};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::unfold;
use mysql_async::prelude::Queryable;
use std::fmt::Write;
use std::pin::pin;
use tokio::sync::mpsc;

/// For fewer rows an INSERT is as good.
const ROWS_MIN: usize = 100;
/// Bytes of a packet on the way to the server.
const PACKET: usize = 128 << 10;
/// Packets that are ready before the server has taken them.
const PACKETS_AHEAD: usize = 2;
/// Types that read a text as they read a parameter. Not among them: BIT takes a text's bytes, ENUM a number as a
/// position, binary columns and JSON have characters of their own.
const TYPES: [&str; 18] = [
    "char",
    "varchar",
    "tinytext",
    "text",
    "mediumtext",
    "longtext",
    "tinyint",
    "smallint",
    "mediumint",
    "int",
    "bigint",
    "decimal",
    "double",
    "float",
    "date",
    "datetime",
    "timestamp",
    "time",
];
/// The server, its settings or something between do not let files of clients in.
const NOT_ALLOWED: [u16; 3] = [1148, 3948, 4166];

impl MySqlSession {
    /// True if the rows were inserted; otherwise nothing was.
    pub(super) async fn load(&mut self, insert: &Insert) -> Result<bool> {
        let is_plain = insert.generated.is_none() && !insert.columns.is_empty();
        if !self.facts.loads || !is_plain || insert.rows.len() < ROWS_MIN {
            return Ok(false);
        }
        let has_bytes = |row: &Vec<Value>| row.iter().any(|value| matches!(value, Value::Bytes(_)));
        if insert.rows.iter().any(has_bytes) {
            return Ok(false);
        }
        if !self.takes_texts(&insert.table, &insert.columns).await? {
            return Ok(false);
        }
        self.command("SAVEPOINT ponte_load").await?;
        let (sender, receiver) = mpsc::channel(PACKETS_AHEAD);
        self.conn.set_infile_handler(async move {
            let packets = unfold(receiver, |mut receiver| async move {
                let packet = receiver.recv().await?;
                Some((Ok(packet), receiver))
            });
            Ok(packets.boxed())
        });
        // Rows are written while the server takes in those before.
        let writing = async move {
            for packet in packets(&insert.rows) {
                if sender.send(packet).await.is_err() {
                    return;
                }
            }
        };
        let conn = &mut self.conn;
        let work = async {
            let result = conn.query_iter(statement(insert)).await?;
            let did = (result.affected_rows(), result.warnings());
            result.drop_result().await.map(|()| did)
        };
        let refused = |error: &mysql_async::Error| match error {
            mysql_async::Error::Server(error) => NOT_ALLOWED.contains(&error.code),
            _ => false,
        };
        let did = async {
            let done = match select(pin!(work), pin!(writing)).await {
                // A server that wants no file asks for none of its packets.
                Either::Left((done, _)) => done,
                Either::Right(((), work)) => work.await,
            };
            match done {
                Err(error) if refused(&error) => Ok(None),
                done => done.map(Some),
            }
        };
        match self.link.answer(did).await? {
            Some((rows, 0)) if rows == insert.rows.len() as u64 => {
                self.command("RELEASE SAVEPOINT ponte_load").await?;
                Ok(true)
            }
            answer => {
                // Rows that cannot be loaded once are likely to be followed by others; and a refusal stays one.
                self.facts.loads = answer.is_some() && self.facts.loads;
                self.command("ROLLBACK TO SAVEPOINT ponte_load").await?;
                Ok(false)
            }
        }
    }

    /// Whether it is a table with transactions whose columns all take a text as they take a parameter.
    async fn takes_texts(&mut self, table: &TableName, columns: &[String]) -> Result<bool> {
        if let Some(known) = self.text_columns.get(table) {
            return Ok(columns.iter().all(|column| known.contains(column)));
        }
        let database = table
            .schema
            .clone()
            .unwrap_or_else(|| self.facts.database.clone());
        // Both tables by their names: joined on them, the catalog would be read for every table of the server.
        let named = |query: Query, of: &str| {
            query
                .text(format!("{of}.TABLE_SCHEMA = "))
                .value(Value::Text(database.clone()))
                .text(format!(" AND {of}.TABLE_NAME = "))
                .value(Value::Text(table.name.clone()))
        };
        let query = Query::sql(
            "SELECT c.COLUMN_NAME, LOWER(c.DATA_TYPE) FROM information_schema.COLUMNS c, information_schema.TABLES t \
             WHERE t.TABLE_TYPE = 'BASE TABLE' AND t.ENGINE = 'InnoDB' AND ",
        );
        let query = named(named(query, "t").text(" AND "), "c");
        let known = fetch(self, &query).await?.into_iter().filter_map(|row| {
            let [Value::Text(name), Value::Text(ty)] = &*row else {
                return None;
            };
            TYPES.contains(&ty.as_str()).then(|| name.clone())
        });
        let known: std::collections::HashSet<String> = known.collect();
        let takes = columns.iter().all(|column| known.contains(column));
        self.text_columns.insert(table.clone(), known);
        Ok(takes)
    }
}

/// The format is the server's own default, spelled out.
fn statement(insert: &Insert) -> String {
    let mut out = Sql::new(&DIALECT, "LOAD DATA LOCAL INFILE 'ponte' INTO TABLE ");
    out.table(&insert.table).text(
        " CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\\t' ENCLOSED BY '' ESCAPED BY '\\\\' \
         LINES STARTING BY '' TERMINATED BY '\\n' (",
    );
    out.idents(&insert.columns).text(")");
    out.text
}

fn packets(rows: &[Vec<Value>]) -> impl Iterator<Item = Bytes> {
    let mut rows = rows.iter();
    let mut full = Bytes::new();
    std::iter::from_fn(move || {
        if full.is_empty() {
            let mut text = String::with_capacity(PACKET + PACKET / 8);
            while text.len() < PACKET
                && let Some(row) = rows.next()
            {
                push_row(row, &mut text);
            }
            full = Bytes::from(text);
        }
        // A row of megabytes goes in several packets: each has to keep within the server's limit.
        let packet = match full.len() > 2 * PACKET {
            true => full.split_to(PACKET),
            false => std::mem::take(&mut full),
        };
        (!packet.is_empty()).then_some(packet)
    })
}

fn push_row(row: &[Value], text: &mut String) {
    for (at, value) in row.iter().enumerate() {
        if at > 0 {
            text.push('\t');
        }
        push(value, text);
    }
    text.push('\n');
}

fn push(value: &Value, text: &mut String) {
    // Writing to a text does not fail.
    let _ = match value {
        Value::Null => write!(text, "\\N"),
        Value::Bool(truth) => write!(text, "{}", u8::from(*truth)),
        Value::Int(number) => write!(text, "{number}"),
        Value::UInt(number) => write!(text, "{number}"),
        Value::Decimal(number) => write!(text, "{number}"),
        // The shortest text that reads back as the same float.
        Value::Float(float) => write!(text, "{float:e}"),
        Value::Text(own) | Value::Json(own) => {
            push_escaped(own, text);
            Ok(())
        }
        // No column that is loaded takes bytes: `load` has looked.
        Value::Bytes(_) => Ok(()),
        Value::Date(date) => write!(text, "{}", iso::date_text(*date)),
        Value::Time(time) => write!(text, "{}", iso::time_text(*time)),
        Value::DateTime(wall) => write!(text, "{}", iso::wall_text(*wall)),
        Value::Timestamp(moment) => write!(text, "{}", iso::wall_text(moment.naive_utc())),
        Value::Uuid(uuid) => write!(text, "{uuid}"),
    };
}

fn push_escaped(own: &str, text: &mut String) {
    let mut rest = own;
    while let Some(at) = rest.find(['\\', '\t', '\n', '\r', '\0']) {
        text.push_str(&rest[..at]);
        text.push('\\');
        text.push(match rest.as_bytes()[at] {
            b'\t' => 't',
            b'\n' => 'n',
            b'\r' => 'r',
            0 => '0',
            _ => '\\',
        });
        rest = &rest[at + 1..];
    }
    text.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_separates_fields_and_rows_is_escaped() {
        let row = vec![
            Value::Text("a\tb\nc\\N\r\0é😀".to_owned()),
            Value::Null,
            Value::Text(String::new()),
            Value::Float(0.1),
        ];
        let text: Vec<u8> = packets(&[row]).collect::<Vec<_>>().concat();
        let expected = "a\\tb\\nc\\\\N\\r\\0é😀\t\\N\t\t1e-1\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn packets_are_bounded_and_lose_nothing() {
        let row = |length| vec![Value::Text("x".repeat(length))];
        let rows = [row(1), row(5 * PACKET), row(0), row(PACKET - 3), row(7)];
        let packets: Vec<Bytes> = packets(&rows).collect();
        assert!(packets.iter().all(|packet| packet.len() <= 2 * PACKET));
        let expected: String = rows
            .iter()
            .map(|row| row[0].plain().into_owned() + "\n")
            .collect();
        assert_eq!(packets.concat(), expected.as_bytes());
    }
}
