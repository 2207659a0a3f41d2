//! Packs: found by name inside the program or by path, and read file by file.

use super::body::Body;
use super::extend;
use super::mapping::fulfilment::{ErpFulfilmentFile, ShopFulfilmentFile};
use super::mapping::{
    CustomerFile, ErpOrderFile, ErpRecordFile, ErpRefundFile, ErpStockFile, FetchKeys, PackFile,
    RefuseKeys, ShopOrderFile, ShopRecordFile, ShopRefundFile, ShopStockFile, Side,
};
use super::record;
use super::source::{Loader, read_text};
use super::spanned::At;
use super::structure::{self, Form};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use include_dir::{Dir, include_dir};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

static MAPPINGS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/mappings");

/// A pack as it was read: nothing resolved yet.
#[derive(Debug)]
pub struct Pack {
    pub name: String,
    /// `pack.toml`.
    pub file: Arc<SourceFile>,
    pub facts: PackFile,
    pub records: BTreeMap<String, RecordFile>,
    /// False if a record's file could not be read: that a record is missing then means nothing.
    pub complete: bool,
}

#[derive(Debug, Clone)]
pub struct RecordFile {
    pub file: Arc<SourceFile>,
    pub body: Body,
}

/// What a record asks of its target: values, and not to be such a one.
pub type Asks<'f> = (&'f [At<FetchKeys>], &'f [At<RefuseKeys>]);

impl Pack {
    pub fn erp_record(&self, record: &str) -> Option<(&Arc<SourceFile>, &ErpRecordFile)> {
        let found = self.records.get(record)?;
        match &found.body {
            Body::ErpRecord(body) => Some((&found.file, body)),
            _ => None,
        }
    }

    pub fn erp_stock(&self) -> Option<(&Arc<SourceFile>, &ErpStockFile)> {
        let found = self.records.get(record::STOCK)?;
        match &found.body {
            Body::ErpStock(body) => Some((&found.file, body)),
            _ => None,
        }
    }

    pub fn shop_record(&self, record: &str) -> Option<(&Arc<SourceFile>, &ShopRecordFile)> {
        let found = self.records.get(match record {
            record::WEB_CUSTOMER => record::CUSTOMER.name,
            record => record,
        })?;
        match &found.body {
            Body::ShopRecord(body) | Body::ErpOrder(_, body) | Body::Customer(_, body) => {
                Some((&found.file, body))
            }
            _ => None,
        }
    }

    pub fn customer(&self) -> Option<(&Arc<SourceFile>, &CustomerFile)> {
        let found = self.records.get(record::CUSTOMER.name)?;
        match &found.body {
            Body::Customer(body, _) => Some((&found.file, body)),
            _ => None,
        }
    }

    /// What a record that is written to this side asks of it.
    pub fn asks(&self, record: &str) -> Option<Asks<'_>> {
        match record {
            record::WEB_CUSTOMER | "customer" => {
                let (_, body) = self.customer()?;
                Some((&body.fetch, &body.refuse))
            }
            "order" | "refund" => {
                let (_, body) = self.erp_order(record)?;
                Some((&body.fetch, &body.refuse))
            }
            _ => None,
        }
    }

    /// What the links of a record that is written to this side are called.
    pub fn linked_as<'n>(&self, record: &'n str) -> &'n str {
        let side = self.facts.pack.as_ref().and_then(|pack| pack.side.as_ref());
        match record {
            "customer" if side.is_some_and(|side| side.value == Side::Erp) => record::WEB_CUSTOMER,
            record => record,
        }
    }

    /// Which rows an order becomes, or a refund: their files say the same.
    pub fn erp_order(&self, record: &str) -> Option<(&Arc<SourceFile>, &ErpOrderFile)> {
        let found = self.records.get(record)?;
        match &found.body {
            Body::ErpOrder(body, _) => Some((&found.file, body)),
            _ => None,
        }
    }

    pub fn shop_order(&self) -> Option<(&Arc<SourceFile>, &ShopOrderFile)> {
        let found = self.records.get(record::ORDER.name)?;
        match &found.body {
            Body::ShopOrder(body) => Some((&found.file, body)),
            _ => None,
        }
    }

    pub fn shop_refund(&self) -> Option<(&Arc<SourceFile>, &ShopRefundFile)> {
        let found = self.records.get(record::REFUND.name)?;
        match &found.body {
            Body::ShopRefund(body) => Some((&found.file, body)),
            _ => None,
        }
    }

    pub fn erp_fulfilment(&self) -> Option<(&Arc<SourceFile>, &ErpFulfilmentFile)> {
        let found = self.records.get(record::FULFILMENT)?;
        match &found.body {
            Body::ErpFulfilment(body) => Some((&found.file, body)),
            _ => None,
        }
    }

    pub fn shop_fulfilment(&self) -> Option<(&Arc<SourceFile>, &ShopFulfilmentFile)> {
        let found = self.records.get(record::FULFILMENT)?;
        match &found.body {
            Body::ShopFulfilment(body) => Some((&found.file, body)),
            _ => None,
        }
    }

    pub fn shop_stock(&self) -> Option<(&Arc<SourceFile>, &ShopStockFile)> {
        let found = self.records.get(record::STOCK)?;
        match &found.body {
            Body::ShopStock(body) => Some((&found.file, body)),
            _ => None,
        }
    }
}

