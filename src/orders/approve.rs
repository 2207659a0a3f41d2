//! The project's rules put to orders: those that are let in, those that wait, those that a person is asked about.

use super::accept::{self, Answered, Question, Rules, Verdict};
use super::content::Content;
use super::{Import, OrdersError, local_day};
use crate::config::record::NEW_CUSTOMER;
use crate::db::{self, Session};
use crate::own::approval::{Approval, Approvals, Asking, Standing};
use crate::plan::order::Kind;
use crate::sync::batch::rejected;
use crate::sync::record::Record;
use crate::sync::report::{FlowReport, Reason};
use crate::value::Value;
use std::collections::HashMap;

/// Under which name an ERP's pack asks for an order's customer.
const CUSTOMER: &str = "customer";

/// Why a person was asked about an order, while the question stands: it does even if the ERP has come to know the customer since.
fn asked_before(answer: Option<&Approval>) -> Option<String> {
    let answer = answer.filter(|answer| answer.standing != Standing::Applied)?;
    Some(Question::read(&answer.detail).map_or(String::new(), |question| question.why))
}

impl Import<'_> {
    /// Of these orders, those that may come in now.
    pub(super) async fn let_in(
        &mut self,
        records: Vec<Record>,
        report: &mut FlowReport,
    ) -> Result<Vec<Record>, OrdersError> {
        if self.rules.is_empty() {
            return Ok(records);
        }
        let asks_customer = self.rules.ask_customer();
        let mut taken = Vec::new();
        let mut doubtful = Vec::new();
        for record in records {
            let new_customer = match asks_customer {
                true => Value::Bool(self.is_of_new_customer(&record).await?),
                false => Value::Null,
            };
            match self.rules.verdict(|name| match name {
                NEW_CUSTOMER => &new_customer,
                name => self.canonical.value(&record, name),
            }) {
                Verdict::Take if asks_customer => doubtful.push((record, None)),
                Verdict::Take => taken.push(record),
                Verdict::Not(reason) => report.reject(rejected(&record, reason)),
                Verdict::Ask { why } => doubtful.push((record, Some(why))),
            }
        }
        if doubtful.is_empty() {
            return Ok(taken);
        }
        let keys: Vec<String> = doubtful.iter().map(|(one, _)| one.key.clone()).collect();
        let approvals = self.applier.approved.approvals.clone();
        let session = self.applier.session.as_mut();
        let answers = approvals.of(session, &keys).await?;
        let mut asking = Vec::new();
        for (record, why) in doubtful {
            let content = self.canonical.content(&record, &self.bound.flow.digest);
            let digest = accept::digest(&content);
            let answer = answers.get(&record.key);
            let Some(why) = why.or_else(|| asked_before(answer)) else {
                taken.push(record);
                continue;
            };
            let reason = match self.rules.answered(&record.key, &why, answer, &digest) {
                Answered::Accepted => {
                    self.applier.approved.keys.insert(record.key.clone());
                    taken.push(record);
                    continue;
                }
                Answered::Rejected(reason) | Answered::Asked(reason) => reason,
                Answered::Ask(reason) => {
                    let title = self.title(&record, &content);
                    asking.push(Asking {
                        key: record.key.clone(),
                        digest,
                        detail: Question::new(&why, title, &content, answer).write(),
                    });
                    reason
                }
            };
            report.reject(rejected(&record, reason));
        }
        // What a person has just booked by hand is no question.
        let is_settled = self.settle && self.orders.kind == Kind::Refund;
        if self.writes && !is_settled {
            self.applier.ask_person(&asking).await?;
        }
        Ok(taken)
    }

    /// Whether the ERP does not know the order's customer. One that is not in order is refused for that, later.
    async fn is_of_new_customer(&mut self, record: &Record) -> Result<bool, OrdersError> {
        let mut record = record.clone();
        if self.canonical.complete(&mut record).is_err() {
            return Ok(false);
        }
        Ok(!self.applier.finds(&mut record, CUSTOMER).await?)
    }

    /// An order in one line.
    fn title(&self, record: &Record, content: &Content) -> String {
        let text = |name: &str| self.canonical.text(record, name).trim().to_owned();
        let placed = self.canonical.value(record, "placed");
        let placed = super::canonical::placed(placed, self.zone);
        let day = placed.map(|placed| local_day(placed, self.local).to_string());
        let person = format!("{} {}", text("first_name"), text("last_name"));
        let parts = [
            day.unwrap_or_default(),
            match text("order_number") {
                order if order.is_empty() => order,
                order => format!("of order {order}"),
            },
            text("company"),
            person.trim().to_owned(),
            format!("{} {}", content.total, text("currency")),
            match text("payment_title") {
                title if title.is_empty() => text("payment_method"),
                title => title,
            },
        ];
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(", ")
    }
}

impl Rules<'_> {
    /// Why orders without a link are kept out, as far as rules and persons say so; by key.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn kept_out(
        &self,
        erp: &mut dyn Session,
        approvals: &Approvals,
        verdicts: Vec<(String, Verdict)>,
    ) -> db::Result<HashMap<String, Reason>> {
        let asks_customer = self.ask_customer();
        let asked = verdicts.iter().filter(|(_, one)| match one {
            Verdict::Ask { .. } => true,
            Verdict::Take => asks_customer,
            Verdict::Not(_) => false,
        });
        let asked: Vec<String> = asked.map(|(key, _)| key.clone()).collect();
        let answers = match asked.is_empty() {
            true => HashMap::new(),
            false => approvals.of(erp, &asked).await?,
        };
        let reason = |(key, verdict): (String, Verdict)| {
            let verdict = match (verdict, asked_before(answers.get(&key))) {
                (Verdict::Take, Some(why)) => Verdict::Ask { why },
                (verdict, _) => verdict,
            };
            let reason = match verdict {
                Verdict::Take => return None,
                Verdict::Not(reason) => reason,
                Verdict::Ask { why } => {
                    let answer = answers.get(&key);
                    // Whether it has changed since, the next run finds out.
                    let digest = answer.map_or("", |one| &one.digest);
                    match self.answered(&key, &why, answer, digest) {
                        Answered::Accepted => return None,
                        Answered::Ask(reason)
                        | Answered::Asked(reason)
                        | Answered::Rejected(reason) => reason,
                    }
                }
            };
            Some((key, reason))
        };
        Ok(verdicts.into_iter().filter_map(reason).collect())
    }
}
