//! A story that shows what ponte does: an ERP, embedded or in a database of SQL Server, and an embedded WooCommerce shop, a first load, a price change, a
//! web order on its way into the ERP, a delivery, the news of it back in the shop, second thoughts, the end of the day; and after
//! each what was found and written.

pub mod buyer;
pub mod catalogue;
pub mod data;
mod story;

use crate::db::{DbError, EngineKind};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::mail::Preview;
use crate::matching::ShopMatch;
use crate::orders::by_hand::ByHand;
use crate::orders::{OrdersError, reconcile};
use crate::round::FlowError;
use crate::round::approve::Question;
use crate::stock::explain::Explanation;
use crate::stock::{StockError, StockReport};
use crate::story::{StoryError, Whole};
use crate::sync::bind::BindError;
use crate::sync::condition::ConditionError;
use crate::sync::report::{FlowReport, Reason};
use crate::sync::run::RunError;
use buyer::{Basket, CARLO, GIULIA, LAURA, URS};
use chrono::Utc;
use std::io;
use std::path::{Path, PathBuf};
use story::{Story, make};

/// One step of the story, as it has happened.
#[derive(Default)]
pub struct Chapter {
    pub title: &'static str,
    /// What happened in the company, and what to look at.
    pub text: String,
    /// How the shop's rows and the ERP's records matched, before anything was written.
    pub matched: Option<ShopMatch>,
    /// Flows that had something to ask, and what was asked of whom.
    pub asking: Vec<FlowReport>,
    pub questions: Vec<Question>,
    /// Orders that somebody had typed into the ERP.
    pub by_hand: Option<ByHand>,
    pub flows: Vec<FlowReport>,
    pub stock: Option<StockReport>,
    pub explanation: Option<Box<Explanation>>,
    /// What its customer gets.
    pub mails: Vec<Preview>,
    pub order: Option<Whole>,
    pub reconciled: Option<reconcile::Report>,
}

impl Chapter {
    /// In which nothing has happened yet.
    fn of(title: &'static str, text: &str) -> Chapter {
        Chapter {
            title,
            text: text.to_owned(),
            ..Chapter::default()
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("cannot write {}: {source}", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("{} holds a demo already; name an empty folder, or delete it", path.display())]
    Taken { path: PathBuf },
    #[error("the demo's project file is not accepted")]
    Project(Diagnostics),
    #[error(
        "the demo's ERP is a file of its own, or an empty database of SQL Server; this connection string names another kind ({0}): write `--erp sqlserver://LOGIN:${{ERP_PASSWORD}}@HOST/DATABASE`"
    )]
    NoSqlServer(EngineKind),
    #[error(
        "the demo makes an ERP's tables in an empty database, but this one has the table {0} already; nothing was written: name an empty database, made for the demo"
    )]
    NotEmpty(String),
    #[error("the demo's order {order} did not come into the ERP: {reason}")]
    NotImported { order: String, reason: Box<Reason> },
    #[error("the demo's order typed by hand was not linked: {0}")]
    NotLinked(String),
    #[error(transparent)]
    Database(#[from] DbError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Stock(#[from] StockError),
    #[error(transparent)]
    Orders(#[from] OrdersError),
    #[error(transparent)]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Story(#[from] StoryError),
}

impl DemoError {
    /// What does not fit the databases, or is wrong with a connection string, if that is why.
    pub fn diagnostics(&self) -> Option<&[Diagnostic]> {
        match self {
            DemoError::Project(Diagnostics(found))
            | DemoError::Run(RunError::Bind(BindError::Mapping(found)))
            | DemoError::Stock(StockError::Condition(ConditionError::Mapping(found))) => {
                Some(found)
            }
            DemoError::Orders(error) => error.diagnostics(),
            _ => None,
        }
    }
}

/// What buyers and clerks of the story are busy with.
const SKU: &str = "LB-03";
const BASKET: Basket = Basket {
    order: 5001,
    buyer: &LAURA,
    sku: SKU,
    pieces: 2,
    cents: 495,
};
const SECOND: Basket = Basket {
    order: 5002,
    pieces: 1,
    ..BASKET
};
const BY_HAND: Basket = Basket {
    order: 5000,
    buyer: &CARLO,
    sku: "SW-01",
    pieces: 1,
    cents: 1290,
};

/// Under a name that the shop alone has given the saw.
const OF_A_FIRM: Basket = Basket {
    order: 5003,
    buyer: &GIULIA,
    sku: "SW-1",
    ..BY_HAND
};
const ABROAD: Basket = Basket {
    order: 5004,
    buyer: &URS,
    ..SECOND
};

/// Where the story's ERP is.
pub struct Erp<'a> {
    /// As a project file has it, for an empty database of SQL Server; `None`: a file in the story's folder.
    pub url: Option<&'a str>,
    /// What the URL names as `${NAME}`.
    pub env: &'a (dyn Fn(&str) -> Option<String> + Sync),
}

