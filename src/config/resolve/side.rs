//! A connection with a pack behind it: the pack's files, its variables and small tables as the project gives them.

use super::super::extra::{Declared, Extra};
use super::super::mapping::{EngineName, PackKeys, Side, VersionKeys};
use super::super::pack::{Pack, Packs};
use super::super::source::Loader;
use super::super::spanned::At;
use super::super::texts::{Bound, Texts, Variables};
use crate::db::{EngineKind, choice};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::plan::{LeftOut, Let, OwnTable, PackFacts, ProjectTable, VersionRange};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

pub struct PackSide {
    /// `erp`, `shop.main`
    pub connection: String,
    pub pack: Rc<Pack>,
    pub variables: Variables,
    pub tables: Vec<ProjectTable>,
    /// `[let]` tables -> number of key columns.
    pub lets: BTreeMap<String, usize>,
    /// The connection's header in the project file.
    pub at: Span,
}

/// What the project file says of a pack.
pub struct Named<'a> {
    pub side: Side,
    pub connection: String,
    /// Of the database; `None` if its connection string could not be read.
    pub engine: Option<EngineKind>,
    pub pack: &'a Option<At<String>>,
    pub extras: &'a [Extra],
    /// The other keys of the connection, for suggestions.
    pub keys: Vec<String>,
    pub at: Span,
}

impl PackSide {
    /// `None` after an error, which is reported.
    pub fn resolve(
        loader: &mut Loader<'_>,
        packs: &mut Packs,
        file: &Arc<SourceFile>,
        named: Named<'_>,
    ) -> Option<PackSide> {
        let name = named.pack.as_ref()?;
        let pack = packs.get(loader, named.side, name, &name.content(file))?;
        let empty = PackKeys::default();
        let keys = match &pack.facts.pack {
            Some(keys) => &keys.value,
            None => &empty,
        };
        let declared = Declared {
            file,
            connection: &named.connection,
            pack: keys,
            pack_name: &pack.name,
            known: named.keys,
            at: named.at.clone(),
        };
        let values = declared.variables(named.extras, &mut loader.found);
        let tables = declared.tables(named.extras, &mut loader.found);
        let lets = pack.facts.lets.iter().map(|(name, keys)| {
            let columns = keys.key.as_ref().map_or(1, Vec::len);
            (name.value.clone(), columns)
        });
        let variables = Variables {
            pack: pack.name.clone(),
            values,
            choices: BTreeMap::new(),
            pieces: BTreeMap::new(),
        };
        let variables = choices(&pack, named.engine, variables, &mut loader.found);
        Some(PackSide {
            variables: pieces(&pack, variables, &mut loader.found),
            tables,
            lets: lets.collect(),
            connection: named.connection,
            at: named.at,
            pack: pack.clone(),
        })
    }

    /// Texts of one of the pack's files, or of the project about it.
    pub fn texts<'a>(&'a self, file: &'a Arc<SourceFile>) -> Texts<'a> {
        Texts {
            file,
            variables: Some(&self.variables),
        }
    }

    /// What the plan keeps of `pack.toml`.
    pub fn facts(&self, found: &mut Vec<Diagnostic>) -> PackFacts {
        let texts = self.texts(&self.pack.file);
        let keys = self.pack.facts.pack.as_ref();
        let mut sql =
            |text: Option<&At<String>>| text.map(|text| texts.sql(text, &Bound::none(), found));
        let zone = sql(keys.and_then(|keys| keys.zone.as_ref()));
        let local_zone = sql(keys.and_then(|keys| keys.local_zone.as_ref()));
        let mut lets = Vec::new();
        for (name, keys) in self.pack.facts.lets.iter() {
            if let (Some(key), Some(text)) = (&keys.key, &keys.sql) {
                if key.is_empty() {
                    let message = format!("table `{}` has no key", name.value);
                    let place = keys.span(&self.pack.file);
                    found.push(Diagnostic::error("P104", message).at(&place, "`key` is empty"));
                }
                lets.push(Let {
                    name: name.value.clone(),
                    key: key.iter().map(|column| column.value.clone()).collect(),
                    sql: texts.sql(text, &Bound::none(), found),
                });
            }
        }
        let own = self.pack.facts.own.iter().map(|(name, text)| OwnTable {
            name: name.value.clone(),
            statement: texts.fill(text, found),
        });
        let own = own.collect();
        let left_out = self.pack.facts.left_out.iter().map(|(what, text)| LeftOut {
            what: what.value.clone(),
            sql: texts.sql(text, &Bound::none(), found),
        });
        let left_out = left_out.collect();
        let version = keys.and_then(|keys| keys.version.as_ref());
        let system = keys.and_then(|keys| keys.system.as_ref());
        PackFacts {
            name: self.pack.name.clone(),
            system: system.map_or(String::new(), |system| system.value.clone()),
            version: version.and_then(|version| self.version(version, found)),
            zone,
            local_zone,
            lets,
            own,
            left_out,
        }
    }

