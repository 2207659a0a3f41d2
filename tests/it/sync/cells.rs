//! A WooCommerce shop as a map of cells: `posts/hammer/post_title` -> `Hammer`. Generated ids are replaced by the names
//! of what they stand for and the present time by `<now>`, so that shops on different servers can be compared, and a shop
//! with itself after a change.

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, TimeDelta, Utc};

use crate::support::client::Client;

pub type Cells = BTreeMap<String, String>;

/// Tables whose rows have a name: what names a row, the table and the columns of interest.
const NAMED: [(&str, &str, &str, &[&str]); 4] = [
    (
        "posts",
        "ID",
        "FROM wp_posts",
        &[
            "post_type",
            "post_parent",
            "post_title",
            "post_name",
            "post_status",
            "post_content",
            "post_excerpt",
            "guid",
            "post_author",
            "post_date",
            "post_date_gmt",
            "post_modified",
            "post_modified_gmt",
            "comment_status",
            "ping_status",
            "to_ping",
            "pinged",
            "post_content_filtered",
            "menu_order",
            "post_mime_type",
            "comment_count",
        ],
    ),
    (
        "terms",
        "term_id",
        "FROM wp_terms",
        &["name", "slug", "term_group"],
    ),
    (
        "term_taxonomy",
        "term_taxonomy_id",
        "FROM wp_term_taxonomy",
        &["taxonomy", "description", "parent", "count"],
    ),
    (
        "lookup",
        "product_id",
        "FROM wp_wc_product_meta_lookup",
        &[
            "sku",
            "global_unique_id",
            "virtual",
            "downloadable",
            "min_price",
            "max_price",
            "onsale",
            "stock_quantity",
            "stock_status",
            "rating_count",
            "average_rating",
            "total_sales",
            "tax_status",
            "tax_class",
        ],
    ),
];

/// Columns that are numbers: a server may write 12.5 as 12.5000.
const NUMBERS: [&str; 5] = [
    "min_price",
    "max_price",
    "stock_quantity",
    "average_rating",
    "total_sales",
];

struct Names {
    posts: BTreeMap<String, String>,
    terms: BTreeMap<String, String>,
    nodes: BTreeMap<String, String>,
}

impl Names {
    async fn read(client: &mut Client) -> Names {
        let posts = "SELECT ID, CASE WHEN post_name = '' THEN 'post ' || ID ELSE post_name END FROM wp_posts";
        let terms = "SELECT term_id, slug FROM wp_terms";
        let nodes = "SELECT x.term_taxonomy_id, x.taxonomy || ':' || t.slug FROM wp_term_taxonomy x JOIN wp_terms t ON t.term_id = x.term_id";
        Names {
            posts: pairs(client, posts).await,
            terms: pairs(client, terms).await,
            nodes: pairs(client, nodes).await,
        }
    }

    fn of(&self, column: &str, id: &str) -> String {
        let names = match column {
            "ID"
            | "post_id"
            | "object_id"
            | "product_id"
            | "product_or_parent_id"
            | "post_parent" => &self.posts,
            "term_taxonomy_id" => &self.nodes,
            _ => &self.terms,
        };
        match (id, names.get(id)) {
            ("0", _) => "0".to_owned(),
            (_, Some(name)) => name.clone(),
            (_, None) => format!("unknown {column} {id}"),
        }
    }
}

async fn pairs(client: &mut Client, sql: &str) -> BTreeMap<String, String> {
    // SQLite and PostgreSQL say || for what MySQL calls concat, unless its session says otherwise.
    if let Client::Mariadb(_) = client {
        client.run("SET SESSION sql_mode = 'PIPES_AS_CONCAT'").await;
    }
    let rows = client.rows(sql).await;
    let pairs = rows.into_iter().map(|mut row| {
        let name = row[1].take().expect("a name");
        (row[0].take().expect("an id"), name)
    });
    pairs.collect()
}

