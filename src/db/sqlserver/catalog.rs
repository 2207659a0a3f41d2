//! Tables as the system's views describe them. A login sees there only what it may do something with.

use super::answer::Answer;
use super::session::SqlServerSession;
use super::types::Declared;
use crate::db::Result;
use crate::db::catalog::{Column, Privileges, Table};
use crate::db::query::TableName;
use crate::db::render::quoted;
use crate::value::{Type, Value};
use std::borrow::Cow;
use tiberius::ColumnData;

/// What a statement that names the table would find, by the login's default schema, then `dbo`.
const TABLE: &str = "SELECT s.name, o.name, CAST(RTRIM(o.type) AS nvarchar(2)), CAST(o.object_id AS bigint), \
    HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'INSERT'), HAS_PERMS_BY_NAME(@P2, N'OBJECT', N'DELETE'), o.modify_date \
    FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id \
    WHERE o.object_id = OBJECT_ID(@P3) AND o.type IN ('U', 'V')";

/// A type of the users' own by the system's type that it is made of.
const COLUMNS: &str = "SELECT c.name, COALESCE(TYPE_NAME(c.system_type_id), TYPE_NAME(c.user_type_id)), \
    CAST(c.max_length AS int), CAST(c.precision AS int), CAST(c.scale AS int), c.is_nullable, c.is_identity, c.is_computed, \
    CAST(CASE WHEN c.default_object_id <> 0 THEN 1 ELSE 0 END AS bit), c.collation_name, \
    CAST(COLLATIONPROPERTY(c.collation_name, 'CodePage') AS int), \
    HAS_PERMS_BY_NAME(@P1, N'OBJECT', N'SELECT', c.name, N'COLUMN'), \
    HAS_PERMS_BY_NAME(@P2, N'OBJECT', N'UPDATE', c.name, N'COLUMN') \
    FROM sys.columns AS c WHERE c.object_id = @P3 ORDER BY c.column_id";

/// A row per column of each index. Of those over a part of the rows only, disabled ones and those of other kinds (columns, XML),
/// none finds a single value for certain.
const INDEXES: &str = "SELECT CAST(i.index_id AS int), i.is_primary_key, i.is_unique, COL_NAME(ic.object_id, ic.column_id) \
    FROM sys.indexes AS i INNER JOIN sys.index_columns AS ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id \
    WHERE i.object_id = @P1 AND i.type IN (1, 2) AND i.is_disabled = 0 AND i.is_hypothetical = 0 AND i.has_filter = 0 \
    AND ic.is_included_column = 0 AND ic.key_ordinal > 0 ORDER BY i.index_id, ic.key_ordinal";

/// A table's own row.
struct Found {
    name: TableName,
    is_view: bool,
    id: i64,
    insert: Option<bool>,
    delete: Option<bool>,
    modified: Value,
}

/// A table by its number, as it was when something was done to it last.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    pub id: i64,
    pub modified: Value,
}

/// A column with what the catalog says of its type.
pub(super) struct Described {
    pub column: Column,
    pub declared: Declared,
    pub is_identity: bool,
    select: Option<bool>,
    update: Option<bool>,
}

impl SqlServerSession {
    pub(super) async fn catalog_table(&mut self, name: &TableName) -> Result<Option<Table>> {
        let Some(found) = self.find(name).await? else {
            return Ok(None);
        };
        let described = self.columns(&found.name, found.id).await?;
        let indexes = self
            .link
            .rows(INDEXES, vec![ColumnData::I64(Some(found.id))])
            .await?;
        let mut keys = Keys::new(&indexes);
        // A heap's primary key is not its first index.
        keys.unique.sort_by_key(|key| *key != keys.primary);
        let any = |of: fn(&Described) -> Option<bool>| {
            described
                .iter()
                .map(of)
                .max_by_key(|may| *may == Some(true))
                .flatten()
        };
        Ok(Some(Table {
            name: found.name,
            privileges: Privileges {
                select: any(|column| column.select),
                insert: found.insert,
                update: any(|column| column.update),
                delete: found.delete,
            },
            columns: described.into_iter().map(|column| column.column).collect(),
            primary_key: keys.primary,
            unique_keys: keys.unique,
            indexes: keys.indexes,
            transactional: true,
            storage: None,
            is_view: found.is_view,
        }))
    }

