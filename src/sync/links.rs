//! Links that expressions ask for: `link('category', c.id)`.
//!
//! Expressions are evaluated without I/O. A link not yet in the cache is noted as wanted and the expression fails as
//! "not linked"; the batch then reads all wanted links in one query per record kind and evaluates again.

use crate::db::{self, Session};
use crate::expr::EvalError;
use crate::own::OwnTables;
use crate::own::link::{Link, Links};
use crate::value::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

/// The links that a batch needs.
#[derive(Debug, Default)]
pub struct LinkCache {
    known: HashMap<(String, String), Option<Link>>,
    wanted: Mutex<BTreeSet<(String, String)>>,
}

/// Links by record kind and key.
pub type Assumed = HashMap<(String, String), Link>;

impl LinkCache {
    /// A cache that takes these links for written.
    pub fn assuming(links: &Assumed) -> LinkCache {
        let known = links
            .iter()
            .map(|(name, link)| (name.clone(), Some(link.clone())));
        LinkCache {
            known: known.collect(),
            wanted: Mutex::default(),
        }
    }

    /// The link's id or another of its columns.
    pub fn get(&self, record: &str, key: &str, column: &str) -> Result<Value, EvalError> {
        let name = (record.to_owned(), key.to_owned());
        let not_linked = || EvalError::NotLinked {
            record: record.to_owned(),
            key: key.to_owned(),
        };
        match self.known.get(&name) {
            None => {
                if let Ok(mut wanted) = self.wanted.lock() {
                    wanted.insert(name);
                }
                Err(not_linked())
            }
            Some(None) => Err(not_linked()),
            Some(Some(link)) if column == "id" => Ok(Value::Text(link.id.clone())),
            Some(Some(link)) => Ok(link
                .columns
                .get(column)
                .map_or(Value::Null, |text| Value::Text(text.clone()))),
        }
    }

    /// Reads what was asked for and not known; false if there was nothing to read.
    pub async fn fill(
        &mut self,
        session: &mut dyn Session,
        own: &OwnTables,
        shop: &str,
    ) -> db::Result<bool> {
        let wanted = match self.wanted.get_mut() {
            Ok(wanted) => std::mem::take(wanted),
            Err(_) => return Ok(false),
        };
        let mut by_record: HashMap<String, Vec<String>> = HashMap::new();
        for (record, key) in wanted {
            by_record.entry(record).or_default().push(key);
        }
        let some = !by_record.is_empty();
        for (record, keys) in by_record {
            let links = Links::new(own, shop, &record);
            for keys in keys.chunks(1000) {
                let mut found = links.of(session, keys).await?;
                for key in keys {
                    let link = found.remove(key);
                    self.known.insert((record.clone(), key.clone()), link);
                }
            }
        }
        Ok(some)
    }
}
