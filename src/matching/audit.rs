//! What in the ERP's data will trouble the shop: told before the first write, on one page.
//!
//! Most of it is what the engine says of each record when it looks at it ([`super::drive`]); beside that only what no
//! single record shows: articles without a price, keys that differ in case, accents or blanks, quantities.

use super::drive::Watch;
use super::rows::{place, texts};
use super::{List, hash};
use crate::connections::Connections;
use crate::db;
use crate::db::query::Query;
use crate::plan::{Flow, Plan, Stock};
use crate::sync::batch::{Done, Outcome};
use crate::sync::bind::Bound;
use crate::sync::narrow::rows_of;
use crate::sync::report::{Reason, Rejected};
use crate::value::{Decimal, Value};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Different complaints of the mapping that are told apart.
const MISFITS_MAX: usize = 50;

/// Findings by kind, in the order in which they are told.
#[derive(Debug, Default, Serialize)]
pub struct Audit {
    pub findings: Vec<Finding>,
    /// Checks that the mapping gives no reason for.
    pub unasked: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
pub struct Finding {
    pub kind: &'static str,
    pub title: String,
    /// What it means for the shop.
    pub meaning: &'static str,
    #[serde(flatten)]
    pub records: List<String>,
}

/// Kind, title, what it means.
type About = (&'static str, &'static str, &'static str);

const NO_PRICE: About = (
    "no_price",
    "no price in the shop's list",
    "created without a price; until it has one it cannot be bought, or is sold at the price it has in the shop",
);
const PRICE_ZERO: About = ("price_zero", "price 0", "is sold for nothing");
const NO_TAX_CLASS: About = (
    "no_tax_class",
    "no tax class",
    "is not carried over: the shop would sell it with a wrong tax",
);
const UNKNOWN_TAX_CLASS: About = (
    "unknown_tax_class",
    "tax class that the project's table does not have",
    "is not carried over until the table names the class",
);
const EMPTY_SKU: About = (
    "empty_sku",
    "empty key",
    "is not carried over: nothing tells which article it is",
);
const DUPLICATE_SKU: About = (
    "duplicate_sku",
    "key that several rows have",
    "none of them is carried over",
);
const ALIKE_SKU: About = (
    "alike_sku",
    "keys equal but for case, accents or blanks",
    "the shop's database may hold them for one; one of them is then left to a person",
);
const NO_NAME: About = (
    "no_name",
    "no name in the shop's language",
    "a new row is not created without; a row that is there keeps its own",
);
const NO_CATEGORY: About = (
    "no_category",
    "no category",
    "is found by search only, or in the shop's default category",
);
const UNKNOWN_CATEGORY: About = (
    "unknown_category",
    "category that is not in the ERP's tree",
    "is written without that category, and compared again in every run",
);
const FRACTIONAL_STOCK: About = (
    "fractional_stock",
    "fractional quantity on hand",
    "the shop shows whole pieces, rounded down",
);
const NEGATIVE_STOCK: About = (
    "negative_stock",
    "negative quantity on hand",
    "lowers what other warehouses have; the shop shows 0 at least",
);

/// In the order in which they are told.
const ABOUT: [About; 12] = [
    EMPTY_SKU,
    DUPLICATE_SKU,
    ALIKE_SKU,
    NO_PRICE,
    PRICE_ZERO,
    NO_TAX_CLASS,
    UNKNOWN_TAX_CLASS,
    NO_NAME,
    NO_CATEGORY,
    UNKNOWN_CATEGORY,
    FRACTIONAL_STOCK,
    NEGATIVE_STOCK,
];

/// Where the article's values stand.
#[derive(Debug, Default)]
struct Places {
    active: Option<usize>,
    tax_class: Option<usize>,
    name: Option<usize>,
    categories: Option<(usize, usize)>,
    amount: Option<usize>,
}

/// Gathers findings while the flows of a shop are driven.
pub struct Auditor<'a> {
    connections: &'a Connections,
    stock: Option<&'a Stock>,
    article: Option<&'a Flow>,
    has_prices: bool,
    kept: usize,
    /// The flow under way.
    record: String,
    flow: String,
    places: Places,
    tax_classes: Option<HashSet<String>>,
    categories: Option<HashSet<String>>,
    /// Articles with a price, as hashes.
    priced: HashSet<u64>,
    /// Keys without case, accents and blanks, as hashes; and those of them met twice.
    folded: HashSet<u64>,
    alike: HashSet<u64>,
    found: HashMap<&'static str, List<String>>,
    /// Flow and complaint -> records.
    misfits: BTreeMap<(String, String), List<String>>,
}

impl<'a> Auditor<'a> {
    pub async fn new(
        plan: &'a Plan,
        shop: &str,
        connections: &'a Connections,
        kept: usize,
    ) -> db::Result<Auditor<'a>> {
        let of_shop = |record: &str| {
            let flows = plan.flows.iter();
            let mut flows = flows.filter(|flow| flow.shop.as_deref() == Some(shop));
            flows.find(|flow| flow.record.as_deref() == Some(record))
        };
        let mut auditor = Auditor {
            connections,
            stock: plan.stocks.iter().find(|stock| stock.shop == shop),
            article: of_shop("article"),
            has_prices: of_shop("price").is_some(),
            kept,
            record: String::new(),
            flow: String::new(),
            places: Places::default(),
            tax_classes: None,
            categories: None,
            priced: HashSet::new(),
            folded: HashSet::new(),
            alike: HashSet::new(),
            found: HashMap::new(),
            misfits: BTreeMap::new(),
        };
        if let Some(flow) = of_shop("category") {
            let mut keys = HashSet::new();
            let mut seen = |key: &[String]| {
                keys.insert(key.join("\t").trim().to_owned());
            };
            auditor.keys(flow, &mut seen).await?;
            auditor.categories = Some(keys);
        }
        Ok(auditor)
    }

