//! Connection strings and their passwords.

use super::secret;
use super::source::Loader;
use super::spanned::At;
use crate::db::{DbUrl, EngineKind};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::plan::{Connection, PackFacts};
use std::sync::Arc;

/// The keys that every connection has, wherever it is written.
pub struct Access<'a> {
    pub url: &'a Option<At<String>>,
    pub password: &'a Option<At<String>>,
    pub password_file: &'a Option<At<String>>,
    pub own_schema: &'a Option<At<String>>,
}

impl Access<'_> {
    /// The connection; `None` after an error, which is reported.
    pub fn resolve(
        &self,
        loader: &mut Loader<'_>,
        file: &Arc<SourceFile>,
        name: &str,
        at: &Span,
        pack: Option<PackFacts>,
    ) -> Option<Connection> {
        let password = self.password(loader, file);
        let text = self.url.as_ref()?;
        let user_info = text.rfind('@').filter(|_| text.contains("://"));
        if secret::in_url(text).is_some() {
            loader.report(plain_text(file, text));
        }
        // A password with an `@` or `/` must not change what the rest of the URL says.
        let encode = |offset: usize| user_info.is_some_and(|end| offset < end);
        let filled = loader.substitute(file, text, encode)?;
        let url = match DbUrl::parse(&filled, password?, &loader.base) {
            Ok(url) => url,
            Err(wrong) => {
                loader.report(
                    Diagnostic::error("P113", wrong.message)
                        .at(&text.span(file), "")
                        .note("for example `postgres://user@host/database`, `mysql://user@host/database`, `sqlite:path`"),
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
            pack,
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
            return (kind == EngineKind::Postgres).then(|| "ponte".to_owned());
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
    loader.substitute(file, text, |_| false)
}

fn plain_text(file: &Arc<SourceFile>, at: &At<String>) -> Diagnostic {
    Diagnostic::warning("P111", "a secret stands in the file in plain text")
        .at(&at.span(file), "everybody who reads the file can see it")
        .help("write `${NAME}` for an environment variable; a password may also lie in a `password_file`")
}
