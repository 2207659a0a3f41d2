//! What a plan does with each of its databases, table by table: read off its queries and writes, so that it is the same
//! before and after the login may do it.

use crate::connections::Connections;
use crate::db::grant::Privilege;
use crate::db::query::TableName;
use crate::db::{choice, mention};
use crate::expr::Expr;
use crate::own::request::Requests;
use crate::own::{self, OwnTables};
use crate::plan::fulfilment::{Courier, Fulfilment};
use crate::plan::mail::InvoiceFile;
use crate::plan::{
    Derived, DerivedRows, Empty, Flow, Forget, Gone, GonePolicy, Plan, Relation, Stock, Storage,
    Write,
};
use crate::round::task;
use crate::sync::bind;
use std::collections::{BTreeMap, BTreeSet};

/// What is done with one table.
#[derive(Debug, Clone, Default)]
pub struct Need {
    pub privileges: BTreeSet<Privilege>,
    /// Whatever the database is like; if not, only where the table exists.
    pub always: bool,
}

/// What is done with one database.
#[derive(Debug, Default)]
pub struct Needs {
    pub tables: BTreeMap<TableName, Need>,
    /// A flow reads from it by timestamp.
    pub transactions: bool,
}

use Privilege::{Delete, Insert, Select, Update};

/// The needs of a connection.
pub fn of(plan: &Plan, connections: &Connections, name: &str) -> Needs {
    let mut needs = Needs::default();
    let pack = plan.connections.get(name).and_then(|one| one.pack.as_ref());
    if let Some(pack) = pack {
        let facts = [pack.zone.as_ref(), pack.local_zone.as_ref()];
        let version = pack.version.as_ref().map(|version| &version.sql);
        for sql in facts.into_iter().flatten().chain(version) {
            needs.reads(&sql.text, true);
        }
        for one in &pack.lets {
            needs.reads(&one.sql.text, true);
        }
        for one in &pack.left_out {
            needs.reads(&one.sql.text, true);
        }
    }
    for flow in &plan.flows {
        if flow.source.connection == name {
            needs.source(flow);
        }
        if flow.target.connection == name {
            needs.target(flow);
        }
    }
    for orders in plan.orders.iter().chain(&plan.refunds) {
        for storage in &orders.storages {
            if storage.flow.source.connection == name {
                needs.storage(storage);
            }
        }
        let first = orders.storages.first();
        if let Some(flow) = first.map(|one| &one.flow)
            && flow.target.connection == name
        {
            needs.target(flow);
            needs.reads(&orders.articles.text, true);
            if let Some(sql) = &orders.keys {
                needs.reads(&sql.text, true);
            }
            if let Some(sql) = &orders.documents {
                needs.reads(&sql.text, true);
            }
            let statements = [&orders.cancel, &orders.claim].into_iter().flatten();
            for sql in statements.chain(&orders.rewrite) {
                needs.fetch(&sql.text);
            }
        }
    }
    for one in &plan.fulfilments {
        if one.erp.connection == name {
            let queries = std::iter::once(&one.erp.sql).chain(&one.erp.parcels);
            let mailing = one.mailing.as_ref();
            let queries = queries.chain(one.erp.contacts.iter().filter(|_| mailing.is_some()));
            for sql in queries {
                needs.reads(&sql.text, true);
            }
            if let Some(InvoiceFile::Blob(sql)) = mailing.and_then(|one| one.invoice.as_ref()) {
                needs.reads(&sql.text, true);
            }
            if let Some(tracking) = &one.tracking {
                needs.statement(&tracking.fill.text, true);
            }
        }
        for source in one.tracking.iter().flat_map(|tracking| &tracking.from) {
            match &source.courier {
                Courier::Table { connection, sql } if connection == name => {
                    needs.reads(&sql.text, true);
                }
                _ => {}
            }
        }
        if one.target == name {
            needs.fulfilment(one);
        }
    }
    for stock in &plan.stocks {
        if stock.erp.connection == name {
            let erp = &stock.erp;
            let queries = [&erp.counted, &erp.committed, &erp.on_hand];
            for sql in queries.into_iter().chain(&erp.exceptions) {
                needs.reads(&sql.text, true);
            }
        }
        if stock.target.connection == name {
            needs.stock(stock);
        }
    }
    let is_target = task::all(plan).iter().any(|task| task.target() == name);
    if task::own_connections(plan).contains(name) {
        needs.own(&connections.own(name), is_target);
    }
    if plan.requests.as_deref() == Some(name) {
        let requests = Requests::new(&connections.own(name));
        needs.add(requests.table(), &[Select, Update, Delete], true);
    }
    needs
}