/// The packs of one project; each is read once.
#[derive(Default)]
pub struct Packs {
    read: BTreeMap<(&'static str, String), Option<Rc<Pack>>>,
    /// Packs that are being read, each the base of the one before it.
    open: Vec<String>,
}

/// The names of the packs inside the program.
pub fn embedded(side: Side) -> Vec<&'static str> {
    let mut names: Vec<&str> = MAPPINGS
        .get_dir(folder(side))
        .into_iter()
        .flat_map(|dir| dir.dirs())
        .filter_map(|dir| dir.path().file_name()?.to_str())
        .collect();
    names.sort_unstable();
    names
}

fn folder(side: Side) -> &'static str {
    match side {
        Side::Erp => "erp",
        Side::Shop => "shop",
    }
}

/// One text of a pack: the name by which messages call it, and what it holds.
type Text = (String, Result<String, String>);

impl Packs {
    /// The pack that a project file names; `None` after an error, which is reported.
    pub fn get(
        &mut self,
        loader: &mut Loader<'_>,
        side: Side,
        name: &At<String>,
        at: &Span,
    ) -> Option<Rc<Pack>> {
        let called = match is_path(name) {
            true => normal(Path::new(name.as_str())),
            false => name.value.clone(),
        };
        let key = (folder(side), called.clone());
        if let Some(read) = self.read.get(&key) {
            return read.clone();
        }
        if self.open.contains(&called) {
            loader.report(extend::cycle(&self.open, &called, at));
            return None;
        }
        let texts = if is_path(name) {
            folder_texts(loader, name, at)
        } else {
            embedded_texts(loader, side, name, at)
        };
        self.open.push(called);
        let pack = texts.and_then(|texts| self.read_pack(loader, side, name, at, texts));
        self.open.pop();
        let pack = pack.map(Rc::new);
        self.read.insert(key, pack.clone());
        pack
    }

    fn read_pack(
        &mut self,
        loader: &mut Loader<'_>,
        side: Side,
        name: &str,
        at: &Span,
        texts: Vec<Text>,
    ) -> Option<Pack> {
        let Files {
            facts,
            records,
            mut complete,
        } = files(loader, name, at, texts)?;
        let document = structure::parse(&facts, &facts.text, &mut loader.found)?;
        let base = match extends(&facts, &document) {
            None => None,
            Some(extends) => Some(self.base(loader, side, name, extends)?),
        };
        let pages = Pages::of(&facts, base.as_ref().map(|base| &base.file));
        let file = pages.file.clone();
        let found = &mut loader.found;
        let own = pages.parse(found)?;
        let own: PackFile = structure::read(&file, own, pages.form, found)?;
        let facts = match &base {
            None => own,
            Some(base) => extend::facts(&file, &base.facts, own, found),
        };
        if !fits_side(&file, &facts, side, name, found) {
            return None;
        }
        let inherited = extend::inherited(&file, &facts, base.as_deref(), found);
        complete &= base.as_ref().is_none_or(|base| base.complete);
        let mut described = BTreeMap::new();
        for page in records {
            match read_record(&page, side, &inherited, found) {
                Some((record, read)) => add_record(&mut described, record, read, found),
                None => complete = false,
            }
        }
        let mut records = inherited;
        records.extend(described);
        Some(Pack {
            name: name.to_owned(),
            file,
            facts,
            records,
            complete,
        })
    }

    /// The pack that another one is a difference of. A folder is looked for from the other one's.
    fn base(
        &mut self,
        loader: &mut Loader<'_>,
        side: Side,
        name: &str,
        (extends, at): (String, Span),
    ) -> Option<Rc<Pack>> {
        let wanted = match is_path(&extends) && is_path(name) {
            true => normal(&Path::new(name).join(extends)),
            false => extends,
        };
        let wanted = At::new(wanted, at.range.clone());
        self.get(loader, side, &wanted, &at)
    }
}

/// What `extends` says, and where.
fn extends(file: &Arc<SourceFile>, document: &structure::Document<'_>) -> Option<(String, Span)> {
    let keys = document.get("pack")?.get_ref().as_table()?;
    let extends = keys.get("extends")?;
    let text = At::new(extends.get_ref().as_str()?.to_owned(), extends.span());
    let at = text.content(file);
    Some((text.value, at))
}