/// Plays the story in an empty folder, and tells each chapter as it ends.
///
/// # Errors
/// A folder that cannot be written, or anything that would also stop a real run.
pub async fn play(
    dir: &Path,
    erp: &Erp<'_>,
    tell: &mut (dyn FnMut(Chapter) + Send),
) -> Result<(), DemoError> {
    let now = Utc::now();
    let project = make(dir, erp, now).await?;
    let story = Story::open(&project, erp)?;
    story.set_up().await?;

    let matched = story.accept().await?;
    let first = story.sync("1. First load", "The shop sells a few of the company's articles already, under the same sku. `ponte match` shows \
        which, and somebody has accepted it: they are linked, not doubled; the others are created. Texts the shop's people wrote stay theirs.").await?;
    tell(Chapter {
        matched: Some(matched),
        ..first
    });
    tell(
        story
            .sync(
                "2. Nothing has changed",
                "A second run reads, compares, and writes nothing.",
            )
            .await?,
    );

    story
        .erp("UPDATE prices SET amount = '4.95' WHERE sku = 'LB-03'")
        .await?;
    story
        .erp("UPDATE prices SET sale_amount = '9.90' WHERE sku = 'GP-01'")
        .await?;
    tell(story.sync("3. A price change", "In the ERP, the LED bulb LB-03 now costs 4.95 net, and the pruner GP-01 is on sale for 9.90.").await?);

    story
        .erp("UPDATE prices SET amount = '9.90' WHERE sku = 'GH-01'")
        .await?;
    tell(story.approve("4. A price that falls by more than half", "The hedge shear GH-01 goes from 24.90 to 9.90. A rule of the project has such a price wait \
        for a person, who is shown both and agrees.").await?);

    let mut shop = story.session("shop.main").await?;
    BY_HAND.check_out(shop.as_mut(), now).await?;
    for sql in TYPED {
        let today = now.format("%Y-%m-%d").to_string();
        story.erp(&sql.replace("{today}", &today)).await?;
    }
    tell(story.match_orders("5. Typed by hand", "Before the first import, somebody has typed Carlo's web order into the ERP. The same total, day and customer: \
        they are linked, so that it does not come in once more.").await?);

    BASKET.check_out(shop.as_mut(), now).await?;
    tell(story.stock("6. A web order", "Laura orders two LB-03. The shop has taken them off its figure; the ERP knows nothing of it \
        yet, so ponte counts them as pending. Nothing is to be written.").await?);

    tell(story.import("7. The order comes into the ERP", "`ponte sync` imports it: customer, head, line, tax, in one transaction with the link that \
        makes a second import impossible. Now the ERP counts the two pieces as committed and ponte no longer as pending: the sum is the same.").await?);

    for sql in DELIVERY {
        story.erp(sql).await?;
    }
    tell(story.stock("8. A delivery and a receipt", "The two pieces have left the store, and 60 LB-05 have come into the depot: only their \
        figure changes, by the difference.").await?);

    story.courier("Delivery note;Waybill\n26/D0412;0151234567890\n")?;
    tell(story.told("9. The shop is told", "The courier's file of the evening has the parcel's number: it comes onto the delivery in the ERP, which had none. \
        The order is completed in the shop, with that number. A mail is due to Laura, once; this is what she gets.").await?);

    SECOND.check_out(shop.as_mut(), now).await?;
    // What no chapter tells must have gone well.
    let untold = story.import("", "").await?;
    let mut rejected = untold.flows.iter().flat_map(|flow| &flow.rejected);
    if let Some(one) = rejected.next() {
        return Err(DemoError::NotImported {
            order: one.key.clone(),
            reason: Box::new(one.reason.clone()),
        });
    }
    SECOND.cancel(shop.as_mut()).await?;
    BASKET.refund(shop.as_mut(), 200, now).await?;
    tell(story.import("10. Second thoughts", "Laura ordered one more, which ponte imported, and cancelled it before anybody packed it: it is cancelled in \
        the ERP, too. For the first order the shop has paid 2.00 back: a credit note lies in the ERP as a draft, with the tax that is in it.").await?);

    tell(story.order("11. Laura calls", "Whoever answers her sees everything in one place: her order in the shop and in the ERP, its parcel, the mail, and what was paid back.",
        BASKET.order).await?);

    for sql in RENAMED {
        story.does("shop.main", sql).await?;
    }
    OF_A_FIRM.check_out(shop.as_mut(), now).await?;
    ABROAD.check_out(shop.as_mut(), now).await?;
    drop(shop);
    for sql in INVOICED {
        story.does("shop.main", sql).await?;
    }
    tell(story.import("12. Two orders that do not come in", "Giulia orders for her firm, but somebody has given the saw another sku in the shop, which the ERP does not know: her order is \
        in quarantine, with what to do. Urs lives in Zurich: a rule of the project never takes such an order. Both hold their pieces.").await?);
    for sql in NAMED_AGAIN {
        story.does("shop.main", sql).await?;
    }
    tell(story.import("13. Put right", "The sku is right again, and the next run imports the order. Giulia has typed her firm's certified mail address where the shop asks for the code \
        of e-invoices: the ERP has it as what it is, beside the VAT number, whose check digit is right.").await?);

    tell(
        story
            .reconciled(
                "14. The end of the day",
                "Orders and sums on both sides, and what is missing or too much.",
            )
            .await?,
    );

    story.erp(BRICKS).await?;
    for sql in REGISTERED {
        story.does("shop.main", sql).await?;
    }
    tell(story.customers("15. Customers, both ways", "A builder is to order on the web from now on: an account is made, with a password that nobody knows. Laura has \
        registered in the shop: the ERP knows her by her order, and gets what she has typed in.").await?);
    story
        .erp("UPDATE customers SET name = 'Bricks & Sons Ltd' WHERE number = 'C-200'")
        .await?;
    story
        .does(
            "shop.main",
            "UPDATE wp_usermeta SET meta_value = 'Bricks Inc' WHERE meta_key = 'billing_company'",
        )
        .await?;
    tell(story.customers("16. Changed on both sides", "The builder's firm has another name in the ERP, and a third one in the shop. The name is the ERP's, by the \
        mapping: what the shop has gives way, and that is told.").await?);
    Ok(())
}

