//! A shop's order as every ERP gets it: blank texts are none, the moment it was placed has its zone, amounts are
//! tax-inclusive and agree, rows are numbered through.

use super::content::row_text;
use super::payment::Payment;
use super::totals::{self, Row as Priced, Settled};
use crate::expr::{Slot, Zone};
use crate::plan::Orders;
use crate::plan::order::Kind;
use crate::sync::bind::Bound;
use crate::sync::record::Record;
use crate::sync::report::Reason;
use crate::value::{Decimal, Row, Type, Value, convert, iso};
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Where the parts of an order are in its record.
pub struct Canonical<'b> {
    bound: &'b Bound<'b>,
    lines: Set<'b>,
    charges: Set<'b>,
    orders: &'b Orders,
    /// In which the shop keeps its times.
    zone: Zone,
}

/// A child set: its place, and the columns that its query yields.
struct Set<'b> {
    kind: Kind,
    at: usize,
    columns: &'b [String],
    read: usize,
}

impl Set<'_> {
    fn value<'r>(&self, row: &'r Row, name: &str) -> &'r Value {
        let at = self.columns.iter().position(|column| column == name);
        at.and_then(|at| row.get(at)).unwrap_or(&Value::Null)
    }

    /// The row with what ponte has computed behind it: in the order of `config::record::order_computed`.
    fn complete(&self, row: &Row, computed: &[(&str, Value)]) -> Row {
        let mut values = row.to_vec();
        values.truncate(self.read);
        for name in &self.columns[self.read..] {
            let value = computed.iter().find(|(known, _)| known == name);
            values.push(value.map_or(Value::Null, |(_, value)| value.clone()));
        }
        values.into()
    }

    /// A row that the shop does not have.
    fn made(&self, values: &[(&str, Value)]) -> Row {
        let value = |name: &String| {
            let value = values.iter().find(|(known, _)| known == name);
            value.map_or(Value::Null, |(_, value)| value.clone())
        };
        self.columns.iter().map(value).collect()
    }
}

/// What the ERP calls what one order bears.
pub struct Named<'c> {
    pub payment: Option<&'c BTreeMap<String, String>>,
    pub carrier: Option<&'c BTreeMap<String, String>>,
    /// The code of what the shop calls so; NULL leaves it to the ERP.
    pub warehouse: &'c dyn Fn(&str) -> Result<Value, Reason>,
    /// The code of a rate, of a line or of a kind of charge; NULL leaves it to the ERP's pack.
    pub vat: &'c dyn Fn(&Value, &str) -> Result<Value, Reason>,
    /// The computed field, and what nobody has named.
    pub unknown: &'c dyn Fn(&str, &str) -> Reason,
}

/// What lines are among the things that bear a VAT code.
pub(super) const LINE: &str = "line";

/// What is wrong with an order.
pub(super) fn unfit(why: impl Into<String>, advice: &str) -> Reason {
    Reason::Unfit {
        why: why.into(),
        advice: advice.to_owned(),
    }
}

/// What is to be done about one that is not in order.
fn correct(kind: Kind) -> &'static str {
    match kind {
        Kind::Order => "correct the order in the shop, or type it into the ERP by hand and link it",
        Kind::Refund => {
            "book it in the ERP by hand; `ponte order REF --settled` with its order says so"
        }
    }
}

impl<'b> Canonical<'b> {
    pub fn new(bound: &'b Bound<'b>, orders: &'b Orders, zone: Zone) -> Self {
        let set = |name: &str| {
            let at = bound.children.iter().position(|one| one.child.name == name);
            let at = at.unwrap_or_default();
            Set {
                kind: orders.kind,
                at,
                columns: &bound.children[at].columns,
                read: bound.children[at].read,
            }
        };
        Canonical {
            bound,
            lines: set("lines"),
            charges: set("charges"),
            orders,
            zone,
        }
    }

    fn slot(&self, field: &str) -> Option<Slot> {
        let at = self.bound.layout.source_position(field);
        at.map(|at| at as Slot)
            .or_else(|| self.bound.layout.lacking(field))
    }

    pub fn text(&self, record: &Record, field: &str) -> String {
        let value = self.slot(field).map(|slot| &record.values[slot as usize]);
        value.map_or(String::new(), |value| value.plain().into_owned())
    }

