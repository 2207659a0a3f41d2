//! `[mail]` and `[shop.NAME.mail]`: the mail server, and what customers get.

use super::changes::parse_duration;
use super::side::PackSide;
use crate::config::connection::secret_of;
use crate::config::project::{MailKeys, ShopMailKeys};
use crate::config::source::Loader;
use crate::config::spanned::At;
use crate::config::texts::{Bound, Texts};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::plan::mail::{InvoiceFile, MailServer, Mailing, Password};
use std::sync::Arc;
use std::time::Duration;

/// Where templates of the project's own lie unless it says otherwise, beside the project file.
const TEMPLATES: &str = "mails";
const WAIT_FOR_INVOICE: Duration = Duration::from_secs(24 * 60 * 60);

/// `None`: customers get no mails, or a mistake, which is reported.
pub fn mailing(
    loader: &mut Loader<'_>,
    file: &Arc<SourceFile>,
    server: Option<&At<MailKeys>>,
    shop: Option<&At<ShopMailKeys>>,
    erp: Option<&PackSide>,
) -> Option<Mailing> {
    let shop = shop?;
    let at = Span::new(file, shop.range.clone());
    let invoice = invoice(loader, file, shop, erp);
    if !shop.shipment && invoice.is_none() {
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
    let wait_for_tracking = wait(loader, file, shop.wait_for_tracking.as_ref());
    let wait_for_invoice = wait(loader, file, shop.wait_for_invoice.as_ref());
    Some(Mailing {
        server,
        shipment: shop.shipment,
        wait_for_tracking,
        wait_for_invoice: wait_for_invoice.unwrap_or(WAIT_FOR_INVOICE),
        invoice,
    })
}

/// A time to wait; `None`: none is said, or a mistake, which is reported.
fn wait(
    loader: &mut Loader<'_>,
    file: &Arc<SourceFile>,
    text: Option<&At<String>>,
) -> Option<Duration> {
    let text = text?;
    let wait = parse_duration(text);
    if wait.is_none() {
        let message = format!("`{}` is not a duration", text.value);
        loader.report(Diagnostic::error("P104", message).at(
            &text.content(file),
            "wanted a number with a unit: `6h`, `2d`",
        ));
    }
    wait
}

/// Where the invoices' files are; `None`: there is no mail for them, or a mistake, which is reported.
fn invoice(
    loader: &mut Loader<'_>,
    file: &Arc<SourceFile>,
    shop: &ShopMailKeys,
    erp: Option<&PackSide>,
) -> Option<InvoiceFile> {
    match (&shop.invoice, &shop.invoice_sql) {
        (Some(path), None) => Some(InvoiceFile::Path(loader.base.join(path.as_str()))),
        (None, Some(sql)) => {
            let texts = Texts {
                file,
                variables: erp.map(|erp| &erp.variables),
            };
            let sql = texts.sql(sql, &Bound::names(&["invoice"]), &mut loader.found);
            Some(InvoiceFile::Blob(sql))
        }
        (Some(path), Some(sql)) => {
            loader.report(
                Diagnostic::error("P105", "an invoice's file is in one place")
                    .at(&sql.span(file), "this says the ERP's database")
                    .note(format!(
                        "the one at {} says a folder",
                        path.span(file).place()
                    )),
            );
            None
        }
        (None, None) => None,
    }
}

pub fn server(
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
