//! What only the ERP knows of its keys: which of them exist, and which values of a further key several records share.

use super::narrow::rows_of;
use super::record::key_text;
use super::work::in_keys;
use crate::db::query::Query;
use crate::db::{self, Engine, Session};
use crate::plan::{Flow, Source};
use crate::value::{Type, Value, convert};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Keys asked for at once.
const ASKED: usize = 500;

/// Asks the source of a flow, over a connection of its own that is opened when it is first needed.
pub struct ErpKeys {
    engine: Arc<dyn Engine>,
    source: Source,
    key_types: Vec<Type>,
    asked: Mutex<Asked>,
}

#[derive(Default)]
struct Asked {
    session: Option<Box<dyn Session>>,
    /// Field -> the values that more than one record has.
    shared: HashMap<String, HashSet<String>>,
}

impl fmt::Debug for ErpKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ErpKeys").finish_non_exhaustive()
    }
}

impl ErpKeys {
    pub fn new(engine: Arc<dyn Engine>, flow: &Flow, key_types: &[Type]) -> Self {
        ErpKeys {
            engine,
            source: flow.source.clone(),
            key_types: key_types.to_vec(),
            asked: Mutex::default(),
        }
    }

    /// Whether several records have this value. The ERP is asked once a run, for all of them.
    pub async fn is_shared(&self, field: &str, value: &str) -> db::Result<bool> {
        let mut asked = self.asked.lock().await;
        if !asked.shared.contains_key(field) {
            let (query, and) = rows_of(Query::sql("SELECT ").ident(field), &self.source);
            let query = query
                .text(and)
                .ident(field)
                .text(" IS NOT NULL GROUP BY ")
                .ident(field)
                .text(" HAVING COUNT(*) > 1");
            let rows = db::fetch(self.session(&mut asked).await?, &query).await?;
            let values = rows.into_iter().map(|row| row[0].plain().into_owned());
            let values = values.collect();
            asked.shared.insert(field.to_owned(), values);
        }
        Ok(asked
            .shared
            .get(field)
            .is_some_and(|values| values.contains(value)))
    }

    /// Those of the keys that records of the source have, as texts.
    pub async fn known(&self, keys: Vec<Vec<Value>>) -> db::Result<HashSet<String>> {
        let mut asked = self.asked.lock().await;
        let session = self.session(&mut asked).await?;
        let columns: Vec<&str> = self.source.key.iter().map(String::as_str).collect();
        let typed = |key: Vec<Value>| -> Option<Vec<Value>> {
            let pairs = key.into_iter().zip(&self.key_types);
            pairs
                .map(|(value, ty)| match ty {
                    Type::Other(_) => Some(value),
                    ty => convert(value, ty).ok(),
                })
                .collect()
        };
        let keys: Vec<Vec<Value>> = keys.into_iter().filter_map(typed).collect();
        let mut known = HashSet::new();
        for keys in keys.chunks(ASKED) {
            let select = Query::sql("SELECT ").idents(&columns);
            let (query, and) = rows_of(select, &self.source);
            let query = in_keys(query.text(and), &columns, keys);
            for row in db::fetch(session, &query).await? {
                known.insert(key_text(&row).trim().to_owned());
            }
        }
        Ok(known)
    }

    async fn session<'a>(
        &self,
        asked: &'a mut Asked,
    ) -> db::Result<&'a mut (dyn Session + 'static)> {
        let session = match asked.session.take() {
            Some(session) => session,
            None => self.engine.connect().await?,
        };
        Ok(asked.session.insert(session).as_mut())
    }
}
