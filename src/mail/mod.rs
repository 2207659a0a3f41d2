//! Mails to a shop's customers: the parcel with its number, the invoice with its file.
//!
//! A mail becomes due in the transaction that tells the shop ([`crate::fulfilment`]) and lies in ponte's own table in the
//! shop's database ([`crate::own::mail`]). At most once: its row says `sending`, committed, before the mail server gets
//! it. A row that is found so was under way when the program or the line died; the server may have accepted it, so that a
//! person is told and nobody gets it twice. Only an answer of the server's that it wants it later makes it due again.

mod invoice;
pub mod smtp;
pub mod story;
pub mod text;

use crate::config::record::ORDER;
use crate::connections::Connections;
use crate::db::{self, CommitError, Isolation, Session};
use crate::failpoint;
use crate::fulfilment::decide::Told;
use crate::fulfilment::erp::{Contact, Erp};
use crate::own::lease::Guard;
use crate::own::link::Links;
use crate::own::mail::{INVOICE, Mail, Mails, SHIPMENT, Standing};
use crate::plan::fulfilment::{Fulfilment, Language};
use crate::plan::mail::Mailing;
use crate::sync::read::key_hash;
use crate::sync::report::{FlowReport, Reason, Rejected};
use invoice::{NotReady, attachment};
use smtp::{Handed, Smtp};
use std::time::Duration;
use text::{Letter, letter};

/// Mails looked at together.
const PAGE: usize = 100;
/// Before the so-manieth try: five minutes, doubling, at most half a day.
const WAIT_MS: u64 = 5 * 60 * 1000;
const WAIT_MAX_MS: u64 = 12 * 60 * 60 * 1000;
/// After so many tries, about a week, a person is told.
const TRIES: i64 = 20;

/// A file that is not there yet is looked for again so much later.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Among what the flow stands at: mails sent, to be sent, and for a person.
pub const MAILS_SENT: &str = "mails_sent";
pub const MAILS_DUE: &str = "mails_due";
pub const MAILS_STUCK: &str = "mails_stuck";

/// Sends what is due, and tells of what nobody can send.
///
/// # Errors
/// Those of the databases. What the mail server says is in the report, and in the rows.
pub async fn run(
    one: &Fulfilment,
    mailing: &Mailing,
    connections: &Connections,
    guard: &Guard,
    report: &mut FlowReport,
) -> db::Result<()> {
    let mut shop = connections.engine(&one.target)?.connect().await?;
    let mails = Mails::new(&connections.own(&one.target), &one.shop);
    let mut sender = Sender {
        one,
        mailing,
        mails,
        guard,
        sent: 0,
        put_off: 0,
        without_file: 0,
    };
    let due = sender.mails.due(shop.as_mut(), PAGE).await?;
    if !due.is_empty() {
        let erp = connections.engine(&one.erp.connection)?;
        let mut erp = erp.connect().await?;
        let links = Links::new(&connections.own(&one.erp.connection), &one.shop, ORDER.name);
        sender
            .all(due, shop.as_mut(), erp.as_mut(), &links, report)
            .await?;
    }
    for mail in sender.mails.stuck(shop.as_mut()).await? {
        report.reject(stuck(&mail));
    }
    for (standing, count) in sender.mails.counts(shop.as_mut()).await? {
        let name = match standing {
            Standing::Due => MAILS_DUE,
            Standing::Sent => MAILS_SENT,
            Standing::Sending | Standing::Refused => MAILS_STUCK,
        };
        *report.standing.entry(name).or_default() += count;
    }
    Ok(())
}

/// What a person is told of a mail that is not sent.
fn stuck(mail: &Mail) -> Rejected {
    let key = format!("{} {} {}", mail.key, mail.kind, mail.item);
    let (why, advice) = for_a_person(mail);
    Rejected {
        hash: key_hash(&key),
        key,
        reason: Reason::Unfit { why, advice },
    }
}

/// Why a mail waits for a person, and what to do.
fn for_a_person(mail: &Mail) -> (String, String) {
    let again = format!("`ponte mail again {}` sends it once more", mail.key);
    match mail.standing {
        Standing::Sending => (
            "the mail was under way when the line or the program died: it may have been sent"
                .to_owned(),
            format!("look into the mail server's log, or ask the customer; {again}"),
        ),
        _ => (
            format!("the mail was not sent: {}", mail.detail),
            format!("correct what it says; {again}"),
        ),
    }
}

struct Sender<'a> {
    one: &'a Fulfilment,
    mailing: &'a Mailing,
    mails: Mails,
    guard: &'a Guard,
    sent: u64,
    put_off: u64,
    /// Mails that wait for the invoice's file.
    without_file: u64,
}

