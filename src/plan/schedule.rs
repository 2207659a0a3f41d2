//! When the service runs which flow.

use crate::expr::Zone;
use chrono::{NaiveTime, Weekday};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

#[derive(Debug, Clone)]
pub struct Schedule {
    /// In which cron expressions and quiet hours are read.
    pub zone: Zone,
    /// No run begins in them.
    pub quiet: Vec<Quiet>,
    /// By the flow's name; every flow of the plan has one.
    pub flows: BTreeMap<String, When>,
    /// When both sides are compared as they are.
    pub verify: When,
    /// When the shops' orders are held against the ERP's.
    pub reconcile: When,
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule {
            zone: Zone::UTC,
            quiet: Vec::new(),
            flows: BTreeMap::new(),
            verify: When::Demand,
            reconcile: When::Demand,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// At whole multiples of the interval, counted from midnight UTC.
    Every(Duration),
    Cron(Box<croner::Cron>),
    /// Whenever this flow has ended well.
    After(String),
    /// Only when somebody asks for it.
    Demand,
    /// As `Demand`, and a shop's webhook is nobody: the project itself pauses it.
    Paused,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            When::Every(every) => {
                let seconds = every.as_secs();
                let units = [(86400, "d"), (3600, "h"), (60, "m")];
                match units.into_iter().find(|(unit, _)| seconds % unit == 0) {
                    Some((unit, name)) => write!(f, "every {}{name}", seconds / unit),
                    None => write!(f, "every {seconds}s"),
                }
            }
            When::Cron(cron) => write!(f, "at {}", cron.pattern),
            When::After(flow) => write!(f, "after {flow}"),
            When::Demand => write!(f, "on demand"),
            When::Paused => write!(f, "paused"),
        }
    }
}

/// Hours in which nothing is begun; `from` after `to` goes over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    /// The day on which they begin; `None`: every day.
    pub day: Option<Weekday>,
    pub from: NaiveTime,
    pub to: NaiveTime,
}
