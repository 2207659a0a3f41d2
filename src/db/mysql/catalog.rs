//! Tables as `information_schema` describes them.

use super::session::MySqlSession;
use crate::db::catalog::{Column, Privileges, Table};
use crate::db::query::{Query, TableName};
use crate::db::{Result, fetch};
use crate::value::{Charset, Row, Type, Value};
use std::sync::Arc;

impl MySqlSession {
    pub(super) async fn catalog_table(&mut self, name: &TableName) -> Result<Option<Table>> {
        let database = match &name.schema {
            Some(schema) => schema.clone(),
            None => self.facts.database.clone(),
        };
        let tables = Query::sql(
            "SELECT t.TABLE_SCHEMA, t.TABLE_NAME, t.TABLE_TYPE, t.ENGINE, e.TRANSACTIONS FROM information_schema.TABLES t \
             LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE WHERE ",
        )
        .append(within(&database, &name.name, "t."));
        let ignore_case = self.facts.names_ignore_case;
        // The catalog compares without regard to case, whether the server's names do or not.
        let is_named = |row: &Row| match ignore_case {
            true => text(&row[1]).to_lowercase() == name.name.to_lowercase(),
            false => text(&row[1]) == name.name && text(&row[0]) == database,
        };
        let found = fetch(self, &tables).await?.into_iter().find(is_named);
        let Some(found) = found else {
            return Ok(None);
        };
        let name = TableName {
            schema: Some(text(&found[0])),
            name: text(&found[1]),
        };
        let is_view = text(&found[2]).contains("VIEW");
        let storage = Some(text(&found[3])).filter(|storage| !storage.is_empty());
        let columns = self.catalog_columns(&database, &name.name).await?;
        let keys = self.catalog_keys(&database, &name.name).await?;
        let privileges = self.catalog_privileges(&database, &name.name).await?;
        Ok(Some(Table {
            columns,
            primary_key: keys.primary,
            unique_keys: keys.unique,
            indexes: keys.indexes,
            // A view has no engine of its own.
            transactional: is_view || text(&found[4]).eq_ignore_ascii_case("yes"),
            storage,
            is_view,
            privileges,
            name,
        }))
    }

    async fn catalog_columns(&mut self, database: &str, table: &str) -> Result<Vec<Column>> {
        let json = self.checked_as_json(database, table).await?;
        let query = Query::sql(
            "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, CHARACTER_MAXIMUM_LENGTH, \
             NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, CHARACTER_SET_NAME, COLLATION_NAME, \
             GENERATION_EXPRESSION, TABLE_NAME FROM information_schema.COLUMNS WHERE ",
        )
        .append(within(database, table, ""))
        .text(" ORDER BY ORDINAL_POSITION");
        let rows = fetch(self, &query).await?;
        let of_table = rows.iter().filter(|row| text(&row[13]) == table);
        Ok(of_table
            .map(|row| {
                let column = column(row, self.facts.is_mariadb);
                match json.contains(&column.name) {
                    true => Column {
                        ty: Type::Json,
                        ..column
                    },
                    false => column,
                }
            })
            .collect())
    }

    /// MariaDB's JSON is a LONGTEXT with a check that its content is JSON.
    async fn checked_as_json(&mut self, database: &str, table: &str) -> Result<Vec<String>> {
        if !self.facts.is_mariadb {
            return Ok(Vec::new());
        }
        let query = Query::sql(
            "SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ",
        )
        .value(Value::Text(database.to_owned()))
        .text(" AND TABLE_NAME = ")
        .value(Value::Text(table.to_owned()));
        let rows = fetch(self, &query).await?;
        Ok(rows
            .iter()
            .filter_map(|row| {
                let clause = text(&row[0]);
                let column = clause.strip_prefix("json_valid(`")?.strip_suffix("`)")?;
                Some(column.replace("``", "`"))
            })
            .collect())
    }

    async fn catalog_keys(&mut self, database: &str, table: &str) -> Result<Keys> {
        let query = Query::sql(
            "SELECT INDEX_NAME, NON_UNIQUE, COLUMN_NAME, INDEX_TYPE, TABLE_NAME FROM information_schema.STATISTICS WHERE ",
        )
        .append(within(database, table, ""))
        .text(" ORDER BY INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX");
        let rows = fetch(self, &query).await?;
        Ok(Keys::new(rows.iter().filter(|row| text(&row[4]) == table)))
    }

