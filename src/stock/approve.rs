//! Rises that a person looks at before the shop shows them.
//!
//! Only a rise may wait: the shop then sells too little for a while. A fall is written at once, whatever the project says.
//!
//! What is approved is the *rise*, not the figures at its ends: a piece that the shop sells meanwhile lowers both, and the rise stays
//! what it was. Any other number of pieces is another question. A sum of figures follows its parts: what waits of them is not in it.

use super::assess::Job;
use super::figures::{Figure, Figures, Place, encoded};
use super::report::{Failed, KEPT, StockReport, Waiting};
use super::shop::Shop;
use crate::db::{self, DbErrorKind};
use crate::own::OwnTables;
use crate::own::approval::Approval;
use crate::own::lease::Guard;
use crate::plan::{RISE, Stock};
use crate::sync::gate::{Gate, Judged, Matter};
use crate::sync::report::Reason;
use crate::value::{Decimal, Value};
use std::collections::{HashMap, HashSet};

/// The cycle's condition, and what it has told of already.
pub struct Rises<'p> {
    pub gate: Gate<'p>,
    told: HashSet<String>,
}

/// What of a round may be written.
#[derive(Default)]
pub struct Sorted {
    pub due: Vec<Job>,
    /// Skus of rises that a person has approved.
    pub accepted: HashSet<String>,
    /// Figures that stay as they are.
    pub kept: Vec<Place>,
}

/// A figure that is to rise.
struct Rise {
    job: Job,
    figure: Figure,
}

impl Rise {
    /// `None`: it falls, or is a sum, which follows its parts.
    fn of(figures: &Figures, job: &Job) -> Option<Rise> {
        if matches!(job.place, Place::Total(_)) {
            return None;
        }
        let figure = figures.figure(job.place);
        let rises = match figure.pieces() {
            Some(old) => job.target > *old,
            None => !job.target.is_zero(),
        };
        let (place, target) = (job.place, job.target.clone());
        rises.then_some(Rise {
            job: Job { place, target },
            figure,
        })
    }

    fn old(&self) -> Option<&Decimal> {
        self.figure.pieces()
    }

    /// Pieces.
    fn by(&self) -> Decimal {
        match self.old() {
            Some(old) => &self.job.target - old,
            None => self.job.target.clone(),
        }
    }

    fn values(&self) -> [Value; RISE.len()] {
        let number = |pieces: &Decimal| Value::Decimal(pieces.clone());
        [
            Value::Text(self.figure.sku.clone()),
            self.old().map_or(Value::Null, number),
            number(&self.job.target),
        ]
    }

    fn matter(&self) -> Matter<'_> {
        let old = self.old().map(Decimal::to_plain);
        let shown = old.as_deref().unwrap_or("nothing");
        let change = format!("available {shown} -> {}", self.job.target.to_plain());
        let from = if old.is_some() { "more" } else { "first" };
        Matter {
            key: &self.figure.sku,
            title: change.clone(),
            changes: vec![change],
            content: vec![from.to_owned(), self.by().to_plain()],
        }
    }
}

impl<'p> Rises<'p> {
    /// `None`: nothing waits.
    pub fn new(own: &OwnTables, stock: &'p Stock) -> Option<Rises<'p>> {
        let names = RISE.map(|(name, _)| name);
        let gate = Gate::new(own, &stock.name, stock.approve.as_ref(), &names)?;
        Some(Rises {
            gate,
            told: HashSet::new(),
        })
    }

    /// Takes what waits for a person out of what is off, tells it, and asks; `guard`: `None` asks nobody.
    ///
    /// # Errors
    /// Those of the database; a lost lease.
    pub async fn sort(
        &mut self,
        shop: &mut Shop<'_>,
        guard: Option<&Guard>,
        figures: &Figures,
        off: Vec<Job>,
        report: &mut StockReport,
    ) -> db::Result<Sorted> {
        let mut sorted = Sorted::default();
        let mut withheld: HashMap<String, Decimal> = HashMap::new();
        let mut doubtful: Vec<Rise> = Vec::new();
        for job in off {
            let Some(rise) = Rise::of(figures, &job) else {
                sorted.due.push(job);
                continue;
            };
            match self.gate.holds(&rise.values(), shop.now, shop.zone) {
                Ok(false) => sorted.due.push(job),
                Ok(true) => doubtful.push(rise),
                Err(reason) => {
                    self.tell(&rise, &reason, report);
                    withheld.insert(rise.figure.sku.clone(), rise.by());
                    sorted.kept.push(job.place);
                }
            }
        }
        let skus = doubtful.iter().map(|rise| rise.figure.sku.clone());
        let skus: Vec<String> = skus.collect();
        let answers = match skus.is_empty() {
            true => HashMap::new(),
            false => self.answers(shop, &skus).await?,
        };
        let mut asking = Vec::new();
        for rise in doubtful {
            let answer = answers.get(&rise.figure.sku);
            let judged = self.gate.judge(&rise.matter(), answer);
            let reason = match judged {
                Judged::Free | Judged::Accepted => {
                    sorted.accepted.insert(rise.figure.sku.clone());
                    sorted.due.push(rise.job);
                    continue;
                }
                Judged::Not(reason) => reason,
                Judged::Ask(reason, one) => {
                    asking.push(one);
                    reason
                }
            };
            self.tell(&rise, &reason, report);
            withheld.insert(rise.figure.sku.clone(), rise.by());
            sorted.kept.push(rise.job.place);
        }
        if !withheld.is_empty() {
            follow(figures, &withheld, &mut sorted);
        }
        if let Some(guard) = guard {
            let session = shop.session.as_mut();
            let approvals = &self.gate.approvals;
            approvals.ask_alone(session, Some(guard), &asking).await?;
        }
        Ok(sorted)
    }

    /// Why the first of these is kept from rising.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn held(
        &self,
        shop: &mut Shop<'_>,
        figures: &Figures,
        off: &[Job],
    ) -> db::Result<Option<Waiting>> {
        let rises = off.iter().filter_map(|job| Rise::of(figures, job));
        for rise in rises.collect::<Vec<_>>() {
            let reason = match self.gate.holds(&rise.values(), shop.now, shop.zone) {
                Ok(false) => continue,
                Err(reason) => reason,
                Ok(true) => {
                    let sku = std::slice::from_ref(&rise.figure.sku);
                    let answers = self.answers(shop, sku).await?;
                    match self
                        .gate
                        .judge(&rise.matter(), answers.get(&rise.figure.sku))
                    {
                        Judged::Free | Judged::Accepted => continue,
                        Judged::Not(reason) | Judged::Ask(reason, _) => reason,
                    }
                }
            };
            return Ok(Some(Waiting {
                sku: rise.figure.sku.clone(),
                why: reason.to_string(),
                advice: reason.advice().into_owned(),
            }));
        }
        Ok(None)
    }

