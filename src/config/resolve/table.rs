//! Flows from table to table.

use super::super::project::{FlowKeys, FromKeys, ToKeys};
use super::super::scope::Scope;
use super::super::spanned::At;
use super::super::texts::Texts;
use super::accept;
use super::changes::{self, Wanted};
use super::field::{self, FourTables, Place};
use super::gone;
use super::side::PackSide;
use super::source::Reading;
use super::target;
use super::write::matches;
use crate::diagnostic::{Diagnostic, SourceFile, Span, list};
use crate::plan::{Computed, Empty, Flow, Source, Target, Write};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The project's connections by name, with the pack behind those that have one.
pub type Connections<'a> = BTreeMap<String, Option<&'a PackSide>>;

pub struct TableFlow<'a> {
    pub file: &'a Arc<SourceFile>,
    pub connections: &'a Connections<'a>,
}

impl TableFlow<'_> {
    /// The flow without its digest; `None` after an error, which is reported.
    pub fn resolve(
        &self,
        name: &At<String>,
        keys: &At<FlowKeys>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Flow> {
        let source = keys.from.as_ref().and_then(|from| self.source(from, found));
        let key = keys.from.as_ref().and_then(|from| from.key.as_ref());
        let approve = keys.approve.as_ref();
        let target = keys.to.as_ref();
        let target = target.and_then(|to| self.target(to, key, approve, found));
        Some(Flow {
            name: name.value.clone(),
            record: None,
            shop: None,
            source: source?,
            target: target?,
            digest: [0; 32],
            at: keys.span(self.file),
        })
    }

    /// The pack behind a connection; `None` if there is no such connection.
    fn side(&self, name: &At<String>, found: &mut Vec<Diagnostic>) -> Option<Option<&PackSide>> {
        let side = self.connections.get(&name.value);
        if side.is_none() {
            let known: Vec<&str> = self.connections.keys().map(String::as_str).collect();
            let message = format!("unknown connection `{}`", name.value);
            let mut unknown = Diagnostic::error("P134", message)
                .at(&name.content(self.file), "not defined in this project")
                .note(format!("connections: {}", list(known.iter().copied())));
            let tail = format!(".{}", name.value);
            unknown = match known.iter().find(|whole| whole.ends_with(&tail)) {
                Some(whole) => unknown.help(format!("write `{whole}`")),
                None => unknown.suggest(name, known.iter().copied()),
            };
            found.push(unknown);
        }
        side.copied()
    }

    fn texts<'t>(&'t self, side: Option<&'t PackSide>) -> Texts<'t> {
        Texts {
            file: self.file,
            variables: side.map(|side| &side.variables),
        }
    }

    fn source(&self, keys: &At<FromKeys>, found: &mut Vec<Diagnostic>) -> Option<Source> {
        let connection = keys.connection.as_ref();
        let side = connection.and_then(|name| self.side(name, found));
        let reading = Reading {
            table: keys.table.as_ref(),
            filter: keys.filter.as_ref(),
            sql: keys.sql.as_ref(),
        };
        let place = keys.span(self.file);
        let relation = reading.relation(self.texts(side.flatten()), &place, found);
        let key = keys.key.as_ref()?;
        if key.is_empty() {
            let place = key.span(self.file);
            found
                .push(Diagnostic::error("P104", "the key is empty").at(&place, "name its columns"));
        }
        let zone = changes::zone(self.file, keys.zone.as_ref(), found);
        let texts = self.texts(side.flatten());
        let watermark = keys
            .watermark
            .as_ref()
            .and_then(|text| changes::watermark(texts, text, zone, found));
        let wanted = Wanted::of_flow(self.file, keys);
        // A watermark that is wrong has been told already.
        let by_timestamp = match (keys.watermark.as_ref(), &watermark) {
            (Some(_), None) => None,
            _ => wanted.by_timestamp(watermark.as_ref(), false, found),
        };
        Some(Source {
            connection: connection?.value.clone(),
            relation: relation?,
            key: key.iter().map(|column| column.value.clone()).collect(),
            key_at: key.span(self.file),
            tree: None,
            children: Vec::new(),
            only: Vec::new(),
            filter: None,
            within: None,
            fields: None,
            watermark,
            by_timestamp,
            computed: Computed::default(),
        })
    }

    fn target(
        &self,
        keys: &At<ToKeys>,
        key: Option<&At<Vec<At<String>>>>,
        approve: Option<&At<String>>,
        found: &mut Vec<Diagnostic>,
    ) -> Option<Target> {
        let connection = keys.connection.as_ref();
        let side = connection.and_then(|name| self.side(name, found)).flatten();
        let texts = self.texts(side);
        // The source's columns are known only live.
        let scope = Scope {
            fields: None,
            ..side.map(target::scope).unwrap_or_default()
        };
        let four = FourTables {
            set: &keys.set,
            insert: &keys.insert,
            fill: &keys.fill,
            touch: &keys.touch,
        };
        let place = Place {
            scope: &scope,
            // A copy is a copy: what is empty there is empty here.
            empty: Empty::Write,
            attributes: false,
        };
        let fields = field::fields(&four.declared(texts), &place, found);
        let matches = keys
            .matches
            .as_ref()
            .map(|declared| matches(texts, declared, &scope, found));
        let table = keys.table.as_ref()?;
        let write = Write {
            alias: table.value.clone(),
            kinds: Vec::new(),
            table: texts.table(table, found),
            table_at: table.span(self.file),
            matches: matches?,
            fields,
            attributes: None,
            each: None,
            scope: None,
            condition: None,
            owned_while: None,
            at: Span::new(self.file, keys.range.clone()),
        };
        let gone = gone::of_table(texts, keys, key, &write, scope, found);
        Some(Target {
            connection: connection?.value.clone(),
            languages: BTreeMap::new(),
            language_at: None,
            codes: None,
            needs: Vec::new(),
            meets: None,
            tables: side.map_or(Vec::new(), |side| side.tables.clone()),
            fields: Vec::new(),
            of: None,
            fetch: Vec::new(),
            refuse: Vec::new(),
            find: None,
            link: Vec::new(),
            customer: None,
            both_ways: None,
            approve: accept::approval(self.file, approve, std::slice::from_ref(&write), found),
            writes: vec![write],
            derived: Vec::new(),
            forget: Vec::new(),
            gone,
        })
    }
}
