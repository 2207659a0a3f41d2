//! Writing figures: relative, in small transactions, by ascending key, giving way to the shop.
//!
//! A relative write is not idempotent. Once it is unknown whether a transaction was committed, it is never sent again:
//! its articles are looked at anew. Before that look, the rows it wrote are locked once. Without this, the lost
//! transaction might still be about to commit on the server; the look would not see it, and the next write, computed
//! without it, would come on top of it.

use super::approve::Rises;
use super::assess::Job;
use super::figures::{Figure, Figures, Place, Shown, encoded};
use super::report::{Failed, RowChanges, StockReport};
use super::shop::{Shop, Targets};
use crate::db::patience::pause;
use crate::db::query::{Add, Part, Query, Update};
use crate::db::template::Bound;
use crate::db::{self, CommitError, DbError, DbErrorKind, Isolation, Session};
use crate::failpoint;
use crate::own::lease::Guard;
use crate::sync::derived::{self, groups::Groups};
use crate::sync::pace::Pace;
use crate::value::{Decimal, Value, convert};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Instant;

/// Figures whose derived rows are compared at a time where nothing is locked ...
const COMPARE_ROWS: usize = 4000;
/// ... and, where some of them are off, to find out which.
const NARROW_ROWS: usize = 200;
/// Attempts to open a lost connection again, and to lock the rows of a lost transaction.
const ATTEMPTS: u32 = 5;

/// A figure to be brought to its target, or whose derived rows are to be brought in line.
#[derive(Debug)]
struct Due {
    figure: Figure,
    target: Decimal,
}

impl Due {
    fn new(figures: &Figures, job: Job) -> Due {
        Due {
            figure: figures.figure(job.place),
            target: job.target,
        }
    }

    /// Whether the figure itself is off.
    fn is_off(&self) -> bool {
        self.figure.shown != Shown::Pieces(self.target.clone())
    }
}

/// Names in derived rows' queries: `:id` is the list of the figures' keys, any other a column of `figures`.
fn binding<'a>(
    columns: &'a [String],
    group: &'a [&'a Figure],
) -> impl Fn(&str) -> Option<Bound> + Sync + 'a {
    move |name| {
        let at = columns.iter().position(|column| column == name)?;
        let mut seen = HashSet::new();
        let values = group.iter().map(|figure| &figure.row[at]);
        let distinct = values.filter(|value| !value.is_null() && seen.insert(encoded(value)));
        Some(Bound::Many(distinct.cloned().collect()))
    }
}

/// Finds figures beside which derived rows are off, and tells what of them. Nothing is locked: what is found is compared
/// again within the transaction that writes it.
///
/// # Errors
/// Those of the database.
pub async fn find_off(
    session: &mut dyn Session,
    targets: &Targets<'_>,
    figures: &Figures,
    places: &[Place],
    groups: &mut Groups,
    mut tell: impl FnMut(RowChanges) + Send,
) -> db::Result<Vec<Place>> {
    let mut off = Vec::new();
    for chunk in places.chunks(COMPARE_ROWS) {
        let whole: Vec<Figure> = chunk.iter().map(|place| figures.figure(*place)).collect();
        let whole: Vec<&Figure> = whole.iter().collect();
        gather(session, targets, &figures.columns, &whole, groups).await?;
        let found = differences(session, targets, &figures.columns, &whole).await?;
        if found.is_empty() {
            continue;
        }
        tell(found);
        for (group, places) in whole.chunks(NARROW_ROWS).zip(chunk.chunks(NARROW_ROWS)) {
            if group.len() == chunk.len()
                || !differences(session, targets, &figures.columns, group)
                    .await?
                    .is_empty()
            {
                off.extend_from_slice(places);
            }
        }
    }
    Ok(off)
}

/// Asks what these figures belong to.
async fn gather(
    session: &mut dyn Session,
    targets: &Targets<'_>,
    columns: &[String],
    figures: &[&Figure],
    groups: &mut Groups,
) -> db::Result<()> {
    let bound = binding(columns, figures);
    for (place, (one, _)) in targets.derived.iter().enumerate() {
        if let Some(sql) = &one.groups {
            groups.gather(session, place, sql, &bound).await?;
        }
    }
    Ok(())
}