    /// A field as it was read.
    pub(super) fn value<'r>(&self, record: &'r Record, field: &str) -> &'r Value {
        let slot = self.slot(field);
        slot.map_or(&Value::Null, |slot| &record.values[slot as usize])
    }

    /// The lines and charges in words.
    pub(super) fn rows_as_texts(&self, record: &Record) -> Vec<String> {
        let text = |set: &Set<'_>, row: &Row| {
            let what = match set.sku(row) {
                Some(sku) => sku,
                None => set.value(row, "description").plain().trim().to_owned(),
            };
            let [quantity, gross, net, tax] =
                ["quantity", "gross", "net", "tax"].map(|name| set.value(row, name));
            row_text(quantity, &what, gross, net, tax)
        };
        let sets = [&self.lines, &self.charges].into_iter();
        let rows = sets.flat_map(|set| record.children[set.at].iter().map(move |row| (set, row)));
        rows.map(|(set, row)| text(set, row)).collect()
    }

    /// What was chosen of the lines, each with what it was chosen of.
    pub(super) fn options(&self, record: &Record) -> Vec<String> {
        let rows = record.children[self.lines.at].iter();
        let told = rows.filter_map(|row| {
            let options = self.lines.value(row, "options").plain();
            let options = options.trim();
            let sku = self.lines.sku(row).unwrap_or_default();
            (!options.is_empty()).then(|| format!("{sku}\t{options}"))
        });
        told.collect()
    }

    fn number(&self, record: &Record, field: &str) -> Option<Decimal> {
        record.values[self.slot(field)? as usize].to_decimal()
    }

    pub(super) fn put(&self, record: &mut Record, field: &str, value: Value) {
        if let Some(slot) = self.slot(field) {
            record.values[slot as usize] = value;
        }
    }

    /// Makes the record canonical.
    ///
    /// # Errors
    /// Why it cannot be imported as it is.
    pub fn complete(&self, record: &mut Record) -> Result<(), Reason> {
        for value in &mut record.values {
            if matches!(value, Value::Text(text) if text.trim().is_empty()) {
                *value = Value::Null;
            }
        }
        let placed = self.moment(record, "placed")?;
        if placed.is_null() {
            let advice = correct(self.orders.kind);
            return Err(unfit("the shop does not say when it was placed", advice));
        }
        self.put(record, "placed", placed);
        let paid = self.moment(record, "paid_at")?;
        self.put(record, "paid_at", paid);
        if let Some(paid) = self.number(record, "paid") {
            self.put(record, "paid", Value::Decimal(paid.round(2)));
        }
        if self.orders.kind == Kind::Order {
            let said = self.text(record, "payment_state");
            let payment = Payment {
                said: &said,
                total: self.number(record, "total"),
                paid: self.number(record, "paid"),
                refunded: self.number(record, "refunded"),
            };
            let state = payment.value()?;
            self.put(record, "payment_state", state);
        }
        let email = self.text(record, "email").trim().to_lowercase();
        if !email.is_empty() {
            self.put(record, "email", Value::Text(email));
        }
        let reference = format!("{}/{}", self.orders.shop, record.key);
        self.put(record, "web_reference", Value::Text(reference));
        self.amounts(record)
    }

    /// A time that the shop keeps without its zone.
    fn moment(&self, record: &Record, field: &str) -> Result<Value, Reason> {
        let value = self.slot(field).map(|slot| &record.values[slot as usize]);
        let value = value.unwrap_or(&Value::Null);
        if value.is_null() {
            return Ok(Value::Null);
        }
        placed(value, self.zone)
            .map(Value::Timestamp)
            .ok_or_else(|| {
                let why = format!("`{field}` is no point in time: {}", value.show());
                unfit(why, correct(self.orders.kind))
            })
    }

    fn amounts(&self, record: &mut Record) -> Result<(), Reason> {
        let Some(total) = self.number(record, "total") else {
            return Err(unfit("it has no total", correct(self.orders.kind)));
        };
        let sets = [&self.lines, &self.charges];
        let mut priced = Vec::new();
        for set in sets {
            for (number, row) in ordered(set, record).iter().enumerate() {
                priced.push(set.priced(row, number + 1)?);
            }
        }
        let tax_total = self.number(record, "tax_total");
        let settled = totals::settle(&priced, &total, tax_total.as_ref()).map_err(|why| {
            unfit(
                why,
                "compare the order in the shop: a plug-in may have added an amount that no line, shipping or fee of the order bears",
            )
        })?;
        self.rows(record, &settled)?;
        let taxes = settled.taxes.iter().map(|part| -> Row {
            let decimals = [&part.rate, &part.net, &part.tax, &part.amount];
            let decimals = decimals.map(|one| Value::Decimal(one.clone()));
            // With a place for its code.
            decimals.into_iter().chain([Value::Null]).collect()
        });
        let taxes = taxes.collect();
        record.children.truncate(self.bound.children.len());
        record.children.push(taxes);
        self.put(record, "net_total", Value::Decimal(settled.net_total));
        Ok(())
    }

    /// Numbers the rows through, lines first, and puts their amounts into them.
    fn rows(&self, record: &mut Record, settled: &Settled) -> Result<(), Reason> {
        let mut lines = Vec::new();
        for (at, row) in ordered(&self.lines, record).iter().enumerate() {
            lines.push(self.line(row, settled, at)?);
        }
        let charges = ordered(&self.charges, record);
        let charges = charges.iter().zip(lines.len()..);
        let mut charges: Vec<Row> = charges
            .map(|(row, at)| self.charges.complete(row, &amounts(settled, at)))
            .collect();
        if !settled.rounding.0.is_zero() {
            let (rest, rate) = settled.rounding.clone();
            let at = settled.amounts.len();
            charges.push(self.charges.made(&[
                ("kind", Value::Text("rounding".to_owned())),
                ("description", Value::Text("Rounding".to_owned())),
                ("row", Value::Int(at as i64 + 1)),
                ("rate", Value::Decimal(rate)),
                ("amount", Value::Decimal(rest)),
                ("amount_net", Value::Decimal(settled.nets[at].clone())),
            ]));
        }
        record.children[self.lines.at] = lines;
        record.children[self.charges.at] = charges;
        Ok(())
    }

    fn line(&self, row: &Row, settled: &Settled, at: usize) -> Result<Row, Reason> {
        let lines = &self.lines;
        let amount = &settled.amounts[at];
        let title = lines.title(row, at + 1);
        let quantity = lines.decimal(row, "quantity", &title)?;
        let quantity = quantity.filter(|quantity| !quantity.is_zero() && !quantity.is_negative());
        let Some(quantity) = quantity else {
            let advice = correct(self.orders.kind);
            return Err(unfit(format!("{title} has no quantity"), advice));
        };
        let each = |amount: &Decimal| {
            let each = amount.div(&quantity).unwrap_or_default();
            each.round(4)
        };
        let list_net = lines.decimal(row, "list_net", &title)?;
        let list_tax = lines.decimal(row, "list_tax", &title)?;
        let list = list_net.map(|net| &net + &list_tax.unwrap_or_default());
        let list = list.map_or_else(|| amount.clone(), |list| list.round(2));
        let hundred = Decimal::from(100);
        let discount = (&(&list - amount) * &hundred).div(&list);
        let discount = discount.filter(|discount| !discount.is_negative());
        let discount = discount.unwrap_or_default().round(4);
        let mut computed = amounts(settled, at);
        computed.push(("unit_price", Value::Decimal(each(amount))));
        computed.push(("list_price", Value::Decimal(each(&list))));
        computed.push(("discount_percent", Value::Decimal(discount)));
        let mut line = lines.complete(row, &computed);
        if let Some(at) = lines.columns.iter().position(|one| one == "quantity") {
            line[at] = Value::Decimal(quantity);
        }
        if let Some(at) = lines.columns.iter().position(|one| one == "options")
            && line[at].plain().trim().is_empty()
        {
            line[at] = Value::Null;
        }
        Ok(line)
    }

    /// Puts what the ERP calls the order's payment, carrier and rates into a complete record.
    ///
    /// # Errors
    /// Nobody has said what it calls one of them.
    pub fn codes(&self, record: &mut Record, codes: &Named<'_>) -> Result<(), Reason> {
        let named = [
            ("payment_method", "payment_code", codes.payment),
            ("carrier", "carrier_code", codes.carrier),
        ];
        for (field, into, table) in named {
            let value = match table {
                None => self.value(record, field).clone(),
                Some(table) => {
                    let called = self.text(record, field);
                    match table.get(called.trim()) {
                        Some(code) => Value::Text(code.clone()),
                        // What is not sent has no carrier.
                        None if called.trim().is_empty() && field == "carrier" => Value::Null,
                        None => return Err((codes.unknown)(into, called.trim())),
                    }
                }
            };
            self.put(record, into, value);
        }
        let warehouse = (codes.warehouse)(self.text(record, "warehouse").trim())?;
        self.put(record, "warehouse_code", warehouse);
        for set in [&self.lines, &self.charges] {
            let position = |name: &str| set.columns.iter().position(|column| column == name);
            let (Some(rate), Some(code)) = (position("rate"), position("vat_code")) else {
                continue;
            };
            let kind = position("kind");
            for row in &mut record.children[set.at] {
                let kind = kind.map_or(LINE.to_owned(), |at| row[at].plain().into_owned());
                // What is left of rounding goes with the goods.
                let kind = match kind.as_str() {
                    "rounding" => LINE,
                    kind => kind,
                };
                row[code] = (codes.vat)(&row[rate], kind)?;
            }
        }
        self.split_by_code(record);
        Ok(())
    }

    /// The order's taxes by rate and code: what rows of one rate bear under different codes is told apart.
    fn split_by_code(&self, record: &mut Record) {
        let mut parts: Vec<(Value, Value, Decimal, Decimal)> = Vec::new();
        for set in [&self.lines, &self.charges] {
            for row in &record.children[set.at] {
                let value = |name: &str| {
                    let at = set.columns.iter().position(|column| column == name);
                    at.map_or(Value::Null, |at| row[at].clone())
                };
                let number = |name: &str| value(name).to_decimal().unwrap_or_default();
                let (rate, code) = (value("rate"), value("vat_code"));
                let (net, amount) = (number("amount_net"), number("amount"));
                match parts
                    .iter_mut()
                    .find(|part| part.0 == rate && part.1 == code)
                {
                    Some(part) => {
                        part.2 = &part.2 + &net;
                        part.3 = &part.3 + &amount;
                    }
                    None => parts.push((rate, code, net, amount)),
                }
            }
        }
        // Without codes the split by rate is the same.
        let Some(taxes) = record.children.get_mut(self.bound.children.len()) else {
            return;
        };
        if parts.iter().all(|part| part.1.is_null()) {
            return;
        }
        parts.sort_by(|a, b| a.0.order(&b.0));
        let part = |(rate, code, net, amount): (Value, Value, Decimal, Decimal)| -> Row {
            let tax = &amount - &net;
            let [net, tax, amount] = [net, tax, amount].map(Value::Decimal);
            [rate, net, tax, amount, code].into_iter().collect()
        };
        *taxes = parts.into_iter().map(part).collect();
    }

    /// The skus of a record's lines.
    pub fn skus(&self, record: &Record, into: &mut BTreeSet<String>) {
        let rows = record.children[self.lines.at].iter();
        into.extend(rows.filter_map(|row| self.lines.sku(row)));
    }

    /// Puts the ERP's articles to the lines: what `columns` of them are called, by sku.
    ///
    /// # Errors
    /// A line's article is none of them.
    pub fn articles(&self, record: &mut Record, known: &Articles) -> Result<(), Reason> {
        let position = |name: &str| self.lines.columns.iter().position(|one| one == name);
        let sku_at = position("sku");
        let put = known.columns.iter().enumerate().skip(1);
        let put = put.filter_map(|(from, name)| Some((from, position(name)?)));
        let put: Vec<(usize, usize)> = put.collect();
        for (number, row) in record.children[self.lines.at].iter_mut().enumerate() {
            let title = self.lines.title(row, number + 1);
            let Some(sku) = self.lines.sku(row) else {
                return Err(unfit(
                    format!("{title} has no sku, so the ERP's article is not known"),
                    "give the article a sku in the shop; an order keeps the sku it was placed with, so type this one into the ERP by hand",
                ));
            };
            let Some(found) = known.rows.get(&sku) else {
                return Err(unfit(
                    format!("the ERP has no article `{sku}` ({title})"),
                    "create the article in the ERP, or correct its sku in the shop",
                ));
            };
            for (from, to) in &put {
                row[*to] = found[*from].clone();
            }
            if let Some(at) = sku_at {
                row[at] = Value::Text(sku);
            }
        }
        Ok(())
    }

    /// How many lines and charges a record has.
    pub fn count(&self, record: &Record) -> usize {
        record.children[self.lines.at].len() + record.children[self.charges.at].len()
    }

    /// Gives each line and charge a key of the ERP's.
    pub fn keys(&self, record: &mut Record, keys: &mut impl Iterator<Item = Value>) {
        for set in [&self.lines, &self.charges] {
            let Some(at) = set.columns.iter().position(|column| column == "key") else {
                continue;
            };
            for (row, key) in record.children[set.at].iter_mut().zip(&mut *keys) {
                row[at] = key;
            }
        }
    }
}

