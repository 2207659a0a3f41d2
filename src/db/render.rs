//! Statements without a dialect, in pieces, become an engine's SQL text and the values bound to it.

use super::keys::{Alike, Grouped, grouped};
use super::query::{Part, Query, TableName};
use crate::value::{Type, Value};
use std::borrow::Cow;

/// What differs between the engines' SQL.
pub(super) struct Dialect {
    /// Enclose identifiers; the second one is doubled within them.
    pub quotes: (char, char),
    /// Appends the placeholder of the value bound as number `n` (from 1).
    pub placeholder: fn(n: usize, value: &Value, into: &mut String),
    /// An ORDER BY term of a quoted column.
    pub order: fn(column: &str, ty: &Type) -> String,
    pub locks: Locks,
    /// What is written out instead of being bound as number `n`.
    pub literal: fn(n: usize, value: &Value) -> Option<String>,
    /// `(a, b) IN ((1, 2), …)` is understood.
    pub row_values: bool,
    /// What ends a query after so many rows; the flag says whether the rows are ordered.
    pub limit: fn(rows: usize, is_ordered: bool) -> String,
}

/// How rows are locked that a query finds.
#[derive(Clone, Copy)]
pub(super) enum Locks {
    /// By words behind the query, to write them and to let nobody write them.
    Behind(&'static str, &'static str),
    /// By the same behind each table's name.
    Tables(&'static str, &'static str),
}

/// `LIMIT 5`, as most engines have it.
pub(super) fn plain_limit(rows: usize, _: bool) -> String {
    format!(" LIMIT {rows}")
}

/// A statement under construction, then ready to run.
pub(super) struct Sql<'a> {
    dialect: &'static Dialect,
    pub text: String,
    pub values: Vec<Cow<'a, Value>>,
    /// Values bound before: the statement is part of a batch.
    before: usize,
}

impl<'a> Sql<'a> {
    pub fn new(dialect: &'static Dialect, text: &str) -> Self {
        Sql {
            dialect,
            text: text.to_owned(),
            values: Vec::new(),
            before: 0,
        }
    }

    pub fn render(dialect: &'static Dialect, query: &'a Query) -> Self {
        Sql::render_after(0, dialect, query)
    }

    /// Part of a batch that binds so many values before.
    pub fn render_after(before: usize, dialect: &'static Dialect, query: &'a Query) -> Self {
        let mut sql = Sql::new(dialect, "");
        sql.before = before;
        let hint = match dialect.locks {
            Locks::Tables(update, share) => query.parts.iter().find_map(|part| match part {
                Part::ForUpdate => Some(update),
                Part::ForShare => Some(share),
                _ => None,
            }),
            Locks::Behind(..) => None,
        };
        for part in &query.parts {
            match part {
                Part::Sql(text) => sql.text(text),
                Part::Ident(name) => sql.ident(name),
                Part::Table(name) => sql.table(name).text(hint.unwrap_or_default()),
                Part::Value(value) => sql.value(value),
                Part::List(values) if values.is_empty() => sql.text("NULL"),
                Part::List(values) => sql.separated(values, |sql, value| {
                    sql.value(value);
                }),
                Part::Among(columns, rows) => sql.among(columns, rows),
                Part::Order(name, ty) => {
                    let term = (dialect.order)(&quoted(name, dialect.quotes), ty);
                    sql.text(&term)
                }
                Part::Limit { rows, is_ordered } => sql.text(&(dialect.limit)(*rows, *is_ordered)),
                Part::ForUpdate => match dialect.locks {
                    Locks::Behind(update, _) => sql.text(update),
                    Locks::Tables(..) => &mut sql,
                },
                Part::ForShare => match dialect.locks {
                    Locks::Behind(_, share) => sql.text(share),
                    Locks::Tables(..) => &mut sql,
                },
            };
        }
        sql
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    pub fn ident(&mut self, name: &str) -> &mut Self {
        self.text.push_str(&quoted(name, self.dialect.quotes));
        self
    }

    pub fn table(&mut self, name: &TableName) -> &mut Self {
        if let Some(schema) = &name.schema {
            self.ident(schema).text(".");
        }
        self.ident(&name.name)
    }

    pub fn idents<'n>(&mut self, names: impl IntoIterator<Item = &'n String>) -> &mut Self {
        self.separated(names, |sql, name| {
            sql.ident(name);
        })
    }

