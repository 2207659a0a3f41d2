//! The digest of a flow: a hash over everything in the files that decides what is written. Editing any of it makes
//! every row of the flow be looked at again; moving lines about or commenting them does not.
//!
//! What has an order in the plan (writes, derived rows) keeps it; tables of columns are taken by name.

use crate::expr::Expr;
use crate::plan::{
    Derived, DerivedRows, Empty, Field, Flow, Forget, Over, Own, Relation, ServerSql, Source,
    Target, Write,
};
use crate::value::Value;

/// Changes when the meaning of plans changes, so that rows written by an older program are looked at again.
const VERSION: &str = "ponte flow 1";

pub fn digest(flow: &Flow) -> [u8; 32] {
    let mut canon = Canon(blake3::Hasher::new());
    canon.text("version", VERSION);
    canon.optional("record", flow.record.as_deref());
    canon.source(&flow.source);
    canon.target(&flow.target);
    *canon.0.finalize().as_bytes()
}

/// Of which rows the flow reads: when records seem to be gone, it matters whether somebody edited this.
pub fn source_digest(source: &Source) -> [u8; 32] {
    let mut canon = Canon(blake3::Hasher::new());
    canon.source(source);
    *canon.0.finalize().as_bytes()
}

/// Tagged texts, each with its length, so that no two contents give the same bytes.
struct Canon(blake3::Hasher);

impl Canon {
    fn text(&mut self, tag: &str, text: &str) {
        for part in [tag, text] {
            self.0.update(&(part.len() as u64).to_le_bytes());
            self.0.update(part.as_bytes());
        }
    }

    fn texts<S: AsRef<str>>(&mut self, tag: &str, texts: impl IntoIterator<Item = S>) {
        for text in texts {
            self.text(tag, text.as_ref());
        }
        self.text("end", tag);
    }

    fn optional(&mut self, tag: &str, text: Option<&str>) {
        self.texts(tag, text);
    }

    fn sql(&mut self, tag: &str, sql: Option<&ServerSql>) {
        self.optional(tag, sql.map(|sql| sql.text.as_str()));
    }

    fn expr(&mut self, tag: &str, expr: Option<&Expr>) {
        self.optional(tag, expr.map(|expr| expr.text.as_str()));
    }

    fn source(&mut self, source: &Source) {
        self.text("from", &source.connection);
        match &source.relation {
            Relation::Table { name, filter, .. } => {
                self.text("table", &name.to_string());
                self.sql("filter", filter.as_ref());
            }
            Relation::Sql(sql) => self.sql("sql", Some(sql)),
        }
        self.texts("key", &source.key);
        self.optional("tree", source.tree.as_deref());
        for (column, value) in &source.only {
            self.text(column, &cell(value));
        }
        let mut children: Vec<_> = source.children.iter().collect();
        children.sort_by(|a, b| a.name.cmp(&b.name));
        for child in children {
            self.text("child", &child.name);
            self.sql("sql", Some(&child.sql));
            self.optional("language", child.language.as_deref());
        }
        let mut fields: Vec<_> = source.fields.iter().flatten().collect();
        fields.sort_by(|a, b| a.name.cmp(&b.name));
        for field in fields {
            self.text(&field.name, &format!("{:?}", field.kind));
        }
    }

