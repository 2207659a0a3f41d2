//! What the project says of `ponte run` itself: where it can be looked at, whom it tells of troubles, what it writes into files.

use super::LanguageWord;
use crate::config::spanned::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// JSON lines, a file a day.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LogKeys {
    /// Their folder, relative to the project file. Default: `log` in the state folder.
    pub dir: Option<At<String>>,
    /// Default: `info`. Customers' data are written with `debug` only.
    pub level: Option<At<LevelWord>>,
    /// So many files are kept; the oldest are removed. Default: 30.
    pub keep: Option<At<u32>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LevelWord {
    Off,
    Error,
    Warn,
    Info,
    Debug,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct ServiceKeys {
    /// Address and port of the status page and its API: `127.0.0.1:7010`. Without it there is none.
    pub listen: Option<At<String>>,
    /// Names under which browsers may ask for the page, besides the address and `localhost`: that of a proxy before it.
    #[serde(default)]
    pub hosts: Vec<At<String>>,
    /// Who has it may run, pause and resync flows; mostly `${NAME}`. Without it nobody can.
    pub token: Option<At<String>>,
    /// Who has it may look. Without it everybody can who reaches the address, which then must be `127.0.0.1` or `[::1]`.
    pub look_token: Option<At<String>>,
    /// With which a shop's webhook starts runs, and can do nothing else: WooCommerce's secret of a webhook, which signs what it sends, or a token that another shop's module sends. Never one of the two above: whoever administers the shop can read it. Without it a webhook needs `token`.
    pub webhook_token: Option<At<String>>,
    /// `erp`, `shop.NAME` or `connection.NAME`: rows in the table `ponte_requests` (`ponte.requests` where ponte has a schema of its own) there start flows, so that a button or a trigger of the ERP can. `ponte setup --run` creates it. Without this key there is none.
    pub requests: Option<At<String>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct AlertKeys {
    /// Who gets a mail, through the server of `[mail]`.
    #[serde(default)]
    pub mail: Vec<At<String>>,
    /// An address that gets each message as JSON, by POST; mostly `${NAME}`. Chat programs show its `text`.
    pub webhook: Option<At<String>>,
    /// An address that is asked after a good run while no flow has failed or is late, mostly `${NAME}`: whoever watches it notices silence.
    pub heartbeat: Option<At<String>>,
    /// What passes within this time is not told. Default: `2m`.
    pub wait: Option<At<String>>,
    /// At most one message in this time. Default: `15m`.
    pub every: Option<At<String>>,
    /// When a summary of yesterday goes out, as five fields of cron: `0 7 * * *`. Without it none does.
    pub summary: Option<At<String>>,
    /// `en` (the default) or `it`.
    pub language: Option<LanguageWord>,
}