    pub fn value(&mut self, value: &'a Value) -> &mut Self {
        self.bind(Cow::Borrowed(value))
    }

    pub fn bind(&mut self, value: Cow<'a, Value>) -> &mut Self {
        let number = self.before + self.values.len() + 1;
        if let Some(literal) = (self.dialect.literal)(number, &value) {
            return self.text(&literal);
        }
        (self.dialect.placeholder)(number, &value, &mut self.text);
        self.values.push(value);
        self
    }

    /// Rows by the values of several columns.
    fn among(&mut self, columns: &'a [String], rows: &'a [Vec<Value>]) -> &mut Self {
        if rows.is_empty() {
            return self.text("1 = 0");
        }
        if self.dialect.row_values {
            self.text("(").idents(columns).text(") IN (");
            self.separated(rows, |sql, row| {
                sql.text("(");
                sql.separated(row, |sql, value| {
                    sql.value(value);
                });
                sql.text(")");
            });
            return self.text(")");
        }
        self.text("(");
        self.keys(columns, rows.iter().map(Vec::as_slice), |sql, _, value| {
            sql.value(value);
        });
        self.text(")")
    }

    /// The condition for rows with these keys; `push` writes a value of the column at a place.
    pub fn keys<'k>(
        &mut self,
        columns: &[String],
        keys: impl Iterator<Item = &'k [Value]> + Clone,
        push: impl Fn(&mut Self, usize, &'k Value),
    ) {
        let Grouped { column, groups } = grouped(keys);
        let is_alone = groups.len() == 1;
        for (at, Alike { key, listed }) in groups.into_iter().enumerate() {
            self.text(if at > 0 { " OR " } else { "" });
            self.text(if is_alone { "" } else { "(" });
            for (at, name) in columns.iter().enumerate() {
                self.text(if at > 0 { " AND " } else { "" });
                self.ident(name);
                if at != column || listed.len() == 1 {
                    push(self.text(" = "), at, &key[at]);
                    continue;
                }
                self.text(" IN (");
                self.separated(&listed, |sql, value| push(sql, at, value));
                self.text(")");
            }
            self.text(if is_alone { "" } else { ")" });
        }
    }

    /// A comma before every item but the first.
    pub fn comma(&mut self, at: usize) -> &mut Self {
        match at {
            0 => self,
            _ => self.text(", "),
        }
    }

    /// Each item's text, with commas between them.
    pub fn separated<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.text(", ");
            }
            each(self, item);
        }
        self
    }
}

pub(super) fn quoted(name: &str, (open, close): (char, char)) -> String {
    let mut text = String::with_capacity(name.len() + 2);
    text.push(open);
    for character in name.chars() {
        if character == close {
            text.push(close);
        }
        text.push(character);
    }
    text.push(close);
    text
}

/// Splits rows into runs of at most `rows_max` rows that keep within `values_max` bound values and, unless a single row
/// exceeds it, `bytes_max` bytes.
pub(super) fn chunks<T>(
    rows: &[T],
    values_per_row: usize,
    limits: Limits,
    bytes: impl Fn(&T) -> usize,
) -> Vec<&[T]> {
    let rows_max = (limits.values / values_per_row.max(1)).clamp(1, limits.rows);
    let mut chunks = Vec::new();
    let (mut start, mut sum) = (0, 0);
    for (at, row) in rows.iter().enumerate() {
        let size = bytes(row);
        if at > start && (at - start == rows_max || sum + size > limits.bytes) {
            chunks.push(&rows[start..at]);
            (start, sum) = (at, 0);
        }
        sum += size;
    }
    if start < rows.len() {
        chunks.push(&rows[start..]);
    }
    chunks
}