    fn target(&mut self, target: &Target) {
        self.text("to", &target.connection);
        for (name, code) in &target.languages {
            self.text(name, code);
        }
        if let Some(codes) = &target.codes {
            self.pairs("codes", codes.to_erp.iter());
        }
        for table in &target.tables {
            self.text("table", &table.name);
            for (key, row) in &table.rows {
                self.text("row", key);
                for (column, value) in row {
                    self.text(column, &cell(value));
                }
            }
        }
        let mut fields: Vec<_> = target.fields.iter().collect();
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, expr) in fields {
            self.text("computed", name);
            self.expr("expr", Some(expr));
        }
        self.optional("of", target.of.as_deref());
        if !target.needs.is_empty() {
            self.texts("needs", &target.needs);
        }
        if let Some(find) = &target.find {
            self.sql("find", Some(&find.sql));
            self.pairs(
                "by",
                find.by.iter().map(|(column, expr)| (column, &expr.text)),
            );
            self.pairs(
                "then",
                find.then.iter().map(|(column, expr)| (column, &expr.text)),
            );
        }
        let link = target.link.iter();
        let link: Vec<_> = link
            .map(|one| (&one.name, format!("{}.{}", one.write, one.column)))
            .collect();
        self.pairs("link", link.iter().map(|(name, column)| (*name, column)));
        if let Some(customer) = &target.customer {
            self.expr("customer", Some(customer));
        }
        for write in &target.writes {
            self.write(write);
        }
        for derived in &target.derived {
            self.derived(derived);
        }
        for forget in &target.forget {
            self.forget(forget);
        }
    }

    fn pairs<'a>(&mut self, tag: &str, pairs: impl Iterator<Item = (&'a String, &'a String)>) {
        let mut pairs: Vec<_> = pairs.collect();
        pairs.sort();
        for (name, text) in pairs {
            self.text(name, text);
        }
        self.text("end", tag);
    }

    fn write(&mut self, write: &Write) {
        self.text("write", &write.alias);
        self.texts("kinds", &write.kinds);
        self.text("table", &write.table.to_string());
        let matches = write
            .matches
            .iter()
            .map(|one| (&one.column, &one.expr.text));
        self.pairs("match", matches);
        let mut fields: Vec<_> = write.fields.iter().collect();
        fields.sort_by(|a, b| (&a.column, own(a.own)).cmp(&(&b.column, own(b.own))));
        for field in fields {
            self.field(field);
        }
        let attributes = write
            .attributes
            .iter()
            .flat_map(|(name, value)| [name, value]);
        self.texts("attributes", attributes);
        let each = write.each.iter().flat_map(|each| {
            let (kind, name) = match &each.over {
                Over::Child(name) => ("set", name),
                Over::Table(name) => ("table", name),
            };
            [kind, name.as_str(), each.alias.as_str()]
        });
        self.texts("each", each);
        self.sql("scope", write.scope.as_ref());
        self.expr("if", write.condition.as_ref());
        self.expr("while", write.owned_while.as_ref());
    }

    fn field(&mut self, field: &Field) {
        self.text(own(field.own), &field.column);
        self.expr("value", Some(&field.expr));
        self.expr("if", field.condition.as_ref());
        self.optional("cut", field.cut.map(|cut| cut.to_string()).as_deref());
        self.optional(
            "round",
            field.round.map(|places| places.to_string()).as_deref(),
        );
        self.text(
            "empty",
            match field.empty {
                Empty::Keep => "keep",
                Empty::Write => "write",
                Empty::Remove => "remove",
            },
        );
        self.text(
            "compare",
            if field.compare_as_number {
                "number"
            } else {
                "exact"
            },
        );
    }

    fn derived(&mut self, derived: &Derived) {
        self.text("derived", &derived.table.to_string());
        match &derived.rows {
            DerivedRows::Key {
                columns,
                insert_missing,
                scope,
            } => {
                self.texts("key", columns);
                self.text("missing", if *insert_missing { "insert" } else { "keep" });
                self.sql("scope", scope.as_ref());
            }
            DerivedRows::List { columns } => self.texts("list", columns),
        }
        self.sql("sql", Some(&derived.sql));
        self.sql("groups", derived.groups.as_ref());
        self.expr("if", derived.condition.as_ref());
    }

    fn forget(&mut self, forget: &Forget) {
        self.text("forget", &forget.table.to_string());
        self.text("column", &forget.column);
        self.texts("values", forget.values.iter().map(|value| &value.text));
    }
}

fn own(own: Own) -> &'static str {
    match own {
        Own::Set => "set",
        Own::Insert => "insert",
        Own::Fill => "fill",
        Own::Touch => "touch",
    }
}

/// A value of a project file; with its type, since `1` and `"1"` are not the same.
fn cell(value: &Value) -> String {
    match value {
        Value::Decimal(number) => format!("number {number}"),
        Value::Text(text) => format!("text {text}"),
        other => format!("{other:?}"),
    }
}
