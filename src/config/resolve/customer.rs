//! Customers, both ways: a flow from the ERP to the shop and one back, and whose each field is.

use super::super::digest::digest;
use super::super::mapping::{CustomerFile, OwnerWord};
use super::super::project::{ErpRecordKeys, ShopCustomerKeys, ShopKeys, ShopRecordKeys};
use super::super::record::{CUSTOMER, WEB_CUSTOMER};
use super::super::spanned::{At, Ordered};
use super::super::texts::Bound;
use super::side::PackSide;
use super::source::{self, RecordView};
use super::target::ShopRecord;
use super::{Erp, Resolver};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::expr::{Expr, Name};
use crate::plan::customer::BothWays;
use crate::plan::{FieldKind, Flow, Own, Source, Target};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What stands between one shop's customers and the ERP's.
pub struct ShopCustomers<'a> {
    pub project_file: &'a Arc<SourceFile>,
    pub name: &'a At<String>,
    pub keys: &'a ShopKeys,
    /// `[erp.customer]`.
    pub over: Option<&'a At<ErpRecordKeys>>,
    pub shop: &'a PackSide,
    pub erp: &'a PackSide,
}

impl Resolver<'_, '_> {
    /// The flows of a shop's customers, if it has them.
    pub(super) fn customers(
        &mut self,
        name: &At<String>,
        side: &PackSide,
        erp: &Erp<'_>,
    ) -> Vec<Flow> {
        let keys = self.project.keys.shop.get(&name.value);
        let (Some(keys), Some(erp)) = (keys.filter(|keys| keys.has_customers()), erp.side) else {
            return Vec::new();
        };
        let over = self.project.keys.erp.as_ref();
        let customers = ShopCustomers {
            project_file: self.file,
            name,
            keys,
            over: over.and_then(|over| over.customer.as_ref()),
            shop: side,
            erp,
        };
        customers.flows(&mut self.loader.found)
    }
}

/// Field -> its owner; what is not named is the ERP's.
type Owners = BTreeMap<String, OwnerWord>;

const THE_ERP: &str = "the ERP";
const THE_SHOP: &str = "the shop";

impl ShopCustomers<'_> {
    /// To the shop, and back; without what is wrong, which is reported.
    pub fn flows(&self, found: &mut Vec<Diagnostic>) -> Vec<Flow> {
        let Some(keys) = &self.keys.customer else {
            return Vec::new();
        };
        let (Some((erp_file, erp)), Some((shop_file, shop))) =
            (self.erp.pack.customer(), self.shop.pack.customer())
        else {
            if self.erp.pack.complete && self.shop.pack.complete {
                let message =
                    "customers cannot go both ways: one of the packs does not describe them";
                found.push(
                    Diagnostic::error("P124", message)
                        .at(&keys.span(self.project_file), "says `sync = true`")
                        .note("wanted in both packs: `customer.toml`"),
                );
            }
            return Vec::new();
        };
        let (Some(from_erp), Some(from_shop)) = (&erp.source, &shop.source) else {
            return Vec::new();
        };
        let owners = self.owners((erp_file, erp), keys, found);
        let over = self.over.map(|over| &over.value);
        let project = (self.project_file, over);
        let from_erp = source::read(
            self.erp,
            CUSTOMER.name,
            (erp_file, from_erp),
            project,
            found,
        );
        let none = (self.project_file, None);
        let from_shop = source::read(self.shop, WEB_CUSTOMER, (shop_file, from_shop), none, found);
        let to_shop = from_erp.and_then(|mut source| {
            let texts = self.erp.texts(self.project_file);
            let filter = keys.filter.as_ref();
            source.filter = filter.map(|text| texts.sql(text, &Bound::none(), found));
            let over = to_shop(keys);
            let place = keys.span(self.project_file);
            let both = BothWays {
                twin: WEB_CUSTOMER.to_owned(),
                owner: THE_ERP,
                other: THE_SHOP,
            };
            let end = (self.shop, Some(&over), both);
            self.flow(
                CUSTOMER.name,
                source,
                end,
                (&owners, OwnerWord::Erp),
                place,
                found,
            )
        });
        let back = self.keys.web_customer.as_ref();
        // An ERP that nobody else may write customers to gives its own only.
        let from_shop = from_shop.filter(|_| !erp.write.is_empty());
        let to_erp = from_shop.and_then(|mut source| {
            let texts = self.shop.texts(self.project_file);
            let filter = back.and_then(|keys| keys.filter.as_ref());
            source.filter = filter.map(|text| texts.sql(text, &Bound::none(), found));
            let place = back.map_or_else(
                || keys.span(self.project_file),
                |back| back.span(self.project_file),
            );
            let both = BothWays {
                twin: CUSTOMER.name.to_owned(),
                owner: THE_SHOP,
                other: THE_ERP,
            };
            let over = back.map(|back| &back.value);
            let end = (self.erp, over, both);
            self.flow(
                WEB_CUSTOMER,
                source,
                end,
                (&owners, OwnerWord::Shop),
                place,
                found,
            )
        });
        to_shop.into_iter().chain(to_erp).collect()
    }

    /// The pack's owners with the project's over them.
    fn owners(
        &self,
        (file, pack): (&Arc<SourceFile>, &CustomerFile),
        keys: &ShopCustomerKeys,
        found: &mut Vec<Diagnostic>,
    ) -> Owners {
        let mut owners = Owners::new();
        let both: [(&Arc<SourceFile>, &Ordered<At<OwnerWord>>); 2] =
            [(file, &pack.owner), (self.project_file, &keys.owner)];
        for (file, declared) in both {
            for (field, owner) in declared.iter() {
                let known = || CUSTOMER.fields.iter().map(|(name, _)| *name);
                if !known().any(|name| name == field.value) {
                    let message = format!("record `customer` has no field `{}`", field.value);
                    found.push(
                        Diagnostic::error("P137", message)
                            .at(&field.span(file), "unknown field")
                            .suggest(field, known()),
                    );
                }
                owners.insert(field.value.clone(), owner.value);
            }
        }
        owners
    }

    fn flow(
        &self,
        record: &'static str,
        source: Source,
        (side, over, both): (&PackSide, Option<&ShopRecordKeys>, BothWays),
        (owners, writer): (&Owners, OwnerWord),
        at: Span,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Flow> {
        let view = RecordView::of(record, &source);
        let target = ShopRecord {
            shop: side,
            record: &view,
            project_file: self.project_file,
            over,
            language: None,
            codes: None,
            records: &[],
        };
        let mut target = target.target(found)?;
        own(&view.fields, &mut target, (owners, writer), found);
        target.both_ways = Some(both);
        let mut flow = Flow {
            name: format!("{}/{record}", self.name.value),
            record: Some(record.to_owned()),
            shop: Some(self.name.value.clone()),
            source,
            target,
            digest: [0; 32],
            at,
        };
        flow.digest = digest(&flow);
        Some(flow)
    }
}

