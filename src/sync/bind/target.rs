//! The target's side of a flow: tables, columns, what a new row needs, and what the login may do.

use super::{Binder, BoundEach, BoundField, BoundMatch, BoundWrite};
use crate::db::catalog::{Column, Table};
use crate::db::query::TableName;
use crate::diagnostic::{Diagnostic, Span, list};
use crate::expr::{Expr, Name};
use crate::plan::{Derived, DerivedRows, Each, Flow, Match, Over, Own, Write};
use crate::sync::layout::Layout;
use crate::value::{Row, Type, Value};

impl Binder<'_> {
    pub(super) fn table(&mut self, name: &TableName, at: &Span) -> Option<Table> {
        let product = &self.target.server().product;
        match self.tables.get(name).cloned().flatten() {
            Some(table) => {
                if !table.transactional {
                    let storage = table.storage.clone().unwrap_or_default();
                    self.diagnostics.push(
                        Diagnostic::error(
                            "P320",
                            format!("`{name}` keeps no transactions ({storage})"),
                        )
                        .at(at, format!("looked up on {product}"))
                        .help(format!("convert it: ALTER TABLE {name} ENGINE = InnoDB")),
                    );
                }
                Some(table)
            }
            None => {
                let known = self
                    .tables
                    .values()
                    .flatten()
                    .map(|table| table.name.name.clone())
                    .collect::<Vec<_>>();
                self.diagnostics.push(
                    Diagnostic::error("P311", format!("there is no table `{name}` on the target"))
                        .at(at, format!("looked up on {product}"))
                        .help(
                            "write it as the server keeps it, with its schema if it is not the default one; \
                             is the pack's table prefix right, and may the login see it?",
                        )
                        .suggest(&name.name, known.iter().map(String::as_str)),
                );
                None
            }
        }
    }

    pub(super) fn derived_key(&mut self, derived: &Derived, table: &Table) {
        let columns = match &derived.rows {
            DerivedRows::Key { columns, .. } | DerivedRows::List { columns } => columns,
        };
        for column in columns {
            if table.column(column).is_none() {
                self.unknown_column(column, table, &derived.table_at);
            }
        }
    }

    fn unknown_column(&mut self, column: &str, table: &Table, at: &Span) {
        let names: Vec<&str> = table
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        let shown = names
            .iter()
            .take(12)
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        let more = match names.len().saturating_sub(12) {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        self.diagnostics.push(
            Diagnostic::error(
                "P310",
                format!("column `{column}` does not exist in `{}`", table.name),
            )
            .at(at, format!("looked up on {}", self.target.server().product))
            .note(format!("columns of `{}`: {shown}{more}", table.name))
            .suggest(column, names),
        );
    }

    pub(super) fn column<'t>(
        &mut self,
        name: &str,
        table: &'t Table,
        at: &Span,
    ) -> Option<&'t Column> {
        let column = table.column(name);
        match column {
            None => self.unknown_column(name, table, at),
            Some(column) => {
                if column.computed {
                    self.diagnostics.push(
                        Diagnostic::error(
                            "P321",
                            format!(
                                "`{}.{name}` is computed by the server and cannot be written",
                                table.name
                            ),
                        )
                        .at(at, "")
                        .help("leave it out, and write the columns that it is computed from"),
                    );
                }
                if let Type::Other(declared) = &column.ty {
                    self.diagnostics.push(
                        Diagnostic::error(
                            "P322",
                            format!(
                                "ponte does not write columns of type {declared} (`{}.{name}`)",
                                table.name
                            ),
                        )
                        .at(at, "")
                        .help("leave it out, or let a trigger of the server make it of a text or a number"),
                    );
                }
            }
        }
        column
    }

    pub(super) fn write<'p>(
        &mut self,
        write: &'p Write,
        layout: &mut Layout,
    ) -> Option<BoundWrite<'p>> {
        let bound = self.known_rows(write, layout)?;
        // A record that hangs on another one writes to rows that are there: the other one has created them.
        if !layout.hangs() {
            self.required_columns(write, &bound.table);
        }
        self.privileges(write, &bound.table);
        Some(bound)
    }

    pub(super) fn matches(
        &mut self,
        declared: &[Match],
        alias: Option<&str>,
        table: &Table,
        layout: &mut Layout,
    ) -> Vec<BoundMatch> {
        let mut matches = Vec::new();
        for one in declared {
            let column = self.column(&one.column, table, &one.at).cloned();
            let value = self.resolve(&one.expr, layout);
            if let (Some(column), Some(value)) = (column, value) {
                matches.push(BoundMatch {
                    column: one.column.clone(),
                    ty: column.ty,
                    value,
                    link: one.expr.as_link().map(|(record, column)| {
                        (record.to_owned(), column.unwrap_or("id").to_owned())
                    }),
                    of_record: alias.is_none_or(|alias| !mentions(&one.expr, alias)),
                });
            }
        }
        matches
    }

    /// A write as far as it concerns rows that are there: whether it could create one is not asked.
    pub(super) fn known_rows<'p>(
        &mut self,
        write: &'p Write,
        layout: &mut Layout,
    ) -> Option<BoundWrite<'p>> {
        let table = self.table(&write.table, &write.table_at)?;
        let each = match &write.each {
            None => None,
            // Without such a set in the ERP's pack no record has elements of it.
            Some(each) => Some(self.each(each, layout)?),
        };
        layout.enter(write);
        let condition = write
            .condition
            .as_ref()
            .and_then(|expr| self.resolve(expr, layout));
        let alias = write.each.as_ref().map(|each| each.alias.as_str());
        let matches = self.matches(&write.matches, alias, &table, layout);
        let mut fields = Vec::new();
        for field in &write.fields {
            let condition = match &field.condition {
                Some(expr) => match self.resolve(expr, layout) {
                    // A version difference: the field does not exist here, so neither need its column.
                    Some(resolved) if resolved.as_constant() == Some(&Value::Bool(false)) => {
                        continue;
                    }
                    resolved => resolved,
                },
                None => None,
            };
            let column = match &write.attributes {
                Some((_, value)) => self.column(value, &table, &field.at).cloned(),
                None => self.column(&field.column, &table, &field.at).cloned(),
            };
            let value = self.resolve(&field.expr, layout);
            if let (Some(column), Some(value)) = (column, value) {
                fields.push(BoundField {
                    field,
                    value,
                    condition,
                    ty: column.ty,
                    declared: column.declared,
                    nullable: column.nullable,
                    unique: field.expr.is_unique(),
                });
            }
        }
        let owned_while = write
            .owned_while
            .as_ref()
            .and_then(|expr| self.resolve(expr, layout));
        layout.leave();
        if let Some(BoundEach::Table(rows)) = &each {
            self.note_languages(write, rows, layout);
        }
        let identity = match table.primary_key.is_empty() {
            true => write.matches.iter().map(|one| one.column.clone()).collect(),
            false => table.primary_key.clone(),
        };
        Some(BoundWrite {
            write,
            table,
            condition,
            owned_while,
            matches,
            fields,
            each,
            exports: Vec::new(),
            identity,
        })
    }

    /// Notes the codes that texts of a row per language ask for.
    fn note_languages(&mut self, write: &Write, rows: &[Row], layout: &Layout) {
        let Some(each) = &write.each else { return };
        let Over::Table(table) = &each.over else {
            return;
        };
        let exprs = write.fields.iter().map(|field| &field.expr);
        for (_, column) in exprs
            .flat_map(Expr::languages)
            .filter(|(of, _)| *of == each.alias)
        {
            if let Some(at) = layout.table_column(table, column) {
                let codes = rows.iter().map(|row| row[at].plain().into_owned());
                self.languages.extend(codes);
            }
        }
    }

    /// A language that the project calls ponte's and the shop does not have is mostly a misspelt one.
    pub(super) fn codes(&mut self, flow: &Flow) {
        let Some(codes) = &flow.target.codes else {
            return;
        };
        if self.languages.is_empty() {
            return;
        }
        for code in codes.to_erp.keys() {
            if self.languages.contains(code) {
                continue;
            }
            let known = self.languages.iter().map(String::as_str);
            self.diagnostics.push(
                Diagnostic::error("P104", format!("the shop has no language `{code}`"))
                    .at(&codes.at, "the shop's code = the ERP's")
                    .note(format!("languages of the shop: {}", list(known.clone())))
                    .suggest(code, known),
            );
        }
    }

    pub(in crate::sync) fn each(&mut self, each: &Each, layout: &Layout) -> Option<BoundEach> {
        match &each.over {
            Over::Child(name) => layout.child(name).map(BoundEach::Child),
            Over::Table(name) => match self.lookups.rows(name) {
                Ok(rows) => Some(BoundEach::Table(rows)),
                Err(why) => {
                    self.diagnostics.push(
                        Diagnostic::error("P343", why.to_string())
                            .at(&each.at, "a row for each of them"),
                    );
                    None
                }
            },
        }
    }

    /// Columns that an insert must give because the server has nothing to put there.
    fn required_columns(&mut self, write: &Write, table: &Table) {
        let given = |name: &str| {
            let fields = write
                .fields
                .iter()
                .any(|field| field.column == name && field.own != Own::Touch);
            let touched = write
                .fields
                .iter()
                .any(|field| field.column == name && field.own == Own::Touch);
            let attribute = write
                .attributes
                .as_ref()
                .is_some_and(|(a, b)| a == name || b == name);
            fields || touched || attribute || write.matches.iter().any(|one| one.column == name)
        };
        let missing: Vec<&str> = table
            .columns
            .iter()
            .filter(|column| {
                !column.nullable && !column.has_default && !column.generated && !column.computed
            })
            .map(|column| column.name.as_str())
            .filter(|name| !given(name))
            .collect();
        if !missing.is_empty() {
            self.diagnostics.push(
                Diagnostic::error(
                    "P323",
                    format!(
                        "a new row of `{}` needs a value for `{}`",
                        write.table,
                        missing.join("`, `")
                    ),
                )
                .at(&write.table_at, "NOT NULL and without a default")
                .help(
                    "give it in `set`, or in `insert` if it only matters when the row is created",
                ),
            );
        }
    }

    fn privileges(&mut self, write: &Write, table: &Table) {
        let lacks = [
            ("SELECT", table.privileges.select),
            ("INSERT", table.privileges.insert),
            ("UPDATE", table.privileges.update),
        ];
        for (privilege, held) in lacks {
            if held == Some(false) {
                self.diagnostics.push(
                    Diagnostic::error(
                        "P330",
                        format!("the login may not {privilege} on `{}`", write.table),
                    )
                    .at(&write.table_at, "")
                    .help(format!(
                        "GRANT {privilege} ON {} TO the login of this connection",
                        write.table
                    )),
                );
            }
        }
    }
}

/// Whether an expression names a column of the element.
fn mentions(expr: &Expr, alias: &str) -> bool {
    expr.names()
        .iter()
        .any(|(name, _)| matches!(name, Name::Member(base, _) if *base == alias))
}
