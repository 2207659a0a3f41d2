use super::{DbUrl, Engine, EngineKind, Result, Session};
pub struct MySql;
impl MySql {
    pub fn new(_url: &DbUrl) -> Result<Self> {
        Ok(MySql)
    }
}
#[async_trait::async_trait]
impl Engine for MySql {
    fn kind(&self) -> EngineKind {
        EngineKind::MySql
    }
    async fn connect(&self) -> Result<Box<dyn Session>> {
        unreachable!()
    }
}
