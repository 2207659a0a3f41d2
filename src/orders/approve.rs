//! The project's rules put to orders: those that are let in, those that wait, those that a person is asked about.

use super::accept::{self, Answered, Question, Rules, Verdict};
use super::content::Content;
use super::{Import, OrdersError, local_day};
use crate::db::{self, Session};
use crate::own::approval::{Approvals, Asking};
use crate::sync::batch::rejected;
use crate::sync::record::Record;
use crate::sync::report::{FlowReport, Reason};
use std::collections::HashMap;

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
        let mut taken = Vec::new();
        let mut doubtful = Vec::new();
        for record in records {
            match self
                .rules
                .verdict(|name| self.canonical.value(&record, name))
            {
                Verdict::Take => taken.push(record),
                Verdict::Not(reason) => report.reject(rejected(&record, reason)),
                Verdict::Ask { why } => doubtful.push((record, why)),
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
        if self.writes {
            self.applier.ask_person(&asking).await?;
        }
        Ok(taken)
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
        let asked = verdicts
            .iter()
            .filter(|(_, one)| matches!(one, Verdict::Ask { .. }));
        let asked: Vec<String> = asked.map(|(key, _)| key.clone()).collect();
        let answers = match asked.is_empty() {
            true => HashMap::new(),
            false => approvals.of(erp, &asked).await?,
        };
        let reason = |(key, verdict): (String, Verdict)| {
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
