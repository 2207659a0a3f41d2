//! The demo's two databases: an ERP with prices, two warehouses and open orders, and a web shop that already sells some
//! of the articles.

use super::catalogue::{CATEGORIES, articles, money};
use crate::db::query::{Query, TableName};
use crate::db::{self, EngineKind, Isolation, Session};
use crate::value::Value;
use chrono::{DateTime, Duration, Utc};

const ERP_TABLES: &str = include_str!("../../schemas/reference/sqlite.sql");
const ERP_TABLES_SQL_SERVER: &str = include_str!("../../schemas/reference/sqlserver.sql");
const SHOP_TABLES: &str = include_str!("../../schemas/woocommerce/sqlite.sql");

pub fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

async fn script(session: &mut dyn Session, script: &str) -> db::Result<()> {
    // The scripts are ours: a semicolon at the end of a line ends a statement, and nothing else does.
    let statements = script
        .split(";\n")
        .map(str::trim)
        .filter(|statement| !statement.is_empty());
    for statement in statements {
        session.execute(&Query::sql(statement)).await?;
    }
    Ok(())
}

/// Inserts rows into a table.
pub async fn insert(
    session: &mut dyn Session,
    table: &str,
    columns: &[&str],
    rows: Vec<Vec<Value>>,
) -> db::Result<()> {
    for rows in rows.chunks(200) {
        let mut query = Query::sql("INSERT INTO ")
            .table(&TableName::parse(table))
            .text(" (")
            .idents(columns)
            .text(") VALUES ");
        for (at, row) in rows.iter().enumerate() {
            query = query
                .text(if at == 0 { "(" } else { ", (" })
                .list(row.clone())
                .text(")");
        }
        session.execute(&query).await?;
    }
    Ok(())
}

/// A table or view that the database holds already.
pub async fn any_table(session: &mut dyn Session) -> db::Result<Option<String>> {
    let query = match session.server().kind {
        EngineKind::SqlServer => {
            "SELECT s.name + '.' + o.name AS name FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
             WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 ORDER BY name"
        }
        _ => "SELECT name FROM sqlite_master ORDER BY name",
    };
    let rows = db::fetch(session, &Query::sql(query)).await?;
    Ok(rows.first().map(|row| row[0].plain().into_owned()))
}

/// Makes the ERP's tables and fills them, in one transaction.
pub async fn make_erp(session: &mut dyn Session, now: DateTime<Utc>) -> db::Result<()> {
    session.begin(Isolation::ReadCommitted).await?;
    let tables = match session.server().kind {
        EngineKind::SqlServer => ERP_TABLES_SQL_SERVER,
        _ => ERP_TABLES,
    };
    script(session, tables).await?;
    let taxes = [
        ("IVA22", "Ordinary rate", "22"),
        ("IVA10", "Reduced rate", "10"),
        ("IVA4", "Books", "4"),
    ];
    let rows = taxes
        .map(|(code, name, rate)| vec![text(code), text(name), text(rate)])
        .to_vec();
    insert(
        session,
        "tax_classes",
        &["code", "description", "rate"],
        rows,
    )
    .await?;
    let rows = vec![vec![
        text("retail"),
        text("Retail, without tax"),
        text("EUR"),
        Value::Int(0),
    ]];
    insert(
        session,
        "price_lists",
        &["code", "description", "currency", "tax_included"],
        rows,
    )
    .await?;
    let rows = vec![
        vec![text("STORE"), text("Store")],
        vec![text("DEPOT"), text("Depot")],
        vec![text("REPAIR"), text("Repairs")],
    ];
    insert(session, "warehouses", &["code", "name"], rows).await?;
    categories(session).await?;
    stocked(session).await?;
    orders(session, now).await?;
    session.commit().await.map_err(lost)
}

/// A commit into a file of one's own has no answer to lose.
pub fn lost(error: db::CommitError) -> db::DbError {
    match error {
        db::CommitError::NotDone(error) | db::CommitError::Unknown(error) => error,
    }
}

async fn categories(session: &mut dyn Session) -> db::Result<()> {
    let parent = |code: &str| {
        if code.is_empty() {
            Value::Null
        } else {
            text(code)
        }
    };
    let rows = CATEGORIES
        .iter()
        .zip(1..)
        .map(|((code, above, _, _), at)| vec![text(*code), parent(above), Value::Int(at)]);
    insert(
        session,
        "categories",
        &["id", "parent_id", "position"],
        rows.collect(),
    )
    .await?;
    let texts = CATEGORIES.iter().flat_map(|(code, _, en, it)| {
        [("en", en), ("it", it)]
            .map(|(language, name)| vec![text(*code), text(language), text(*name)])
    });
    insert(
        session,
        "category_texts",
        &["category_id", "language", "name"],
        texts.collect(),
    )
    .await
}