    /// The columns of a table that is there, if it is. A view has no standing: what it shows may change under it.
    pub(super) async fn described_columns(
        &mut self,
        name: &TableName,
    ) -> Result<(Option<Standing>, Vec<Described>)> {
        let Some(found) = self.find(name).await? else {
            return Ok((None, Vec::new()));
        };
        let standing = (!found.is_view).then(|| Standing {
            id: found.id,
            modified: found.modified.clone(),
        });
        Ok((standing, self.columns(&found.name, found.id).await?))
    }

    /// The server may find a name that is written otherwise than the table's: here it is taken exactly, as on every engine.
    async fn find(&mut self, name: &TableName) -> Result<Option<Found>> {
        let text = full_name(name);
        let rows = self.link.rows(TABLE, vec![param(&text); 3]).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let found = TableName {
            schema: Some(row.text(0)),
            name: row.text(1),
        };
        let is_meant =
            found.name == name.name && (name.schema.is_none() || found.schema == name.schema);
        Ok(is_meant.then(|| Found {
            name: found,
            is_view: row.text(2) == "V",
            id: row.int(3),
            insert: may(row.at(4)),
            delete: may(row.at(5)),
            modified: row.at(6).clone(),
        }))
    }

    async fn columns(&mut self, name: &TableName, id: i64) -> Result<Vec<Described>> {
        let text = full_name(name);
        let params = vec![param(&text), param(&text), ColumnData::I64(Some(id))];
        let rows = self.link.rows(COLUMNS, params).await?;
        Ok(rows.iter().map(described).collect())
    }
}

/// `[schema].[name]`, as functions take it.
pub(super) fn full_name(name: &TableName) -> String {
    const BRACKETS: (char, char) = ('[', ']');
    match &name.schema {
        Some(schema) => format!(
            "{}.{}",
            quoted(schema, BRACKETS),
            quoted(&name.name, BRACKETS)
        ),
        None => quoted(&name.name, BRACKETS),
    }
}

fn param(text: &str) -> ColumnData<'static> {
    ColumnData::String(Some(Cow::Owned(text.to_owned())))
}

fn may(value: &Value) -> Option<bool> {
    match value {
        Value::Int(may) => Some(*may == 1),
        _ => None,
    }
}

fn described(row: &Answer) -> Described {
    let small = |at| u32::try_from(row.int(at)).unwrap_or(0);
    let collation = match row.at(9) {
        Value::Text(name) => Some(name.clone()),
        _ => None,
    };
    let declared = Declared {
        name: row.text(1),
        bytes: row.int(2),
        precision: small(3),
        scale: small(4),
        code_page: match row.at(10) {
            Value::Null => None,
            _ => Some(small(10)),
        },
        collation: collation.clone(),
    };
    let is_identity = row.truth(6);
    // The server itself counts a rowversion up.
    let is_version = matches!(declared.name.as_str(), "timestamp" | "rowversion");
    Described {
        column: Column {
            name: row.text(0),
            ty: declared.ty(),
            declared: declared.text(),
            nullable: row.truth(5),
            has_default: row.truth(8) || is_identity,
            generated: is_identity,
            computed: row.truth(7) || is_version,
            collation,
        },
        declared,
        is_identity,
        select: may(row.at(11)),
        update: may(row.at(12)),
    }
}

#[derive(Debug, Default)]
struct Keys {
    primary: Vec<String>,
    unique: Vec<Vec<String>>,
    indexes: Vec<Vec<String>>,
}

impl Keys {
    /// From rows sorted by index and position in it.
    fn new(rows: &[Answer]) -> Self {
        let mut keys = Keys::default();
        for index in rows.chunk_by(|left, right| left.int(0) == right.int(0)) {
            let columns: Vec<String> = index.iter().map(|row| row.text(3)).collect();
            if index.iter().any(|row| row.truth(1)) {
                keys.primary = columns.clone();
            }
            if index.iter().any(|row| row.truth(2)) {
                keys.unique.push(columns.clone());
            }
            keys.indexes.push(columns);
        }
        keys
    }
}

impl Described {
    /// Whether ponte has values for it.
    pub fn is_writable(&self) -> bool {
        !self.column.computed && !matches!(self.column.ty, Type::Other(_))
    }
}