/// What one statement may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub rows: usize,
    pub values: usize,
    pub bytes: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    static DIALECT: Dialect = Dialect {
        quotes: ('"', '"'),
        placeholder: |n, _, into| *into += &format!("${n}"),
        order: |column, _| format!("{column} BYTES"),
        locks: Locks::Behind(" FOR UPDATE", " FOR SHARE"),
        literal: |_, _| None,
        row_values: true,
        limit: plain_limit,
    };

    static OTHER: Dialect = Dialect {
        quotes: ('[', ']'),
        placeholder: |n, _, into| *into += &format!("@{n}"),
        order: |column, _| column.to_owned(),
        locks: Locks::Tables(" WITH (U)", " WITH (S)"),
        literal: |_, value| value.is_null().then(|| "NULL".to_owned()),
        row_values: false,
        limit: |rows, is_ordered| format!(" FETCH {rows} {is_ordered}"),
    };

    #[test]
    fn a_dialect_without_row_values_locks_and_limits_in_its_own_way() {
        let keys = vec![
            vec![Value::Int(1), Value::Null],
            vec![Value::Int(2), Value::Int(3)],
        ];
        let query = Query::sql("SELECT 1 FROM ")
            .table(&TableName::parse("s.t]"))
            .text(" WHERE ")
            .among(&["a", "b"], keys)
            .limit(5, false)
            .push(Part::ForUpdate);
        let sql = Sql::render(&OTHER, &query);
        assert_eq!(
            sql.text,
            "SELECT 1 FROM [s].[t]]] WITH (U) WHERE (([a] = @1 AND [b] = NULL) OR ([a] = @2 AND [b] = @3)) FETCH 5 false"
        );
        assert_eq!(sql.values.len(), 3);
        let sql = Sql::render(&DIALECT, &query);
        assert_eq!(
            sql.text,
            "SELECT 1 FROM \"s\".\"t]\" WHERE (\"a\", \"b\") IN (($1, $2), ($3, $4)) LIMIT 5 FOR UPDATE"
        );
    }

    #[test]
    fn parts_become_text_and_values() {
        let query = Query::sql("SELECT ")
            .idents(["a\"b", "c"])
            .text(" FROM ")
            .table(&TableName::parse("s.t"))
            .text(" WHERE a = ")
            .value(Value::Int(1))
            .text(" AND b IN (")
            .list(vec![Value::Int(2), Value::Int(3)])
            .text(") AND c IN (")
            .list(Vec::new())
            .text(") ORDER BY ")
            .push(Part::Order("c".to_owned(), Type::Bool))
            .push(Part::ForUpdate);
        let sql = Sql::render(&DIALECT, &query);
        assert_eq!(
            sql.text,
            "SELECT \"a\"\"b\", \"c\" FROM \"s\".\"t\" WHERE a = $1 AND b IN ($2, $3) AND c IN (NULL) \
             ORDER BY \"c\" BYTES FOR UPDATE"
        );
        assert_eq!(sql.values.len(), 3);
    }

    #[test]
    fn chunks_keep_to_every_limit() {
        let limits = Limits {
            rows: 4,
            values: 6,
            bytes: 10,
        };
        let sizes = |rows: &[usize], values| {
            let lengths = chunks(rows, values, limits, |row| *row);
            lengths.iter().map(|chunk| chunk.len()).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&[1; 9], 1), [4, 4, 1]);
        assert_eq!(sizes(&[1; 7], 2), [3, 3, 1]);
        assert_eq!(sizes(&[1; 2], 9), [1, 1]);
        assert_eq!(sizes(&[5, 5, 1, 99, 1], 1), [2, 1, 1, 1]);
        assert_eq!(sizes(&[], 1), [0; 0]);
    }
}
