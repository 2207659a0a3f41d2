//! Whether the ERP has texts in the languages that a shop asks for. Of one that it does not have, or calls otherwise
//! (`en` for `en_US`), every text is NULL, and nothing else would say why.

use crate::db::query::Query;
use crate::db::{self, Session};
use crate::diagnostic::{Diagnostic, Span};
use crate::plan::Flow;
use std::collections::BTreeSet;

/// # Errors
/// Those of the database.
pub async fn check(
    flow: &Flow,
    session: &mut dyn Session,
    found: &mut Vec<Diagnostic>,
) -> db::Result<()> {
    let target = &flow.target;
    let mut asked: Vec<(&str, Option<&Span>)> = Vec::new();
    let main = target.languages.values();
    asked.extend(main.map(|code| (code.as_str(), target.language_at.as_ref())));
    if let Some(codes) = &target.codes {
        for code in codes.to_erp.values() {
            if !asked.iter().any(|(known, _)| known == code) {
                asked.push((code, Some(&codes.at)));
            }
        }
    }
    if asked.is_empty() {
        return Ok(());
    }
    let known = languages(flow, session).await?;
    // Without any text there is nothing to compare with: an ERP that is still empty.
    if known.is_empty() {
        return Ok(());
    }
    let listed: Vec<&str> = known.iter().map(String::as_str).collect();
    let record = flow.record.as_deref().unwrap_or(&flow.name);
    for (code, at) in asked {
        if known.contains(code) {
            continue;
        }
        let message = format!("the ERP has no text of any `{record}` in the language `{code}`");
        found.push(
            Diagnostic::warning("P390", message)
                .at(at.unwrap_or(&flow.at), "no text")
                .note(format!("languages of its texts: {}", listed.join(", ")))
                .help("name the language as the ERP does")
                .suggest(code, listed.iter().copied()),
        );
    }
    Ok(())
}

async fn languages(flow: &Flow, session: &mut dyn Session) -> db::Result<BTreeSet<String>> {
    let mut known = BTreeSet::new();
    for child in &flow.source.children {
        let Some(column) = &child.language else {
            continue;
        };
        let query = Query::sql("SELECT DISTINCT s.")
            .ident(column)
            .text(" FROM (")
            .append(Query::sql(child.sql.text.clone()))
            .text(") s");
        let rows = db::fetch(session, &query).await?;
        let codes = rows.iter().filter_map(|row| row.first());
        let codes = codes.filter(|code| !code.is_null());
        known.extend(codes.map(|code| code.plain().into_owned()));
    }
    Ok(known)
}
