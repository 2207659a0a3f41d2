//! The price query beside Odoo's rule, spelt out here for one article at a time, over random lists.

use super::erp;
use crate::support::client::Client;
use ponte::db::query::Query;
use ponte::db::{self, DbUrl};
use ponte::plan::Relation;
use ponte::value::Value;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

/// Money in 10^-12.
const ONE: i128 = 1_000_000_000_000;
const CENT: i128 = ONE / 100;

#[derive(Debug, Clone)]
struct Article {
    template: usize,
    /// The article's category and those above it.
    categories: Vec<usize>,
    sales_price: i128,
    cost: Option<i128>,
}

#[derive(Debug, Clone)]
struct Rule {
    id: usize,
    list: usize,
    /// 0 a variant, 1 a template, 2 a category, 3 all
    applied_on: usize,
    of: usize,
    min_quantity: i128,
    /// Hours from now.
    starts: Option<i64>,
    ends: Option<i64>,
    kind: &'static str,
    base: &'static str,
    base_list: usize,
    fixed: i128,
    percent: i128,
    step: i128,
    plus: i128,
    margin_min: i128,
    margin_max: i128,
}

struct World {
    articles: Vec<Article>,
    rules: Vec<Rule>,
}

impl World {
    /// The price in a list now, or that of the rules without an end alone.
    fn price(&self, list: usize, article: usize, lasting: bool, depth: usize) -> Option<i128> {
        let this = &self.articles[article];
        let applies = |rule: &&Rule| {
            rule.list == list
                && rule.min_quantity <= 1
                && rule.starts.is_none_or(|hours| hours < 0)
                && rule.ends.is_none_or(|hours| hours > 0 && !lasting)
                && match rule.applied_on {
                    0 => rule.of == article,
                    1 => rule.of == this.template,
                    2 => this.categories.contains(&rule.of),
                    _ => true,
                }
        };
        // The article's own category comes before those above it.
        let level = |rule: &Rule| {
            let up = this.categories.iter().rev();
            up.clone()
                .position(|one| rule.applied_on == 2 && *one == rule.of)
        };
        let best = self.rules.iter().filter(applies).min_by_key(|rule| {
            (
                rule.applied_on,
                Reverse(rule.min_quantity),
                level(rule),
                Reverse(rule.id),
            )
        });
        let Some(rule) = best else {
            return Some(this.sales_price);
        };
        if rule.kind == "fixed" {
            return Some(rule.fixed);
        }
        let base = match rule.base {
            "standard_price" => this.cost?,
            "pricelist" if depth == 0 => return None,
            "pricelist" => self.price(rule.base_list, article, lasting, depth - 1)?,
            _ => this.sales_price,
        };
        let mut price = base * (100 - rule.percent) / 100;
        if rule.kind == "formula" {
            if rule.step > 0 {
                price = rounded(price, rule.step);
            }
            price += rule.plus;
            if rule.margin_min > 0 {
                price = price.max(base + rule.margin_min);
            }
            if rule.margin_max > 0 {
                price = price.min(base + rule.margin_max);
            }
        }
        Some(price)
    }

    /// Amount and sale amount, in cents.
    fn expected(&self, list: usize, article: usize) -> Option<(i128, Option<i128>)> {
        let cents = |price: i128| rounded(price, CENT) / CENT;
        let now = cents(self.price(list, article, false, 9)?);
        let lasting = self.price(list, article, true, 9).map(cents);
        Some(match lasting {
            Some(lasting) if now < lasting => (lasting, Some(now)),
            _ => (now, None),
        })
    }
}

/// Half away from zero.
fn rounded(price: i128, step: i128) -> i128 {
    let half = step / 2 * price.signum();
    (price + half) / step * step
}

fn money(amount: i128) -> String {
    let sign = if amount < 0 { "-" } else { "" };
    let amount = amount.abs();
    format!("{sign}{}.{:012}", amount / ONE, amount % ONE)
}

fn pick<T: Copy>(random: &mut StdRng, from: &[T]) -> T {
    from[random.random_range(0..from.len())]
}

const LISTS: usize = 4;
const CATEGORIES: [(usize, &[usize]); 4] = [(1, &[1]), (2, &[1, 2]), (3, &[1, 2, 3]), (4, &[4])];