    /// What grants say of the login itself. What is granted to its roles, or for single columns, is not looked into:
    /// where there are such, a privilege that was not found is unknown.
    async fn catalog_privileges(&mut self, database: &str, table: &str) -> Result<Privileges> {
        let who = fetch(self, &Query::sql("SELECT CAST(CURRENT_USER() AS CHAR)")).await?;
        let who = who.first().map_or(String::new(), |row| text(&row[0]));
        let (user, host) = who.rsplit_once('@').unwrap_or((&who, "%"));
        // MariaDB keeps what is granted to everyone under a name of its own.
        let grantees = || {
            vec![
                Value::Text(format!("'{user}'@'{host}'")),
                Value::Text("'PUBLIC'@''".to_owned()),
            ]
        };
        let database = || Value::Text(database.to_owned());
        let table = || Value::Text(table.to_owned());
        let query = Query::sql(
            "SELECT CAST(PRIVILEGE_TYPE AS CHAR), 1 FROM information_schema.USER_PRIVILEGES WHERE GRANTEE IN (",
        )
        .list(grantees())
        .text(") UNION SELECT CAST(PRIVILEGE_TYPE AS CHAR), 1 FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE IN (")
        .list(grantees())
        // The database of a grant is a pattern.
        .text(") AND ")
        .value(database())
        .text(" LIKE TABLE_SCHEMA UNION SELECT CAST(PRIVILEGE_TYPE AS CHAR), 1 FROM information_schema.TABLE_PRIVILEGES WHERE GRANTEE IN (")
        .list(grantees())
        .text(") AND TABLE_SCHEMA = ")
        .value(database())
        .text(" AND TABLE_NAME = ")
        .value(table())
        .text(" UNION SELECT CAST(PRIVILEGE_TYPE AS CHAR), 0 FROM information_schema.COLUMN_PRIVILEGES WHERE GRANTEE IN (")
        .list(grantees())
        .text(") AND TABLE_SCHEMA = ")
        .value(database())
        .text(" AND TABLE_NAME = ")
        .value(table());
        let rows = fetch(self, &query).await?;
        let has_roles = self.has_roles().await?;
        let granted = |privilege: &str| {
            let mut all = rows.iter().filter(|row| text(&row[0]) == privilege);
            match all.clone().any(|row| row[1] == Value::Int(1)) {
                true => Some(true),
                false if has_roles || all.next().is_some() => None,
                false => Some(false),
            }
        };
        Ok(Privileges {
            select: granted("SELECT"),
            insert: granted("INSERT"),
            update: granted("UPDATE"),
            delete: granted("DELETE"),
        })
    }

    /// MySQL has roles since 8.0, MariaDB has had them for long.
    async fn has_roles(&mut self) -> Result<bool> {
        let (major, ..) = self.facts.server.version;
        if !self.facts.is_mariadb && major < 8 {
            return Ok(false);
        }
        let rows = fetch(self, &Query::sql("SELECT CAST(CURRENT_ROLE() AS CHAR)")).await?;
        let role = rows.first().map_or(String::new(), |row| text(&row[0]));
        Ok(!matches!(role.as_str(), "" | "NONE"))
    }
}

/// `TABLE_SCHEMA = … AND TABLE_NAME = …`
fn within(database: &str, table: &str, alias: &str) -> Query {
    Query::sql(format!("{alias}TABLE_SCHEMA = "))
        .value(Value::Text(database.to_owned()))
        .text(format!(" AND {alias}TABLE_NAME = "))
        .value(Value::Text(table.to_owned()))
}

/// The catalog's texts come as text or binary, by version; NULL as nothing.
fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    }
}

fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::UInt(number) => Some(*number),
        Value::Decimal(number) => number.to_u64(),
        _ => None,
    }
}

fn column(row: &Row, is_mariadb: bool) -> Column {
    let extra = text(&row[5]).to_lowercase();
    let default = text(&row[4]);
    // MariaDB writes defaults as expressions, so that none is the word.
    let has_own_default = match &row[4] {
        Value::Null => false,
        _ => !(is_mariadb && default == "NULL"),
    };
    let generated = extra.contains("auto_increment");
    Column {
        name: text(&row[0]),
        ty: column_type(row),
        declared: text(&row[2]),
        nullable: text(&row[3]) == "YES",
        has_default: has_own_default || generated,
        generated,
        computed: !text(&row[12]).is_empty()
            || extra.contains("virtual generated")
            || extra.contains("stored generated"),
        collation: Some(text(&row[11])).filter(|collation| !collation.is_empty()),
    }
}