/// A clerk types a web order.
const TYPED: [&str; 3] = [
    "INSERT INTO customers (number, name, email) VALUES ('C-100', 'Carlo Gallo', 'carlo@example.com')",
    "INSERT INTO orders (number, customer, status, order_date, tax_included, total) VALUES ('26/0077', 'C-100', 'confirmed', '{today}', 1, '15.74')",
    "INSERT INTO order_lines (order_number, line, sku, quantity, unit_price, amount, tax_class) VALUES ('26/0077', 1, 'SW-01', 1, '15.74', '15.74', 'IVA22')",
];

/// Somebody gives an article another sku in the shop, and takes it back.
const RENAMED: [&str; 2] = [
    "UPDATE wp_wc_product_meta_lookup SET sku = 'SW-1' WHERE sku = 'SW-01'",
    "UPDATE wp_postmeta SET meta_value = 'SW-1' WHERE meta_key = '_sku' AND meta_value = 'SW-01'",
];
const NAMED_AGAIN: [&str; 2] = [
    "UPDATE wp_wc_product_meta_lookup SET sku = 'SW-01' WHERE sku = 'SW-1'",
    "UPDATE wp_postmeta SET meta_value = 'SW-01' WHERE meta_key = '_sku' AND meta_value = 'SW-1'",
];

/// What the buyers have typed into the checkout.
const INVOICED: [&str; 3] = [
    "UPDATE wp_wc_order_addresses SET company = 'Ferri Utensili srl' WHERE order_id = 5003",
    "INSERT INTO wp_wc_orders_meta (order_id, meta_key, meta_value) VALUES (5003, '_billing_vat_number', 'IT 01234567897'), (5003, '_billing_sdi', 'ferri@pec.example')",
    "UPDATE wp_wc_order_addresses SET city = 'Zurich', postcode = '8001', state = 'ZH', country = 'CH' WHERE order_id = 5004",
];

/// A customer of the ERP who is to have an account.
const BRICKS: &str = "INSERT INTO customers (number, name, email, phone, vat_number, street, postcode, city, province, web)
     VALUES ('C-200', 'Bricks Ltd', 'office@bricks.example', '011 5', '01234567890', 'Via Po 5', '10100', 'Torino', 'TO', 1)";

/// The buyer registers.
const REGISTERED: [&str; 2] = [
    "INSERT INTO wp_users (ID, user_login, user_pass, user_nicename, user_email, user_registered, display_name)
     VALUES (900, 'laura', '', 'laura', 'laura@example.com', '2026-01-01 10:00:00', 'Laura')",
    "INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES (900, 'wp_capabilities', 'a:1:{s:8:\"customer\";b:1;}'),
     (900, 'billing_first_name', 'Laura'), (900, 'billing_last_name', 'Bianchi'), (900, 'billing_phone', '333 1'), (900, 'billing_address_1', 'Via Nuova 9')",
];

/// The parcel leaves, and a lorry comes.
const DELIVERY: [&str; 7] = [
    "INSERT INTO documents (number, kind, customer, document_date, carrier)
     SELECT '26/D0412', 'delivery', o.customer, o.order_date, 'BRT' FROM orders o WHERE o.web_reference = 'main/5001'",
    "INSERT INTO document_lines (document_number, line, order_number, order_line, quantity)
     SELECT '26/D0412', 1, o.number, 1, '2' FROM orders o WHERE o.web_reference = 'main/5001'",
    "UPDATE order_lines SET delivered_quantity = '2'
     WHERE sku IS NOT NULL AND order_number IN (SELECT o.number FROM orders o WHERE o.web_reference = 'main/5001')",
    "UPDATE orders SET status = 'closed' WHERE web_reference = 'main/5001'",
    "UPDATE stock SET quantity = quantity - 2 WHERE sku = 'LB-03' AND warehouse = 'STORE'",
    "UPDATE stock SET quantity = '60' WHERE sku = 'LB-05' AND warehouse = 'DEPOT'",
    "UPDATE order_lines SET delivered_quantity = quantity
     WHERE sku IS NULL AND order_number IN (SELECT o.number FROM orders o WHERE o.web_reference = 'main/5001')",
];
