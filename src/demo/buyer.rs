//! What buyers do in the demo's shop, as WooCommerce writes it.

use super::data::{insert, lost, text};
use crate::db::query::Query;
use crate::db::{self, Isolation, Session};
use crate::value::Value;
use chrono::{DateTime, Utc};

/// Who orders.
pub struct Buyer {
    pub first_name: &'static str,
    pub last_name: &'static str,
    pub email: &'static str,
}

pub const LAURA: Buyer = Buyer {
    first_name: "Laura",
    last_name: "Neri",
    email: "laura@example.com",
};
pub const CARLO: Buyer = Buyer {
    first_name: "Carlo",
    last_name: "Gallo",
    email: "carlo@example.com",
};

pub const GIULIA: Buyer = Buyer {
    first_name: "Giulia",
    last_name: "Ferri",
    email: "giulia@example.com",
};
pub const URS: Buyer = Buyer {
    first_name: "Urs",
    last_name: "Keller",
    email: "urs@example.com",
};

/// An order of one line.
pub struct Basket {
    pub order: i64,
    pub buyer: &'static Buyer,
    pub sku: &'static str,
    pub pieces: i64,
    /// Net price of a piece in cents; it bears 22 %.
    pub cents: i64,
}

/// As the shop writes money.
fn amount(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

impl Basket {
    fn net(&self) -> i64 {
        self.pieces * self.cents
    }

    fn tax(&self) -> i64 {
        (self.net() * 22 + 50) / 100
    }

    /// Saved with its status first, then the pieces are taken, as WooCommerce does it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn check_out(&self, session: &mut dyn Session, now: DateTime<Utc>) -> db::Result<()> {
        session.begin(Isolation::ReadCommitted).await?;
        self.head(session, now).await?;
        self.items(session).await?;
        self.take(session, self.pieces).await?;
        session.commit().await.map_err(lost)
    }

    async fn head(&self, session: &mut dyn Session, now: DateTime<Utc>) -> db::Result<()> {
        let at = text(now.format("%Y-%m-%d %H:%M:%S").to_string());
        let columns = [
            "id",
            "status",
            "currency",
            "type",
            "total_amount",
            "tax_amount",
            "customer_id",
            "parent_order_id",
            "date_created_gmt",
            "date_updated_gmt",
            "billing_email",
            "payment_method",
            "payment_method_title",
        ];
        let row = vec![
            Value::Int(self.order),
            text("wc-processing"),
            text("EUR"),
            text("shop_order"),
            text(amount(self.net() + self.tax())),
            text(amount(self.tax())),
            Value::Int(0),
            Value::Int(0),
            at.clone(),
            at,
            text(self.buyer.email),
            text("stripe"),
            text("Card"),
        ];
        insert(session, "wp_wc_orders", &columns, vec![row]).await?;
        let columns = ["order_id", "order_stock_reduced"];
        let row = vec![Value::Int(self.order), Value::Int(1)];
        insert(session, "wp_wc_order_operational_data", &columns, vec![row]).await?;
        let columns = [
            "order_id",
            "address_type",
            "first_name",
            "last_name",
            "address_1",
            "postcode",
            "city",
            "state",
            "country",
            "email",
        ];
        let row = |kind: &str| {
            let texts = [
                kind,
                self.buyer.first_name,
                self.buyer.last_name,
                "Via Garibaldi 7",
                "10122",
                "Torino",
                "TO",
                "IT",
                self.buyer.email,
            ];
            let texts = texts.map(text);
            [Value::Int(self.order)].into_iter().chain(texts).collect()
        };
        let rows = vec![row("billing"), row("shipping")];
        insert(session, "wp_wc_order_addresses", &columns, rows).await
    }

    async fn items(&self, session: &mut dyn Session) -> db::Result<()> {
        let columns = [
            "order_item_id",
            "order_item_type",
            "order_item_name",
            "order_id",
        ];
        let (line, rate) = (self.order * 10 + 1, self.order * 10 + 2);
        let row = |item: i64, kind: &str, name: &str| {
            vec![
                Value::Int(item),
                text(kind),
                text(name),
                Value::Int(self.order),
            ]
        };
        let rows = vec![
            row(line, "line_item", self.sku),
            row(rate, "tax", "IT-VAT-22"),
        ];
        insert(session, "wp_woocommerce_order_items", &columns, rows).await?;
        let article = self.article(session).await?;
        let (net, tax) = (amount(self.net()), amount(self.tax()));
        let taxes = format!(
            "a:2:{{s:5:\"total\";a:1:{{i:1;s:{0}:\"{tax}\";}}s:8:\"subtotal\";a:1:{{i:1;s:{0}:\"{tax}\";}}}}",
            tax.len()
        );
        let meta = [
            (line, "_product_id", article.plain().into_owned()),
            (line, "_variation_id", "0".to_owned()),
            (line, "_qty", self.pieces.to_string()),
            (line, "_reduced_stock", self.pieces.to_string()),
            (line, "_line_subtotal", net.clone()),
            (line, "_line_subtotal_tax", tax.clone()),
            (line, "_line_total", net),
            (line, "_line_tax", tax),
            (line, "_line_tax_data", taxes),
            (rate, "rate_id", "1".to_owned()),
            (rate, "rate_percent", "22".to_owned()),
        ];
        let rows = meta.map(|(item, key, value)| vec![Value::Int(item), text(key), text(value)]);
        insert(
            session,
            "wp_woocommerce_order_itemmeta",
            &["order_item_id", "meta_key", "meta_value"],
            rows.to_vec(),
        )
        .await
    }

    async fn article(&self, session: &mut dyn Session) -> db::Result<Value> {
        let find = Query::sql("SELECT product_id FROM wp_wc_product_meta_lookup WHERE sku = ")
            .value(text(self.sku));
        let rows = db::fetch(session, &find).await?;
        Ok(rows.first().map_or(Value::Null, |row| row[0].clone()))
    }

    /// Pieces leave the shop's figure; a negative number comes back.
    async fn take(&self, session: &mut dyn Session, pieces: i64) -> db::Result<()> {
        let article = self.article(session).await?;
        for sql in [
            "UPDATE wp_postmeta SET meta_value = CAST(meta_value - ({n}) AS TEXT) WHERE meta_key = '_stock' AND post_id = ",
            "UPDATE wp_wc_product_meta_lookup SET stock_quantity = stock_quantity - ({n}) WHERE product_id = ",
        ] {
            let sql = sql.replace("{n}", &pieces.to_string());
            session
                .execute(&Query::sql(sql).value(article.clone()))
                .await?;
        }
        Ok(())
    }

    /// The buyer changes her mind before anything was packed: the shop takes its pieces back.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn cancel(&self, session: &mut dyn Session) -> db::Result<()> {
        session.begin(Isolation::ReadCommitted).await?;
        let status = Query::sql("UPDATE wp_wc_orders SET status = 'wc-cancelled' WHERE id = ")
            .value(Value::Int(self.order));
        session.execute(&status).await?;
        self.take(session, -self.pieces).await?;
        let flag = Query::sql(
            "UPDATE wp_wc_order_operational_data SET order_stock_reduced = 0 WHERE order_id = ",
        )
        .value(Value::Int(self.order));
        session.execute(&flag).await?;
        session.commit().await.map_err(lost)
    }

    /// The shop pays a part back, as an order of its own.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn refund(
        &self,
        session: &mut dyn Session,
        cents: i64,
        now: DateTime<Utc>,
    ) -> db::Result<()> {
        session.begin(Isolation::ReadCommitted).await?;
        let at = text(now.format("%Y-%m-%d %H:%M:%S").to_string());
        let columns = [
            "id",
            "status",
            "currency",
            "type",
            "total_amount",
            "parent_order_id",
            "date_created_gmt",
            "date_updated_gmt",
        ];
        let row = vec![
            Value::Int(self.order + 1000),
            text("wc-completed"),
            text("EUR"),
            text("shop_order_refund"),
            text(format!("-{}", amount(cents))),
            Value::Int(self.order),
            at.clone(),
            at,
        ];
        insert(session, "wp_wc_orders", &columns, vec![row]).await?;
        let moved = (now + chrono::Duration::minutes(1)).format("%Y-%m-%d %H:%M:%S");
        let head = Query::sql("UPDATE wp_wc_orders SET date_updated_gmt = ")
            .value(text(moved.to_string()))
            .text(" WHERE id = ")
            .value(Value::Int(self.order));
        session.execute(&head).await?;
        session.commit().await.map_err(lost)
    }
}