/// Every cell of the tables that the pack touches.
pub async fn cells(client: &mut Client) -> Cells {
    let names = Names::read(client).await;
    let mut cells = Cells::new();
    for (title, id, from, columns) in NAMED {
        let rows = client
            .rows(&format!("SELECT {id}, {} {from}", columns.join(", ")))
            .await;
        for row in rows {
            let name = names.of(id, &text(&row[0]));
            for (column, value) in columns.iter().zip(&row[1..]) {
                let value = shown(column, &text(value), &names);
                put(&mut cells, format!("{title}/{name}/{column}"), value);
            }
        }
    }
    let attributes = [
        (
            "postmeta",
            "SELECT post_id, meta_key, meta_value FROM wp_postmeta ORDER BY meta_id",
            "post_id",
        ),
        (
            "termmeta",
            "SELECT term_id, meta_key, meta_value FROM wp_termmeta ORDER BY meta_id",
            "term_id",
        ),
        (
            "options",
            "SELECT '0', option_name, option_value FROM wp_options",
            "option",
        ),
    ];
    for (title, sql, id) in attributes {
        for row in client.rows(sql).await {
            let name = match id {
                "option" => text(&row[1]),
                _ => format!("{}/{}", names.of(id, &text(&row[0])), text(&row[1])),
            };
            put(&mut cells, format!("{title}/{name}"), text(&row[2]));
        }
    }
    let pairs = [
        (
            "relations",
            "object_id",
            "term_taxonomy_id",
            "term_order FROM wp_term_relationships",
        ),
        (
            "tree",
            "category_id",
            "category_tree_id",
            "'' FROM wp_wc_category_lookup",
        ),
        (
            "attributes",
            "product_id",
            "term_id",
            "in_stock FROM wp_wc_product_attributes_lookup",
        ),
    ];
    for (title, left, right, rest) in pairs {
        for row in client
            .rows(&format!("SELECT {left}, {right}, {rest}"))
            .await
        {
            let name = format!(
                "{title}/{}/{}",
                names.of(left, &text(&row[0])),
                names.of(right, &text(&row[1]))
            );
            put(&mut cells, name, text(&row[2]));
        }
    }
    own_tables(client, &names, &mut cells).await;
    cells
}

async fn own_tables(client: &mut Client, names: &Names, cells: &mut Cells) {
    let sql = "SELECT record, record_key, target_id, columns, kind FROM ponte_link";
    for row in client.try_rows(sql).await.unwrap_or_default() {
        let record = text(&row[0]);
        let id = match record.as_str() {
            "category" => "term_id",
            _ => "ID",
        };
        let columns: BTreeMap<String, String> =
            serde_json::from_str(&text(&row[3])).expect("an object of texts");
        let columns = columns.iter().map(|(column, id)| names.of(column, id));
        let columns: Vec<String> = columns.collect();
        let target = names.of(id, &text(&row[2]));
        let value = format!("{target} {} {}", text(&row[4]), columns.join(" "));
        put(
            cells,
            format!("link/{record}/{}", text(&row[1])),
            value.trim_end().to_owned(),
        );
    }
    let sql = "SELECT record, record_key, part, fields FROM ponte_wrote";
    for row in client.try_rows(sql).await.unwrap_or_default() {
        let key = text(&row[1]).replace('\t', "|");
        let name = format!("wrote/{}/{key}/{}", text(&row[0]), text(&row[2]));
        put(cells, name, text(&row[3]));
    }
}

fn text(value: &Option<String>) -> String {
    value.clone().unwrap_or_else(|| "NULL".to_owned())
}

/// Rows of one name are told apart by their order: that of their ids, where they have any.
fn put(cells: &mut Cells, name: String, value: String) {
    let mut numbered = name.clone();
    let mut number = 1;
    while cells.contains_key(&numbered) {
        number += 1;
        numbered = format!("{name}#{number}");
    }
    cells.insert(numbered, value);
}

fn shown(column: &str, value: &str, names: &Names) -> String {
    match column {
        "post_parent" => names.of(column, value),
        "parent" => names.of("term_id", value),
        _ if NUMBERS.contains(&column) => value
            .parse::<f64>()
            .map_or(value.to_owned(), |number| number.to_string()),
        _ if column.starts_with("post_date") || column.starts_with("post_modified") => {
            let at = NaiveDateTime::parse_from_str(value, "%Y-%m-%d %H:%M:%S");
            // The shop's zone is at most a day from UTC; what the seed holds is older.
            let is_now =
                at.is_ok_and(|at| (Utc::now().naive_utc() - at).abs() < TimeDelta::days(1));
            if is_now {
                "<now>".to_owned()
            } else {
                value.to_owned()
            }
        }
        _ => value.to_owned(),
    }
}

/// What changed from one state to another, a line a cell.
pub fn changes(before: &Cells, after: &Cells) -> String {
    let mut lines = Vec::new();
    for (name, old) in before {
        match after.get(name) {
            None => lines.push((name, format!("- {name} = {}", one_line(old)))),
            Some(new) if new != old => {
                let (old, new) = (one_line(old), one_line(new));
                lines.push((name, format!("~ {name} = {old} -> {new}")));
            }
            Some(_) => {}
        }
    }
    for (name, new) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        lines.push((name, format!("+ {name} = {}", one_line(new))));
    }
    lines.sort();
    lines.iter().map(|(_, line)| format!("{line}\n")).collect()
}

fn one_line(value: &str) -> String {
    if value.is_empty() {
        "''".to_owned()
    } else {
        value.replace('\n', "\\n")
    }
}
