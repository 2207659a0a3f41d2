//! Where a shop's plug-ins keep what customers are invoiced by: there is no standard, so the keys that recent orders have are counted.

use crate::db::query::Query;
use crate::db::{self, Session};
use crate::diagnostic::Diagnostic;
use crate::plan::{Orders, Storage};
use std::collections::HashMap;

/// # Errors
/// Those of the database.
pub async fn check(
    orders: &Orders,
    storage: &Storage,
    shop: &mut dyn Session,
    found: &mut Vec<Diagnostic>,
) -> db::Result<()> {
    let Some(sql) = &storage.keys else {
        return Ok(());
    };
    // Of a key that is a column nobody counts the orders.
    let mut orders_with: HashMap<String, Option<i64>> = HashMap::new();
    for row in db::fetch(shop, &Query::sql(sql.text.clone())).await? {
        let count = row[1].to_decimal().and_then(|count| count.to_i64());
        orders_with.insert(row[0].plain().into_owned(), count);
    }
    for one in &orders.candidates {
        if orders_with.contains_key(&one.value) {
            continue;
        }
        let known = one.known.iter();
        let mut seen: Vec<(&String, Option<i64>)> = known
            .filter_map(|key| Some((key, *orders_with.get(key)?)))
            .collect();
        // Of several the one that most orders have; as they are listed where these are equal.
        seen.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let Some((best, _)) = seen.first() else {
            continue;
        };
        let listed: Vec<String> = seen
            .iter()
            .map(|(key, count)| match count {
                Some(count) => format!("`{key}` ({count})"),
                None => format!("`{key}`"),
            })
            .collect();
        let counted = seen.iter().any(|(_, count)| count.is_some());
        let who = if counted {
            "no recent order"
        } else {
            "nothing"
        };
        let message = format!("{who} has `{}`, which `{}` names", one.value, one.variable);
        found.push(
            Diagnostic::warning("P391", message)
                .at(&orders.at, "the ERP gets nothing from there")
                .note(format!(
                    "what plug-ins keep so is here under: {}",
                    listed.join(", ")
                ))
                .help(format!(
                    "`{} = {best:?}` in `[shop.{}]`",
                    one.variable, orders.shop
                )),
        );
    }
    Ok(())
}
