//! Connection strings and their passwords.

use super::project::SshKeys;
use super::secret;
use super::source::{Encoding, Loader};
use super::spanned::At;
use crate::db::ssh::Ssh;
use crate::db::{DbUrl, EngineKind};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::plan::Connection;
use std::sync::Arc;

/// The keys that every connection has, wherever it is written.
pub struct Access<'a> {
    pub url: &'a Option<At<String>>,
    pub password: &'a Option<At<String>>,
    pub password_file: &'a Option<At<String>>,
    pub own_schema: &'a Option<At<String>>,
    pub ssh: &'a Option<At<SshKeys>>,
}

impl Access<'_> {
    /// The connection; `None` after an error, which is reported.
    pub fn resolve(
        &self,
        loader: &mut Loader<'_>,
        file: &Arc<SourceFile>,
        name: &str,
        at: &Span,
    ) -> Option<Connection> {
        let password = self.password(loader, file);
        let text = self.url.as_ref()?;
        let is_url = text.contains("://");
        let user_info = text.rfind('@').filter(|_| is_url);
        if secret::in_connection(text).is_some() {
            loader.report(plain_text(file, text));
        }
        // A password with an `@`, `/` or `;` must not change what the rest says.
        let is_file = text.starts_with("sqlite:");
        let filled = loader.substitute(file, text, |offset| match user_info {
            Some(end) if offset < end => Encoding::Percent,
            None if !is_url && !is_file => Encoding::Keyword,
            _ => Encoding::Plain,
        })?;
        let parsed = DbUrl::parse(&filled, password?, &loader.base);
        let url = match (parsed, self.ssh) {
            (Ok(url), None) => url,
            (Ok(url), Some(keys)) => match url.behind(ssh(loader, file, keys)?) {
                Ok(url) => url,
                Err(wrong) => {
                    let found = Diagnostic::error("P113", wrong.message);
                    loader.report(found.at(&keys.span(file), "not through SSH"));
                    return None;
                }
            },
            (Err(wrong), _) => {
                loader.report(
                    Diagnostic::error("P113", wrong.message)
                        .at(&text.span(file), "")
                        .note("for example `postgres://user@host/database`, `mysql://user@host/database`, `sqlserver://user@host/database`, `sqlite:path`"),
                );
                return None;
            }
        };
        let own_schema = self.own_schema(loader, file, url.kind());
        Some(Connection {
            name: name.to_owned(),
            url,
            at: at.clone(),
            own_schema,
            pack: None,
        })
    }

    /// `Some(None)`: none is given. `None` after an error.
    fn password(&self, loader: &mut Loader<'_>, file: &Arc<SourceFile>) -> Option<Option<String>> {
        match (self.password, self.password_file) {
            (None, None) => Some(None),
            (Some(text), None) => secret_of(loader, file, text).map(Some),
            (None, Some(path)) => loader.password_file(file, path).map(Some),
            (Some(_), Some(path)) => {
                loader.report(
                    Diagnostic::error("P105", "`password` and `password_file` exclude each other")
                        .at(&path.span(file), "one of the two"),
                );
                None
            }
        }
    }

    fn own_schema(
        &self,
        loader: &mut Loader<'_>,
        file: &Arc<SourceFile>,
        kind: EngineKind,
    ) -> Option<String> {
        let Some(schema) = self.own_schema else {
            let has_schemas = matches!(kind, EngineKind::Postgres | EngineKind::SqlServer);
            return has_schemas.then(|| "ponte".to_owned());
        };
        if kind == EngineKind::Sqlite && !schema.is_empty() {
            loader.report(
                Diagnostic::error("P105", "SQLite has no schemas")
                    .at(&schema.span(file), "")
                    .help("leave `own_schema` out: ponte's tables are called `ponte_…` there"),
            );
        }
        // An empty text: no schema of its own, even where that is the default.
        (!schema.is_empty()).then(|| schema.value.clone())
    }
}

/// `${NAME}` of the environment, or, with a warning, a secret that is written out. `None` after an error.
pub fn secret_of(
    loader: &mut Loader<'_>,
    file: &Arc<SourceFile>,
    text: &At<String>,
) -> Option<String> {
    if secret::is_secret(text) {
        loader.report(plain_text(file, text));
    }
    loader.substitute(file, text, |_| Encoding::Plain)
}

/// The way through an SSH server. `None` after an error.
fn ssh(loader: &mut Loader<'_>, file: &Arc<SourceFile>, keys: &SshKeys) -> Option<Ssh> {
    let host = keys.host.as_ref()?;
    for text in [Some(host), keys.user.as_ref()].into_iter().flatten() {
        // Nothing that `ssh` could take for an option or split into several words.
        let is_word = |c: char| c.is_alphanumeric() || "._-:@%".contains(c);
        if text.is_empty() || text.starts_with('-') || !text.chars().all(is_word) {
            let message = format!("`{}` is no name that SSH could mean", text.value);
            let found = Diagnostic::error("P104", message);
            loader.report(found.at(&text.content(file), "a host, or a user"));
            return None;
        }
    }
    let port = match &keys.port {
        None => None,
        Some(port) => match u16::try_from(port.value) {
            Ok(number) if number > 0 => Some(number),
            _ => {
                let found = Diagnostic::error("P104", format!("`{}` is no port", port.value));
                loader.report(found.at(&port.span(file), "from 1 to 65535"));
                return None;
            }
        },
    };
    let mut path = |text: &Option<At<String>>| match text {
        None => Some(None),
        Some(text) => {
            let path = loader.substitute(file, text, |_| Encoding::Plain)?;
            Some(Some(loader.base.join(path)))
        }
    };
    Some(Ssh {
        host: host.value.clone(),
        port,
        user: keys.user.as_ref().map(|user| user.value.clone()),
        key: path(&keys.key)?,
        known_hosts: path(&keys.known_hosts)?,
    })
}

fn plain_text(file: &Arc<SourceFile>, at: &At<String>) -> Diagnostic {
    Diagnostic::warning("P111", "a secret stands in the file in plain text")
        .at(&at.span(file), "everybody who reads the file can see it")
        .help("write `${NAME}` for an environment variable; a password may also lie in a `password_file`")
}