impl Sender<'_> {
    async fn all(
        &mut self,
        mut due: Vec<Mail>,
        shop: &mut dyn Session,
        erp: &mut dyn Session,
        links: &Links,
        report: &mut FlowReport,
    ) -> db::Result<()> {
        let smtp = match self.server().await {
            Ok(smtp) => smtp,
            Err(why) => {
                report.notes.push(format!("mails wait: {why}"));
                return Ok(());
            }
        };
        let asked = Erp::open(erp, &self.one.erp).await?;
        while !due.is_empty() {
            let mut keys: Vec<String> = due.iter().map(|mail| mail.key.clone()).collect();
            keys.dedup();
            let linked = links.of(erp, &keys).await?;
            let (told, _) = asked.told(erp, &linked).await?;
            let contacts = asked.contacts(erp, &linked).await?;
            for mail in due {
                let told = told.iter().find(|told| told.key == mail.key);
                let contact = contacts.get(&mail.key);
                let ready = self.ready(&smtp, erp, &mail, told, contact).await?;
                self.send(&smtp, shop, mail, ready).await?;
            }
            due = self.mails.due(shop, PAGE).await?;
        }
        if self.sent + self.put_off > 0 {
            let later = match self.put_off {
                0 => String::new(),
                put_off => format!("; the mail server wants {put_off} later"),
            };
            report
                .notes
                .push(format!("mails sent: {}{later}", self.sent));
        }
        if self.without_file > 0 {
            let note = format!(
                "mails that wait for the invoice's file: {}",
                self.without_file
            );
            report.notes.push(note);
        }
        Ok(())
    }

    async fn server(&self) -> Result<Smtp, String> {
        let smtp = Smtp::new(&self.mailing.server).map_err(|error| error.to_string())?;
        match smtp.reach().await {
            Ok(true) => Ok(smtp),
            Ok(false) => Err("the mail server does not answer".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The mail as it is handed over, and to whom; or why there is none.
    ///
    /// # Errors
    /// Those of the ERP's database.
    async fn ready(
        &self,
        smtp: &Smtp,
        erp: &mut dyn Session,
        mail: &Mail,
        told: Option<&Told>,
        contact: Option<&Contact>,
    ) -> db::Result<Result<(lettre::Message, String), NotReady>> {
        let (Some(contact), Some(told)) = (contact, told) else {
            let why = "the ERP no longer has its document";
            return Ok(Err(NotReady::Wrong(why.to_owned())));
        };
        if contact.email.is_empty() {
            let why = "the ERP has no mail address of the customer";
            return Ok(Err(NotReady::Wrong(why.to_owned())));
        }
        let language = self.one.language;
        let letter = match words(
            self.mailing,
            language,
            &mail.kind,
            &mail.item,
            told,
            contact,
        ) {
            Ok(letter) => letter,
            Err(why) => return Ok(Err(NotReady::Wrong(why))),
        };
        let file = match (&self.mailing.invoice, mail.kind.as_str()) {
            (Some(file), INVOICE) => match attachment(file, erp, &mail.item).await? {
                Ok(file) => Some(file),
                Err(why) => return Ok(Err(why)),
            },
            _ => None,
        };
        let message = smtp.message(&contact.email, &letter, file);
        Ok(message.map_err(|error| NotReady::Wrong(error.to_string())))
    }

    async fn send(
        &mut self,
        smtp: &Smtp,
        shop: &mut dyn Session,
        mut mail: Mail,
        ready: Result<(lettre::Message, String), NotReady>,
    ) -> db::Result<()> {
        let (message, to) = match ready {
            Ok(ready) => ready,
            Err(NotReady::Wrong(why)) => {
                mail.standing = Standing::Refused;
                mail.detail = why;
                return self.mark(shop, &mail, 0).await;
            }
            Err(NotReady::NotYet(why)) => return self.wait(shop, mail, why).await,
        };
        mail.tries += 1;
        mail.standing = Standing::Sending;
        mail.detail = to;
        self.mark(shop, &mail, 0).await?;
        failpoint::reached("mail not handed over");
        let handed = smtp.hand(message).await;
        failpoint::reached("mail handed over");
        let mut wait = 0;
        match handed {
            Handed::Accepted => {
                mail.standing = Standing::Sent;
                self.sent += 1;
            }
            Handed::Later(why) if mail.tries < TRIES => {
                mail.standing = Standing::Due;
                mail.detail = why;
                wait = (WAIT_MS << (mail.tries - 1).clamp(0, 16)).min(WAIT_MAX_MS);
                self.put_off += 1;
            }
            Handed::Later(why) | Handed::Refused(why) => {
                mail.standing = Standing::Refused;
                mail.detail = why;
            }
            // It stays `sending`.
            Handed::Unknown(why) => {
                tracing::warn!(key = mail.key, "it is unknown whether a mail was accepted");
                // Mail servers repeat the address.
                tracing::debug!(key = mail.key, why, "the mail server's answer");
                return Ok(());
            }
        }
        self.mark(shop, &mail, wait).await
    }

    /// The invoice's file is waited for; in the end a person is told.
    async fn wait(
        &mut self,
        shop: &mut dyn Session,
        mut mail: Mail,
        why: String,
    ) -> db::Result<()> {
        let most = self.mailing.wait_for_invoice;
        mail.detail = why;
        self.guard.begin(shop, Isolation::ReadCommitted).await?;
        if self
            .mails
            .wait(shop, &mail, LOOK_AGAIN.min(most), most)
            .await?
        {
            self.without_file += 1;
        } else {
            mail.standing = Standing::Refused;
            mail.detail
                .push_str(", and was waited for as long as `wait_for_invoice` says");
            self.mails.mark(shop, &mail, 0).await?;
        }
        shop.commit().await.map_err(CommitError::into_error)
    }

    async fn mark(&self, shop: &mut dyn Session, mail: &Mail, wait_ms: u64) -> db::Result<()> {
        self.guard.begin(shop, Isolation::ReadCommitted).await?;
        self.mails.mark(shop, mail, wait_ms).await?;
        shop.commit().await.map_err(CommitError::into_error)
    }
}

/// The words of a mail.
///
/// # Errors
/// Why there are none.
pub fn words(
    mailing: &Mailing,
    shop: Language,
    kind: &str,
    item: &str,
    told: &Told,
    contact: &Contact,
) -> Result<Letter, String> {
    let language = match contact.language.to_lowercase() {
        code if code.is_empty() => shop,
        code if code.starts_with("it") => Language::Italian,
        _ => Language::English,
    };
    let parcel = told.parcels.iter().find(|parcel| parcel.number == item);
    if kind == SHIPMENT && parcel.is_none() {
        return Err(format!("the ERP no longer has delivery `{item}`"));
    }
    letter(mailing, kind, language, contact, parcel, item).map_err(|error| error.to_string())
}

/// A mail as a customer would get it, or why there is none.
#[derive(Debug)]
pub struct Preview {
    pub kind: String,
    pub item: String,
    pub to: String,
    /// `None`: it has never been due.
    pub standing: Option<Standing>,
    pub letter: Result<Letter, String>,
}

/// The mails of an order as its data is now; sends nothing.
///
/// # Errors
/// Those of the databases.
pub async fn preview(
    one: &Fulfilment,
    connections: &Connections,
    order: &str,
) -> db::Result<Vec<Preview>> {
    let Some(mailing) = &one.mailing else {
        return Ok(Vec::new());
    };
    let mut erp = connections.engine(&one.erp.connection)?.connect().await?;
    let links = Links::new(&connections.own(&one.erp.connection), &one.shop, ORDER.name);
    let asked = Erp::open(erp.as_mut(), &one.erp).await?;
    let linked = links.of(erp.as_mut(), &[order.to_owned()]).await?;
    let (told, _) = asked.told(erp.as_mut(), &linked).await?;
    let mut contacts = asked.contacts(erp.as_mut(), &linked).await?;
    let mut shop = connections.engine(&one.target)?.connect().await?;
    let mails = Mails::new(&connections.own(&one.target), &one.shop);
    let known = mails.of(shop.as_mut(), order).await?;
    let contact = contacts.remove(order).unwrap_or_default();
    let mut previews = Vec::new();
    for told in &told {
        let parcels = told.parcels.iter().filter(|_| mailing.shipment);
        let items = parcels.map(|parcel| (SHIPMENT, parcel.number.as_str()));
        let invoice = Some((INVOICE, told.invoice.as_str()))
            .filter(|(_, number)| mailing.invoice.is_some() && !number.is_empty());
        for (kind, item) in items.chain(invoice) {
            let known = known
                .iter()
                .find(|one| one.kind == kind && one.item == item);
            previews.push(Preview {
                kind: kind.to_owned(),
                item: item.to_owned(),
                to: contact.email.clone(),
                standing: known.map(|one| one.standing),
                letter: words(mailing, one.language, kind, item, told, &contact),
            });
        }
    }
    Ok(previews)
}

/// Mails of an order that wait for a person become due again; how many.
///
/// # Errors
/// Those of the shop's database.
pub async fn again(
    one: &Fulfilment,
    connections: &Connections,
    guard: &Guard,
    order: &str,
) -> db::Result<usize> {
    let mut shop = connections.engine(&one.target)?.connect().await?;
    guard.begin(shop.as_mut(), Isolation::ReadCommitted).await?;
    let mails = Mails::new(&connections.own(&one.target), &one.shop);
    let stuck = mails.stuck(shop.as_mut()).await?;
    let mut count = 0;
    for mut mail in stuck.into_iter().filter(|mail| mail.key == order) {
        mail.standing = Standing::Due;
        mail.tries = 0;
        mails.mark(shop.as_mut(), &mail, 0).await?;
        count += 1;
    }
    shop.commit().await.map_err(CommitError::into_error)?;
    Ok(count)
}