impl Needs {
    fn add(&mut self, table: &TableName, privileges: &[Privilege], always: bool) {
        let need = self.tables.entry(table.clone()).or_default();
        need.privileges.extend(privileges);
        need.always |= always;
    }

    /// The tables of a server's own SQL. Of a choice that depends on the database, both sides are looked at.
    fn reads(&mut self, sql: &str, always: bool) {
        let (texts, asked) = choice::possible(sql);
        let [then, otherwise] = texts.map(|text| -> BTreeSet<TableName> {
            let mentions = mention::tables(&text).into_iter();
            mentions.map(|mention| mention.table).collect()
        });
        for table in then.union(&otherwise) {
            let in_both = then.contains(table) && otherwise.contains(table);
            self.add(table, &[Select], always && in_both);
        }
        for table in &asked {
            self.add(table, &[Select], false);
        }
    }

    fn condition_sql(&mut self, sql: &str) {
        self.reads(&format!("SELECT 1 WHERE {sql}"), true);
    }

    /// What is asked about must be seen.
    fn asks(&mut self, expr: Option<&Expr>) {
        for table in expr.map_or(Vec::new(), bind::asked_tables) {
            self.add(&table, &[Select], false);
        }
    }

    fn source(&mut self, flow: &Flow) {
        let source = &flow.source;
        self.relation(&source.relation);
        if let Some(filter) = &source.filter {
            self.condition_sql(&filter.text);
        }
        let within = source.children.iter().map(|child| child.within.as_ref());
        for within in within.chain([source.within.as_ref()]).flatten() {
            self.relation(&within.relation);
            self.condition_sql(&within.filter.text);
        }
        for child in &source.children {
            self.reads(&child.sql.text, true);
        }
        if let (Some(watermark), Some(_)) = (&source.watermark, &source.by_timestamp) {
            self.transactions = true;
            self.reads(&watermark.sql.text, true);
            self.condition_sql(&watermark.sql.text);
        }
    }

    /// A way in which the shop may keep its orders: its tables need not be there.
    fn storage(&mut self, storage: &Storage) {
        let always = storage.condition.is_none();
        self.reads(&storage.found.text, always);
        if let Relation::Sql(sql) = &storage.flow.source.relation {
            self.reads(&sql.text, always);
        }
        for child in &storage.flow.source.children {
            self.reads(&child.sql.text, always);
        }
        self.asks(storage.condition.as_ref());
    }

    /// A value asked for inside a transaction, mostly read; a counter is raised.
    /// A query, or a statement that changes tables: `UPDATE` names them, in a WITH as well.
    fn fetch(&mut self, sql: &str) {
        let words: Vec<&str> = sql.split_whitespace().collect();
        let is = |at: usize, word: &str| {
            let found = words.get(at).map(|found| found.trim_start_matches('('));
            found.is_some_and(|found| found.eq_ignore_ascii_case(word))
        };
        for (at, table) in words.iter().enumerate().skip(1) {
            // `FOR UPDATE`, `FOR NO KEY UPDATE` and `DO UPDATE SET` name none.
            let before = at.checked_sub(2);
            let names_none =
                before.is_some_and(|at| ["FOR", "KEY", "DO"].iter().any(|w| is(at, w)));
            if is(at - 1, "UPDATE") && !names_none {
                self.add(&TableName::parse(table), &[Select, Update], true);
            }
        }
        if !is(0, "UPDATE") {
            self.reads(sql, true);
        }
    }

    /// The ways in which the shop may keep its orders: their tables need not be there.
    fn fulfilment(&mut self, one: &Fulfilment) {
        for way in &one.ways {
            let always = way.condition.is_none();
            self.reads(&way.orders.text, always);
            // The orders' rows are locked, which takes the right to change them.
            for mention in mention::tables(&way.orders.text) {
                self.add(&mention.table, &[Update], always);
            }
            self.asks(way.condition.as_ref());
            if let Some(sql) = way.tracking.as_ref().filter(|_| one.tracking.is_some()) {
                self.reads(&sql.text, always);
            }
            for statement in &way.writes {
                let always = always && statement.condition.is_none();
                self.statement(&statement.sql.text, always);
                self.asks(statement.condition.as_ref());
            }
        }
    }

