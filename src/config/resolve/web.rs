//! `[service]`: where the service can be looked at.

use crate::config::connection::secret_of;
use crate::config::project::ServiceKeys;
use crate::config::source::Loader;
use crate::config::spanned::At;
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::plan::web::{Token, Web};
use std::net::SocketAddr;
use std::sync::Arc;

/// A shorter one can be guessed.
const TOKEN_MIN: usize = 16;

/// `None`: there is nothing to look at, or a mistake, which is reported.
pub fn web(
    loader: &mut Loader<'_>,
    file: &Arc<SourceFile>,
    keys: Option<&At<ServiceKeys>>,
) -> Option<Web> {
    let keys = keys?;
    let listen = keys.listen.as_ref()?;
    let act = token(loader, file, &keys.token)?;
    let look = token(loader, file, &keys.look_token)?;
    let webhook = token(loader, file, &keys.webhook_token)?;
    let others = [("token", &act), ("look_token", &look)];
    for (name, other) in others {
        if let (Some(own), Some(other), Some(key)) = (&webhook, other, &keys.webhook_token)
            && own.is_also(other)
        {
            let message = format!("`webhook_token` is the same as `{name}`");
            loader.report(
                Diagnostic::error("P105", message)
                    .at(&key.span(file), "whoever administers the shop can read it")
                    .help("give the webhook a token of its own"),
            );
            return None;
        }
    }
    let Ok(address) = listen.parse::<SocketAddr>() else {
        let message = format!("`{}` is no address to listen on", listen.value);
        let found = Diagnostic::error("P104", message);
        loader.report(found.at(
            &listen.content(file),
            "wanted an address and a port: `127.0.0.1:7010`",
        ));
        return None;
    };
    if !address.ip().is_loopback() && look.is_none() {
        let message = format!("`{}` can be reached from other machines", listen.value);
        loader.report(
            Diagnostic::error("P105", message)
                .at(
                    &listen.content(file),
                    "everybody there could look at the company's figures",
                )
                .help("give a `look_token`, or listen on `127.0.0.1`"),
        );
        return None;
    }
    Some(Web {
        listen: address,
        hosts: keys.hosts.iter().map(|host| host.to_lowercase()).collect(),
        act,
        look,
        webhook,
    })
}

/// The connection in whose database runs are asked for.
pub fn requests<'a>(
    found: &mut Vec<Diagnostic>,
    file: &Arc<SourceFile>,
    known: impl Iterator<Item = &'a str> + Clone,
    named: &At<String>,
) -> Option<String> {
    let name = named.value.as_str();
    if known.clone().any(|known| known == name) {
        return Some(name.to_owned());
    }
    let message = format!("there is no connection `{name}`");
    found.push(
        Diagnostic::error("P123", message)
            .at(&named.content(file), "")
            .suggest(name, known),
    );
    None
}

/// `Some(None)`: none is given. `None` after an error.
fn token(
    loader: &mut Loader<'_>,
    file: &Arc<SourceFile>,
    text: &Option<At<String>>,
) -> Option<Option<Token>> {
    let Some(text) = text else { return Some(None) };
    let token = secret_of(loader, file, text)?;
    if token.chars().count() < TOKEN_MIN {
        loader.report(
            Diagnostic::error("P104", "the token is too short")
                .at(&text.span(file), format!("at least {TOKEN_MIN} characters")),
        );
        return None;
    }
    Some(Some(Token::new(token)))
}