async fn differences(
    session: &mut dyn Session,
    targets: &Targets<'_>,
    columns: &[String],
    group: &[&Figure],
) -> db::Result<RowChanges> {
    let mut changes = RowChanges::default();
    for (one, table) in targets.of_figures().filter(|(one, _)| !one.touch) {
        let found = derived::compare(session, one, table, &binding(columns, group)).await?;
        changes.add(&found);
    }
    Ok(changes)
}

/// Articles after a writing.
#[derive(Debug, Default)]
pub struct Written {
    /// Whose figure was written.
    pub sure: BTreeSet<String>,
    /// Whose figure was not, or perhaps: somebody else was at it, or the answer was lost.
    pub unsure: BTreeSet<String>,
    /// How many figures came to an end: written, refused, or left to another look.
    pub ended: u64,
}

/// How a transaction ended.
enum End {
    Committed(RowChanges),
    /// Rolled back in favour of the shop's own work, or never begun.
    GaveWay,
    Unknown(DbError),
}

/// Writes what is due and tells the report.
pub struct Writer<'a, 'p> {
    pub shop: &'a mut Shop<'p>,
    pub targets: &'a Targets<'p>,
    pub figures: &'a Figures,
    pub guard: &'a Guard,
    /// What the articles written belong to.
    pub groups: &'a mut Groups,
    /// Rises that a person has approved, if any wait for one.
    pub approved: Option<(&'a Rises<'p>, &'a HashSet<String>)>,
}

impl Writer<'_, '_> {
    /// # Errors
    /// Those of the database that are neither about single rows nor passing: the lease was lost, a privilege is
    /// missing, the server stays out of reach. What was committed before stays so, and is in the report.
    pub async fn write(
        &mut self,
        mut due: Vec<Job>,
        report: &mut StockReport,
    ) -> db::Result<Written> {
        let key = |job: &Job| self.figures.key(job.place);
        due.sort_by(|a, b| order(&key(a), &key(b)));
        let figures = self.figures;
        let mut written = Written::default();
        let mut due = due.into_iter().map(|job| Due::new(figures, job));
        // Those of a group of which one cannot be written.
        let mut singles = VecDeque::new();
        let mut pace = Pace::default();
        loop {
            let group: Vec<Due> = match singles.pop_front() {
                Some(one) => vec![one],
                None => due.by_ref().take(pace.records()).collect(),
            };
            if group.is_empty() {
                return Ok(written);
            }
            let mut moved = BTreeSet::new();
            let end = match self.transaction(&group, &mut moved, &mut pace).await {
                Ok(end) => end,
                Err(error) if gives_way(&error) => {
                    pace.gave_way();
                    self.roll_back(&error).await?
                }
                Err(error) if error.is_about_data() => {
                    self.roll_back(&error).await?;
                    match group.as_slice() {
                        [one] => {
                            written.ended += 1;
                            report.failed.push(Failed {
                                sku: one.figure.name().to_owned(),
                                reason: error.to_string(),
                            });
                        }
                        // One of them is at fault: each on its own, the others succeed.
                        _ => singles.extend(group),
                    }
                    continue;
                }
                Err(error) => {
                    // The connection is given up with it; the error itself says more than a failed rollback would.
                    let _ = self.shop.session.rollback().await;
                    return Err(error);
                }
            };
            written.ended += group.len() as u64;
            written.unsure.extend(moved);
            let off = group.iter().filter(|due| due.is_off());
            let all = group.iter().map(|due| due.figure.sku.clone());
            match end {
                End::Committed(changes) => {
                    let is_told = |due: &&Due| {
                        let sku = &due.figure.sku;
                        written.unsure.contains(sku) || written.sure.contains(sku)
                    };
                    for due in off.clone().filter(|due| !is_told(due)) {
                        report.changed(due.figure.name(), due.figure.pieces(), &due.target);
                    }
                    report.derived(changes);
                    written.sure.extend(off.map(|due| due.figure.sku.clone()));
                }
                End::GaveWay => written.unsure.extend(all),
                End::Unknown(error) => {
                    tracing::warn!(%error, "it is unknown whether stock was written; looking again");
                    written.unsure.extend(all);
                    self.wait_for_end(&group).await?;
                }
            }
        }
    }