    /// The keys of a flow's rows.
    async fn keys(&self, flow: &Flow, seen: &mut (dyn FnMut(&[String]) + Send)) -> db::Result<()> {
        let source = &flow.source;
        let (query, _) = rows_of(Query::sql("SELECT ").idents(&source.key), source);
        let mut session = self
            .connections
            .engine(&source.connection)?
            .connect()
            .await?;
        texts(session.as_mut(), &query, seen).await
    }

    fn note(&mut self, about: About, key: impl Into<String>) {
        self.found
            .entry(about.0)
            .or_default()
            .add(key.into(), self.kept);
    }

    fn article(&mut self, done: &Done) {
        let record = &done.record;
        let (key, places) = (&record.key, &self.places);
        let mut noted: Vec<(About, String)> = Vec::new();
        let folded = hash(&fold(key));
        if !self.folded.insert(folded) {
            self.alike.insert(folded);
        }
        let is_active = places
            .active
            .is_none_or(|at| record.values[at] != Value::Bool(false));
        if let Some(at) = places.tax_class {
            let class = record.values[at].plain();
            let known = self.tax_classes.as_ref();
            if class.trim().is_empty() {
                noted.push((NO_TAX_CLASS, key.clone()));
            } else if known.is_some_and(|known| !known.contains(class.as_ref())) {
                noted.push((UNKNOWN_TAX_CLASS, format!("{key} ({class})")));
            }
        }
        if is_active {
            if self.has_prices && !self.priced.contains(&hash(key)) {
                noted.push((NO_PRICE, key.clone()));
            }
            if let Some(at) = places.name
                && record.values[at].plain().trim().is_empty()
            {
                noted.push((NO_NAME, key.clone()));
            }
            if let (Some((set, column)), Some(known)) = (places.categories, &self.categories) {
                let rows = record.children.get(set).map_or(&[][..], Vec::as_slice);
                if rows.is_empty() {
                    noted.push((NO_CATEGORY, key.clone()));
                }
                let ids = rows.iter().map(|row| row[column].plain().trim().to_owned());
                if let Some(id) = ids.into_iter().find(|id| !known.contains(id)) {
                    noted.push((UNKNOWN_CATEGORY, format!("{key} ({id})")));
                }
            }
        }
        for (about, key) in noted {
            self.note(about, key);
        }
    }

