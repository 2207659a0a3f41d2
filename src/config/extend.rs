//! A pack that is a difference of another one: what it takes over, what it replaces, what it drops.
//!
//! Everything is replaced by its name: a derived row and the like by `as`, all else by its key. A write is replaced whole
//! when it names its table, else field by field. What is new comes after what was there.

use super::body::Body;
use super::mapping::{
    DerivedKeys, EngineName, ErpRecordFile, ErpStockFile, ErpStockQueries, FindKeys, ForgetKeys,
    GoneKeys, PackFile, PackKeys, PendingKeys, SecondLookKeys, ShopRecordFile, ShopStockFile,
    ShopStockQueries, SourceKeys, VersionKeys, WriteKeys,
};
use super::pack::{Pack, RecordFile};
use super::resolve::write::bare_name;
use super::spanned::{At, Ordered};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A pack that is, through others, its own base.
pub fn cycle(open: &[String], again: &str, at: &Span) -> Diagnostic {
    let from = open.iter().position(|name| name == again).unwrap_or(0);
    let ring: Vec<&str> = open[from..].iter().map(String::as_str).collect();
    Diagnostic::error("P142", format!("pack `{again}` extends itself"))
        .at(at, "leads back")
        .note(format!("{} -> {again}", ring.join(" -> ")))
}

/// `pack.toml` over that of the base.
pub fn facts(
    file: &Arc<SourceFile>,
    base: &PackFile,
    own: PackFile,
    found: &mut Vec<Diagnostic>,
) -> PackFile {
    let pack = match (&base.pack, own.pack) {
        (Some(base), Some(own)) => {
            engines(file, base, &own, found);
            let range = own.range.clone();
            Some(At::new(pack_keys(&base.value, own.value), range))
        }
        (base, own) => own.or(base.clone()),
    };
    PackFile {
        pack,
        lets: by_name(&base.lets, own.lets),
        choices: by_name(&base.choices, own.choices),
        pieces: by_name(&base.pieces, own.pieces),
        own: by_name(&base.own, own.own),
        left_out: by_name(&base.left_out, own.left_out),
    }
}

fn pack_keys(base: &PackKeys, own: PackKeys) -> PackKeys {
    let version = match (&base.version, own.version) {
        (Some(base), Some(own)) => {
            let keys = VersionKeys {
                sql: own.value.sql.or(base.sql.clone()),
                min: own.value.min.or(base.min.clone()),
                max: own.value.max.or(base.max.clone()),
            };
            Some(At::new(keys, own.range))
        }
        (base, own) => own.or(base.clone()),
    };
    PackKeys {
        system: own.system.or(base.system.clone()),
        side: own.side.or(base.side.clone()),
        engines: own.engines.or(base.engines.clone()),
        zone: own.zone.or(base.zone.clone()),
        local_zone: own.local_zone.or(base.local_zone.clone()),
        language: own.language.or(base.language.clone()),
        version,
        variables: by_name(&base.variables, own.variables),
        tables: by_name(&base.tables, own.tables),
        extends: own.extends,
        drop: own.drop,
    }
}

/// What is taken over was written for the base's engines.
fn engines(file: &Arc<SourceFile>, base: &PackKeys, own: &PackKeys, found: &mut Vec<Diagnostic>) {
    let known: Vec<EngineName> = base.engines.iter().flatten().map(|one| one.value).collect();
    for engine in own.engines.iter().flatten() {
        if known.contains(&engine.value) {
            continue;
        }
        let name = engine.value.scheme();
        let message = format!("the base is not written for {name}");
        let listed: Vec<&str> = known.iter().map(|engine| engine.scheme()).collect();
        found.push(
            Diagnostic::error("P125", message)
                .at(&engine.span(file), "what is taken over would not run there")
                .note(format!("engines of the base: {}", listed.join(", "))),
        );
    }
}

