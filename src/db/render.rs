//! Queries and statements as an engine's SQL text with bound parameters: one renderer, and per engine the few points in
//! which dialects differ.

use super::query::{Part, Query, TableName};
use crate::value::{Type, Value};

/// Where dialects differ.
pub trait Dialect {
    /// The sign around an identifier, doubled inside it.
    fn quote(&self) -> char;
    /// The placeholder of the parameter with this number, from 1.
    fn placeholder(&self, number: usize) -> String;
    /// An ORDER BY term over an already quoted column that sorts texts by their UTF-8 bytes.
    fn order(&self, column: &str, ty: &Type) -> String;
    /// The clauses that lock the rows read, for update and for share; empty where there are no row locks.
    fn locks(&self) -> (&'static str, &'static str);
}

/// SQL text and its parameters, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rendered {
    pub sql: String,
    pub params: Vec<Value>,
}

/// Builds a text piece by piece, numbering the parameters.
pub struct Renderer<'d> {
    dialect: &'d dyn Dialect,
    out: Rendered,
}

impl<'d> Renderer<'d> {
    pub fn new(dialect: &'d dyn Dialect) -> Self {
        Renderer {
            dialect,
            out: Rendered::default(),
        }
    }

    pub fn sql(&mut self, text: &str) -> &mut Self {
        self.out.sql.push_str(text);
        self
    }

    pub fn ident(&mut self, name: &str) -> &mut Self {
        let quoted = quoted(self.dialect, name);
        self.sql(&quoted)
    }

    pub fn table(&mut self, name: &TableName) -> &mut Self {
        if let Some(schema) = &name.schema {
            self.ident(schema).sql(".");
        }
        self.ident(&name.name)
    }

    /// Quoted names, separated by commas.
    pub fn idents<S: AsRef<str>>(&mut self, names: &[S]) -> &mut Self {
        for (at, name) in names.iter().enumerate() {
            self.comma(at).ident(name.as_ref());
        }
        self
    }

    pub fn value(&mut self, value: &Value) -> &mut Self {
        self.out.params.push(value.clone());
        let placeholder = self.dialect.placeholder(self.out.params.len());
        self.sql(&placeholder)
    }

    /// Values, separated by commas; `NULL` for none, so that `IN ()` stays valid and finds nothing.
    pub fn list(&mut self, values: &[Value]) -> &mut Self {
        if values.is_empty() {
            return self.sql("NULL");
        }
        for (at, value) in values.iter().enumerate() {
            self.comma(at).value(value);
        }
        self
    }

    /// A comma before every item but the first.
    pub fn comma(&mut self, at: usize) -> &mut Self {
        match at {
            0 => self,
            _ => self.sql(", "),
        }
    }

    /// The number of parameters so far.
    pub fn params(&self) -> usize {
        self.out.params.len()
    }

    pub fn finish(self) -> Rendered {
        self.out
    }
}

/// An identifier in the dialect's quotes.
pub fn quoted(dialect: &dyn Dialect, name: &str) -> String {
    let quote = dialect.quote();
    let doubled = name.replace(quote, &format!("{quote}{quote}"));
    format!("{quote}{doubled}{quote}")
}

/// A query as the engine's text.
pub fn render(dialect: &dyn Dialect, query: &Query) -> Rendered {
    let mut out = Renderer::new(dialect);
    for part in &query.parts {
        match part {
            Part::Sql(text) => out.sql(text),
            Part::Ident(name) => out.ident(name),
            Part::Table(name) => out.table(name),
            Part::Value(value) => out.value(value),
            Part::List(values) => out.list(values),
            Part::Order(column, ty) => {
                let term = dialect.order(&quoted(dialect, column), ty);
                out.sql(&term)
            }
            Part::ForUpdate => out.sql(dialect.locks().0),
            Part::ForShare => out.sql(dialect.locks().1),
        };
    }
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Plain;

    impl Dialect for Plain {
        fn quote(&self) -> char {
            '"'
        }
        fn placeholder(&self, number: usize) -> String {
            format!("${number}")
        }
        fn order(&self, column: &str, _: &Type) -> String {
            format!("{column} COLLATE bytes")
        }
        fn locks(&self) -> (&'static str, &'static str) {
            (" FOR UPDATE", " FOR SHARE")
        }
    }

    #[test]
    fn identifiers_are_quoted_and_values_bound() {
        let query = Query::sql("SELECT ")
            .idents(["a\"b", "c"])
            .text(" FROM ")
            .table(&TableName::parse("s.t"))
            .text(" WHERE x IN (")
            .list(vec![Value::Int(1), Value::Int(2)])
            .text(") AND y IN (")
            .list(Vec::new())
            .text(") AND z = ")
            .value(Value::Text("'; DROP".to_owned()))
            .text(" ORDER BY ")
            .push(Part::Order("c".to_owned(), Type::Uuid))
            .push(Part::ForUpdate);
        let rendered = render(&Plain, &query);
        assert_eq!(
            rendered.sql,
            "SELECT \"a\"\"b\", \"c\" FROM \"s\".\"t\" WHERE x IN ($1, $2) AND y IN (NULL) AND z = $3 \
             ORDER BY \"c\" COLLATE bytes FOR UPDATE"
        );
        assert_eq!(rendered.params.len(), 3);
    }
}