    /// `INSERT INTO x`, `UPDATE x`, `DELETE FROM x`, and the tables that the rest of it reads.
    fn statement(&mut self, sql: &str, always: bool) {
        let words: Vec<&str> = sql.split_whitespace().take(3).collect();
        let first = words
            .first()
            .map_or(String::new(), |word| word.to_ascii_uppercase());
        let (privilege, table) = match first.as_str() {
            "INSERT" => (Insert, words.get(2)),
            "UPDATE" => (Update, words.get(1)),
            "DELETE" => (Delete, words.get(2)),
            _ => return self.reads(sql, always),
        };
        if let Some(table) = table {
            let name = table.split('(').next().unwrap_or(table);
            let name = TableName::parse(&name.replace(['`', '"'], ""));
            self.add(&name, &[Select, privilege], always);
        }
        self.reads(sql, always);
    }

    fn relation(&mut self, relation: &Relation) {
        match relation {
            Relation::Sql(sql) => self.reads(&sql.text, true),
            Relation::Table { name, filter, .. } => {
                self.add(name, &[Select], true);
                if let Some(filter) = filter {
                    self.condition_sql(&filter.text);
                }
            }
        }
    }

    fn target(&mut self, flow: &Flow) {
        let target = &flow.target;
        if let Some(find) = &target.find {
            self.reads(&find.sql.text, true);
        }
        for fetch in &target.fetch {
            self.fetch(&fetch.sql.text);
        }
        for (_, expr) in &target.fields {
            self.asks(Some(expr));
        }
        for write in &target.writes {
            self.write(write);
        }
        for derived in &target.derived {
            self.derived(derived);
        }
        for forget in &target.forget {
            self.forget(forget);
        }
        self.gone(&target.gone);
    }

    fn gone(&mut self, gone: &Gone) {
        match gone.policy {
            GonePolicy::Keep => {}
            GonePolicy::Deactivate => {
                for write in &gone.writes {
                    self.add(&write.table, &[Select, Update], true);
                    if write.attributes.is_some() {
                        self.add(&write.table, &[Insert], true);
                    }
                }
            }
            GonePolicy::Delete => {
                for remove in &gone.removes {
                    let always = remove.condition.is_none();
                    self.add(&remove.table, &[Select, Delete], always);
                    self.asks(remove.condition.as_ref());
                }
            }
        }
    }

    fn write(&mut self, write: &Write) {
        self.add(&write.table, &[Select, Insert, Update], true);
        let removes = write
            .fields
            .iter()
            .any(|field| field.empty == Empty::Remove);
        if write.scope.is_some() || write.owned_while.is_some() || removes {
            self.add(&write.table, &[Delete], true);
        }
        if let Some(scope) = &write.scope {
            self.condition_sql(&scope.text);
        }
        self.asks(write.condition.as_ref());
        for field in &write.fields {
            self.asks(Some(&field.expr));
            self.asks(field.condition.as_ref());
        }
    }

    fn derived(&mut self, derived: &Derived) {
        let always = derived.condition.is_none();
        self.add(&derived.table, &[Select, Update], always);
        match &derived.rows {
            DerivedRows::Key {
                insert_missing,
                scope,
                ..
            } => {
                if *insert_missing {
                    self.add(&derived.table, &[Insert], always);
                }
                if let Some(scope) = scope {
                    self.add(&derived.table, &[Delete], always);
                    self.condition_sql(&scope.text);
                }
            }
            DerivedRows::List { .. } => self.add(&derived.table, &[Insert, Delete], always),
        }
        for sql in derived.groups.iter().chain([&derived.sql]) {
            self.reads(&sql.text, always);
        }
        self.asks(derived.condition.as_ref());
    }

    fn forget(&mut self, forget: &Forget) {
        self.add(&forget.table, &[Select, Delete], true);
    }

    fn stock(&mut self, stock: &Stock) {
        let target = &stock.target;
        self.add(&target.table, &[Select, Update], true);
        self.reads(&target.figures.text, true);
        for pending in &target.pending {
            self.reads(&pending.sql.text, pending.condition.is_none());
            self.asks(pending.condition.as_ref());
        }
        for derived in &target.derived {
            self.derived(derived);
        }
        for forget in &target.forget {
            self.forget(forget);
        }
    }

    fn own(&mut self, tables: &OwnTables, is_target: bool) {
        for name in own::NAMES {
            self.add(&tables.table(name), own::privileges(name, is_target), true);
        }
    }
}