/// The records of the base without what is dropped.
pub fn inherited(
    file: &Arc<SourceFile>,
    facts: &PackFile,
    base: Option<&Pack>,
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<String, RecordFile> {
    let drop = facts.pack.iter().flat_map(|keys| &keys.drop);
    let Some(base) = base else {
        for text in drop.take(1) {
            found.push(
                Diagnostic::error("P105", "`drop` without `extends`")
                    .at(&text.span(file), "dropped from which pack?"),
            );
        }
        return BTreeMap::new();
    };
    let mut records = base.records.clone();
    for text in drop {
        let (record, part) = match text.split_once('.') {
            Some((record, part)) => (record, Some(part)),
            None => (text.as_str(), None),
        };
        let known: Vec<String> = match (records.get_mut(record), part) {
            (None, _) => records.keys().cloned().collect(),
            (Some(_), None) => {
                records.remove(record);
                continue;
            }
            (Some(found), Some(part)) => {
                if found.body.drop(part) {
                    continue;
                }
                let names = found.body.names();
                let names = names.iter().map(|name| format!("{record}.{name}"));
                names.collect()
            }
        };
        if base.complete {
            let message = format!("there is no `{}` to drop", text.value);
            found.push(
                Diagnostic::error("P143", message)
                    .at(&text.content(file), "not in the base")
                    .note(format!("in pack `{}`: {}", base.name, known.join(", ")))
                    .suggest(text, known.iter().map(String::as_str)),
            );
        }
    }
    records
}

impl Body {
    /// False if nothing bears the name.
    fn drop(&mut self, name: &str) -> bool {
        let before = self.names().len();
        match self {
            Body::ErpRecord(body) => body.child.0.retain(|(child, _)| child.value != name),
            Body::ErpStock(body) => {
                if let (Some(stock), "exceptions") = (&mut body.stock, name) {
                    stock.value.exceptions = None;
                }
            }
            Body::ShopRecord(body) => {
                without(&mut body.write, name);
                without(&mut body.derived, name);
                without(&mut body.forget, name);
                if let Some(gone) = &mut body.gone {
                    gone.value
                        .deactivate
                        .0
                        .retain(|(write, _)| write.value != name);
                }
            }
            Body::ShopStock(body) => {
                if let Some(stock) = &mut body.stock {
                    without(&mut stock.value.pending, name);
                    without(&mut stock.value.derived, name);
                    without(&mut stock.value.forget, name);
                }
            }
            Body::ErpOrder(..)
            | Body::ShopOrder(_)
            | Body::ShopRefund(_)
            | Body::ErpFulfilment(_)
            | Body::ShopFulfilment(_)
            | Body::Customer(..) => {}
        }
        self.names().len() < before
    }

    /// What can be dropped or replaced.
    fn names(&self) -> Vec<&str> {
        match self {
            Body::ErpRecord(body) => body.child.names().collect(),
            Body::ErpStock(body) => {
                let stock = body.stock.iter();
                let exceptions = stock.filter_map(|stock| stock.exceptions.as_ref());
                exceptions.map(|_| "exceptions").collect()
            }
            Body::ShopRecord(body) => {
                let writes = named(&body.write);
                let derived = named(&body.derived);
                writes.chain(derived).chain(named(&body.forget)).collect()
            }
            Body::ShopStock(body) => {
                let stock = body.stock.iter();
                let names = stock.flat_map(|stock| {
                    let pending = named(&stock.pending);
                    let derived = named(&stock.derived);
                    pending.chain(derived).chain(named(&stock.forget))
                });
                names.collect()
            }
            Body::ErpOrder(..)
            | Body::ShopOrder(_)
            | Body::ShopRefund(_)
            | Body::ErpFulfilment(_)
            | Body::ShopFulfilment(_)
            | Body::Customer(..) => Vec::new(),
        }
    }
}

/// One of a list in which each may have a name.
trait Named {
    fn name(&self) -> Option<&str>;
}

impl Named for WriteKeys {
    fn name(&self) -> Option<&str> {
        let table = || Some(bare_name(self.table.as_ref()?));
        self.alias.as_ref().map(|name| name.as_str()).or_else(table)
    }
}

impl Named for DerivedKeys {
    fn name(&self) -> Option<&str> {
        self.alias.as_ref().map(|name| name.as_str())
    }
}

impl Named for ForgetKeys {
    fn name(&self) -> Option<&str> {
        self.alias.as_ref().map(|name| name.as_str())
    }
}

impl Named for PendingKeys {
    fn name(&self) -> Option<&str> {
        self.alias.as_ref().map(|name| name.as_str())
    }
}

fn named<T: Named>(list: &[At<T>]) -> impl Iterator<Item = &str> {
    list.iter().filter_map(|one| one.value.name())
}

fn without<T: Named>(list: &mut Vec<At<T>>, name: &str) {
    list.retain(|one| one.value.name() != Some(name));
}

/// Those of the base, the own ones in the place of their namesakes, the others behind them.
fn by_alias<T: Named + Clone>(base: &[At<T>], own: Vec<At<T>>) -> Vec<At<T>> {
    let mut all = base.to_vec();
    for one in own {
        let same = all.iter_mut().find(|other| {
            let name = one.value.name();
            name.is_some() && other.value.name() == name
        });
        match same {
            Some(same) => *same = one,
            None => all.push(one),
        }
    }
    all
}

/// A write with a table of its own stands in the place of its namesake; one without is its namesake with other fields.
fn writes(
    file: &Arc<SourceFile>,
    base: &[At<WriteKeys>],
    own: Vec<At<WriteKeys>>,
    found: &mut Vec<Diagnostic>,
) -> Vec<At<WriteKeys>> {
    let mut whole = Vec::new();
    for write in own {
        let same = base.iter().find(|other| {
            let name = write.value.name();
            name.is_some() && other.value.name() == name
        });
        let keys = match (same, &write.table) {
            (Some(same), None) => write_keys(&same.value, write.value),
            _ => {
                if let Some(missing) = incomplete(file, base, &write) {
                    found.push(missing);
                }
                write.value
            }
        };
        whole.push(At::new(keys, write.range));
    }
    by_alias(base, whole)
}

/// What a write must say that changes none of the base's.
fn incomplete(
    file: &Arc<SourceFile>,
    base: &[At<WriteKeys>],
    write: &At<WriteKeys>,
) -> Option<Diagnostic> {
    let missing =
        |key: &str| Diagnostic::error("P103", format!("missing key `{key}` in `[[write]]`"));
    let names: Vec<&str> = named(base).collect();
    match (&write.table, &write.matches, &write.alias) {
        (None, _, Some(alias)) => {
            let label = "the base has no write of this name that it could change";
            let found = missing("table").at(&alias.content(file), label);
            let found = found.note(format!("writes of the base: {}", names.join(", ")));
            Some(found.suggest(alias, names))
        }
        (None, _, None) => {
            let label = "neither a table, nor by `as` the base's write that it changes";
            Some(missing("table").at(&write.span(file), label))
        }
        (Some(_), None, _) => {
            let label = "with a table of its own it takes nothing over";
            Some(missing("match").at(&write.span(file), label))
        }
        (Some(_), Some(_), _) => None,
    }
}

fn write_keys(base: &WriteKeys, own: WriteKeys) -> WriteKeys {
    WriteKeys {
        alias: own.alias.or(base.alias.clone()),
        kinds: own.kinds.or(base.kinds.clone()),
        table: base.table.clone(),
        matches: own.matches.or(base.matches.clone()),
        set: by_name(&base.set, own.set),
        insert: by_name(&base.insert, own.insert),
        fill: by_name(&base.fill, own.fill),
        touch: by_name(&base.touch, own.touch),
        attributes: own.attributes.or(base.attributes.clone()),
        each: own.each.or(base.each.clone()),
        scope: own.scope.or(base.scope.clone()),
        condition: own.condition.or(base.condition.clone()),
        hold: own.hold.or(base.hold.clone()),
    }
}

fn by_name<T: Clone>(base: &Ordered<T>, own: Ordered<T>) -> Ordered<T> {
    let mut all = base.clone();
    for entry in own.0 {
        match all
            .0
            .iter_mut()
            .find(|(name, _)| name.value == entry.0.value)
        {
            Some(same) => *same = entry,
            None => all.0.push(entry),
        }
    }
    all
}

/// A record's file over that of the base.
pub fn body(file: &Arc<SourceFile>, base: &Body, own: Body, found: &mut Vec<Diagnostic>) -> Body {
    match (base, own) {
        (Body::ErpRecord(base), Body::ErpRecord(own)) => {
            Body::ErpRecord(Box::new(erp_record(base, *own)))
        }
        (Body::ErpStock(base), Body::ErpStock(own)) => {
            Body::ErpStock(Box::new(erp_stock(base, *own)))
        }
        (Body::ShopRecord(base), Body::ShopRecord(own)) => {
            Body::ShopRecord(Box::new(shop_record(file, base, *own, found)))
        }
        (Body::ShopStock(base), Body::ShopStock(own)) => {
            Body::ShopStock(Box::new(shop_stock(base, *own)))
        }
        // Both are of one side and one record, so they are of one kind.
        (_, own) => own,
    }
}

fn erp_record(base: &ErpRecordFile, own: ErpRecordFile) -> ErpRecordFile {
    let source = match (&base.source, own.source) {
        (Some(base), Some(own)) => {
            let (keys, range) = (own.value, own.range);
            // `table` and `sql` say the same in two ways, and `where` belongs to `table`.
            let other_rows = keys.sql.is_some() || keys.table.is_some();
            let inherit = |text: &Option<At<String>>| text.clone().filter(|_| !other_rows);
            let keys = SourceKeys {
                key: keys.key.or(base.key.clone()),
                sql: keys.sql.or(inherit(&base.sql)),
                table: keys.table.or(inherit(&base.table)),
                filter: keys.filter.or(inherit(&base.filter)),
                tree: keys.tree.or(base.tree.clone()),
                watermark: keys.watermark.or(inherit(&base.watermark)),
                fields: by_name(&base.fields, keys.fields),
            };
            Some(At::new(keys, range))
        }
        (base, own) => own.or(base.clone()),
    };
    ErpRecordFile {
        record: own.record,
        source,
        child: by_name(&base.child, own.child),
    }
}

fn erp_stock(base: &ErpStockFile, own: ErpStockFile) -> ErpStockFile {
    let stock = match (&base.stock, own.stock) {
        (Some(base), Some(own)) => {
            let (keys, range) = (own.value, own.range);
            let keys = ErpStockQueries {
                counted: keys.counted.or(base.counted.clone()),
                committed: keys.committed.or(base.committed.clone()),
                on_hand: keys.on_hand.or(base.on_hand.clone()),
                exceptions: keys.exceptions.or(base.exceptions.clone()),
            };
            Some(At::new(keys, range))
        }
        (base, own) => own.or(base.clone()),
    };
    ErpStockFile {
        record: own.record,
        stock,
    }
}

fn shop_record(
    file: &Arc<SourceFile>,
    base: &ShopRecordFile,
    own: ShopRecordFile,
    found: &mut Vec<Diagnostic>,
) -> ShopRecordFile {
    let find = match (&base.find, own.find) {
        (Some(base), Some(own)) => {
            let (keys, range) = (own.value, own.range);
            // `by` and `then` exclude each other: another way to find a record takes the base's further keys away.
            let then = match keys.then.is_empty() && keys.by.is_empty() {
                true => base.then.clone(),
                false => keys.then,
            };
            let by = match keys.by.is_empty() {
                true => base.by.clone(),
                false => keys.by,
            };
            let sql = keys.sql.or(base.sql.clone());
            Some(At::new(FindKeys { sql, by, then }, range))
        }
        (None, Some(own)) => {
            if own.sql.is_none() {
                found.push(
                    Diagnostic::error("P103", "missing key `sql` in `[find]`")
                        .at(&own.span(file), "the base has none either"),
                );
            }
            Some(own)
        }
        (base, None) => base.clone(),
    };
    ShopRecordFile {
        record: own.record,
        of: own.of.or(base.of.clone()),
        needs: match own.needs.is_empty() {
            true => base.needs.clone(),
            false => own.needs,
        },
        fields: by_name(&base.fields, own.fields),
        find,
        link: by_name(&base.link, own.link),
        write: writes(file, &base.write, own.write, found),
        derived: by_alias(&base.derived, own.derived),
        forget: by_alias(&base.forget, own.forget),
        gone: match (&base.gone, own.gone) {
            (Some(base), Some(own)) => {
                let keys = GoneKeys {
                    deactivate: by_name(&base.deactivate, own.value.deactivate),
                    delete: match own.value.delete.is_empty() {
                        true => base.delete.clone(),
                        false => own.value.delete,
                    },
                };
                Some(At::new(keys, own.range))
            }
            (base, own) => own.or(base.clone()),
        },
    }
}

fn shop_stock(base: &ShopStockFile, own: ShopStockFile) -> ShopStockFile {
    let stock = match (&base.stock, own.stock) {
        (Some(base), Some(own)) => {
            let (keys, range) = (own.value, own.range);
            let keys = ShopStockQueries {
                table: keys.table.or(base.table.clone()),
                key: keys.key.or(base.key.clone()),
                column: keys.column.or(base.column.clone()),
                checkout_seconds: keys.checkout_seconds.or(base.checkout_seconds.clone()),
                figures: keys.figures.or(base.figures.clone()),
                pending: by_alias(&base.pending, keys.pending),
                second_look: second_look(&base.second_look, keys.second_look),
                derived: by_alias(&base.derived, keys.derived),
                forget: by_alias(&base.forget, keys.forget),
            };
            Some(At::new(keys, range))
        }
        (base, own) => own.or(base.clone()),
    };
    ShopStockFile {
        record: own.record,
        stock,
    }
}

fn second_look(
    base: &Option<At<SecondLookKeys>>,
    own: Option<At<SecondLookKeys>>,
) -> Option<At<SecondLookKeys>> {
    match (base, own) {
        (Some(base), Some(own)) => {
            let (keys, range) = (own.value, own.range);
            let keys = SecondLookKeys {
                mark: keys.mark.or(base.mark.clone()),
                orders: keys.orders.or(base.orders.clone()),
                lines: keys.lines.or(base.lines.clone()),
            };
            Some(At::new(keys, range))
        }
        (base, own) => own.or(base.clone()),
    }
}