fn world(random: &mut StdRng) -> World {
    let articles = (0..24)
        .map(|at| Article {
            template: at / 2,
            categories: CATEGORIES[at / 2 % 4].1.to_vec(),
            sales_price: i128::from(random.random_range(0..20_000)) * CENT,
            cost: random
                .random_bool(0.7)
                .then(|| i128::from(random.random_range(1..9_000)) * CENT),
        })
        .collect();
    let rules = (1..=60)
        .map(|id| {
            let applied_on = random.random_range(0..4);
            let list = random.random_range(1..=LISTS);
            Rule {
                id,
                list,
                applied_on,
                of: match applied_on {
                    0 => random.random_range(0..24),
                    1 => random.random_range(0..12),
                    2 => random.random_range(1..=4),
                    _ => 0,
                },
                min_quantity: pick(random, &[0, 0, 0, 1, 1, 2, 10]),
                starts: pick(random, &[None, None, Some(-9), Some(5)]),
                ends: pick(random, &[None, None, Some(9), Some(-5)]),
                kind: pick(random, &["fixed", "percentage", "formula", "formula"]),
                base: pick(random, &["list_price", "standard_price", "pricelist"]),
                // Odoo lets nobody base a list on itself; rings of several it cannot compute either.
                base_list: (list + random.random_range(0..LISTS - 1)) % LISTS + 1,
                fixed: i128::from(random.random_range(0..9_999)) * CENT,
                percent: pick(random, &[0, 10, 25, 33, -20]),
                step: pick(random, &[0, CENT * 5, CENT * 50, ONE, ONE * 10]),
                plus: pick(random, &[0, -CENT, CENT * 150]),
                margin_min: pick(random, &[0, 0, CENT * 200]),
                margin_max: pick(random, &[0, 0, CENT * 900]),
            }
        })
        .collect();
    World { articles, rules }
}

/// Puts the world into tables that hold nothing else.
async fn fill(client: &mut Client, world: &World) {
    let mut script = String::from(
        "TRUNCATE product_pricelist, product_pricelist_item, product_template, product_product, product_category, sale_order, stock_move, stock_quant CASCADE;\n",
    );
    for (id, path) in CATEGORIES {
        let path: String = path.iter().map(|id| format!("{id}/")).collect();
        script.push_str(&format!("INSERT INTO product_category (id, name, complete_name, parent_path) VALUES ({id}, 'c', 'All / {}', '{path}');\n", path.replace('/', " / ")));
    }
    for list in 1..=LISTS {
        script.push_str(&format!("INSERT INTO product_pricelist (id, name, currency_id, active) VALUES ({list}, '{{\"en_US\": \"L{list}\"}}', 1, TRUE);\n"));
    }
    for (at, article) in world.articles.iter().enumerate() {
        // The odd one of a template's two variants costs what its attribute adds.
        if at % 2 == 0 {
            let category = article.categories[article.categories.len() - 1];
            script.push_str(&format!(
                "INSERT INTO product_template (id, name, type, is_storable, categ_id, uom_id, list_price, sale_ok, active)
                 VALUES ({}, '{{\"en_US\": \"x\"}}', 'consu', TRUE, {category}, 1, 0, TRUE, TRUE);\n",
                article.template
            ));
        }
        let cost = article.cost.map_or("NULL".to_owned(), |cost| {
            format!("'{{\"1\": {}}}'", money(cost))
        });
        script.push_str(&format!(
            "INSERT INTO product_product (id, product_tmpl_id, default_code, standard_price, active) VALUES ({at}, {}, 'A{at}', {cost}, TRUE);
             INSERT INTO product_template_attribute_line (id, product_tmpl_id, attribute_id, value_count) VALUES ({id}, {}, 1, 2);
             INSERT INTO product_template_attribute_value (id, product_attribute_value_id, attribute_line_id, price_extra) VALUES ({id}, 1, {id}, {});
             INSERT INTO product_variant_combination VALUES ({at}, {id});\n",
            article.template,
            article.template,
            money(article.sales_price),
            id = at + 100,
        ));
    }
    for rule in &world.rules {
        let target = |applied_on: usize| match rule.applied_on == applied_on {
            true => rule.of.to_string(),
            false => "NULL".to_owned(),
        };
        let moment = |hours: Option<i64>| match hours {
            Some(hours) => format!("now() AT TIME ZONE 'UTC' + interval '{hours} hours'"),
            None => "NULL".to_owned(),
        };
        let applied_on = [
            "0_product_variant",
            "1_product",
            "2_product_category",
            "3_global",
        ];
        script.push_str(&format!(
            "INSERT INTO product_pricelist_item (id, pricelist_id, applied_on, product_id, product_tmpl_id, categ_id, min_quantity, date_start, date_end,
                compute_price, base, base_pricelist_id, fixed_price, percent_price, price_discount, price_round, price_surcharge, price_min_margin, price_max_margin)
             VALUES ({}, {}, '{}', {}, {}, {}, {}, {}, {}, '{}', '{}', {}, {}, {}, {}, {}, {}, {}, {});\n",
            rule.id,
            rule.list,
            applied_on[rule.applied_on],
            target(0),
            target(1),
            target(2),
            rule.min_quantity,
            moment(rule.starts),
            moment(rule.ends),
            rule.kind,
            rule.base,
            if rule.base == "pricelist" { rule.base_list.to_string() } else { "NULL".to_owned() },
            money(rule.fixed),
            rule.percent,
            rule.percent,
            money(rule.step),
            money(rule.plus),
            money(rule.margin_min),
            money(rule.margin_max),
        ));
    }
    client.load(&script).await;
}

