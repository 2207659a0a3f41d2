//! Tracking numbers on their way onto the ERP's deliveries: from a courier's table, from files that it drops, from what the
//! shop's people or plug-ins have entered on an order.
//!
//! Only what is empty there is filled, each delivery in a transaction of its own, so once: whoever fills it first has
//! filled it. What nobody can tell apart (two numbers for one delivery, a number of the order's for one of several
//! deliveries) is a person's. There is no memory: the delivery itself says what it lacks.

use super::decide::{Parcel, Told};
use super::drop;
use super::erp::{Erp, unbound};
use super::shop::Shop;
use crate::connections::Connections;
use crate::db::query::TableName;
use crate::db::template::{self, Bound};
use crate::db::{self, CommitError, Isolation, Session};
use crate::failpoint;
use crate::own::lease::Guard;
use crate::own::link::Link;
use crate::own::wrote::Fields;
use crate::plan::ServerSql;
use crate::plan::fulfilment::{Courier, TRACKING_COLUMNS as COLUMNS, Tracking};
use crate::sync::change::{ChangeKind, RowChange};
use crate::sync::fetch;
use crate::sync::read::key_hash;
use crate::sync::report::{CHANGES_KEPT, FlowReport, Reason, RecordChange, Rejected};
use crate::value::{Value, iso};
use chrono::{DateTime, Days, NaiveDate, Utc};
use std::collections::{BTreeSet, HashMap};

/// A delivery that left so long ago is asked about no more.
const DAYS: u64 = 60;

/// What somebody says of a delivery; texts that are empty say nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Given {
    /// The ERP's delivery ...
    pub parcel: String,
    /// ... or the shop's order.
    pub reference: String,
    pub tracking: String,
    pub carrier: String,
    pub delivered_on: String,
}

impl Given {
    /// `value`: by the column's name.
    pub fn of(value: impl Fn(&str) -> Option<String>) -> Given {
        let [parcel, reference, tracking, carrier, delivered_on] = COLUMNS.map(|name| {
            let text = value(name).unwrap_or_default();
            text.trim().to_owned()
        });
        Given {
            parcel,
            reference,
            tracking,
            carrier,
            delivered_on,
        }
    }
}

enum Source<'p> {
    Shop,
    Table(Box<dyn Session>, &'p ServerSql),
    Files(Vec<Given>),
}

/// Asks whoever knows, and fills what is empty.
pub struct Tracker<'p> {
    fill: &'p ServerSql,
    /// Of the ERP; `None`: nothing is written.
    guard: Option<&'p Guard>,
    /// With the carrier that a row of it has which names none.
    sources: Vec<(Source<'p>, &'p str)>,
    /// Deliveries of before this day are let be.
    oldest: NaiveDate,
}

/// What a delivery gets.
#[derive(Debug, PartialEq, Eq)]
struct Filling {
    tracking: String,
    carrier: String,
    delivered_on: Option<NaiveDate>,
}