    fn version(&self, keys: &VersionKeys, found: &mut Vec<Diagnostic>) -> Option<VersionRange> {
        let file = &self.pack.file;
        let (sql, min, max) = (keys.sql.as_ref()?, keys.min.as_ref()?, keys.max.as_ref()?);
        for bound in [min, max] {
            let number = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
            if !bound.split('.').all(number) {
                let message = format!("`{}` is not a version", bound.value);
                let place = bound.content(file);
                found.push(Diagnostic::error("P104", message).at(&place, "wanted `11` or `8.2.1`"));
            }
        }
        Some(VersionRange {
            sql: self.texts(file).sql(sql, &Bound::none(), found),
            min: min.value.clone(),
            max: max.value.clone(),
        })
    }

    /// Reports a connection to an engine that the pack's SQL is not written for.
    pub fn check_engine(
        &self,
        kind: EngineKind,
        file: &Arc<SourceFile>,
        url: &At<String>,
        found: &mut Vec<Diagnostic>,
    ) {
        let keys = self.pack.facts.pack.as_ref();
        let Some(engines) = keys.and_then(|keys| keys.engines.as_ref()) else {
            return;
        };
        let kinds: Vec<EngineKind> = engines.iter().map(|engine| kind_of(engine.value)).collect();
        if !kinds.contains(&kind) {
            let known: Vec<String> = kinds.iter().map(EngineKind::to_string).collect();
            let message = format!("pack `{}` is not written for {kind}", self.pack.name);
            found.push(
                Diagnostic::error("P125", message)
                    .at(&url.span(file), format!("a {kind} database"))
                    .note(format!("engines of the pack: {}", known.join(", "))),
            );
        }
    }
}

fn kind_of(engine: EngineName) -> EngineKind {
    match engine {
        EngineName::Postgres => EngineKind::Postgres,
        EngineName::Mysql => EngineKind::MySql,
        EngineName::Sqlite => EngineKind::Sqlite,
        EngineName::Sqlserver => EngineKind::SqlServer,
    }
}

/// The variables with the pack's `[choose]` beside them, whose own texts may name variables. What depends on the engine is chosen here,
/// what depends on the database whenever a query runs.
fn choices(
    pack: &Pack,
    engine: Option<EngineKind>,
    mut variables: Variables,
    found: &mut Vec<Diagnostic>,
) -> Variables {
    let mut marked = BTreeMap::new();
    let texts = Texts {
        file: &pack.file,
        variables: Some(&variables),
    };
    for (name, keys) in pack.facts.choices.iter() {
        if variables.values.contains_key(&name.value) {
            let message = format!("`{}` is a variable and a choice", name.value);
            let place = name.span(&pack.file);
            found.push(Diagnostic::error("P131", message).at(&place, "name used twice"));
        }
        let (Some(then), Some(otherwise)) = (&keys.then, &keys.otherwise) else {
            continue;
        };
        let then = texts.fill(then, found);
        let otherwise = texts.fill(otherwise, found);
        let chosen = match (&keys.has, &keys.engine) {
            (Some(has), None) => choice::mark(&texts.fill(has, found), &then, &otherwise),
            (None, Some(wanted)) if engine == Some(kind_of(wanted.value)) => then,
            (None, Some(_)) => otherwise,
            // One that is wrong has been reported.
            (None, None) if !pack.complete => continue,
            (has, _) => {
                let (code, message) = match has {
                    Some(_) => ("P105", "`has` and `engine` exclude each other"),
                    None => ("P103", "missing key `has` or `engine`"),
                };
                let place = keys.span(&pack.file);
                let label = "what decides which of the two it is";
                found.push(Diagnostic::error(code, message).at(&place, label));
                continue;
            }
        };
        marked.insert(name.value.clone(), chosen);
    }
    variables.choices = marked;
    variables
}

/// The variables with the pack's `[piece]`s beside them. A piece may name variables, choices and the pieces before it.
fn pieces(pack: &Pack, mut variables: Variables, found: &mut Vec<Diagnostic>) -> Variables {
    for (name, text) in pack.facts.pieces.iter() {
        let known = &variables;
        if known.values.contains_key(&name.value) || known.choices.contains_key(&name.value) {
            let message = format!("`{}` is a piece and something else", name.value);
            let place = name.span(&pack.file);
            found.push(Diagnostic::error("P131", message).at(&place, "name used twice"));
        }
        let texts = Texts {
            file: &pack.file,
            variables: Some(&variables),
        };
        let filled = texts.piece(text, found);
        variables.pieces.insert(name.value.clone(), filled);
    }
    variables
}