fn to_shop(keys: &ShopCustomerKeys) -> ShopRecordKeys {
    ShopRecordKeys {
        fields: keys.fields.clone(),
        write: keys.write.clone(),
        ..ShopRecordKeys::default()
    }
}

/// What the other side owns is written only when a row is created: `set` becomes `insert`.
fn own(
    fields: &BTreeMap<String, FieldKind>,
    target: &mut Target,
    (owners, writer): (&Owners, OwnerWord),
    found: &mut Vec<Diagnostic>,
) {
    // A computed field has those fields that its own names are, which stand before it.
    let mut behind: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, expr) in &target.fields {
        let of = named(expr, fields, &behind);
        behind.insert(name.clone(), of);
    }
    for write in &mut target.writes {
        for field in write
            .fields
            .iter_mut()
            .filter(|field| field.own == Own::Set)
        {
            let named = named(&field.expr, fields, &behind);
            let owner = |name: &&String| *owners.get(*name).unwrap_or(&OwnerWord::Erp) == writer;
            let (own, others): (Vec<&String>, Vec<&String>) = named.iter().partition(owner);
            match (own.first(), others.first()) {
                (Some(own), Some(other)) => {
                    let message = format!("`{}` would have two owners", field.column);
                    let (mine, theirs) = match writer {
                        OwnerWord::Erp => (THE_ERP, THE_SHOP),
                        OwnerWord::Shop => (THE_SHOP, THE_ERP),
                    };
                    found.push(
                        Diagnostic::error("P630", message)
                            .at(&field.at, "both sides would write it in turns")
                            .note(format!("`{own}` is {mine}'s, `{other}` is {theirs}'s"))
                            .help("give both to one side in `owner`, or write it by `insert` only"),
                    );
                }
                (None, Some(_)) => field.own = Own::Insert,
                _ => {}
            }
        }
    }
}

/// The record's fields that an expression is made of.
fn named(
    expr: &Expr,
    fields: &BTreeMap<String, FieldKind>,
    behind: &BTreeMap<String, Vec<String>>,
) -> Vec<String> {
    let mut named = Vec::new();
    for (name, _) in expr.names() {
        let Name::Field(name) = name else { continue };
        match behind.get(name) {
            Some(of) => named.extend(of.iter().cloned()),
            None if fields.contains_key(name) => named.push(name.to_owned()),
            None => {}
        }
    }
    named
}