    async fn answers(
        &self,
        shop: &mut Shop<'_>,
        skus: &[String],
    ) -> db::Result<HashMap<String, Approval>> {
        match self.gate.approvals.of(shop.session.as_mut(), skus).await {
            // A dry run before ponte's own tables are there.
            Err(error) if error.kind == DbErrorKind::Undefined => Ok(HashMap::new()),
            answers => answers,
        }
    }

    /// Once a cycle.
    fn tell(&mut self, rise: &Rise, reason: &Reason, report: &mut StockReport) {
        let sku = &rise.figure.sku;
        if !self.told.insert(sku.clone()) {
            return;
        }
        match reason {
            Reason::Unapproved { why, advice } => {
                report.unapproved_total += 1;
                if report.unapproved.len() < KEPT {
                    report.unapproved.push(Waiting {
                        sku: sku.clone(),
                        why: why.clone(),
                        advice: advice.clone(),
                    });
                }
            }
            Reason::NotTaken { .. } => report.not_raised.add(sku),
            reason => report.failed.push(Failed {
                sku: sku.clone(),
                reason: reason.to_string(),
            }),
        }
    }
}

/// Sums without what waits of their parts.
fn follow(figures: &Figures, withheld: &HashMap<String, Decimal>, sorted: &mut Sorted) {
    let (mut due, mut kept) = (Vec::new(), Vec::new());
    for mut job in std::mem::take(&mut sorted.due) {
        if let Place::Total(_) = job.place {
            let id = encoded(&figures.key(job.place));
            let rows = figures.totals.iter().filter(|row| encoded(&row.id) == id);
            let parts: HashSet<&str> = rows.map(|row| row.sku.as_str()).collect();
            for by in parts.iter().filter_map(|sku| withheld.get(*sku)) {
                job.target = &job.target - by;
            }
            job.target = job.target.max(Decimal::default());
            if figures.figure(job.place).pieces() == Some(&job.target) {
                kept.push(job.place);
                continue;
            }
        }
        due.push(job);
    }
    sorted.due = due;
    sorted.kept.extend(kept);
}

#[cfg(test)]
mod tests {
    use super::super::figures::Yield;
    use super::*;

    /// A whole of two parts, of which the shop shows 12 and 30 pieces.
    fn figures() -> Figures {
        let mut figures = Figures::default();
        for sku in ["A", "B"] {
            figures.push(Yield {
                sku: sku.to_owned(),
                id: Value::Int(1),
                shown: Value::Int(42),
                managed: true,
                suspect: false,
                total: Some("WHOLE".to_owned()),
                row: Vec::new(),
            });
        }
        figures
    }

    fn sum(target: i64, withheld: &[(&str, i64)]) -> (Vec<Decimal>, usize) {
        let mut sorted = Sorted::default();
        sorted.due.push(Job {
            place: Place::Total(0),
            target: Decimal::from(target),
        });
        let withheld = withheld.iter();
        let withheld = withheld.map(|(sku, by)| ((*sku).to_owned(), Decimal::from(*by)));
        follow(&figures(), &withheld.collect(), &mut sorted);
        let due = sorted.due.into_iter().map(|job| job.target);
        (due.collect(), sorted.kept.len())
    }

    #[test]
    fn a_sum_goes_without_what_waits_of_its_parts() {
        // A is to rise by 500, B falls by 5.
        assert_eq!(sum(537, &[("A", 500)]), (vec![Decimal::from(37)], 0));
        // Nothing else has changed: it stays as it is.
        assert_eq!(sum(542, &[("A", 500)]), (Vec::new(), 1));
        assert_eq!(sum(540, &[("C", 500)]), (vec![Decimal::from(540)], 0));
        assert_eq!(sum(3, &[("A", 500)]), (vec![Decimal::from(0)], 0));
    }
}
