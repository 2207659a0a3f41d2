//! The canonical records: what ERP packs yield and shop packs write. One table; everything that knows a record's
//! fields knows them from here.

use crate::plan::{Computed, FieldKind, RecordField};

/// A record's name, fields and sets of rows.
#[derive(Debug)]
pub struct Shape {
    pub name: &'static str,
    pub fields: &'static [(&'static str, FieldKind)],
    /// Set -> its columns beside the record's key.
    pub children: &'static [(&'static str, &'static [&'static str])],
}

/// Columns of the set `ancestors` that a record with `tree` has: the parent's level is 1.
pub const ANCESTORS: (&str, &[&str]) = ("ancestors", &["id", "level"]);

/// Not a record of fields: on hand, committed and counted pieces have a protocol of their own.
pub const STOCK: &str = "stock";

/// Nor this: what becomes of web orders has a way of its own.
pub const FULFILMENT: &str = "fulfilment";

/// In the order in which a shop's flows run: categories before the articles in them, articles before their prices.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "category",
        fields: &[
            ("id", FieldKind::Text),
            ("parent", FieldKind::Text),
            ("active", FieldKind::Boolean),
            ("position", FieldKind::Integer),
            ("name", FieldKind::Texts),
            ("description", FieldKind::Texts),
        ],
        children: &[],
    },
    Shape {
        name: "article",
        fields: &[
            ("sku", FieldKind::Text),
            ("active", FieldKind::Boolean),
            ("barcode", FieldKind::Text),
            ("tax_class", FieldKind::Text),
            // In kg, cm, cm, cm.
            ("weight", FieldKind::Decimal),
            ("length", FieldKind::Decimal),
            ("width", FieldKind::Decimal),
            ("height", FieldKind::Decimal),
            ("name", FieldKind::Texts),
            ("description", FieldKind::Texts),
            ("short_description", FieldKind::Texts),
        ],
        children: &[("categories", &["id"])],
    },
    Shape {
        name: "price",
        fields: &[
            ("sku", FieldKind::Text),
            ("list", FieldKind::Text),
            ("amount", FieldKind::Decimal),
            ("currency", FieldKind::Text),
            ("tax_included", FieldKind::Boolean),
            ("tax_class", FieldKind::Text),
            ("sale_amount", FieldKind::Decimal),
            ("sale_from", FieldKind::Moment),
            ("sale_to", FieldKind::Moment),
        ],
        children: &[],
    },
];

