//! What a run found is what it did, quarantined and left waiting: held against each other in every run, whoever asked for it.

use super::{Ended, FlowResult, Observer};

impl FlowResult {
    /// Of what was found, that of which it is not known what became of it. 0, unless ponte has a defect, or the run did not come to its end.
    pub fn unaccounted(&self) -> u64 {
        match &self.ended {
            Ended::Flow(report) => report.counts.unaccounted(),
            Ended::Stock(report) => report.unaccounted(),
            Ended::Failed(_) | Ended::Skipped(_) | Ended::Interrupted => 0,
        }
    }

    /// Tells how it ended; a sum that is off is logged.
    pub(super) fn tell(&self, observer: &dyn Observer) {
        let (flow, unaccounted) = (self.flow.as_str(), self.unaccounted());
        if unaccounted != 0 {
            tracing::error!(
                flow,
                unaccounted,
                "what the run found is not what it did, quarantined and left waiting"
            );
        }
        observer.ended(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stock::{Left, Named, StockReport};
    use crate::sync::report::FlowReport;
    use std::time::Duration;

    fn unaccounted(ended: Ended) -> u64 {
        let result = FlowResult {
            flow: "main/stock".to_owned(),
            took: Duration::ZERO,
            ended,
        };
        result.unaccounted()
    }

    #[test]
    fn a_flow_has_done_or_left_what_it_read() {
        let of = |read| {
            let mut report = FlowReport::default();
            report.counts.read = read;
            (report.counts.created, report.counts.waiting) = (3, 2);
            (report.counts.rejected, report.counts.duplicates) = (1, 1);
            unaccounted(Ended::Flow(Box::new(report)))
        };
        assert_eq!(of(7), 0);
        assert_eq!(of(9), 2);
        // An order that was told is done, and a parcel of it may be in quarantine.
        assert_eq!(of(6), 0);
    }

    #[test]
    fn a_stock_cycle_has_written_or_left_alone_what_it_looked_at() {
        let report = || StockReport {
            articles: 10,
            fine: 6,
            off: 3,
            left: [(
                Left::NotInErp,
                Named {
                    count: 1,
                    skus: Vec::new(),
                },
            )]
            .into(),
            ..StockReport::default()
        };
        let of = |report: StockReport| unaccounted(Ended::Stock(Box::new(report)));
        assert_eq!(of(report()), 0);
        assert_eq!(
            of(StockReport {
                fine: 5,
                ..report()
            }),
            1
        );
        assert_eq!(of(StockReport { off: 5, ..report() }), 2);
        assert_eq!(
            of(StockReport {
                dropped: 4,
                ..report()
            }),
            4
        );
    }

    #[test]
    fn what_did_not_come_to_its_end_has_no_sum() {
        assert_eq!(unaccounted(Ended::Interrupted), 0);
    }
}
