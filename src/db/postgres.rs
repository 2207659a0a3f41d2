use super::{DbUrl, Engine, EngineKind, Result, Session};
pub struct Postgres;
impl Postgres {
    pub fn new(_url: &DbUrl) -> Result<Self> {
        Ok(Postgres)
    }
}
#[async_trait::async_trait]
impl Engine for Postgres {
    fn kind(&self) -> EngineKind {
        EngineKind::Postgres
    }
    async fn connect(&self) -> Result<Box<dyn Session>> {
        unreachable!()
    }
}