    /// One transaction: figures first, then the derived rows in their order, then what the shop is to forget. `moved`
    /// gets articles whose figure could not be written because it is no longer what was looked at.
    async fn transaction(
        &mut self,
        group: &[Due],
        moved: &mut BTreeSet<String>,
        pace: &mut Pace,
    ) -> db::Result<End> {
        let session = self.shop.session.as_mut();
        let asked = Instant::now();
        session.begin(Isolation::ReadCommitted).await?;
        pace.answered(asked.elapsed());
        let began = Instant::now();
        self.guard.check(session).await?;
        let present = lock(session, self.targets, group).await?;
        let (mut set, mut add) = (Vec::new(), Vec::new());
        for due in group {
            let id = convert(due.figure.id.clone(), &self.targets.key.ty).unwrap_or(Value::Null);
            match (present.get(&encoded(&id)), &due.figure.shown) {
                (Some(Shown::Pieces(_)), Shown::Pieces(old)) => {
                    let delta = &due.target - old;
                    if !delta.is_zero() {
                        add.push((id, delta));
                    }
                }
                // Locked and still empty, so nobody's sale is overwritten.
                (Some(Shown::Nothing), Shown::Nothing) => set.push((id, due.target.clone())),
                // The row went, or someone set or emptied it: another look will tell.
                _ => {
                    moved.insert(due.figure.sku.clone());
                }
            }
        }
        let mut wrote = !set.is_empty() || !add.is_empty();
        write_figures(session, self.targets, set, add).await?;
        failpoint::reached("stock without derived rows");
        let mut changes = RowChanges::default();
        let all: Vec<&Figure> = group.iter().map(|due| &due.figure).collect();
        let off = group.iter().filter(|due| due.is_off());
        let off: Vec<&Figure> = off.map(|due| &due.figure).collect();
        for (one, table) in self.targets.of_figures() {
            let figures = if one.touch { &off } else { &all };
            let bound = binding(&self.figures.columns, figures);
            let found = derived::compare(session, one, table, &bound).await?;
            if !found.is_empty() {
                derived::write(session, &found).await?;
                changes.add(&found);
            }
        }
        wrote |= !changes.is_empty();
        if let Some((rises, accepted)) = self.approved {
            let written = group.iter().filter(|due| due.is_off());
            let written = written.map(|due| &due.figure.sku);
            let written = written.filter(|sku| accepted.contains(*sku) && !moved.contains(*sku));
            let written: Vec<String> = written.cloned().collect();
            rises.gate.approvals.applied(session, &written).await?;
        }
        if wrote {
            gather(
                session,
                self.targets,
                &self.figures.columns,
                &all,
                self.groups,
            )
            .await?;
            self.forget(group).await?;
        }
        let session = self.shop.session.as_mut();
        failpoint::reached("stock written");
        let committed = session.commit().await;
        failpoint::reached("stock committed");
        match committed {
            Ok(()) => {
                pace.wrote(group.len(), began.elapsed());
                Ok(End::Committed(changes))
            }
            Err(CommitError::NotDone(error)) => Err(error),
            Err(CommitError::Unknown(error)) => Ok(End::Unknown(error)),
        }
    }

    /// Removes what the shop has cached of these articles.
    async fn forget(&mut self, group: &[Due]) -> db::Result<()> {
        for (one, table) in &self.targets.forget {
            let row = super::forget::Row::new(self.figures, &self.shop.lookups, self.shop.now);
            let rows = group.iter().map(|due| due.figure.row.as_ref());
            let values = row.values(one.values.iter(), rows)?;
            derived::forget(self.shop.session.as_mut(), one, table, &values).await?;
        }
        Ok(())
    }

    /// Ends a transaction that failed; a connection that is gone is opened again.
    async fn roll_back(&mut self, error: &DbError) -> db::Result<End> {
        tracing::debug!(%error, "giving way to the shop");
        if is_lost(error) || self.shop.session.rollback().await.is_err() {
            self.reconnect().await?;
        }
        Ok(End::GaveWay)
    }