#[tokio::test]
async fn every_price_is_what_odoo_would_say() {
    let given = std::env::var("PONTE_SEED").ok();
    let seed: u64 = given
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(rand::random);
    let mut random = StdRng::seed_from_u64(seed);
    let database = erp("odoo::prices", 19).await;
    let mut client = database.client().await;
    client
        .load("INSERT INTO product_attribute_value VALUES (99, 1, '{\"en_US\": \"x\"}')")
        .await;
    let sql = price_query(&database.url);
    let engine = db::engine(&DbUrl::parse(&database.url, None, Path::new("")).unwrap()).unwrap();
    let mut session = engine.connect().await.unwrap();
    let rounds = if crate::support::full() { 60 } else { 6 };
    let (mut sales, mut without) = (0, 0);
    for _ in 0..rounds {
        let world = world(&mut random);
        fill(&mut client, &world).await;
        let query = format!(
            "SELECT sku, list, round(amount * 100)::bigint AS a, round(sale_amount * 100)::bigint AS s FROM ({sql}) x"
        );
        let rows = db::fetch(session.as_mut(), &Query::sql(query))
            .await
            .unwrap();
        let mut found = BTreeMap::new();
        for row in rows {
            let key = (row[0].plain().into_owned(), row[1].plain().into_owned());
            let cents = |value: &Value| match value {
                Value::Int(cents) => Some(i128::from(*cents)),
                _ => None,
            };
            let price = (cents(&row[2]).unwrap(), cents(&row[3]));
            assert_eq!(
                found.insert(key, price),
                None,
                "PONTE_SEED={seed}: a row twice"
            );
        }
        for (article, this) in world.articles.iter().enumerate() {
            let sku = format!("A{article}");
            let public = found.remove(&(sku.clone(), "public".to_owned()));
            let cents = rounded(this.sales_price, CENT) / CENT;
            assert_eq!(public, Some((cents, None)), "PONTE_SEED={seed}: {sku}");
            for list in 1..=LISTS {
                let expected = world.expected(list, article);
                let got = found.remove(&(sku.clone(), format!("L{list}")));
                assert_eq!(got, expected, "PONTE_SEED={seed}: {sku} in L{list}");
                sales += usize::from(matches!(got, Some((_, Some(_)))));
                without += usize::from(got.is_none());
            }
        }
        assert_eq!(found.len(), 0, "PONTE_SEED={seed}: {found:?}");
    }
    assert!(
        sales > 0 && without > 0,
        "PONTE_SEED={seed}: {sales} sales, {without} without a price"
    );
}

/// The pack's query, as a project has it.
fn price_query(url: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ponte.toml");
    let project = format!(
        r#"
[erp]
pack = "odoo"
url  = "{url}"
[shop.main]
pack         = "woocommerce"
url          = "sqlite:shop.db"
language     = "en_US"
price_list   = "public"
orders.since = 2026-01-01T00:00:00Z
[shop.main.tax]
"#
    );
    std::fs::write(&file, project).unwrap();
    let (plan, _) = match ponte::config::load(&file, &|_| None) {
        Ok(loaded) => loaded,
        Err(found) => panic!("{}", found.render(false)),
    };
    let flow = plan.flows.iter().find(|flow| flow.name == "main/price");
    match &flow.unwrap().source.relation {
        Relation::Sql(sql) => sql.text.clone(),
        Relation::Table { .. } => panic!("prices come from a query"),
    }
}
