//! From files to the plan. Whatever is wrong is reported and left out, so that one run finds everything.

pub mod accept;
pub mod alerts;
pub mod changes;
mod customer;
pub mod derived;
pub mod field;
mod fulfilment;
pub mod gone;
mod log;
mod mail;
pub mod order;
mod refund;
mod schedule;
pub mod side;
pub mod source;
pub mod stock;
pub mod table;
pub mod target;
mod tracking;
mod web;
mod within;
pub mod write;

use super::connection::Access;
use super::digest::digest;
use super::extra::{Declared, Project};
use super::mapping::Side;
use super::pack::Packs;
use super::project::{ErpKeys, ErpRecordKeys, ShopKeys};
use super::record;
use super::source::Loader;
use super::spanned::At;
use crate::db::EngineKind;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::plan::fulfilment::{Fulfilment, Tracking};
use crate::plan::mail::Mailing;
use crate::plan::schedule::Schedule;
use crate::plan::{Codes, Connection, ErpStock, Flow, Plan, Shop, Source};
use crate::value::Value;
use order::ShopOrders;
use side::{Named, PackSide};
use source::RecordView;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use table::{Connections, TableFlow};
use target::ShopRecord;
use tracking::Around;

/// Where state lies unless the project says otherwise, beside the project file.
const STATE_DIR: &str = ".ponte";

/// The plan of a project as far as it could be resolved; complete if nothing was reported as an error.
pub fn resolve(
    loader: &mut Loader<'_>,
    file: &Arc<SourceFile>,
    path: &Path,
    project: &Project,
) -> Plan {
    let mut resolver = Resolver {
        loader,
        file,
        project,
        packs: Packs::default(),
        connections: BTreeMap::new(),
    };
    let erp = resolver.erp();
    let shops = resolver.shops();
    resolver.plain_connections();
    let state_dir = resolver.state_dir();
    let folders = (resolver.loader.base.as_path(), state_dir.as_path());
    let log = log::log(file, &project.keys.log, folders, &mut resolver.loader.found);
    let mut plan = Plan {
        file: path.to_owned(),
        connections: BTreeMap::new(),
        shops: Vec::new(),
        flows: Vec::new(),
        orders: Vec::new(),
        refunds: Vec::new(),
        stocks: Vec::new(),
        fulfilments: Vec::new(),
        schedule: Schedule::default(),
        web: None,
        requests: None,
        alerts: None,
        log,
        state_dir,
    };
    let erp = resolver.erp_view(erp.as_ref());
    for (name, side) in &shops {
        resolver.shop(name, side.as_ref(), &erp, &mut plan);
    }
    resolver.table_flows(erp.side, &shops, &mut plan);
    resolver.nothing_to_do();
    let keys = &project.keys.schedule;
    plan.schedule = schedule::schedule(file, keys, &plan, &mut resolver.loader.found);
    let service = project.keys.service.as_ref();
    plan.web = web::web(resolver.loader, file, service);
    let requests = service.and_then(|keys| keys.requests.as_ref());
    let names = resolver.connections.keys().map(String::as_str);
    let found = &mut resolver.loader.found;
    plan.requests = requests.and_then(|requests| web::requests(found, file, names, requests));
    let (alerts, mail) = (project.keys.alerts.as_ref(), project.keys.mail.as_ref());
    plan.alerts = alerts::alerts(resolver.loader, file, alerts, mail);
    plan.connections = resolver.connections;
    plan
}

struct Resolver<'p, 'e> {
    loader: &'p mut Loader<'e>,
    file: &'p Arc<SourceFile>,
    project: &'p Project,
    packs: Packs,
    connections: BTreeMap<String, Connection>,
}

/// What the ERP yields.
struct Erp<'a> {
    side: Option<&'a PackSide>,
    sources: BTreeMap<&'static str, Source>,
    stock: Option<ErpStock>,
    has_stock: bool,
}

