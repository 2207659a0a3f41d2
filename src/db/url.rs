use super::EngineKind;
#[derive(Debug, Clone)]
pub struct DbUrl;
impl DbUrl {
    pub fn kind(&self) -> EngineKind {
        EngineKind::Sqlite
    }
}