    async fn reconnect(&mut self) -> db::Result<()> {
        let mut attempt = 1;
        loop {
            match self.shop.reconnect().await {
                Ok(()) => return Ok(()),
                Err(error) if attempt < ATTEMPTS && error.is_transient() => {
                    tokio::time::sleep(pause(attempt)).await;
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until the server has ended a transaction whose end is unknown here: as long as it lives, it holds its rows.
    async fn wait_for_end(&mut self, group: &[Due]) -> db::Result<()> {
        self.reconnect().await?;
        let mut attempt = 1;
        loop {
            let session = self.shop.session.as_mut();
            session.begin(Isolation::ReadCommitted).await?;
            let locked = lock(session, self.targets, group).await;
            match locked {
                Ok(_) => return session.rollback().await,
                Err(error) if attempt < ATTEMPTS && gives_way(&error) => {
                    self.roll_back(&error).await?;
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn gives_way(error: &DbError) -> bool {
    matches!(
        error.kind,
        DbErrorKind::Deadlock | DbErrorKind::LockTimeout | DbErrorKind::Conflict
    ) || is_lost(error)
}

fn is_lost(error: &DbError) -> bool {
    matches!(
        error.kind,
        DbErrorKind::ConnectionLost | DbErrorKind::Timeout
    )
}

/// Locks the figures' rows in ascending order of their key and returns what they show now.
async fn lock(
    session: &mut dyn Session,
    targets: &Targets<'_>,
    group: &[Due],
) -> db::Result<HashMap<Vec<u8>, Shown>> {
    let ids = group.iter().map(|due| due.figure.id.clone()).collect();
    let query = Query::sql("SELECT ")
        .idents([&targets.key.name, &targets.column.name])
        .text(" FROM ")
        .table(&targets.table.name)
        .text(" WHERE ")
        .ident(&targets.key.name)
        .text(" IN (")
        .list(ids)
        .text(") ORDER BY ")
        .push(Part::Order(
            targets.key.name.clone(),
            targets.key.ty.clone(),
        ))
        .push(Part::ForUpdate);
    let rows = db::fetch(session, &query).await?;
    let pairs = rows.into_iter().map(|row| {
        let key = convert(row[0].clone(), &targets.key.ty).unwrap_or_else(|_| row[0].clone());
        (encoded(&key), Shown::read(&row[1]))
    });
    Ok(pairs.collect())
}

async fn write_figures(
    session: &mut dyn Session,
    targets: &Targets<'_>,
    set: Vec<(Value, Decimal)>,
    add: Vec<(Value, Decimal)>,
) -> db::Result<()> {
    let expected = (set.len() + add.len()) as u64;
    let mut found = 0;
    if !set.is_empty() {
        let mut rows = Vec::new();
        for (id, target) in set {
            let value = convert(Value::Decimal(target), &targets.column.ty).map_err(|misfit| {
                let column = &targets.column;
                DbError::new(
                    DbErrorKind::Misfit,
                    format_args!("`{}`, {}: {misfit}", column.name, column.declared),
                )
            })?;
            rows.push((vec![id], vec![value]));
        }
        let update = Update {
            table: targets.table.name.clone(),
            key: vec![targets.key.name.clone()],
            key_types: vec![targets.key.ty.clone()],
            columns: vec![targets.column.name.clone()],
            types: vec![targets.column.ty.clone()],
            rows,
        };
        found += session.update(&update).await?;
    }
    if !add.is_empty() {
        let add = Add {
            table: targets.table.name.clone(),
            key: targets.key.name.clone(),
            key_type: targets.key.ty.clone(),
            column: targets.column.name.clone(),
            column_type: targets.column.ty.clone(),
            rows: add,
        };
        found += session.add(&add).await?;
    }
    match found == expected {
        true => Ok(()),
        false => Err(DbError::new(
            DbErrorKind::Other,
            format_args!(
                "{expected} locked figures of `{}` were to be written, {found} were",
                targets.table.name
            ),
        )),
    }
}

/// Ascending keys: numbers by value, all else by its encoded bytes. Only the order of locking hangs on it.
fn order(a: &Value, b: &Value) -> std::cmp::Ordering {
    match (super::rows::number(a), super::rows::number(b)) {
        (Ok(Some(a)), Ok(Some(b))) => a.cmp(&b),
        _ => encoded(a).cmp(&encoded(b)),
    }
}
