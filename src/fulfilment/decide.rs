//! What is new about an order, and what of it the shop gets: without a database, so that every case can be tried.

use crate::own::wrote::Fields;
use crate::plan::fulfilment::{Rules, State};

/// What the ERP says of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The shop's reference.
    pub key: String,
    pub state: State,
    /// Empty: there is none.
    pub invoice: String,
    /// By day and number.
    pub parcels: Vec<Parcel>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Parcel {
    /// ISO 8601; empty: not told.
    pub shipped_on: String,
    pub number: String,
    pub carrier: String,
    /// Empty: not known yet.
    pub tracking: String,
    /// When it reached the customer, empty: not known yet; `None`: the ERP has no place for that.
    pub delivered_on: Option<String>,
}

impl Parcel {
    fn remembered(&self) -> (String, String) {
        let key = format!("{PARCEL}{}", self.number);
        (key, format!("{}\t{}", self.carrier, self.tracking))
    }

    /// Whether the shop knows it, with the tracking number that it has now.
    pub fn is_told(&self, memory: &Fields) -> bool {
        let (key, value) = self.remembered();
        memory.get(&key) == Some(&value)
    }
}

/// What is written for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The order's next status; `None`: it stays as it is.
    pub status: Option<String>,
    /// The order is further than it was.
    pub state: Option<State>,
    /// Parcels that are new, or whose tracking number is.
    pub parcels: Vec<Parcel>,
    /// The invoice is new.
    pub invoice: bool,
    /// What was left alone, for a person.
    pub left: Option<String>,
    /// What is known of the order afterwards.
    pub remember: Fields,
}

impl Step {
    /// The shop has nothing to show of it.
    pub fn is_silent(&self) -> bool {
        self.status.is_none() && self.state.is_none() && self.parcels.is_empty() && !self.invoice
    }
}

const STATE: &str = "state";
/// The status that ponte wrote last, and the one before it.
const STATUS: &str = "status";
const BEFORE: &str = "before";
const INVOICE: &str = "invoice";
const LEFT: &str = "left";
const PARCEL: &str = "parcel ";

/// How far the order was when something was written last.
fn known_state(memory: &Fields) -> State {
    let name = memory.get(STATE).map(String::as_str);
    name.and_then(State::of).unwrap_or(State::Open)
}

/// Where the ERP contradicts what has been told already.
fn contradiction(told: &Told, known: State) -> Option<String> {
    let state = told.state;
    if state < known {
        return Some(format!(
            "the ERP says `{}` after `{}`",
            state.name(),
            known.name()
        ));
    }
    (state == State::Cancelled && known > State::PartlyShipped && known < State::Cancelled)
        .then(|| format!("the ERP has cancelled it after `{}`", known.name()))
}

/// Whether the shop's order has to be looked at, by what ponte remembers of it.
pub fn has_news(told: &Told, memory: &Fields) -> bool {
    let known = known_state(memory);
    let contradiction = contradiction(told, known);
    let is_further = contradiction.is_none() && told.state > known;
    let is_told = contradiction.is_none() || memory.get(LEFT) == contradiction.as_ref();
    is_further || !is_told || has_new_invoice(told, memory) || !new_parcels(told, memory).is_empty()
}

/// The status that ponte gave the order last.
pub fn given_status(memory: &Fields) -> Option<&str> {
    memory.get(STATUS).map(String::as_str)
}

/// What was left alone last, for a person.
pub fn left_alone(memory: &Fields) -> Option<&str> {
    memory.get(LEFT).map(String::as_str)
}

pub fn has_new_invoice(told: &Told, memory: &Fields) -> bool {
    !told.invoice.is_empty() && memory.get(INVOICE) != Some(&told.invoice)
}

fn new_parcels(told: &Told, memory: &Fields) -> Vec<Parcel> {
    let new = told.parcels.iter().filter(|parcel| !parcel.is_told(memory));
    new.cloned().collect()
}

/// What is to be written; `None` if nothing is new. `current`: the order's status in the shop; `None`: the shop has no such
/// order any longer.
pub fn decide(rules: &Rules, told: &Told, memory: &Fields, current: Option<&str>) -> Option<Step> {
    if !has_news(told, memory) {
        return None;
    }
    let known = known_state(memory);
    let mut remember = memory.clone();
    let parcels = new_parcels(told, memory);
    remember.extend(parcels.iter().map(Parcel::remembered));
    let invoice = has_new_invoice(told, memory);
    if invoice {
        remember.insert(INVOICE.to_owned(), told.invoice.clone());
    }
    let contradiction = contradiction(told, known);
    let is_further = contradiction.is_none() && told.state > known;
    if is_further {
        remember.insert(STATE.to_owned(), told.state.name().to_owned());
    }
    let mut step = Step {
        status: None,
        state: is_further.then_some(told.state),
        parcels,
        invoice,
        left: contradiction,
        remember,
    };
    match current {
        None => {
            step.left = Some("the shop has no such order any longer".to_owned());
            (step.state, step.invoice) = (None, false);
            step.parcels.clear();
        }
        Some(current) if is_further => status(rules, told.state, memory, current, &mut step),
        Some(_) => {}
    }
    if let Some(left) = &step.left {
        step.remember.insert(LEFT.to_owned(), left.clone());
        if memory.get(LEFT) == Some(left) {
            step.left = None;
        }
    }
    Some(step)
}