/// A file on its own, or behind the one that it is a difference of, as one text: so that both can stand in one place.
struct Pages {
    file: Arc<SourceFile>,
    form: Form,
    /// The file's own text at its place in the whole.
    text: String,
}

impl Pages {
    fn of(own: &Arc<SourceFile>, base: Option<&Arc<SourceFile>>) -> Pages {
        match base {
            None => Pages {
                file: own.clone(),
                form: Form::Whole,
                text: own.text.clone(),
            },
            Some(base) => Pages {
                file: Arc::new(SourceFile::joined(base, own)),
                form: Form::Difference,
                text: " ".repeat(base.text.len()) + &own.text,
            },
        }
    }

    fn parse(&self, found: &mut Vec<Diagnostic>) -> Option<structure::Document<'_>> {
        structure::parse(&self.file, &self.text, found)
    }
}

/// A path without `.` and, as far as that can be told from it, `..`: so that a folder has one name.
fn normal(path: &Path) -> String {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let path: PathBuf = parts.iter().collect();
    match parts.first() {
        Some(Component::Normal(_)) => format!("./{}", path.display()),
        _ => path.display().to_string(),
    }
}

fn is_path(name: &str) -> bool {
    name.starts_with('.') || name.contains(['/', '\\'])
}

fn embedded_texts(loader: &mut Loader<'_>, side: Side, name: &str, at: &Span) -> Option<Vec<Text>> {
    let Some(dir) = MAPPINGS.get_dir(format!("{}/{name}", folder(side))) else {
        let known = embedded(side);
        let message = format!("there is no {} pack `{name}`", folder(side));
        let found = Diagnostic::error("P120", message)
            .at(at, "unknown pack")
            .note(format!("packs inside the program: {}", known.join(", ")));
        let found = match crate::diagnostic::nearest(name, known.iter().copied()) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found.help("a folder with a pack of your own is named by its path: `./mypack`"),
        };
        loader.report(found);
        return None;
    };
    let mut texts: Vec<Text> = dir
        .files()
        .filter_map(|file| {
            let file_name = file.path().file_name()?.to_str()?;
            let text = file.contents_utf8().ok_or("it is not UTF-8 text");
            let text = text.map(str::to_owned).map_err(str::to_owned);
            is_toml(file_name).then(|| (format!("pack:{name}/{file_name}"), text))
        })
        .collect();
    texts.sort_by(|a, b| a.0.cmp(&b.0));
    Some(texts)
}

fn folder_texts(loader: &mut Loader<'_>, name: &str, at: &Span) -> Option<Vec<Text>> {
    let path = loader.base.join(name);
    let shown = name.trim_start_matches("./").trim_end_matches(['/', '\\']);
    let entries = match std::fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(_) => {
            let message = format!("there is no folder `{name}`");
            loader.report(
                Diagnostic::error("P120", message)
                    .at(at, "looked for beside the project file")
                    .help("a pack inside the program is named without `.` and `/`"),
            );
            return None;
        }
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_toml(name))
        .collect();
    names.sort_unstable();
    let text = |name: String| (format!("{shown}/{name}"), read_text(&path.join(&name)));
    Some(names.into_iter().map(text).collect())
}

fn is_toml(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == "toml")
}

/// The files of a pack.
struct Files {
    facts: Arc<SourceFile>,
    records: Vec<Arc<SourceFile>>,
    /// False if one could not be read.
    complete: bool,
}

fn files(loader: &mut Loader<'_>, name: &str, at: &Span, texts: Vec<Text>) -> Option<Files> {
    let is_facts = |shown: &str| shown.rsplit(['/', '\\']).next() == Some("pack.toml");
    let mut files = Vec::new();
    let mut complete = true;
    for (shown, text) in texts {
        match text {
            Ok(text) => files.push(loader.add(shown, text)),
            Err(why) => {
                complete = false;
                let message = format!("`{shown}` cannot be read: {why}");
                loader.report(Diagnostic::error("P001", message).at(at, "of this pack"));
            }
        }
    }
    let Some(first) = files.iter().position(|file| is_facts(&file.path)) else {
        if complete {
            let message = format!("pack `{name}` has no `pack.toml`");
            loader.report(Diagnostic::error("P001", message).at(at, ""));
        }
        return None;
    };
    let facts = files.remove(first);
    Some(Files {
        facts,
        records: files,
        complete,
    })
}