impl<'p> Tracker<'p> {
    /// # Errors
    /// Those of connecting; what is wrong with files goes into `notes`.
    pub async fn open(
        tracking: &'p Tracking,
        connections: &Connections,
        guard: Option<&'p Guard>,
        now: DateTime<Utc>,
        notes: &mut Vec<String>,
    ) -> db::Result<Tracker<'p>> {
        let mut sources = Vec::new();
        for one in &tracking.from {
            let source = match &one.courier {
                Courier::Shop => Source::Shop,
                Courier::Table { connection, sql } => {
                    let session = connections.engine(connection)?.connect().await?;
                    Source::Table(session, sql)
                }
                Courier::Folder { path, columns } => {
                    let (given, found) = drop::read(path, columns);
                    notes.extend(found);
                    Source::Files(given)
                }
            };
            sources.push((source, one.carrier.as_str()));
        }
        let today = now.date_naive();
        Ok(Tracker {
            fill: &tracking.fill,
            guard,
            sources,
            oldest: today.checked_sub_days(Days::new(DAYS)).unwrap_or(today),
        })
    }

    /// Fills what the deliveries of these orders lack, in the ERP and in what it told.
    ///
    /// # Errors
    /// Those of the databases; what is wrong with one delivery is in the report.
    #[allow(clippy::too_many_arguments)]
    pub async fn fill(
        &mut self,
        erp: &mut dyn Session,
        asked: &Erp<'_>,
        shop: &mut Shop<'_>,
        (told, linked): (&mut [Told], &HashMap<String, Link>),
        memory: &HashMap<String, Fields>,
        report: &mut FlowReport,
    ) -> db::Result<()> {
        let open = |told: &Told| -> Vec<usize> {
            let parcels = told.parcels.iter().enumerate();
            let open = parcels.filter(|(_, parcel)| self.is_open(parcel));
            open.map(|(at, _)| at).collect()
        };
        let lacking: Vec<(usize, Vec<usize>)> = told
            .iter()
            .map(open)
            .enumerate()
            .filter(|(_, parcels)| !parcels.is_empty())
            .collect();
        if lacking.is_empty() {
            return Ok(());
        }
        let orders = lacking
            .iter()
            .map(|(at, _)| told[*at].key.clone())
            .collect();
        let parcels = lacking.iter().flat_map(|(at, parcels)| {
            let parcels = parcels.iter();
            let told = &told[*at];
            parcels.map(|parcel| told.parcels[*parcel].number.clone())
        });
        let parcels: Vec<String> = parcels.collect();
        let given = self.ask(shop, orders, &parcels).await?;
        for (at, parcels) in lacking {
            let order = &mut told[at];
            let remembered = memory.get(&order.key);
            for at in parcels {
                let filling = match filling(&given, order, at, remembered) {
                    Ok(Some(filling)) => filling,
                    Ok(None) => continue,
                    Err(reason) => {
                        reject(report, order, at, reason);
                        continue;
                    }
                };
                let document = linked.get(&order.key).map_or("", |link| link.id.as_str());
                match self
                    .write(erp, asked, document, &order.parcels[at], &filling)
                    .await
                {
                    Ok(0) => {}
                    Ok(rows) => {
                        note(report, order, at, &filling, self.guard.map_or(0, |_| rows));
                        take(&mut order.parcels[at], filling);
                    }
                    // Its turn comes with the next run.
                    Err(error) if error.is_contention() => {}
                    Err(error) if error.is_about_data() => {
                        reject(report, order, at, Reason::Refused(error.message));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    fn is_open(&self, parcel: &Parcel) -> bool {
        let left = iso::parse_date(parcel.shipped_on.get(..10).unwrap_or_default());
        let is_young = left.map_or(true, |day| day >= self.oldest);
        is_young && (parcel.tracking.is_empty() || parcel.delivered_on.as_deref() == Some(""))
    }

    async fn ask(
        &mut self,
        shop: &mut Shop<'_>,
        orders: Vec<String>,
        parcels: &[String],
    ) -> db::Result<Vec<Given>> {
        let texts = |texts: &[String]| texts.iter().map(|text| Value::Text(text.clone())).collect();
        let mut all = Vec::new();
        for (source, carrier) in &mut self.sources {
            let given = match source {
                Source::Shop => shop.entered(&orders).await?,
                Source::Table(session, sql) => {
                    let bound = |name: &str| match name {
                        "reference" => Some(Bound::Many(texts(&orders))),
                        "parcel" => Some(Bound::Many(texts(parcels))),
                        _ => None,
                    };
                    rows(session.as_mut(), sql, bound).await?
                }
                Source::Files(given) => given
                    .iter()
                    .filter(|one| parcels.contains(&one.parcel) || orders.contains(&one.reference))
                    .cloned()
                    .collect(),
            };
            all.extend(given.into_iter().map(|mut one| {
                if one.carrier.is_empty() {
                    one.carrier = (*carrier).to_owned();
                }
                one
            }));
        }
        Ok(all)
    }

    /// In a transaction of its own; without a guard nothing is written. How many deliveries were filled.
    async fn write(
        &mut self,
        erp: &mut dyn Session,
        asked: &Erp<'_>,
        document: &str,
        parcel: &Parcel,
        filling: &Filling,
    ) -> db::Result<u64> {
        let Some(guard) = self.guard else {
            return Ok(1);
        };
        let text = |text: &str| match text.is_empty() {
            true => Value::Null,
            false => Value::Text(text.to_owned()),
        };
        let bound = |name: &str| {
            Some(Bound::One(match name {
                "document" => asked.typed(document).unwrap_or(Value::Null),
                "parcel" => text(&parcel.number),
                "tracking" => text(&filling.tracking),
                "carrier" => text(&filling.carrier),
                "delivered_on" => filling.delivered_on.map_or(Value::Null, Value::Date),
                _ => return None,
            }))
        };
        let sql = self.fill;
        let query = template::bind(&sql.text, bound).map_err(|name| unbound(sql, name))?;
        let mut done = guard.begin(erp, Isolation::ReadCommitted).await.map(|()| 0);
        if done.is_ok() {
            done = erp.execute(&query).await;
        }
        failpoint::reached("tracking written");
        match done {
            Ok(rows) => {
                erp.commit().await.map_err(CommitError::into_lost)?;
                Ok(rows)
            }
            Err(error) => {
                // A connection that broke has rolled back by itself.
                let _ = erp.rollback().await;
                Err(error.context(sql.at.place()))
            }
        }
    }
}

/// What a delivery gets; `None`: nobody says anything new.
///
/// # Errors
/// Why nobody can tell.
fn filling(
    given: &[Given],
    told: &Told,
    at: usize,
    remembered: Option<&Fields>,
) -> Result<Option<Filling>, Reason> {
    let parcel = &told.parcels[at];
    let of_parcel = || given.iter().filter(|one| one.parcel == parcel.number);
    let mut numbers: BTreeSet<&str> = BTreeSet::new();
    if parcel.tracking.is_empty() {
        numbers.extend(of_parcel().map(|one| one.tracking.as_str()));
        numbers.remove("");
        if numbers.is_empty() {
            numbers = of_order(given, told, remembered);
            let open = told.parcels.iter().filter(|one| one.tracking.is_empty());
            let open: Vec<&str> = open.map(|one| one.number.as_str()).collect();
            if !numbers.is_empty() && open.len() > 1 {
                let numbers: Vec<&str> = numbers.into_iter().collect();
                return Err(unclear(format!(
                    "nobody says which of its deliveries {} has the tracking number {}",
                    open.join(", "),
                    numbers.join(", ")
                )));
            }
        }
    }
    if numbers.len() > 1 {
        let numbers: Vec<&str> = numbers.into_iter().collect();
        let numbers = numbers.join(", ");
        return Err(unclear(format!(
            "it has several tracking numbers: {numbers}"
        )));
    }
    let number = numbers.into_iter().next().unwrap_or_default();
    let is_its = |one: &&Given| {
        let has_number = !number.is_empty() && one.tracking.contains(number);
        one.parcel == parcel.number || (has_number && one.parcel.is_empty())
    };
    let mut carriers = given.iter().filter(is_its).map(|one| one.carrier.as_str());
    let carrier = carriers.find(|carrier| !carrier.is_empty());
    let mut delivered_on = None;
    if parcel.delivered_on.as_deref() == Some("") {
        let days = given
            .iter()
            .filter(is_its)
            .map(|one| one.delivered_on.as_str());
        for text in days.filter(|text| !text.is_empty()) {
            let Some(day) = day(text) else {
                return Err(unclear(format!("`{text}` is no day of delivery")));
            };
            delivered_on = Some(delivered_on.map_or(day, |known: NaiveDate| known.min(day)));
        }
    }
    if number.is_empty() && delivered_on.is_none() {
        return Ok(None);
    }
    Ok(Some(Filling {
        tracking: number.to_owned(),
        carrier: carrier.unwrap_or_default().to_owned(),
        delivered_on,
    }))
}

/// Numbers of the order's that no delivery has, nor has had when the shop was told.
fn of_order<'g>(given: &'g [Given], told: &Told, remembered: Option<&Fields>) -> BTreeSet<&'g str> {
    let is_its = |one: &&Given| one.parcel.is_empty() && one.reference == told.key;
    let numbers = given.iter().filter(is_its);
    let numbers = numbers
        .flat_map(|one| one.tracking.split(','))
        .map(str::trim);
    let is_known = |number: &str| {
        let mut parcels = told.parcels.iter();
        let mut remembered = remembered.into_iter().flat_map(Fields::values);
        parcels.any(|parcel| parcel.tracking.contains(number))
            || remembered.any(|text| text.contains(number))
    };
    numbers
        .filter(|number| !number.is_empty() && !is_known(number))
        .collect()
}

fn unclear(why: String) -> Reason {
    Reason::Unfit {
        why,
        advice: "enter the number on the delivery in the ERP, or correct what the courier or the shop says"
            .to_owned(),
    }
}

/// `2026-03-05`, with a time behind it or not, `05/03/2026`, `5.3.2026`, `20260305`.
fn day(text: &str) -> Option<NaiveDate> {
    let text = text.split([' ', 'T']).next()?;
    let parts: Vec<&str> = text.split(['/', '.', '-']).collect();
    let [first, second, third] = match parts[..] {
        [all] if all.len() == 8 && all.is_ascii() => [&all[6..], &all[4..6], &all[..4]],
        [year, month, day] if year.len() == 4 => [day, month, year],
        [day, month, year] if year.len() == 4 => [day, month, year],
        _ => return None,
    };
    NaiveDate::from_ymd_opt(
        third.parse().ok()?,
        second.parse().ok()?,
        first.parse().ok()?,
    )
}

/// What a query says; columns that it does not yield are empty.
///
/// # Errors
/// Those of the database.
pub async fn rows(
    session: &mut dyn Session,
    sql: &ServerSql,
    bound: impl Fn(&str) -> Option<Bound>,
) -> db::Result<Vec<Given>> {
    let query = template::bind(&sql.text, bound).map_err(|name| unbound(sql, name))?;
    let read = fetch::read(session, &query, usize::MAX).await;
    let (columns, rows) = read.map_err(|error| error.context(sql.at.place()))?;
    let given = |row: &crate::value::Row| {
        Given::of(|name| {
            let at = columns.iter().position(|column| column == name)?;
            Some(row[at].plain().into_owned())
        })
    };
    Ok(rows.iter().map(given).collect())
}

fn reject(report: &mut FlowReport, told: &Told, at: usize, reason: Reason) {
    let key = format!("{} delivery {}", told.key, told.parcels[at].number);
    report.reject(Rejected {
        hash: key_hash(&key),
        key,
        reason,
    });
}

fn note(report: &mut FlowReport, told: &Told, at: usize, filling: &Filling, rows: u64) {
    report.counts.rows_updated += rows;
    report.changes_total += 1;
    if report.changes.len() >= CHANGES_KEPT {
        return;
    }
    let parcel = &told.parcels[at];
    let text = |text: &str| Value::Text(text.to_owned());
    let table = TableName::parse("delivery");
    let row = [("parcel", &text(&parcel.number))];
    let mut change = RowChange::new(ChangeKind::Update, &table, &row);
    let day = filling.delivered_on.map(iso::date_text).unwrap_or_default();
    let carrier = match parcel.carrier.is_empty() {
        true => filling.carrier.as_str(),
        false => "",
    };
    for (name, new) in [
        ("tracking", filling.tracking.as_str()),
        ("carrier", carrier),
        ("delivered_on", &day),
    ] {
        if !new.is_empty() {
            change = change.column(name, None, Some(&text(new)));
        }
    }
    report.changes.push(RecordChange {
        key: told.key.clone(),
        change,
    });
}

/// The delivery as the ERP has it now.
fn take(parcel: &mut Parcel, filling: Filling) {
    let Filling {
        tracking,
        carrier,
        delivered_on,
    } = filling;
    if parcel.tracking.is_empty() {
        parcel.tracking = tracking;
    }
    if parcel.carrier.is_empty() {
        parcel.carrier = carrier;
    }
    if let (Some(known), Some(day)) = (&mut parcel.delivered_on, delivered_on) {
        *known = iso::date_text(day);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fulfilment::State;

    fn told(parcels: &[(&str, &str)]) -> Told {
        let parcel = |(number, tracking): &(&str, &str)| Parcel {
            shipped_on: "2026-03-05".to_owned(),
            number: (*number).to_owned(),
            carrier: String::new(),
            tracking: (*tracking).to_owned(),
            delivered_on: Some(String::new()),
        };
        Told {
            key: "1001".to_owned(),
            state: State::Shipped,
            invoice: String::new(),
            parcels: parcels.iter().map(parcel).collect(),
        }
    }

    fn given(texts: [&str; 5]) -> Given {
        Given::of(|name| {
            let at = COLUMNS.iter().position(|known| *known == name)?;
            Some(texts[at].to_owned())
        })
    }

    fn filled(
        given: &[Given],
        told: &Told,
        at: usize,
        memory: &Fields,
    ) -> Result<Option<String>, String> {
        let filled = filling(given, told, at, Some(memory)).map_err(|reason| reason.to_string())?;
        Ok(filled.map(|one| {
            let day = one.delivered_on.map(iso::date_text).unwrap_or_default();
            format!("{} {} {day}", one.tracking, one.carrier)
        }))
    }

    #[test]
    fn a_number_is_the_deliverys_or_the_orders() {
        let none = Fields::new();
        let two = told(&[("D1", "T1"), ("D2", "")]);
        let by_parcel = given(["D2", "", "T2", "BRT", ""]);
        let twice = [by_parcel.clone(), given(["D2", "", "T9", "", ""])];
        let by_order = given(["", "1001", "T1, T2", "GLS", ""]);
        assert_eq!(
            filled(&[by_parcel], &two, 1, &none),
            Ok(Some("T2 BRT ".to_owned()))
        );
        let why = filled(&twice, &two, 1, &none).unwrap_err();
        assert_eq!(why, "it has several tracking numbers: T2, T9");
        let by_order = [by_order];
        assert_eq!(
            filled(&by_order, &two, 1, &none),
            Ok(Some("T2 GLS ".to_owned()))
        );
        // Of an order with two deliveries that lack one, nobody can tell; what the shop was told before is no news.
        let both = told(&[("D1", ""), ("D2", "")]);
        assert!(filled(&by_order, &both, 0, &none).is_err());
        let corrected = told(&[("D1", "T1b"), ("D2", "")]);
        let memory = Fields::from([("parcel D1".to_owned(), "GLS\tT1".to_owned())]);
        let old = [given(["", "1001", "T1", "GLS", ""])];
        assert_eq!(filled(&old, &corrected, 1, &memory), Ok(None));
    }

    #[test]
    fn the_day_of_delivery_comes_later() {
        let none = Fields::new();
        let known = told(&[("D1", "T1")]);
        let said = [given(["D1", "", "T1", "BRT", "07/03/2026 11:20"])];
        assert_eq!(
            filled(&said, &known, 0, &none),
            Ok(Some("  2026-03-07".to_owned()).map(|text| text.replacen("  ", " BRT ", 1)))
        );
        let wrong = [given(["D1", "", "T1", "BRT", "soon"])];
        let why = filled(&wrong, &known, 0, &none).unwrap_err();
        assert_eq!(why, "`soon` is no day of delivery");
        for text in ["2026-03-07T11:20:00", "7.3.2026", "20260307"] {
            assert_eq!(day(text), NaiveDate::from_ymd_opt(2026, 3, 7), "{text}");
        }
        assert_eq!(day("2026-13-07"), None);
    }
}