/// The ERP's articles.
#[derive(Debug, Default)]
pub struct Articles {
    /// `sku`, `article` and what else the pack says of them.
    pub columns: Vec<String>,
    /// By sku.
    pub rows: HashMap<String, Row>,
}

/// What is computed of every row: its number and amounts.
fn amounts(settled: &Settled, at: usize) -> Vec<(&'static str, Value)> {
    vec![
        ("row", Value::Int(at as i64 + 1)),
        ("rate", Value::Decimal(settled.rates[at].clone())),
        ("amount", Value::Decimal(settled.amounts[at].clone())),
        ("amount_net", Value::Decimal(settled.nets[at].clone())),
    ]
}

/// A set's rows as the shop shows them.
fn ordered(set: &Set<'_>, record: &Record) -> Vec<Row> {
    let mut rows = record.children[set.at].clone();
    rows.sort_by(|a, b| {
        let (a, b) = (set.value(a, "position"), set.value(b, "position"));
        match (a.to_decimal(), b.to_decimal()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a.order(b),
        }
    });
    rows
}

impl Set<'_> {
    fn sku(&self, row: &Row) -> Option<String> {
        let sku = self.value(row, "sku").plain();
        let sku = sku.trim();
        (!sku.is_empty()).then(|| sku.to_owned())
    }

    fn title(&self, row: &Row, number: usize) -> String {
        let called = match self.sku(row) {
            Some(sku) => sku,
            None => self.value(row, "description").plain().into_owned(),
        };
        match self.columns.iter().any(|column| column == "kind") {
            true => format!("charge {number} ({called})"),
            false => format!("line {number} ({called})"),
        }
    }

    fn decimal(&self, row: &Row, name: &str, title: &str) -> Result<Option<Decimal>, Reason> {
        let value = self.value(row, name);
        if matches!(value, Value::Text(text) if text.trim().is_empty()) {
            return Ok(None);
        }
        let number = Type::NUMBER;
        match convert(value.clone(), &number) {
            Ok(Value::Decimal(number)) => Ok(Some(number)),
            Ok(_) => Ok(None),
            Err(misfit) => {
                let why = format!("`{name}` of {title}: {misfit}; value {}", value.show());
                Err(unfit(why, correct(self.kind)))
            }
        }
    }

    fn priced(&self, row: &Row, number: usize) -> Result<Priced, Reason> {
        let title = self.title(row, number);
        let decimal = |name| self.decimal(row, name, &title);
        Ok(Priced {
            net: decimal("net")?,
            tax: decimal("tax")?,
            gross: decimal("gross")?,
            rate: decimal("tax_rate")?,
            rates: decimal("tax_rates")?
                .and_then(|rates| rates.to_i64())
                .unwrap_or_default(),
            title,
        })
    }
}

/// The moment that a value of the shop's is: a time, or seconds since 1970.
pub fn placed(value: &Value, zone: Zone) -> Option<DateTime<Utc>> {
    match value {
        Value::DateTime(wall) => Some(zone.instant(*wall)),
        Value::Timestamp(moment) => Some(*moment),
        Value::Int(seconds) => DateTime::from_timestamp(*seconds, 0),
        Value::Text(text) if text.trim().parse::<i64>().is_ok() => {
            DateTime::from_timestamp(text.trim().parse().ok()?, 0)
        }
        other => match iso::parse_moment(&other.plain()) {
            Ok(iso::Moment::Wall(wall)) => Some(zone.instant(wall)),
            Ok(iso::Moment::Utc(moment)) => Some(moment),
            Err(_) => None,
        },
    }
}