async fn stocked(session: &mut dyn Session) -> db::Result<()> {
    let articles = articles();
    let rows = articles.iter().map(|one| {
        let weight = format!("{}.{:03}", one.grams / 1000, one.grams % 1000);
        vec![
            text(&one.sku),
            text(&one.barcode),
            text(one.tax),
            text(weight),
        ]
    });
    insert(
        session,
        "articles",
        &["sku", "barcode", "tax_class", "weight"],
        rows.collect(),
    )
    .await?;
    let texts = articles.iter().flat_map(|one| {
        let en = format!("{}. In stock for the workshop and the garden.", one.name_en);
        let it = format!(
            "{}. Pronta consegna per l'officina e il giardino.",
            one.name_it
        );
        [("en", &one.name_en, en), ("it", &one.name_it, it)].map(|(language, name, about)| {
            vec![text(&one.sku), text(language), text(name), text(about)]
        })
    });
    insert(
        session,
        "article_texts",
        &["sku", "language", "name", "description"],
        texts.collect(),
    )
    .await?;
    let rows = articles
        .iter()
        .map(|one| vec![text(&one.sku), text(one.category)]);
    insert(
        session,
        "article_categories",
        &["sku", "category_id"],
        rows.collect(),
    )
    .await?;
    let rows = articles
        .iter()
        .map(|one| vec![text(&one.sku), text("retail"), text(money(one.cents))]);
    insert(
        session,
        "prices",
        &["sku", "list", "amount"],
        rows.collect(),
    )
    .await?;
    let rows = articles.iter().flat_map(|one| {
        let (store, depot) = one.stock;
        let pieces = [("STORE", store), ("DEPOT", depot), ("REPAIR", 1)];
        pieces.map(|(warehouse, pieces)| {
            vec![text(&one.sku), text(warehouse), text(pieces.to_string())]
        })
    });
    insert(
        session,
        "stock",
        &["sku", "warehouse", "quantity"],
        rows.collect(),
    )
    .await
}

/// Trade customers with open orders: what they still have to receive is committed.
async fn orders(session: &mut dyn Session, now: DateTime<Utc>) -> db::Result<()> {
    const CUSTOMERS: [&str; 6] = [
        "Edil Rossi",
        "Vivaio Bianchi",
        "Falegnameria Conti",
        "Impianti Greco",
        "Agriturismo Le Querce",
        "Ferramenta Moretti",
    ];
    let rows = CUSTOMERS
        .iter()
        .zip(1..)
        .map(|(name, at)| vec![text(format!("C{at:04}")), text(*name)]);
    insert(session, "customers", &["number", "name"], rows.collect()).await?;
    let articles = articles();
    let (mut heads, mut lines) = (Vec::new(), Vec::new());
    for order in 0i64..60 {
        let number = format!("26/{:04}", 800 + order);
        let status = if order % 4 == 0 {
            "closed"
        } else {
            "confirmed"
        };
        let day = (now - Duration::days(60 - order)).date_naive();
        let customer = format!("C{:04}", order % 6 + 1);
        heads.push(vec![
            text(&number),
            text(customer),
            text(status),
            text(day.to_string()),
        ]);
        for line in 0..order % 3 + 1 {
            let article = &articles[((order * 17 + line * 29) % articles.len() as i64) as usize];
            let pieces = order % 4 + 1;
            let delivered = if status == "closed" {
                pieces
            } else {
                pieces / 3
            };
            lines.push(vec![
                text(&number),
                Value::Int(line + 1),
                text(&article.sku),
                text("STORE"),
                text(pieces.to_string()),
                text(delivered.to_string()),
                text(money(article.cents)),
            ]);
        }
    }
    insert(
        session,
        "orders",
        &["number", "customer", "status", "order_date"],
        heads,
    )
    .await?;
    let columns = [
        "order_number",
        "line",
        "sku",
        "warehouse",
        "quantity",
        "delivered_quantity",
        "unit_price",
    ];
    insert(session, "order_lines", &columns, lines).await
}

