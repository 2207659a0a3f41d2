//! News that a person looks at before the shop gets them.

use super::decide::{Parcel, Step, Told};
use super::shop::Current;
use crate::own::OwnTables;
use crate::plan::fulfilment::{Fulfilment, NEWS};
use crate::sync::gate::{Gate, Matter};
use crate::value::Value;

/// `None`: nothing waits.
pub fn gate<'p>(own: &OwnTables, fulfilment: &'p Fulfilment) -> Option<Gate<'p>> {
    let names = NEWS.map(|(name, _)| name);
    Gate::new(own, &fulfilment.name, fulfilment.approve.as_ref(), &names)
}

/// What the condition sees, in the order of [`NEWS`].
pub fn values(told: &Told, step: &Step, current: &Current) -> [Value; NEWS.len()] {
    let text = |text: &str| match text.trim() {
        "" => Value::Null,
        text => Value::Text(text.to_owned()),
    };
    let of_parcels = |pick: fn(&Parcel) -> &String| {
        let mut found: Vec<&str> = Vec::new();
        for one in step.parcels.iter().map(pick).filter(|one| !one.is_empty()) {
            if !found.contains(&one.as_str()) {
                found.push(one);
            }
        }
        text(&found.join(", "))
    };
    [
        text(&told.key),
        text(told.state.name()),
        text(&current.status),
        text(step.status.as_deref().unwrap_or_default()),
        Value::Int(step.parcels.len() as i64),
        of_parcels(|one| &one.carrier),
        of_parcels(|one| &one.tracking),
        match step.invoice {
            true => text(&told.invoice),
            false => Value::Null,
        },
    ]
}

/// What a person is asked of an order's news.
pub fn matter<'a>(told: &'a Told, step: &Step, current: &Current) -> Matter<'a> {
    let mut changes = Vec::new();
    match (&step.status, step.state) {
        (Some(status), _) => changes.push(format!("status {} -> {status}", current.status)),
        (None, Some(_)) => changes.push(format!("status {} stays", current.status)),
        (None, None) => {}
    }
    for parcel in &step.parcels {
        let parts = [&parcel.number, &parcel.carrier, &parcel.tracking];
        let parts = parts.map(String::as_str).into_iter();
        let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
        changes.push(format!("parcel {}", parts.join(" ")));
    }
    if step.invoice {
        changes.push(format!("invoice {}", told.invoice));
    }
    let state = told.state.name();
    Matter {
        key: &told.key,
        title: format!("{state}: {}", changes.join(", ")),
        content: std::iter::once(state.to_owned())
            .chain(changes.iter().cloned())
            .collect(),
        changes,
    }
}