/// The status that belongs to the state, unless the order is further already or the shop's people have set another one.
fn status(rules: &Rules, state: State, memory: &Fields, current: &str, step: &mut Step) {
    let Some(wanted) = rules.statuses.get(&state) else {
        return;
    };
    let mut keep = |before: Option<&str>| {
        let before = before.map(|before| (BEFORE, before));
        let pairs = before.into_iter().chain([(STATUS, wanted.as_str())]);
        let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
        step.remember.extend(pairs);
    };
    if current == wanted {
        keep(None);
        return;
    }
    let is = |key: &str| memory.get(key).is_some_and(|status| status == current);
    let was_left = is(STATUS) || is(BEFORE);
    let further = rules.statuses.iter();
    let mut further = further.filter(|(other, _)| **other >= state && **other != State::Cancelled);
    if !was_left && further.any(|(_, status)| status == current) {
        return;
    }
    if was_left || rules.from.iter().any(|status| status == current) {
        keep(Some(current));
        step.status = Some(wanted.clone());
        return;
    }
    step.left = Some(format!(
        "somebody gave it the status `{current}` in the shop, while the ERP says `{}`",
        state.name()
    ));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> Rules {
        let status = |status: &str| status.to_owned();
        Rules {
            statuses: [
                (State::PartlyShipped, status("partial")),
                (State::Shipped, status("completed")),
                (State::Invoiced, status("completed")),
                (State::Cancelled, status("cancelled")),
            ]
            .into(),
            from: vec![status("processing"), status("on-hold")],
        }
    }

    fn told(state: State) -> Told {
        Told {
            key: "7".to_owned(),
            state,
            invoice: String::new(),
            parcels: Vec::new(),
        }
    }

    fn parcel(number: &str, tracking: &str) -> Parcel {
        Parcel {
            shipped_on: String::new(),
            number: number.to_owned(),
            carrier: "BRT".to_owned(),
            tracking: tracking.to_owned(),
            delivered_on: None,
        }
    }

    /// The states one after the other, with the status that the shop has before each; the statuses that are written.
    fn story(states: &[(State, Option<&str>)]) -> Vec<String> {
        let mut memory = Fields::new();
        let mut current = "processing".to_owned();
        let mut said = Vec::new();
        for (state, set) in states {
            if let Some(set) = set {
                current = (*set).to_owned();
            }
            let step = decide(&rules(), &told(*state), &memory, Some(&current));
            let Some(step) = step else {
                said.push("-".to_owned());
                continue;
            };
            memory = step.remember;
            said.push(match (step.status, step.left) {
                (Some(status), None) => {
                    current.clone_from(&status);
                    status
                }
                (None, Some(left)) => left,
                other => format!("{other:?}"),
            });
        }
        said
    }

    #[test]
    fn each_state_is_written_once_and_never_backwards() {
        use State::*;
        assert_eq!(
            story(&[
                (Open, None),
                (PartlyShipped, None),
                (PartlyShipped, None),
                (Shipped, None),
                (PartlyShipped, None),
                (PartlyShipped, None),
                (Cancelled, None),
            ]),
            [
                "-",
                "partial",
                "-",
                "completed",
                "the ERP says `partly_shipped` after `shipped`",
                "-",
                "the ERP has cancelled it after `shipped`",
            ]
        );
    }

    #[test]
    fn what_people_set_is_respected_and_told_once() {
        use State::*;
        assert_eq!(
            story(&[(Shipped, Some("refunded")), (Shipped, None)]),
            [
                "somebody gave it the status `refunded` in the shop, while the ERP says `shipped`",
                "-"
            ]
        );
        // What was there before, or what ponte wrote, is nobody's word.
        assert_eq!(
            story(&[(PartlyShipped, None), (Shipped, Some("processing"))]),
            ["partial", "completed"]
        );
        assert_eq!(
            story(&[(PartlyShipped, None), (Shipped, Some("on the way"))])[1],
            "somebody gave it the status `on the way` in the shop, while the ERP says `shipped`"
        );
    }

    #[test]
    fn an_order_that_is_further_stays_there() {
        let step = decide(
            &rules(),
            &told(State::PartlyShipped),
            &Fields::new(),
            Some("completed"),
        );
        let step = step.unwrap();
        assert_eq!((step.status, step.left), (None, None));
        assert_eq!(step.state, Some(State::PartlyShipped));
    }

    #[test]
    fn a_parcel_is_news_once_and_again_with_its_number() {
        let mut order = told(State::Open);
        order.parcels = vec![parcel("D1", ""), parcel("D2", "T2")];
        let first = decide(&rules(), &order, &Fields::new(), Some("processing")).unwrap();
        assert_eq!(first.parcels, order.parcels);
        order.parcels[0].tracking = "T1".to_owned();
        let second = decide(&rules(), &order, &first.remember, Some("processing")).unwrap();
        assert_eq!(second.parcels, [parcel("D1", "T1")]);
        assert_eq!(
            decide(&rules(), &order, &second.remember, Some("processing")),
            None
        );
    }

    #[test]
    fn an_order_that_the_shop_has_deleted_is_told_once() {
        let order = told(State::Shipped);
        let step = decide(&rules(), &order, &Fields::new(), None).unwrap();
        assert!(step.is_silent() && step.left.is_some());
        assert_eq!(decide(&rules(), &order, &step.remember, None), None);
    }
}