/// A web order: the one record that goes from a shop to the ERP. Amounts are in the order's currency.
pub const ORDER: Shape = Shape {
    name: "order",
    fields: &[
        ("reference", FieldKind::Text),
        ("number", FieldKind::Text),
        ("status", FieldKind::Text),
        ("placed", FieldKind::Moment),
        ("currency", FieldKind::Text),
        ("total", FieldKind::Decimal),
        ("tax_total", FieldKind::Decimal),
        // What has been paid back of the total.
        ("refunded", FieldKind::Decimal),
        // Pieces that the customer has asked to send back, as far as nobody has declined it.
        ("returned", FieldKind::Decimal),
        // What has been paid, as far as the shop keeps it.
        ("paid", FieldKind::Decimal),
        ("paid_at", FieldKind::Moment),
        ("payment_method", FieldKind::Text),
        ("payment_title", FieldKind::Text),
        // How far it is paid: one of `orders::payment::STATES`.
        ("payment_state", FieldKind::Text),
        ("transaction_id", FieldKind::Text),
        ("carrier", FieldKind::Text),
        // Where the customer fetches the goods: as the carrier knows the place, and as people do.
        ("pickup_point", FieldKind::Text),
        ("pickup_name", FieldKind::Text),
        // From where the shop sends them.
        ("warehouse", FieldKind::Text),
        ("note", FieldKind::Text),
        ("customer", FieldKind::Text),
        ("email", FieldKind::Text),
        ("phone", FieldKind::Text),
        ("company", FieldKind::Text),
        ("first_name", FieldKind::Text),
        ("last_name", FieldKind::Text),
        ("street", FieldKind::Text),
        ("street2", FieldKind::Text),
        ("postcode", FieldKind::Text),
        ("city", FieldKind::Text),
        ("province", FieldKind::Text),
        ("country", FieldKind::Text),
        ("vat_number", FieldKind::Text),
        ("tax_code", FieldKind::Text),
        // Where an Italian customer's electronic invoices go.
        ("sdi_code", FieldKind::Text),
        ("pec", FieldKind::Text),
        ("shipping_phone", FieldKind::Text),
        ("shipping_company", FieldKind::Text),
        ("shipping_first_name", FieldKind::Text),
        ("shipping_last_name", FieldKind::Text),
        ("shipping_street", FieldKind::Text),
        ("shipping_street2", FieldKind::Text),
        ("shipping_postcode", FieldKind::Text),
        ("shipping_city", FieldKind::Text),
        ("shipping_province", FieldKind::Text),
        ("shipping_country", FieldKind::Text),
        // Computed by ponte.
        ("payment_code", FieldKind::Text),
        ("carrier_code", FieldKind::Text),
        ("warehouse_code", FieldKind::Text),
        ("web_reference", FieldKind::Text),
        // The ERP's key of the customer that the account is linked with.
        ("linked_customer", FieldKind::Text),
        ("net_total", FieldKind::Decimal),
    ],
    children: &[
        (
            "lines",
            &[
                "position",
                "sku",
                "description",
                // What was chosen or written on it, as far as the description does not say so.
                "options",
                "quantity",
                "net",
                "tax",
                "gross",
                "tax_rate",
                "tax_rates",
                "list_net",
                "list_tax",
            ],
        ),
        (
            "charges",
            &[
                "position",
                "kind",
                "description",
                "net",
                "tax",
                "gross",
                "tax_rate",
                "tax_rates",
            ],
        ),
    ],
};

/// What was paid back of a web order, for a credit note. Amounts are positive, in the order's currency.
pub const REFUND: Shape = Shape {
    name: "refund",
    fields: &[
        ("reference", FieldKind::Text),
        // The shop's id of the order, and as people call it.
        ("order_reference", FieldKind::Text),
        ("order_number", FieldKind::Text),
        ("placed", FieldKind::Moment),
        ("currency", FieldKind::Text),
        ("total", FieldKind::Decimal),
        ("tax_total", FieldKind::Decimal),
        // Why, in the words of the shop's people.
        ("note", FieldKind::Text),
        // Of the order.
        ("payment_method", FieldKind::Text),
        ("payment_title", FieldKind::Text),
        ("email", FieldKind::Text),
        ("company", FieldKind::Text),
        ("country", FieldKind::Text),
        ("province", FieldKind::Text),
        ("vat_number", FieldKind::Text),
        ("tax_code", FieldKind::Text),
        // Computed by ponte.
        ("payment_code", FieldKind::Text),
        ("warehouse_code", FieldKind::Text),
        ("web_reference", FieldKind::Text),
        // The ERP's key of the order.
        ("linked_order", FieldKind::Text),
        ("net_total", FieldKind::Decimal),
    ],
    children: ORDER.children,
};

/// A customer with an account in a shop. Both sides yield it, and each writes what the other one owns: `customer` goes from the
/// ERP to the shop, [`WEB_CUSTOMER`] back.
pub const CUSTOMER: Shape = Shape {
    name: "customer",
    fields: &[
        // The ERP's key, and the shop's.
        ("number", FieldKind::Text),
        ("account", FieldKind::Text),
        ("email", FieldKind::Text),
        ("phone", FieldKind::Text),
        // As the ERP calls it: a company, or a person's first and last name.
        ("name", FieldKind::Text),
        ("company", FieldKind::Text),
        ("first_name", FieldKind::Text),
        ("last_name", FieldKind::Text),
        ("street", FieldKind::Text),
        ("street2", FieldKind::Text),
        ("postcode", FieldKind::Text),
        ("city", FieldKind::Text),
        ("province", FieldKind::Text),
        ("country", FieldKind::Text),
        ("vat_number", FieldKind::Text),
        ("tax_code", FieldKind::Text),
        ("sdi_code", FieldKind::Text),
        ("pec", FieldKind::Text),
        ("registered", FieldKind::Moment),
    ],
    children: &[],
};

