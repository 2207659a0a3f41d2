use super::{DbUrl, Engine, EngineKind, Result, Session};
pub struct Sqlite;
impl Sqlite {
    pub fn new(_url: &DbUrl) -> Result<Self> {
        Ok(Sqlite)
    }
}
#[async_trait::async_trait]
impl Engine for Sqlite {
    fn kind(&self) -> EngineKind {
        EngineKind::Sqlite
    }
    async fn connect(&self) -> Result<Box<dyn Session>> {
        unreachable!()
    }
}