impl Erp<'_> {
    /// Whether the ERP has a record, as far as is known: a broken pack hides no errors of the shop's.
    fn has(&self, record: &str) -> bool {
        match self.side {
            None => true,
            Some(side) if !side.pack.complete => true,
            Some(_) if record == record::STOCK => self.has_stock,
            Some(side) if record == record::ORDER.name => side.pack.erp_order(record).is_some(),
            Some(side) if record == record::FULFILMENT => side.pack.erp_fulfilment().is_some(),
            Some(side) => side.pack.erp_record(record).is_some(),
        }
    }
}

/// A shop by its name; `None` if its pack could not be read.
type Shops = Vec<(At<String>, Option<PackSide>)>;

impl<'p> Resolver<'p, '_> {
    fn state_dir(&self) -> std::path::PathBuf {
        let dir = self.project.keys.state.dir.as_ref();
        self.loader
            .base
            .join(dir.map_or(STATE_DIR, |dir| dir.as_str()))
    }

    fn erp(&mut self) -> Option<PackSide> {
        let Some(keys) = &self.project.keys.erp else {
            if let Some((name, _)) = self.project.keys.shop.iter().next() {
                let place = name.span(self.file);
                self.loader.report(
                    Diagnostic::error("P103", "missing table `[erp]`")
                        .at(&place, "this shop is fed from it"),
                );
            }
            return None;
        };
        let access = Access {
            url: &keys.url,
            password: &keys.password,
            password_file: &keys.password_file,
            own_schema: &keys.own_schema,
            ssh: &keys.ssh,
        };
        let at = keys.span(self.file);
        let named = Named {
            side: Side::Erp,
            connection: "erp".to_owned(),
            engine: self.connection("erp", &at, &access),
            pack: &keys.pack,
            extras: &self.project.erp_extras,
            keys: Declared::keys::<ErpKeys>(),
            at,
        };
        self.pack(named, &keys.url)
    }

    fn shops(&mut self) -> Shops {
        let mut shops = Vec::new();
        for (name, keys) in self.project.keys.shop.iter() {
            self.check_name("shop", name);
            let connection = format!("shop.{}", name.value);
            let at = keys.span(self.file);
            let extras = self.project.shop_extras.get(&name.value);
            let access = Access {
                url: &keys.url,
                password: &keys.password,
                password_file: &keys.password_file,
                own_schema: &keys.own_schema,
                ssh: &keys.ssh,
            };
            let named = Named {
                side: Side::Shop,
                engine: self.connection(&connection, &at, &access),
                connection,
                pack: &keys.pack,
                extras: extras.map_or(&[], Vec::as_slice),
                keys: Declared::keys::<ShopKeys>(),
                at,
            };
            shops.push((name.clone(), self.pack(named, &keys.url)));
        }
        shops
    }

    fn plain_connections(&mut self) {
        for (name, keys) in self.project.keys.connection.iter() {
            self.check_name("connection", name);
            let access = Access {
                url: &keys.url,
                password: &keys.password,
                password_file: &keys.password_file,
                own_schema: &keys.own_schema,
                ssh: &keys.ssh,
            };
            let connection = format!("connection.{}", name.value);
            self.connection(&connection, &keys.span(self.file), &access);
        }
    }

    /// The connection's engine; `None` after an error, which is reported.
    fn connection(&mut self, name: &str, at: &Span, access: &Access<'_>) -> Option<EngineKind> {
        let connection = access.resolve(self.loader, self.file, name, at)?;
        let kind = connection.url.kind();
        self.connections.insert(name.to_owned(), connection);
        Some(kind)
    }

    /// The pack behind a connection.
    fn pack(&mut self, named: Named<'_>, url: &Option<At<String>>) -> Option<PackSide> {
        let engine = named.engine;
        let side = PackSide::resolve(self.loader, &mut self.packs, self.file, named)?;
        let found = &mut self.loader.found;
        let facts = side.facts(found);
        if let Some(connection) = self.connections.get_mut(&side.connection) {
            connection.pack = Some(facts);
        }
        if let (Some(kind), Some(url)) = (engine, url) {
            side.check_engine(kind, self.file, url, found);
        }
        Some(side)
    }

    /// Names become parts of references (`main/123`), flow names and file names.
    fn check_name(&mut self, what: &str, name: &At<String>) {
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if name.is_empty() || !name.chars().all(letters) {
            let message = format!("`{}` cannot be the name of a {what}", name.value);
            let place = name.span(self.file);
            self.loader.report(
                Diagnostic::error("P104", message).at(&place, "letters, digits, `_` and `-` only"),
            );
        }
    }

    fn erp_view<'s>(&mut self, side: Option<&'s PackSide>) -> Erp<'s> {
        let mut erp = Erp {
            side,
            sources: BTreeMap::new(),
            stock: None,
            has_stock: side.is_some_and(|side| side.pack.erp_stock().is_some()),
        };
        let (Some(side), Some(keys)) = (side, &self.project.keys.erp) else {
            return erp;
        };
        let found = &mut self.loader.found;
        for shape in record::SHAPES {
            let over: Option<&At<ErpRecordKeys>> = match shape.name {
                "article" => keys.article.as_ref(),
                "category" => keys.category.as_ref(),
                _ => keys.price.as_ref(),
            };
            if let Some(over) = over
                && side.pack.erp_record(shape.name).is_none()
                && side.pack.complete
            {
                let place = over.span(self.file);
                found.push(no_record(&side.pack.name, shape.name, &place));
            }
            let over = over.map(|over| &over.value);
            if let Some(source) = source::source(side, shape.name, (self.file, over), found) {
                erp.sources.insert(shape.name, source);
            }
        }
        let over = keys.stock.as_ref();
        if let (Some(over), false) = (over, erp.has_stock || !side.pack.complete) {
            found.push(no_record(
                &side.pack.name,
                record::STOCK,
                &over.span(self.file),
            ));
        }
        erp.stock = stock::erp(side, self.file, over.map(|over| &over.value), found);
        erp
    }

    fn shop(&mut self, name: &At<String>, side: Option<&PackSide>, erp: &Erp<'_>, plan: &mut Plan) {
        let Some(keys) = self.project.keys.shop.get(&name.value) else {
            return;
        };
        let since = stock::orders_since(self.file, keys, &mut self.loader.found);
        plan.shops.push(Shop {
            name: name.value.clone(),
            connection: format!("shop.{}", name.value),
            orders_since: since,
        });
        let Some(side) = side else { return };
        if let Some(mail) = keys.mail.as_ref().filter(|_| !keys.fulfils()) {
            let place = mail.span(self.file);
            self.loader.report(
                Diagnostic::error("P105", "mails make no sense without fulfilment")
                    .at(&place, "nobody asks what has become of orders")
                    .help("say `fulfilment.write = true` in the shop"),
            );
        }
        let records = self.records(keys, side, erp);
        self.needed_keys(keys, side, &records);
        let web = erp.side.map(|erp| ShopOrders {
            project_file: self.file,
            name,
            keys,
            shop: side,
            erp,
            since,
            has_since: self.project.with_since.contains(&name.value),
        });
        for &record in &records {
            if record == record::ORDER.name {
                let orders = web.as_ref();
                let orders = orders.and_then(|web| web.resolve(&mut self.loader.found));
                plan.orders.extend(orders);
            } else if record == record::FULFILMENT {
                let fulfilment = web.as_ref();
                let fulfilment = fulfilment.and_then(|web| web.fulfilment(&mut self.loader.found));
                let fulfilment = fulfilment.map(|one| Fulfilment {
                    mailing: self.mailing(keys, erp.side),
                    tracking: erp.side.and_then(|erp| self.tracking(keys, erp, &one)),
                    ..one
                });
                plan.fulfilments.extend(fulfilment);
            } else if record == record::STOCK {
                let project = (self.file, self.project);
                let shop = (name.as_str(), &keys.value);
                let found = &mut self.loader.found;
                let meant = web.as_ref().and_then(ShopOrders::meant);
                let sides = (side, erp.stock.clone());
                let stock = stock::stock(project, shop, sides, meant.as_ref(), found);
                plan.stocks.extend(stock);
            } else {
                plan.flows
                    .extend(self.record_flow(name, keys, side, erp, (record, &records)));
            }
        }
        if let Some(web) = &web {
            let with_orders = records.contains(&record::ORDER.name);
            plan.refunds
                .extend(web.refunds(with_orders, &mut self.loader.found));
        }
        plan.flows.extend(self.customers(name, side, erp));
    }

    fn tracking(&mut self, keys: &ShopKeys, erp: &PackSide, one: &Fulfilment) -> Option<Tracking> {
        let around = Around {
            file: self.file,
            erp,
            connections: &self.connections,
            ways: &one.ways,
        };
        around.tracking(self.loader, &keys.fulfilment.as_ref()?.tracking)
    }

    fn mailing(&mut self, keys: &ShopKeys, erp: Option<&PackSide>) -> Option<Mailing> {
        let server = self.project.keys.mail.as_ref();
        mail::mailing(self.loader, self.file, server, keys.mail.as_ref(), erp)
    }

    /// The records that a shop has, in the order in which they run.
    fn records(&mut self, keys: &ShopKeys, side: &PackSide, erp: &Erp<'_>) -> Vec<&'static str> {
        let order = record::SHAPES
            .iter()
            .map(|shape| shape.name)
            .chain(
                [record::ORDER.name]
                    .into_iter()
                    .filter(|_| keys.orders.import),
            )
            .chain([record::STOCK])
            .chain([record::FULFILMENT].into_iter().filter(|_| keys.fulfils()));
        let common: Vec<&'static str> = order
            .filter(|record| erp.has(record) && side.pack.records.contains_key(*record))
            .collect();
        let overridden = [
            ("article", keys.article.as_ref().map(|keys| &keys.range)),
            ("category", keys.category.as_ref().map(|keys| &keys.range)),
            ("price", keys.price.as_ref().map(|keys| &keys.range)),
            ("stock", keys.stock.as_ref().map(|keys| &keys.range)),
            ("order", keys.order.as_ref().map(|keys| &keys.range)),
        ];
        if keys.fulfils() && side.pack.complete && !common.contains(&record::FULFILMENT) {
            let message = "nothing can be written back: one of the packs does not describe it";
            self.loader.report(
                Diagnostic::error("P124", message)
                    .at(&side.at, "says `fulfilment.write = true`")
                    .note("wanted in both packs: `fulfilment.toml`"),
            );
        }
        if keys.orders.import && side.pack.complete && !common.contains(&record::ORDER.name) {
            let message = "web orders cannot be imported: one of the packs does not describe them";
            self.loader.report(
                Diagnostic::error("P124", message)
                    .at(&side.at, "says `orders.import = true`")
                    .note("wanted in both packs: `order.toml`"),
            );
        }
        for (record, range) in overridden {
            if let Some(range) = range
                && side.pack.complete
                && !common.contains(&record)
            {
                let place = Span::new(self.file, range.clone());
                let found = no_record(&side.pack.name, record, &place);
                self.loader
                    .report(found.note(format!("records of both packs: {}", common.join(", "))));
            }
        }
        let Some(wanted) = &keys.records else {
            if common.is_empty() && side.pack.complete {
                let message = format!("`[{}]` has nothing to do", side.connection);
                self.loader.report(
                    Diagnostic::error("P140", message)
                        .at(&side.at, "the two packs have no record in common"),
                );
            }
            return common;
        };
        for record in wanted {
            let known = common.iter().any(|known| *known == record.value);
            if !known && side.pack.complete {
                let message = format!("there is no record `{}` here", record.value);
                let place = record.content(self.file);
                self.loader.report(
                    Diagnostic::error("P124", message)
                        .at(&place, "not in both packs")
                        .note(format!("records of both packs: {}", common.join(", ")))
                        .suggest(record, common.iter().copied()),
                );
            }
        }
        let limited = common
            .into_iter()
            .filter(|known| wanted.iter().any(|one| one.value == *known));
        limited.collect()
    }

    /// Keys that are only needed with certain records.
    fn needed_keys(&mut self, keys: &ShopKeys, side: &PackSide, records: &[&str]) {
        let mut missing = |key: &str, meaning: &str| {
            let message = format!("missing key `{key}` in `[{}]`", side.connection);
            self.loader.report(
                Diagnostic::error("P103", message)
                    .at(&side.at, "")
                    .help(meaning),
            );
        };
        let texts = records
            .iter()
            .any(|record| *record == "article" || *record == "category");
        if texts && keys.language.is_none() {
            missing(
                "language",
                "the ERP's code of the shop's language: `language = \"it\"`",
            );
        }
        if records.contains(&"price") && keys.price_list.is_none() {
            missing(
                "price_list",
                "the ERP's price list that this shop shows: `price_list = \"public\"`",
            );
        }
    }

    fn record_flow(
        &mut self,
        name: &At<String>,
        keys: &ShopKeys,
        side: &PackSide,
        erp: &Erp<'_>,
        (record, records): (&'static str, &[&'static str]),
    ) -> Option<Flow> {
        let over = within::shop_keys(keys, record);
        let source = erp.sources.get(record).cloned();
        let view = match &source {
            Some(source) => RecordView::of(record, source),
            None => RecordView::canonical(record),
        };
        let shop_record = ShopRecord {
            shop: side,
            record: &view,
            project_file: self.file,
            over: over.map(|over| &over.value),
            language: keys
                .language
                .as_ref()
                .map(|language| (language.as_str(), language.span(self.file))),
            codes: keys.languages.as_ref().map(|codes| Codes {
                to_erp: codes
                    .iter()
                    .map(|(theirs, erp)| (theirs.value.clone(), erp.value.clone()))
                    .collect(),
                at: codes.span(self.file),
            }),
            records,
        };
        let target = shop_record.target(&mut self.loader.found);
        let mut source = source?;
        source.filter = self.shop_filter(keys, erp, record);
        if let Some(owner) = target.as_ref().and_then(|target| target.of.as_deref())
            && let Some(column) = source.key.first()
        {
            source.within = self.within(column, keys, erp, owner);
        }
        for child in source
            .children
            .iter_mut()
            .filter(|child| child.name == "categories")
        {
            child.within = self.within("id", keys, erp, "category");
        }
        if let ("price", Some(list)) = (record, &keys.price_list) {
            source
                .only
                .push(("list".to_owned(), Value::Text(list.value.clone())));
        }
        let mut flow = Flow {
            name: format!("{}/{record}", name.value),
            record: Some(record.to_owned()),
            shop: Some(name.value.clone()),
            source,
            target: target?,
            digest: [0; 32],
            at: over.map_or_else(|| side.at.clone(), |over| over.span(self.file)),
        };
        flow.digest = digest(&flow);
        Some(flow)
    }

    fn table_flows(&mut self, erp: Option<&PackSide>, shops: &Shops, plan: &mut Plan) {
        let mut connections = Connections::new();
        if self.project.keys.erp.is_some() {
            connections.insert("erp".to_owned(), erp);
        }
        for (name, side) in shops {
            connections.insert(format!("shop.{}", name.value), side.as_ref());
        }
        for name in self.project.keys.connection.names() {
            connections.insert(format!("connection.{name}"), None);
        }
        for (name, keys) in self.project.keys.flow.iter() {
            self.check_name("flow", name);
            let flow = TableFlow {
                file: self.file,
                connections: &connections,
            };
            if let Some(mut flow) = flow.resolve(name, keys, &mut self.loader.found) {
                flow.digest = digest(&flow);
                plan.flows.push(flow);
            }
        }
    }

    fn nothing_to_do(&mut self) {
        if self.project.keys.shop.is_empty() && self.project.keys.flow.is_empty() {
            let start = Span::new(self.file, 0..0);
            self.loader.report(
                Diagnostic::error("P140", "the project has nothing to do")
                    .at(&start, "")
                    .help("add a shop (`[shop.main]`) or a flow (`[flow.agents]`)"),
            );
        }
    }
}

fn no_record(pack: &str, record: &str, at: &Span) -> Diagnostic {
    let message = format!("there is no record `{record}` to override");
    Diagnostic::error("P124", message).at(at, format!("not with pack `{pack}`"))
}