fn column_type(row: &Row) -> Type {
    let declared = text(&row[2]);
    let name = text(&row[1]).to_lowercase();
    let length = count(&row[6]);
    let precision = count(&row[7]);
    // At most 6, 38 and 64: they fit.
    let digits = count(&row[9]).unwrap_or(0) as u8;
    let int = |bits| Type::Int {
        bits,
        signed: !declared.to_lowercase().contains("unsigned"),
    };
    let text_of = |chars_max, bytes_max, padded| Type::Text {
        chars_max,
        bytes_max,
        charset: charset(&text(&row[10])),
        padded,
    };
    match name.as_str() {
        "tinyint" => int(8),
        "smallint" => int(16),
        "mediumint" => int(24),
        "int" | "integer" => int(32),
        "bigint" => int(64),
        "year" => Type::Int {
            bits: 16,
            signed: true,
        },
        "bit" => Type::Int {
            bits: precision.unwrap_or(1) as u8,
            signed: false,
        },
        "decimal" | "numeric" => Type::Decimal {
            precision: precision.map(|precision| precision as u32),
            scale: count(&row[8]).map(|scale| scale as u32),
        },
        "float" => Type::Float { bits: 32 },
        "double" | "real" => Type::Float { bits: 64 },
        "char" => text_of(length, None, true),
        "varchar" | "set" => text_of(length, None, false),
        "tinytext" | "text" | "mediumtext" | "longtext" => text_of(None, length, false),
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => {
            Type::Bytes { bytes_max: length }
        }
        "date" => Type::Date,
        "time" => Type::Time { digits },
        "datetime" => Type::DateTime { digits },
        "timestamp" => Type::Timestamp { digits },
        "json" => Type::Json,
        "uuid" => Type::Uuid,
        "enum" => Type::Enum(members(&declared)),
        _ => Type::Other(declared),
    }
}

/// What is in none of these sets is for the server to refuse, which it does in strict mode.
fn charset(name: &str) -> Charset {
    match name {
        "utf8" | "utf8mb3" | "ucs2" => Charset::Utf8Mb3,
        "latin1" => Charset::Latin1,
        "ascii" => Charset::Ascii,
        _ => Charset::Unicode,
    }
}

/// The members of `enum('a','b''c')`.
fn members(declared: &str) -> Arc<[String]> {
    let list = declared
        .split_once('(')
        .map_or("", |(_, list)| list.trim_end_matches(')'));
    let mut members = Vec::new();
    let mut signs = list.chars().peekable();
    while let Some(sign) = signs.next() {
        if sign != '\'' {
            continue;
        }
        let mut member = String::new();
        while let Some(sign) = signs.next() {
            if sign != '\'' {
                member.push(sign);
            } else if signs.next_if_eq(&'\'').is_some() {
                member.push('\'');
            } else {
                break;
            }
        }
        members.push(member);
    }
    members.into()
}

#[derive(Debug, Default)]
struct Keys {
    primary: Vec<String>,
    unique: Vec<Vec<String>>,
    indexes: Vec<Vec<String>>,
}

impl Keys {
    /// From rows sorted by index and position in it.
    fn new<'r>(rows: impl Iterator<Item = &'r Row>) -> Self {
        let mut keys = Keys::default();
        let rows: Vec<&Row> = rows.collect();
        for index in rows.chunk_by(|left, right| text(&left[0]) == text(&right[0])) {
            // Others (full text, geometry) find no keys.
            if !matches!(text(&index[0][3]).as_str(), "BTREE" | "HASH") {
                continue;
            }
            // A part that is an expression has no name.
            let named = index.iter().map(|row| text(&row[2]));
            let columns: Vec<String> = named.take_while(|name| !name.is_empty()).collect();
            let is_whole = columns.len() == index.len();
            if is_whole && count(&index[0][1]) == Some(0) {
                keys.unique.push(columns.clone());
                if text(&index[0][0]) == "PRIMARY" {
                    keys.primary = columns.clone();
                }
            }
            if !columns.is_empty() {
                keys.indexes.push(columns);
            }
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_an_enum_keep_their_signs() {
        assert_eq!(
            *members("enum('a','b''c','','d,e)')"),
            ["a", "b'c", "", "d,e)"]
        );
        assert!(members("enum").is_empty());
    }

    #[test]
    fn an_index_counts_up_to_its_first_expression() {
        let row = |index: &str, non_unique, column: Option<&str>, kind: &str| -> Row {
            let texts = |text: &str| Value::Text(text.to_owned());
            let column = column.map_or(Value::Null, texts);
            Box::new([texts(index), Value::Int(non_unique), column, texts(kind)])
        };
        let rows = [
            row("PRIMARY", 0, Some("id"), "BTREE"),
            row("mixed", 0, Some("a"), "BTREE"),
            row("mixed", 0, None, "BTREE"),
            row("words", 1, Some("b"), "FULLTEXT"),
            row("plain", 1, Some("b"), "BTREE"),
        ];
        let keys = Keys::new(rows.iter());
        assert_eq!(keys.primary, ["id"]);
        assert_eq!(keys.unique, [["id"]]);
        assert_eq!(keys.indexes, [["id"], ["a"], ["b"]]);
    }
}