    fn price(&mut self, done: &Done) {
        let sku = done.record.key.split('\t').next().unwrap_or_default();
        let amount = self.places.amount.map(|at| &done.record.values[at]);
        let is_zero = match amount {
            Some(Value::Null) => return,
            Some(Value::Decimal(amount)) => amount.is_zero(),
            Some(Value::Int(amount)) => *amount == 0,
            _ => false,
        };
        if is_zero {
            self.note(PRICE_ZERO, sku);
        }
        self.priced.insert(hash(sku));
    }

    /// What the mapping itself says against a record.
    fn misfit(&mut self, key: &str, reason: &Reason) {
        let complaint = match reason {
            // Told by tax class and key.
            Reason::Expression { why, .. } if self.tax_classes.is_some() && is_about_tax(why) => {
                return;
            }
            Reason::NoRow { table, .. } if self.tax_classes.is_some() && is_about_tax(table) => {
                return;
            }
            Reason::EmptyKey { .. } | Reason::Duplicate => return,
            Reason::Misfit { why, column, .. } => {
                // One complaint per column, whatever the lengths are.
                let what = why.split(':').next().unwrap_or(why);
                format!("{what}: {column}")
            }
            Reason::Expression { why, place } => format!("{why} (at {place})"),
            Reason::Field { field, why } => format!("field `{field}`: {why}"),
            Reason::NoRow { .. } | Reason::Refused(_) | Reason::Cycle => reason.to_string(),
            _ => return,
        };
        let name = (self.flow.clone(), complaint);
        if self.misfits.len() < MISFITS_MAX || self.misfits.contains_key(&name) {
            let list = self.misfits.entry(name).or_default();
            list.add(key.to_owned(), self.kept);
        }
    }

    async fn quantities(&mut self) -> db::Result<()> {
        let Some(stock) = self.stock else {
            return Ok(());
        };
        let engine = self.connections.engine(&stock.erp.connection)?;
        let mut session = engine.connect().await?;
        let query = Query::sql(stock.erp.on_hand.text.clone());
        let described = session.describe(&query).await?;
        let columns: Vec<String> = described.into_iter().map(|column| column.name).collect();
        let (sku, warehouse, quantity) = (
            place(&columns, "sku")?,
            place(&columns, "warehouse")?,
            place(&columns, "quantity")?,
        );
        let mut told: [HashSet<u64>; 2] = Default::default();
        let mut noted: Vec<(About, String)> = Vec::new();
        let kept = self.kept;
        let mut counts = [0u64; 2];
        texts(session.as_mut(), &query, &mut |row| {
            let counts_here =
                stock.warehouses.is_empty() || stock.warehouses.contains(&row[warehouse]);
            let Ok(pieces) = Decimal::parse(&row[quantity]) else {
                return;
            };
            let kinds = [
                (FRACTIONAL_STOCK, !is_whole(&row[quantity])),
                (NEGATIVE_STOCK, pieces < Decimal::default()),
            ];
            for (at, (about, holds)) in kinds.into_iter().enumerate() {
                if holds && counts_here && told[at].insert(hash(&row[sku])) {
                    counts[at] += 1;
                    if counts[at] <= kept as u64 {
                        noted.push((about, row[sku].clone()));
                    }
                }
            }
        })
        .await?;
        for (about, key) in noted {
            self.note(about, key);
        }
        for (about, count) in [FRACTIONAL_STOCK, NEGATIVE_STOCK].into_iter().zip(counts) {
            if count > 0 {
                self.found.entry(about.0).or_default().count = count;
            }
        }
        Ok(())
    }

