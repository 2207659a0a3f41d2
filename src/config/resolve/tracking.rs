//! From where tracking numbers come onto the ERP's deliveries.

use super::side::PackSide;
use crate::config::project::TrackingKeys;
use crate::config::source::Loader;
use crate::config::spanned::At;
use crate::config::texts::{Bound, Texts};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::plan::Connection;
use crate::plan::fulfilment::{Courier, TRACKING_COLUMNS, Tracking, TrackingSource, Way};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// What a source of tracking numbers is held against.
pub struct Around<'a> {
    pub file: &'a Arc<SourceFile>,
    pub erp: &'a PackSide,
    pub connections: &'a BTreeMap<String, Connection>,
    /// The shop's ways to keep its orders.
    pub ways: &'a [Way],
}

impl Around<'_> {
    /// `None`: there are none, or a mistake, which is reported.
    pub fn tracking(&self, loader: &mut Loader<'_>, keys: &[At<TrackingKeys>]) -> Option<Tracking> {
        let first = keys.first()?;
        let (file, body) = self.erp.pack.erp_fulfilment()?;
        let documents = body.documents.as_ref()?;
        let Some(fill) = &documents.fill else {
            let message = "tracking numbers have no place: the ERP's pack does not say how its deliveries get them";
            loader.report(
                Diagnostic::error("P124", message)
                    .at(&first.span(self.file), "comes from here")
                    .note("wanted in `[documents]` of the pack's `fulfilment.toml`: `fill`"),
            );
            return None;
        };
        let names = ["document", "parcel", "tracking", "carrier", "delivered_on"];
        let fill = (self.erp.texts(file)).sql(fill, &Bound::names(&names), &mut loader.found);
        let base = loader.base.clone();
        let found = &mut loader.found;
        let from = keys
            .iter()
            .filter_map(|keys| self.source(&base, keys, found));
        let from = from.collect();
        Some(Tracking { fill, from })
    }

    fn source(
        &self,
        base: &Path,
        keys: &At<TrackingKeys>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<TrackingSource> {
        let at = keys.span(self.file);
        let courier = match (keys.shop, &keys.folder, &keys.connection, &keys.sql) {
            (true, None, None, None) => {
                if self.ways.iter().all(|way| way.tracking.is_none()) {
                    let message = "the shop's pack does not say where tracking numbers are entered";
                    found.push(
                        Diagnostic::error("P124", message)
                            .at(&at, "says `shop = true`")
                            .note("wanted in `[[fulfilment.storage]]` of the pack's `fulfilment.toml`: `tracking`"),
                    );
                }
                Courier::Shop
            }
            (false, Some(folder), None, None) => Courier::Folder {
                path: base.join(folder.as_str()),
                columns: self.columns(keys, found),
            },
            (false, None, Some(connection), Some(sql)) => {
                let known = self.connections.keys().map(String::as_str);
                if !self.connections.contains_key(connection.as_str()) {
                    let message = format!("there is no connection `{}`", connection.value);
                    found.push(
                        Diagnostic::error("P123", message)
                            .at(&connection.content(self.file), "")
                            .suggest(connection, known),
                    );
                }
                let texts = Texts {
                    file: self.file,
                    variables: None,
                };
                Courier::Table {
                    connection: connection.value.clone(),
                    sql: texts.sql(sql, &Bound::names(&["parcel", "reference"]), found),
                }
            }
            _ => {
                let message = "where tracking numbers come from is said in one way";
                found.push(Diagnostic::error("P105", message).at(
                    &at,
                    "wanted `shop = true`, or `folder`, or `connection` and `sql`",
                ));
                return None;
            }
        };
        let carrier = keys.carrier.as_ref();
        Some(TrackingSource {
            courier,
            carrier: carrier.map_or(String::new(), |carrier| carrier.value.clone()),
        })
    }

    fn columns(
        &self,
        keys: &TrackingKeys,
        found: &mut Vec<Diagnostic>,
    ) -> BTreeMap<String, String> {
        for (name, _) in keys.columns.iter() {
            if !TRACKING_COLUMNS.contains(&name.as_str()) {
                let message = format!("`{}` is nothing that a file says", name.value);
                found.push(
                    Diagnostic::error("P102", message)
                        .at(&name.span(self.file), "")
                        .note(format!("wanted: {}", TRACKING_COLUMNS.join(", ")))
                        .suggest(name, TRACKING_COLUMNS.iter().copied()),
                );
            }
        }
        let called = keys.columns.iter();
        let called = called.map(|(name, called)| (name.value.clone(), called.value.clone()));
        called.collect()
    }
}
