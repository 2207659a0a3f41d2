//! A mail's words: templates of the program's, or of the project's in their place.

use crate::fulfilment::decide::Parcel;
use crate::fulfilment::erp::Contact;
use crate::plan::fulfilment::Language;
use crate::plan::mail::Mailing;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use std::path::Path;

/// What is sent, before it is a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Why there are no words.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    #[error("`{file}` cannot be read: {error}")]
    File { file: String, error: std::io::Error },
    #[error("template `{file}`: {error}")]
    Template {
        file: String,
        error: minijinja::Error,
    },
    #[error("template `{file}` has no subject in its first line")]
    NoSubject { file: String },
}

/// The program's own templates, by the name of the file that stands in their place.
const OWN: [(&str, &str); 8] = [
    ("shipment.en.txt", include_str!("templates/shipment.en.txt")),
    (
        "shipment.en.html",
        include_str!("templates/shipment.en.html"),
    ),
    ("shipment.it.txt", include_str!("templates/shipment.it.txt")),
    (
        "shipment.it.html",
        include_str!("templates/shipment.it.html"),
    ),
    ("invoice.en.txt", include_str!("templates/invoice.en.txt")),
    ("invoice.en.html", include_str!("templates/invoice.en.html")),
    ("invoice.it.txt", include_str!("templates/invoice.it.txt")),
    ("invoice.it.html", include_str!("templates/invoice.it.html")),
];

/// Addresses of tracking pages, by what a carrier's name begins with, in small letters.
const CARRIERS: [(&str, &str); 6] = [
    (
        "dhl",
        "https://www.dhl.com/it-it/home/tracking.html?tracking-id={tracking}",
    ),
    (
        "fedex",
        "https://www.fedex.com/fedextrack/?trknbr={tracking}",
    ),
    (
        "tnt",
        "https://www.tnt.com/express/it_it/site/tracking.html?searchType=con&cons={tracking}",
    ),
    ("ups", "https://www.ups.com/track?tracknum={tracking}"),
    (
        "poste",
        "https://www.poste.it/cerca/index.html#/risultati-spedizioni/{tracking}",
    ),
    (
        "brt",
        "https://vas.brt.it/vas/sped_det_show.hsm?referer=sped_numspe_par.htm&Nspediz={tracking}",
    ),
];

/// The page on which a parcel can be followed.
pub fn follow(mailing: &Mailing, parcel: &Parcel) -> Option<String> {
    if parcel.tracking.is_empty() {
        return None;
    }
    let name = parcel.carrier.to_lowercase();
    let own = mailing.server.carriers.iter();
    let mut own = own.filter(|(carrier, _)| carrier.to_lowercase() == name);
    let known = CARRIERS
        .iter()
        .find(|(carrier, _)| name.starts_with(carrier));
    let address = own.next().map(|(_, address)| address.as_str());
    let address = address.or(known.map(|(_, address)| *address))?;
    let letters = percent_encoding::NON_ALPHANUMERIC;
    let number = percent_encoding::utf8_percent_encode(&parcel.tracking, letters);
    Some(address.replace("{tracking}", &number.to_string()))
}

/// The words for a parcel (`shipment`) or an invoice (`invoice`).
///
/// # Errors
/// A template of the project's that cannot be read or does not hold what it must.
pub fn letter(
    mailing: &Mailing,
    kind: &str,
    language: Language,
    contact: &Contact,
    parcel: Option<&Parcel>,
    invoice: &str,
) -> Result<Letter, TextError> {
    let code = match language {
        Language::English => "en",
        Language::Italian => "it",
    };
    let parcel = parcel.map(|parcel| {
        context! {
            number => parcel.number.as_str(),
            carrier => parcel.carrier.as_str(),
            tracking => parcel.tracking.as_str(),
            url => follow(mailing, parcel),
            shipped_on => parcel.shipped_on.as_str(),
        }
    });
    let sender = mailing.server.from.split('<').next().unwrap_or_default();
    let values = context! {
        order => context! { number => contact.number.as_str(), name => contact.name.as_str(), reference => contact.reference.as_str() },
        parcel => parcel,
        invoice => invoice,
        sender => sender.trim().trim_matches('"'),
    };
    let draw = |ending: &str| {
        let file = format!("{kind}.{code}.{ending}");
        let template = source(&mailing.server.templates, &file)?;
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
            true => AutoEscape::Html,
            false => AutoEscape::None,
        });
        let drawn = environment.render_named_str(&file, &template, &values);
        drawn.map_err(|error| TextError::Template { file, error })
    };
    let text = draw("txt")?;
    let (subject, text) = text.split_once('\n').unwrap_or((&text, ""));
    if subject.trim().is_empty() {
        let file = format!("{kind}.{code}.txt");
        return Err(TextError::NoSubject { file });
    }
    Ok(Letter {
        subject: subject.trim().to_owned(),
        text: text.trim_start().to_owned(),
        html: draw("html")?,
    })
}

fn source(folder: &Path, file: &str) -> Result<String, TextError> {
    let path = folder.join(file);
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let own = OWN.iter().find(|(name, _)| *name == file);
            Ok(own.map_or(String::new(), |(_, text)| (*text).to_owned()))
        }
        Err(error) => Err(TextError::File {
            file: path.display().to_string(),
            error,
        }),
    }
}
