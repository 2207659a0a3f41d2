//! `[mail]` and `[shop.NAME.mail]`: the mail server, and what customers get.

use crate::config::connection::secret_of;
use crate::config::project::{MailKeys, ShopMailKeys};
use crate::config::source::Loader;
use crate::config::spanned::At;
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::plan::mail::{MailServer, Mailing, Password};
use std::sync::Arc;

/// Where templates of the project's own lie unless it says otherwise, beside the project file.
const TEMPLATES: &str = "mails";

/// `None`: customers get no mails, or a mistake, which is reported.
pub fn mailing(
    loader: &mut Loader<'_>,
    file: &Arc<SourceFile>,
    server: Option<&At<MailKeys>>,
    shop: Option<&At<ShopMailKeys>>,
) -> Option<Mailing> {
    let shop = shop?;
    let at = Span::new(file, shop.range.clone());
    if !shop.shipment && shop.invoice.is_none() {
        return None;
    }
    let Some(server) = server else {
        loader.report(
            Diagnostic::error("P103", "missing table `[mail]`")
                .at(&at, "through which mail server?"),
        );
        return None;
    };
    let server = self::server(loader, file, server)?;
    let invoice = shop.invoice.as_ref();
    Some(Mailing {
        server,
        shipment: shop.shipment,
        invoice: invoice.map(|path| loader.base.join(path.as_str())),
    })
}

fn server(
    loader: &mut Loader<'_>,
    file: &Arc<SourceFile>,
    keys: &At<MailKeys>,
) -> Option<MailServer> {
    let (url, from) = (keys.url.as_ref()?, keys.from.as_ref()?);
    let password = match &keys.password {
        None => None,
        Some(text) => Some(Password::new(secret_of(loader, file, text)?)),
    };
    let Some(address) = transport(url) else {
        let message = format!("`{}` is no mail server", url.value);
        loader.report(
            Diagnostic::error("P104", message)
                .at(&url.content(file), "wanted `smtp://HOST:PORT` or `smtps://HOST:PORT`")
                .note("smtp:// is encrypted by STARTTLS, or not at all with `?tls=off`; the login has keys of its own"),
        );
        return None;
    };
    let carriers = keys.carriers.iter();
    let carriers = carriers.map(|(name, address)| (name.value.clone(), address.value.clone()));
    let folder = keys.templates.as_ref();
    let templates = folder.map_or(TEMPLATES, |folder| folder.as_str());
    Some(MailServer {
        url: address,
        user: keys.user.as_ref().map(|user| user.value.clone()),
        password,
        from: from.value.clone(),
        test_recipient: keys.test_recipient.as_ref().map(|one| one.value.clone()),
        carriers: carriers.collect(),
        templates: loader.base.join(templates),
    })
}

/// As the driver wants it: encryption is what it must be asked for.
fn transport(url: &str) -> Option<String> {
    let parsed = url::Url::parse(url).ok()?;
    parsed.host_str()?;
    let has_login = !parsed.username().is_empty() || parsed.password().is_some();
    match (parsed.scheme(), parsed.query(), has_login) {
        (_, _, true) => None,
        ("smtps", None, _) => Some(url.to_owned()),
        ("smtp", None, _) => Some(format!("{url}?tls=required")),
        ("smtp", Some("tls=off"), _) => Some(url.split('?').next()?.to_owned()),
        _ => None,
    }
}
