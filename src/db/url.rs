use super::EngineKind;
use super::error::{DbError, DbErrorKind};
use std::path::Path;
#[derive(Debug, Clone)]
pub struct DbUrl(EngineKind);
impl DbUrl {
    pub fn parse(text: &str, _password: Option<String>, _base: &Path) -> Result<DbUrl, DbError> {
        let kind = match text.split(':').next() {
            Some("postgres" | "postgresql") => EngineKind::Postgres,
            Some("mysql" | "mariadb") => EngineKind::MySql,
            Some("sqlite") => EngineKind::Sqlite,
            _ => {
                return Err(DbError::new(
                    DbErrorKind::Config,
                    "no engine that ponte knows",
                ));
            }
        };
        Ok(DbUrl(kind))
    }
    pub fn kind(&self) -> EngineKind {
        self.0
    }
}
