//! What time it is on a server, and since when transactions are open there: whoever reads by times must know which of
//! them may still appear. SQL Server also counts: versions of rows, and of the changes that it keeps of a table.

use super::query::Query;
use super::{DbError, DbErrorKind, EngineKind, Result, Session, fetch};
use crate::value::Value;
use chrono::{DateTime, TimeDelta, Utc};

/// InnoDB shows its transactions as they were up to a tenth of a second ago.
const INNODB_STALE: TimeDelta = TimeDelta::seconds(1);

/// A server's clock, and the transactions that were open just after it was read.
#[derive(Debug, Clone)]
pub struct Clock {
    pub now: DateTime<Utc>,
    pub open: Open,
}

/// Transactions that may yet commit rows with a time in the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Open {
    /// The oldest one that is open began then; `None` = none is open.
    Since(Option<DateTime<Utc>>),
    /// A prepared transaction is open, and its server does not tell since when.
    Prepared,
    /// The server does not show the login other logins' transactions.
    Hidden(Hidden),
}

/// Why open transactions cannot be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// The login lacks this privilege or role.
    Privilege(&'static str),
    /// They are on the primary server.
    Replica,
    /// The engine does not tell.
    Engine,
}

impl Clock {
    /// No transaction that commits from now on has a time before this one, as far as can be told.
    pub fn horizon(&self) -> Option<DateTime<Utc>> {
        match self.open {
            Open::Since(Some(oldest)) => Some(oldest.min(self.now)),
            Open::Since(None) | Open::Hidden(_) => Some(self.now),
            Open::Prepared => None,
        }
    }
}

/// Asks the server.
pub async fn read(session: &mut dyn Session) -> Result<Clock> {
    match session.server().kind {
        EngineKind::Postgres => postgres(session).await,
        EngineKind::MySql => mysql(session).await,
        EngineKind::Sqlite => {
            let sql = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)";
            let row = one_row(session, sql).await?;
            Ok(Clock {
                now: moment(row.first())?,
                open: Open::Hidden(Hidden::Engine),
            })
        }
        EngineKind::SqlServer => sql_server(session).await,
    }
}

/// SQL Server's clock as an expression: milliseconds since 1970, UTC. `DATEDIFF` of them at once would exceed its `int`, and
/// `DATEDIFF_BIG` is newer than the oldest server.
pub const SQL_SERVER: &str = "(CAST(DATEDIFF(DAY, '19700101', SYSUTCDATETIME()) AS bigint) * 86400000 \
     + DATEDIFF(MILLISECOND, CAST(SYSUTCDATETIME() AS date), SYSUTCDATETIME()))";

/// What lets a login see other logins' transactions.
pub const VIEW_SERVER_STATE: &str = "VIEW SERVER STATE";

/// The server tells when a transaction began in the zone of its system; its age does not depend on that, but for the night in which
/// clocks go back.
async fn sql_server(session: &mut dyn Session) -> Result<Clock> {
    let sql = format!("SELECT {SQL_SERVER}");
    let now = moment(one_row(session, &sql).await?.first())?;
    let hidden = |why| {
        Ok(Clock {
            now,
            open: Open::Hidden(why),
        })
    };
    if session.server().read_only {
        return hidden(Hidden::Replica);
    }
    let open = one_row(
        session,
        "SELECT DATEDIFF(SECOND, MIN(a.transaction_begin_time), GETDATE()) FROM sys.dm_tran_active_transactions AS a \
         INNER JOIN sys.dm_tran_database_transactions AS d ON d.transaction_id = a.transaction_id \
         INNER JOIN sys.dm_tran_session_transactions AS t ON t.transaction_id = a.transaction_id \
         WHERE d.database_id = DB_ID() AND t.session_id <> @@SPID",
    )
    .await;
    match open {
        Ok(row) => Ok(Clock {
            now,
            open: Open::Since(match row.first() {
                // Begun seconds are counted.
                Some(Value::Int(age)) => TimeDelta::try_seconds(age + 1).map(|age| now - age),
                _ => None,
            }),
        }),
        Err(error) if error.kind == DbErrorKind::Privilege => {
            hidden(Hidden::Privilege(VIEW_SERVER_STATE))
        }
        Err(error) => Err(error),
    }
}

/// The first row version that an open transaction, or a later one, may give a row: below it all is committed.
pub fn row_version_query() -> Query {
    Query::sql("SELECT MIN_ACTIVE_ROWVERSION()")
}

/// # Errors
/// Those of the database.
pub async fn row_version(session: &mut dyn Session) -> Result<[u8; 8]> {
    let rows = fetch(session, &row_version_query()).await?;
    let bytes = match rows.first().map(|row| &row[0]) {
        Some(Value::Bytes(bytes)) => bytes.as_slice().try_into().ok(),
        _ => None,
    };
    bytes.ok_or_else(|| {
        DbError::new(
            DbErrorKind::Other,
            "the server does not tell its row version",
        )
    })
}

