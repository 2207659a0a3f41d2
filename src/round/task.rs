//! What a round can run: the flows of a plan, the orders and the stock of its shops, chosen by name.

use crate::config::record::FULFILMENT;
use crate::connections::Connections;
use crate::diagnostic::nearest;
use crate::own::setup::Setup;
use crate::plan::fulfilment::Fulfilment;
use crate::plan::{Flow, Orders, Plan, Stock};
use std::collections::BTreeSet;

/// The record name of stock, beside `article`, `price`, `category`.
const STOCK: &str = "stock";

#[derive(Debug, Clone, Copy)]
pub enum Task<'p> {
    Flow(&'p Flow),
    Orders(&'p Orders),
    Stock(&'p Stock),
    Fulfilment(&'p Fulfilment),
}

/// A flow was named that the project does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no flow `{name}`")]
pub struct UnknownFlow {
    pub name: String,
    /// The name that was probably meant.
    pub near: Option<String>,
    pub known: Vec<String>,
}

impl<'p> Task<'p> {
    /// `main/article`, `main/stock`, `agents`.
    pub fn name(&self) -> &'p str {
        match self {
            Task::Flow(flow) => &flow.name,
            Task::Orders(orders) => &orders.name,
            Task::Stock(stock) => &stock.name,
            Task::Fulfilment(fulfilment) => &fulfilment.name,
        }
    }

    fn record(&self) -> Option<&'p str> {
        match self {
            Task::Flow(flow) => flow.record.as_deref(),
            Task::Orders(orders) => Some(orders.kind.record()),
            Task::Stock(_) => Some(STOCK),
            Task::Fulfilment(_) => Some(FULFILMENT),
        }
    }

    /// The connection that is written to.
    pub fn target(&self) -> &'p str {
        match self {
            Task::Flow(flow) => &flow.target.connection,
            Task::Orders(orders) => flow_of(orders).map_or("", |flow| &flow.target.connection),
            Task::Stock(stock) => &stock.target.connection,
            Task::Fulfilment(fulfilment) => &fulfilment.target,
        }
    }

    /// The connection that is read from.
    pub fn source(&self) -> &'p str {
        match self {
            Task::Flow(flow) => &flow.source.connection,
            Task::Orders(orders) => flow_of(orders).map_or("", |flow| &flow.source.connection),
            Task::Stock(stock) => &stock.erp.connection,
            Task::Fulfilment(fulfilment) => &fulfilment.erp.connection,
        }
    }

    /// What one process at a time works on: a shop with its ERP, or the target of a table-to-table flow.
    pub fn pair(&self) -> String {
        match self {
            Task::Flow(Flow {
                shop: Some(shop), ..
            })
            | Task::Orders(Orders { shop, .. })
            | Task::Stock(Stock { shop, .. })
            | Task::Fulfilment(Fulfilment { shop, .. }) => format!("shop.{shop}"),
            Task::Flow(flow) => flow.target.connection.clone(),
        }
    }

    /// The connections on which the pair's lease is held, and so those that need ponte's own tables.
    pub fn lease_connections(&self) -> BTreeSet<&'p str> {
        match self {
            Task::Flow(Flow { shop: None, .. }) => BTreeSet::from([self.target()]),
            _ => BTreeSet::from([self.source(), self.target()]),
        }
    }
}

/// Everything that the plan can run, in the order in which it runs.
pub fn all(plan: &Plan) -> Vec<Task<'_>> {
    let flows = plan.flows.iter().map(Task::Flow);
    let orders = plan.orders.iter().chain(&plan.refunds).map(Task::Orders);
    flows
        .chain(orders)
        .chain(plan.stocks.iter().map(Task::Stock))
        .chain(plan.fulfilments.iter().map(Task::Fulfilment))
        .collect()
}

/// The tasks by the database of their pair.
pub fn by_database(plan: &Plan) -> Vec<(String, Vec<Task<'_>>)> {
    let mut groups: Vec<(String, Vec<Task<'_>>)> = Vec::new();
    for task in all(plan) {
        let connection = task.pair();
        let same = |other: &String| {
            let url = |name: &String| plan.connections.get(name).map(|connection| &connection.url);
            match (url(&connection), url(other)) {
                (Some(a), Some(b)) => a.is_same_database(b),
                _ => connection == *other,
            }
        };
        match groups.iter_mut().find(|(other, _)| same(other)) {
            Some((_, tasks)) => tasks.push(task),
            None => groups.push((connection, vec![task])),
        }
    }
    groups
}

/// All ways in which a shop may keep its orders lead from one connection to one other.
fn flow_of(orders: &Orders) -> Option<&Flow> {
    orders.storages.first().map(|storage| &storage.flow)
}

/// The tasks of these names, in the order in which they run; no name = all. A name is a flow's own (`main/article`) or
/// a record's (`article`: of every shop).
///
/// # Errors
/// The first name that nothing bears.
pub fn select<'p>(plan: &'p Plan, names: &[String]) -> Result<Vec<Task<'p>>, UnknownFlow> {
    let all = all(plan);
    if names.is_empty() {
        return Ok(all);
    }
    let mut chosen = vec![false; all.len()];
    for name in names {
        let mut found = false;
        for (task, chosen) in all.iter().zip(&mut chosen) {
            if task.name() == name || task.record() == Some(name) {
                *chosen = true;
                found = true;
            }
        }
        if !found {
            return Err(unknown(&all, name));
        }
    }
    let pairs = all.into_iter().zip(chosen);
    Ok(pairs
        .filter_map(|(task, chosen)| chosen.then_some(task))
        .collect())
}

fn unknown(all: &[Task<'_>], name: &str) -> UnknownFlow {
    let names = all.iter().map(Task::name);
    let records: BTreeSet<&str> = all.iter().filter_map(Task::record).collect();
    UnknownFlow {
        name: name.to_owned(),
        near: nearest(name, names.clone().chain(records)).map(str::to_owned),
        known: names.map(str::to_owned).collect(),
    }
}

/// The connections that need ponte's own tables.
pub fn own_connections(plan: &Plan) -> BTreeSet<&str> {
    all(plan).iter().flat_map(Task::lease_connections).collect()
}

/// The connections on which `ponte setup` makes anything.
pub fn setup_connections(plan: &Plan) -> BTreeSet<&str> {
    let mut names = own_connections(plan);
    names.extend(plan.requests.as_deref());
    names
}

/// What it makes on one of them.
pub fn setup_of(plan: &Plan, connections: &Connections, name: &str) -> Setup {
    let has_flows = own_connections(plan).contains(name);
    let is_asked = plan.requests.as_deref() == Some(name);
    Setup::new(connections.own(name), has_flows, is_asked)
}