/// A record's file; where the pack has the record from its base, it says what is different.
fn read_record(
    own: &Arc<SourceFile>,
    side: Side,
    inherited: &BTreeMap<String, RecordFile>,
    found: &mut Vec<Diagnostic>,
) -> Option<(At<String>, RecordFile)> {
    let document = structure::parse(own, &own.text, found)?;
    let record = document
        .get("record")
        .and_then(|record| record.get_ref().as_str());
    let stock = record == Some(record::STOCK);
    let order = record == Some(record::ORDER.name);
    let refund = record == Some(record::REFUND.name);
    let fulfilment = record == Some(record::FULFILMENT);
    let customer = record == Some(record::CUSTOMER.name);
    // The files of orders, their refunds and their fulfilment, and that of customers, are taken over whole, or replaced whole.
    let base = record.and_then(|record| inherited.get(record));
    let base = base.filter(|_| !order && !refund && !fulfilment && !customer);
    let pages = Pages::of(own, base.map(|base| &base.file));
    let (file, form) = (&pages.file, pages.form);
    let document = pages.parse(found)?;
    let (name, body) = match (side, stock) {
        _ if customer => {
            let body: CustomerFile = structure::read(file, document, form, found)?;
            (body.record.clone(), Body::customer(body))
        }
        (Side::Erp, _) if order => {
            let body: ErpOrderFile = structure::read(file, document, form, found)?;
            (body.record.clone(), Body::erp_order(body))
        }
        (Side::Shop, _) if order => {
            let body: ShopOrderFile = structure::read(file, document, form, found)?;
            (body.record.clone(), Body::ShopOrder(Box::new(body)))
        }
        (Side::Erp, _) if refund => {
            let body: ErpRefundFile = structure::read(file, document, form, found)?;
            (body.record.clone(), Body::erp_order(body.into()))
        }
        (Side::Shop, _) if refund => {
            let body: ShopRefundFile = structure::read(file, document, form, found)?;
            (body.record.clone(), Body::ShopRefund(Box::new(body)))
        }
        (Side::Erp, _) if fulfilment => {
            let body: ErpFulfilmentFile = structure::read(file, document, form, found)?;
            (body.record.clone(), Body::ErpFulfilment(Box::new(body)))
        }
        (Side::Shop, _) if fulfilment => {
            let body: ShopFulfilmentFile = structure::read(file, document, form, found)?;
            (body.record.clone(), Body::ShopFulfilment(Box::new(body)))
        }
        (Side::Erp, false) => {
            let body: ErpRecordFile = structure::read(file, document, form, found)?;
            (body.record.clone(), Body::ErpRecord(Box::new(body)))
        }
        (Side::Erp, true) => {
            let body: ErpStockFile = structure::read(file, document, form, found)?;
            (body.record.clone(), Body::ErpStock(Box::new(body)))
        }
        (Side::Shop, false) => {
            let body: ShopRecordFile = structure::read(file, document, form, found)?;
            (body.record.clone(), Body::ShopRecord(Box::new(body)))
        }
        (Side::Shop, true) => {
            let body: ShopStockFile = structure::read(file, document, form, found)?;
            (body.record.clone(), Body::ShopStock(Box::new(body)))
        }
    };
    let name = name?;
    if !record::names().any(|known| known == name.value) {
        found.push(
            Diagnostic::error("P124", format!("unknown record `{}`", name.value))
                .at(&name.content(file), "not a record")
                .note(format!(
                    "records: {}",
                    record::names().collect::<Vec<_>>().join(", ")
                ))
                .suggest(&name, record::names()),
        );
        return None;
    }
    let body = match base {
        None => body,
        Some(base) => extend::body(file, &base.body, body, found),
    };
    let file = pages.file;
    Some((name, RecordFile { file, body }))
}

fn add_record(
    records: &mut BTreeMap<String, RecordFile>,
    record: At<String>,
    read: RecordFile,
    found: &mut Vec<Diagnostic>,
) {
    if let Some(other) = records.get(&record.value) {
        let message = format!("record `{}` is described twice", record.value);
        found.push(
            Diagnostic::error("P126", message)
                .at(&record.content(&read.file), "again here")
                .note(format!("first in {}", other.file.path)),
        );
        return;
    }
    records.insert(record.value, read);
}

fn fits_side(
    file: &Arc<SourceFile>,
    facts: &PackFile,
    side: Side,
    name: &str,
    found: &mut Vec<Diagnostic>,
) -> bool {
    let said = facts.pack.as_ref().and_then(|pack| pack.side.as_ref());
    match said {
        Some(said) if said.value != side => {
            let (is, wanted) = match side {
                Side::Erp => ("a shop", "an ERP"),
                Side::Shop => ("an ERP", "a shop"),
            };
            let message = format!("pack `{name}` describes {is}, not {wanted}");
            let place = said.span(file);
            found.push(Diagnostic::error("P125", message).at(&place, "the other side"));
            false
        }
        _ => true,
    }
}