    /// Names the keys that were met alike: they are read once more, since only their hashes were kept.
    async fn alike_keys(&mut self) -> db::Result<()> {
        let Some(flow) = self.article.filter(|_| !self.alike.is_empty()) else {
            return Ok(());
        };
        let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let (alike, kept) = (&self.alike, self.kept);
        let mut seen = |key: &[String]| {
            let key = key.join("\t");
            let folded = fold(&key);
            if !alike.contains(&hash(&folded)) {
                return;
            }
            let is_known = groups.contains_key(&folded);
            if is_known || groups.len() < kept {
                groups.entry(folded).or_default().push(format!("`{key}`"));
            }
        };
        self.keys(flow, &mut seen).await?;
        let list = self.found.entry(ALIKE_SKU.0).or_default();
        list.count = self.alike.len() as u64;
        let named = |mut keys: Vec<String>| {
            keys.sort_unstable();
            keys.join(" = ")
        };
        list.first = groups.into_values().map(named).collect();
        Ok(())
    }

    pub async fn finish(mut self) -> db::Result<Audit> {
        self.quantities().await?;
        self.alike_keys().await?;
        let mut audit = Audit::default();
        for (kind, title, meaning) in ABOUT {
            if let Some(records) = self.found.remove(kind) {
                audit.findings.push(Finding {
                    kind,
                    title: title.to_owned(),
                    meaning,
                    records,
                });
            }
        }
        for ((flow, complaint), records) in self.misfits {
            audit.findings.push(Finding {
                kind: "misfit",
                title: format!("{flow}: {complaint}"),
                meaning: "is not carried over until the value, or the mapping, is corrected",
                records,
            });
        }
        if !self.has_prices {
            audit.unasked.push("prices: the shop has no such flow");
        }
        if self.stock.is_none() {
            audit.unasked.push("stock: the shop has no such flow");
        }
        Ok(audit)
    }
}

impl Watch for Auditor<'_> {
    fn begin(&mut self, bound: &Bound<'_>) {
        self.record = bound.flow.record.clone().unwrap_or_default();
        self.flow = bound.flow.name.clone();
        let used = |name: &str| {
            let at = bound.layout.source_position(name);
            at.filter(|at| bound.layout.is_used(*at))
        };
        let target = &bound.flow.target;
        let main = target.languages.get("main");
        let name = bound.layout.texts.iter().find(|text| {
            let columns = &bound.children[text.child].columns;
            columns[text.text_column] == "name" && Some(&text.language) == main
        });
        let categories = bound
            .children
            .iter()
            .position(|child| child.child.name == "categories");
        self.places = Places {
            active: used("active"),
            tax_class: used("tax_class"),
            name: name.map(|text| text.slot as usize),
            categories: categories.and_then(|set| {
                let columns = &bound.children[set].columns;
                Some((set, columns.iter().position(|column| column == "id")?))
            }),
            amount: used("amount"),
        };
        let tax = target.tables.iter().find(|table| table.name == "tax");
        self.tax_classes = tax.map(|table| table.rows.keys().cloned().collect());
    }

    fn done(&mut self, _: &Bound<'_>, done: &Done) {
        let reason = match &done.outcome {
            Outcome::Rejected(Reason::Ignored) => return,
            Outcome::Rejected(reason) => Some(reason),
            _ => None,
        };
        match self.record.as_str() {
            "article" => self.article(done),
            "price" => self.price(done),
            _ => {}
        }
        if let Some(reason) = reason {
            self.misfit(&done.record.key, reason);
        }
    }

    fn rejected(&mut self, rejected: &Rejected) {
        if self.record == "article" {
            match rejected.reason {
                Reason::EmptyKey { .. } => self.note(EMPTY_SKU, rejected.key.clone()),
                Reason::Duplicate => self.note(DUPLICATE_SKU, rejected.key.clone()),
                _ => {}
            }
        }
        self.misfit(&rejected.key, &rejected.reason);
    }
}

/// The error of a project's table names the table: `[shop.main.tax]`; a NULL key names the look-up.
fn is_about_tax(why: &str) -> bool {
    why.contains(".tax]")
}

fn is_whole(number: &str) -> bool {
    let fraction = number.split_once('.').map_or("", |(_, fraction)| fraction);
    fraction.bytes().all(|digit| digit == b'0')
}

/// A key without case, accents and blanks: what some collation may hold for the same.
fn fold(key: &str) -> String {
    key.nfkd()
        .filter(|character| !is_combining_mark(*character) && !character.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect()
}