/// Makes the shop's tables and what its people have put into it so far: every eighth article, two of them with texts of
/// their own, one article of the shop alone, and part of the category tree.
pub async fn make_shop(session: &mut dyn Session, now: DateTime<Utc>) -> db::Result<()> {
    session.begin(Isolation::ReadCommitted).await?;
    script(session, SHOP_TABLES).await?;
    let terms = [
        (20, "Tools", 0, 20),
        (21, "Screwdrivers", 20, 21),
        (22, "Garden", 0, 22),
        (23, "Offers", 0, 23),
    ];
    let rows = terms
        .map(|(id, name, _, _)| vec![Value::Int(id), text(name), text(name.to_lowercase())])
        .to_vec();
    insert(session, "wp_terms", &["term_id", "name", "slug"], rows).await?;
    let rows = terms.map(|(id, _, parent, node)| {
        vec![
            Value::Int(node),
            Value::Int(id),
            text("product_cat"),
            text(""),
            Value::Int(parent),
        ]
    });
    insert(
        session,
        "wp_term_taxonomy",
        &[
            "term_taxonomy_id",
            "term_id",
            "taxonomy",
            "description",
            "parent",
        ],
        rows.to_vec(),
    )
    .await?;
    for (at, article) in articles().iter().enumerate().step_by(8) {
        let category = if article.category == "DRIVERS" {
            21
        } else {
            23
        };
        shop_article(
            session,
            101 + at as i64,
            &article.sku,
            &article.name_en,
            "9.99",
            category,
            now,
        )
        .await?;
    }
    shop_article(session, 100, "GIFT-25", "Gift card 25", "25", 23, now).await?;
    session.commit().await.map_err(lost)
}

async fn shop_article(
    session: &mut dyn Session,
    id: i64,
    sku: &str,
    name: &str,
    price: &str,
    category: i64,
    now: DateTime<Utc>,
) -> db::Result<()> {
    let at = text(
        (now - Duration::days(90))
            .format("%Y-%m-%d %H:%M:%S")
            .to_string(),
    );
    let slug = name.to_lowercase().replace([' ', '"', '/', '&', '.'], "-");
    let columns = [
        "ID",
        "post_author",
        "post_date",
        "post_date_gmt",
        "post_content",
        "post_title",
        "post_excerpt",
        "comment_status",
        "ping_status",
        "post_name",
        "to_ping",
        "pinged",
        "post_modified",
        "post_modified_gmt",
        "post_content_filtered",
        "post_type",
    ];
    let row = vec![
        Value::Int(id),
        Value::Int(1),
        at.clone(),
        at.clone(),
        text("Written by the shop's people."),
        text(name),
        text(""),
        text("open"),
        text("closed"),
        text(slug),
        text(""),
        text(""),
        at.clone(),
        at,
        text(""),
        text("product"),
    ];
    insert(session, "wp_posts", &columns, vec![row]).await?;
    let meta = [
        ("_sku", sku),
        ("_regular_price", price),
        ("_price", price),
        ("total_sales", "0"),
        ("_tax_status", "taxable"),
        ("_tax_class", ""),
        ("_manage_stock", "yes"),
        ("_backorders", "no"),
        ("_sold_individually", "no"),
        ("_virtual", "no"),
        ("_downloadable", "no"),
        ("_download_limit", "-1"),
        ("_download_expiry", "-1"),
        ("_stock", "5"),
        ("_stock_status", "instock"),
        ("_wc_average_rating", "0"),
        ("_wc_review_count", "0"),
        ("_product_version", "11.0.1"),
    ];
    let rows = meta
        .map(|(key, value)| vec![Value::Int(id), text(key), text(value)])
        .to_vec();
    insert(
        session,
        "wp_postmeta",
        &["post_id", "meta_key", "meta_value"],
        rows,
    )
    .await?;
    let rows = vec![
        vec![Value::Int(id), Value::Int(2)],
        vec![Value::Int(id), Value::Int(category)],
    ];
    insert(
        session,
        "wp_term_relationships",
        &["object_id", "term_taxonomy_id"],
        rows,
    )
    .await?;
    let columns = [
        "product_id",
        "sku",
        "min_price",
        "max_price",
        "stock_quantity",
        "stock_status",
    ];
    let row = vec![
        Value::Int(id),
        text(sku),
        text(price),
        text(price),
        Value::Int(5),
        text("instock"),
    ];
    insert(session, "wp_wc_product_meta_lookup", &columns, vec![row]).await
}