/// What SQL Server keeps of a table's changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tracking {
    /// Of the last change that is committed.
    pub version: i64,
    /// Whoever has seen less may have missed what is no longer kept.
    pub kept_since: i64,
}

/// `table` as the server's own SQL names it.
pub fn tracking_query(table: &str) -> Query {
    Query::sql(
        "SELECT CHANGE_TRACKING_CURRENT_VERSION(), CHANGE_TRACKING_MIN_VALID_VERSION(OBJECT_ID(",
    )
    .value(Value::Text(table.to_owned()))
    .text("))")
}

/// `None`: the server keeps no changes of the table, or does not show them to the login.
///
/// # Errors
/// Those of the database.
pub async fn tracking(session: &mut dyn Session, table: &str) -> Result<Option<Tracking>> {
    let rows = fetch(session, &tracking_query(table)).await?;
    Ok(match rows.first().map(|row| (&row[0], &row[1])) {
        Some((Value::Int(version), Value::Int(kept_since))) => Some(Tracking {
            version: *version,
            kept_since: *kept_since,
        }),
        _ => None,
    })
}

/// The role that sees every session's transaction.
const PG_READ_ALL_STATS: &str = "pg_read_all_stats";

/// A replica's rows are as old as what it has replayed last, whatever its clock says. Whoever only holds a connection,
/// or cleans up, writes no rows with times.
async fn postgres(session: &mut dyn Session) -> Result<Clock> {
    let row = one_row(
        session,
        "SELECT CAST(floor(extract(epoch FROM CASE WHEN pg_is_in_recovery() \
         THEN coalesce(pg_last_xact_replay_timestamp(), clock_timestamp()) ELSE clock_timestamp() END) * 1000) AS bigint), \
         pg_is_in_recovery(), \
         pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')",
    )
    .await?;
    let now = moment(row.first())?;
    if row.get(1) == Some(&Value::Bool(true)) {
        return Ok(Clock {
            now,
            open: Open::Hidden(Hidden::Replica),
        });
    }
    if row.get(2) != Some(&Value::Bool(true)) {
        return Ok(Clock {
            now,
            open: Open::Hidden(Hidden::Privilege(PG_READ_ALL_STATS)),
        });
    }
    let open = one_row(
        session,
        "SELECT CAST(floor(extract(epoch FROM min(xact_start)) * 1000) AS bigint), \
         (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database()) \
         FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
         AND backend_type NOT IN ('autovacuum worker', 'walsender')",
    )
    .await?;
    let prepared = !matches!(open.get(1), Some(Value::Int(0)));
    let oldest = match open.first() {
        Some(Value::Int(millis)) => DateTime::from_timestamp_millis(*millis),
        _ => None,
    };
    Ok(Clock {
        now,
        open: match prepared {
            true => Open::Prepared,
            false => Open::Since(oldest),
        },
    })
}

/// InnoDB tells times in the zone of the server's system; of the two meanings that they have in the night when clocks
/// go back, the earlier one counts.
async fn mysql(session: &mut dyn Session) -> Result<Clock> {
    let sql = "SELECT CAST(floor(unix_timestamp(now(6)) * 1000) AS signed)";
    let now = moment(one_row(session, sql).await?.first())? - INNODB_STALE;
    let hidden = |why| {
        Ok(Clock {
            now,
            open: Open::Hidden(why),
        })
    };
    if session.server().read_only {
        return hidden(Hidden::Replica);
    }
    let open = one_row(
        session,
        "SELECT CAST(min(unix_timestamp(CASE WHEN CONVERT_TZ(t.utc - INTERVAL 1 HOUR, '+00:00', 'SYSTEM') = t.shown \
         THEN t.utc - INTERVAL 1 HOUR ELSE t.utc END)) * 1000 AS signed) FROM (SELECT trx_started AS shown, \
         CONVERT_TZ(trx_started, 'SYSTEM', '+00:00') AS utc FROM information_schema.innodb_trx \
         WHERE trx_mysql_thread_id <> CONNECTION_ID()) t",
    )
    .await;
    match open {
        Ok(row) => Ok(Clock {
            now,
            open: Open::Since(match row.first() {
                Some(Value::Null) | None => None,
                value => Some(moment(value)?),
            }),
        }),
        Err(error) if error.kind == DbErrorKind::Privilege => hidden(Hidden::Privilege("PROCESS")),
        Err(error) => Err(error),
    }
}

async fn one_row(session: &mut dyn Session, sql: &str) -> Result<Vec<Value>> {
    let rows = fetch(session, &Query::sql(sql)).await?;
    Ok(rows
        .into_iter()
        .next()
        .map_or(Vec::new(), |row| row.into_vec()))
}

fn moment(millis: Option<&Value>) -> Result<DateTime<Utc>> {
    let millis = match millis {
        Some(Value::Int(millis)) => DateTime::from_timestamp_millis(*millis),
        _ => None,
    };
    millis.ok_or_else(|| DbError::new(DbErrorKind::Other, "the server does not tell its time"))
}
