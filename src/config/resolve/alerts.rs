//! `[alerts]`: whom the service tells of troubles.

use super::changes::parse_duration;
use super::mail;
use crate::config::project::{AlertKeys, LanguageWord, MailKeys};
use crate::config::source::{Encoding, Loader};
use crate::config::spanned::At;
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::plan::alerts::{Address, Alerts};
use crate::plan::fulfilment::Language;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// A server that is restarted is there again by then.
const WAIT: Duration = Duration::from_secs(2 * 60);
const EVERY: Duration = Duration::from_secs(15 * 60);

/// `None`: nobody is told. Mistakes are reported.
pub fn alerts(
    loader: &mut Loader<'_>,
    file: &Arc<SourceFile>,
    keys: Option<&At<AlertKeys>>,
    server: Option<&At<MailKeys>>,
) -> Option<Alerts> {
    let keys = keys?;
    for one in &keys.mail {
        if one.parse::<lettre::message::Mailbox>().is_err() {
            let message = format!("`{}` is no mail address", one.value);
            let wrong = Diagnostic::error("P104", message);
            loader.report(wrong.at(&one.content(file), "wanted `it@example.com`"));
        }
    }
    let server = match (keys.mail.first(), server) {
        (None, _) => None,
        (Some(first), None) => {
            loader.report(
                Diagnostic::error("P103", "missing table `[mail]`")
                    .at(&first.span(file), "through which mail server?"),
            );
            None
        }
        (Some(_), Some(server)) => mail::server(loader, file, server),
    };
    let recipients = keys.mail.iter().map(|one| one.value.clone()).collect();
    Some(Alerts {
        mail: server.map(|server| (server, recipients)),
        webhook: address(loader, file, keys.webhook.as_ref()),
        heartbeat: address(loader, file, keys.heartbeat.as_ref()),
        wait: duration(loader, file, keys.wait.as_ref(), WAIT),
        every: duration(loader, file, keys.every.as_ref(), EVERY),
        summary: summary(loader, file, keys.summary.as_ref()),
        language: match keys.language {
            Some(LanguageWord::It) => Language::Italian,
            Some(LanguageWord::En) | None => Language::English,
        },
    })
}

/// Whoever knows it may use it: mostly `${NAME}`.
fn address(
    loader: &mut Loader<'_>,
    file: &Arc<SourceFile>,
    text: Option<&At<String>>,
) -> Option<Address> {
    let text = text?;
    let address = loader.substitute(file, text, |_| Encoding::Plain)?;
    let parsed = url::Url::parse(address.trim()).ok();
    let parsed = parsed.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if parsed.is_none() {
        // What it is instead may be a secret.
        loader.report(
            Diagnostic::error("P104", "this is no address that can be called")
                .at(&text.span(file), "wanted `https://HOST/PATH`"),
        );
    }
    parsed.map(Address::new)
}

fn duration(
    loader: &mut Loader<'_>,
    file: &Arc<SourceFile>,
    text: Option<&At<String>>,
    default: Duration,
) -> Duration {
    let Some(text) = text else { return default };
    parse_duration(text).unwrap_or_else(|| {
        let message = format!("`{}` is not a duration", text.value);
        loader.report(Diagnostic::error("P104", message).at(
            &text.content(file),
            "wanted a number with a unit: `2m`, `1h`",
        ));
        default
    })
}

fn summary(
    loader: &mut Loader<'_>,
    file: &Arc<SourceFile>,
    text: Option<&At<String>>,
) -> Option<Box<croner::Cron>> {
    let text = text?;
    match croner::Cron::from_str(text) {
        Ok(cron) => Some(Box::new(cron)),
        Err(error) => {
            let message = format!("`{}` says no time for a summary", text.value);
            loader.report(
                Diagnostic::error("P145", message)
                    .at(&text.content(file), error.to_string())
                    .note("wanted five fields of cron: `0 7 * * *`"),
            );
            None
        }
    }
}