/// The name of customers' way from a shop into the ERP.
pub const WEB_CUSTOMER: &str = "web_customer";

/// What of an order's head ponte computes.
const ORDER_COMPUTED: [&str; 6] = [
    "payment_code",
    "carrier_code",
    "warehouse_code",
    "web_reference",
    "linked_customer",
    "net_total",
];

/// What of a refund's head ponte computes.
const REFUND_COMPUTED: [&str; 5] = [
    "payment_code",
    "warehouse_code",
    "web_reference",
    "linked_order",
    "net_total",
];

/// What of an order may bear a VAT code of its own: its lines, and kinds of charges.
pub const TAXED: [&str; 9] = [
    "line",
    "shipping",
    "wrapping",
    "fee",
    "handling",
    "low_order_fee",
    "discount",
    "voucher",
    "credit",
];

/// The head of an order as every shop has it, before ponte computes anything of it.
pub fn order_head() -> impl Iterator<Item = (&'static str, FieldKind)> {
    let fields = ORDER.fields.iter().copied();
    fields.filter(|(name, _)| !ORDER_COMPUTED.contains(name))
}

/// Whether the ERP does not know an order's customer yet: what rules of the project see beside the head.
pub const NEW_CUSTOMER: &str = "new_customer";

/// What rules over web orders see.
pub fn order_rule() -> impl Iterator<Item = (&'static str, FieldKind)> {
    order_head().chain([(NEW_CUSTOMER, FieldKind::Boolean)])
}

/// The head of a refund as every shop has it.
pub fn refund_head() -> impl Iterator<Item = (&'static str, FieldKind)> {
    let fields = REFUND.fields.iter().copied();
    fields.filter(|(name, _)| !REFUND_COMPUTED.contains(name))
}

/// What rules over web orders and refunds of them see.
pub fn ruled() -> impl Iterator<Item = (&'static str, FieldKind)> {
    let of_order = |name: &str| order_rule().any(|(known, _)| known == name);
    order_rule().chain(refund_head().filter(move |(name, _)| !of_order(name)))
}

/// Columns that ponte adds to the sets of an order or a refund where a shop's queries do not yield them, and the set that it makes of them.
pub fn order_computed() -> Computed {
    Computed {
        columns: vec![
            (
                "lines",
                &[
                    "row",
                    "rate",
                    "amount",
                    "amount_net",
                    "unit_price",
                    "list_price",
                    "discount_percent",
                    "article",
                    "unit",
                    "article_kind",
                    "key",
                    "vat_code",
                    // NULL of a pack that knows of none.
                    "options",
                ],
            ),
            (
                "charges",
                &["row", "rate", "amount", "amount_net", "key", "vat_code"],
            ),
        ],
        sets: vec![("taxes", &["rate", "net", "tax", "amount", "vat_code"])],
    }
}

/// The shape of a record; `None` for `stock`, `fulfilment` and unknown names.
pub fn shape(name: &str) -> Option<&'static Shape> {
    let name = match name {
        WEB_CUSTOMER => CUSTOMER.name,
        name => name,
    };
    SHAPES
        .iter()
        .chain([&CUSTOMER, &ORDER, &REFUND])
        .find(|shape| shape.name == name)
}

/// Every record's name.
pub fn names() -> impl Iterator<Item = &'static str> {
    let shapes = SHAPES.iter().map(|shape| shape.name);
    shapes.chain([STOCK, CUSTOMER.name, ORDER.name, REFUND.name, FULFILMENT])
}

impl Shape {
    pub fn record_fields(&self) -> Vec<RecordField> {
        self.fields
            .iter()
            .map(|(name, kind)| RecordField {
                name: (*name).to_owned(),
                kind: *kind,
                canonical: true,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_found_by_name() {
        assert_eq!(shape("price").map(|shape| shape.fields[0].0), Some("sku"));
        assert!(shape(STOCK).is_none());
        assert_eq!(
            names().collect::<Vec<_>>(),
            [
                "category",
                "article",
                "price",
                "stock",
                "customer",
                "order",
                "refund",
                "fulfilment"
            ]
        );
    }
}
