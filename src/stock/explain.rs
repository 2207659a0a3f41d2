//! Why an article shows what it shows: every row behind the figure, as a person would add it up.

mod text;

use super::approve::Rises;
use super::assess::{Assessment, Basis, assess, available};
use super::erp::{self, Article, Detail};
use super::figure::Exception;
use super::figures::{Figure, Figures, Place, Shown};
use super::others::Others;
use super::pending::{OrderLine, join};
use super::report::Waiting;
use super::shop::{Shop, Targets, engine_of};
use super::siblings::Siblings;
use super::write::find_off;
use super::{Engines, LastKnown, Left, StockError};
use crate::db::Isolation;
use crate::plan::{self, Plan};
use crate::sync::change::RowChange;
use crate::sync::derived::groups::Groups;
use crate::value::Decimal;
use serde::{Serialize, Serializer};
use std::collections::BTreeSet;

/// Everything behind the figure of one sku in one shop. Quantities are exact; as JSON they are texts.
#[derive(Debug, Clone, Serialize)]
pub struct Explanation {
    pub sku: String,
    pub shop: String,
    /// The ERP has a stock row, a committed line or an exception for the sku.
    pub known: bool,
    pub on_hand: Vec<OnHand>,
    pub committed: Vec<Committed>,
    /// Lines of web orders that hold stock, also those that the ERP counts.
    pub pending: Vec<PendingLine>,
    #[serde(serialize_with = "plain")]
    pub safety: Decimal,
    pub exception: Option<Exception>,
    pub sum: Sum,
    /// What the shop should show; `None` if the ERP does not know the sku.
    #[serde(serialize_with = "plain_option")]
    pub available: Option<Decimal>,
    /// Articles of the shop with this sku: one, if all is well.
    pub shown: Vec<ShownFigure>,
    /// Rows beside the figure that are not as they should be.
    pub derived: Vec<RowChange>,
    pub verdict: Verdict,
    /// Why a person keeps the figure from rising, or is asked first.
    pub held: Option<Waiting>,
    /// Shops on the same warehouses that were out of reach: their last known orders are used.
    pub out_of_reach: Vec<String>,
}

/// The terms of the sum.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Sum {
    #[serde(serialize_with = "plain")]
    pub on_hand: Decimal,
    #[serde(serialize_with = "plain")]
    pub committed: Decimal,
    #[serde(serialize_with = "plain")]
    pub pending: Decimal,
    /// On hand - committed - pending - safety stock, before rounding down.
    #[serde(serialize_with = "plain")]
    pub total: Decimal,
}

#[derive(Debug, Clone, Serialize)]
pub struct OnHand {
    pub warehouse: Option<String>,
    #[serde(serialize_with = "plain")]
    pub quantity: Decimal,
    /// The warehouse is assigned to the shop: only then it counts.
    pub assigned: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Committed {
    pub document: Option<String>,
    pub warehouse: Option<String>,
    #[serde(serialize_with = "plain")]
    pub quantity: Decimal,
    pub assigned: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct PendingLine {
    /// `<shop>/<order id>`.
    pub reference: String,
    /// Pieces in the shop's order.
    #[serde(serialize_with = "plain")]
    pub quantity: Decimal,
    /// Pieces of it that the ERP counts.
    #[serde(serialize_with = "plain")]
    pub counted: Decimal,
    /// The ERP closed or cancelled the order.
    pub closed: bool,
    /// Pieces that stay pending.
    #[serde(serialize_with = "plain")]
    pub pending: Decimal,
    /// When it was placed (UTC), where the pack says so.
    pub placed: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ShownFigure {
    /// Key of the figure's row in the shop.
    pub id: String,
    /// As the shop has it; `None`: nothing was ever set.
    pub shown: Option<String>,
    pub managed: bool,
    /// All skus that sell from this figure, if there are several.
    pub shared_by: Vec<String>,
}

/// How what is shown relates to what should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Right,
    /// The figure is right, rows beside it are not.
    DerivedOff,
    /// The next cycle changes it.
    Due,
    /// The shop has no article with this sku.
    NotInShop,
    #[serde(untagged)]
    Left(Left),
}

/// Adds up the figure of one sku as a cycle would, without writing.
///
/// # Errors
/// As [`cycle`](super::cycle).
pub async fn explain(
    project: &Plan,
    stock: &plan::Stock,
    engines: &Engines,
    last_known: &LastKnown,
    sku: &str,
) -> Result<Explanation, StockError> {
    let sku = sku.trim_matches(' ').to_owned();
    let only = BTreeSet::from([sku.clone()]);
    let mut shop = Shop::open(project, stock, engines).await?;
    let targets = shop.targets().await?;
    let siblings = Siblings::open(project, stock, engines).await?;
    let mut others = Others::open(project, stock, engines, last_known).await?;
    let other_lines = others.pending(Some(&only)).await?;
    shop.session.begin(Isolation::Snapshot).await?;
    let figures = shop.figures(Some(&only), true, &targets.columns()).await?;
    let mut own_lines = shop.pending(Some(&only)).await?;
    let session = shop.session.as_mut();
    own_lines.extend(siblings.lines(session, Some(&only)).await?);
    shop.session.rollback().await?;
    let ignored = super::ignored(project, stock, shop.session.as_mut()).await?;

    let mut erp = engine_of(engines, &stock.erp.connection)?.connect().await?;
    let references = own_lines
        .iter()
        .chain(&other_lines)
        .map(|line| line.reference.clone())
        .collect();
    let wanted = erp::Wanted {
        only: Some(&only),
        skus: &figures.skus,
        references: &references,
        details: true,
    };
    let erp = erp::read(erp.as_mut(), stock, &wanted).await?;
    let lines = join(&[&own_lines, &other_lines], &erp.counted);
    let basis = Basis {
        lines: &lines,
        erp: &erp,
        safety: &stock.safety,
        disputed: &siblings.disputed,
        ignored: &ignored,
        only: Some(&only),
    };
    let assessment = assess(&figures, &basis, |_, _| true);
    let derived = derived_off(&mut shop, &targets, &figures, &assessment).await?;
    let held = match Rises::new(&super::own(project, stock), stock) {
        Some(rises) => rises.held(&mut shop, &figures, &assessment.off).await?,
        None => None,
    };

    let number = figures.skus.number(&sku);
    let article = number.map_or(Err(Left::NotInErp), |number| erp.article(number));
    let known = !matches!(article, Err(Left::NotInErp));
    let pending: Decimal = lines.iter().map(|line| &line.pending).sum();
    let sum = |details: &[Detail]| -> Decimal {
        let assigned = details.iter().filter(|detail| detail.assigned);
        assigned.map(|detail| &detail.quantity).sum()
    };
    let (on_hand, committed) = (sum(&erp.details.on_hand), sum(&erp.details.committed));
    // Of an article with a quantity that is no number, what can be told.
    let article = article.unwrap_or_else(|_| Article {
        uncommitted: &on_hand - &committed,
        exception: None,
    });
    let found = available(&article, Some(&pending), &stock.safety);
    Ok(Explanation {
        known,
        on_hand: erp.details.on_hand.into_iter().map(OnHand::from).collect(),
        committed: erp
            .details
            .committed
            .into_iter()
            .map(Committed::from)
            .collect(),
        safety: stock.safety.clone(),
        exception: article.exception,
        sum: Sum {
            on_hand,
            committed,
            pending,
            total: found.sum,
        },
        available: known.then_some(found.pieces),
        shown: shown(&figures, &sku),
        verdict: verdict(&assessment, &derived),
        held,
        pending: lines.into_iter().map(PendingLine::from).collect(),
        derived,
        shop: stock.shop.clone(),
        out_of_reach: others.out_of_reach(),
        sku,
    })
}

/// Rows beside the article's figures that are off; those that it shares with other articles are left out.
async fn derived_off(
    shop: &mut Shop<'_>,
    targets: &Targets<'_>,
    figures: &Figures,
    assessment: &Assessment,
) -> Result<Vec<RowChange>, StockError> {
    let off = assessment.off.iter().map(|job| job.place);
    let places: Vec<Place> = off.chain(assessment.right.iter().copied()).collect();
    let mut changes = Vec::new();
    let session = shop.session.as_mut();
    let mut groups = Groups::default();
    find_off(session, targets, figures, &places, &mut groups, |found| {
        changes.extend(found.first);
    })
    .await?;
    Ok(changes)
}

fn shown(figures: &Figures, sku: &str) -> Vec<ShownFigure> {
    let figure = |figure: Figure| {
        let sharers = figures.sharers(&figure);
        let several = sharers.len() > 1;
        ShownFigure {
            id: figure.id.show(),
            shown: match figure.shown {
                Shown::Nothing => None,
                Shown::Pieces(pieces) => Some(pieces.to_plain()),
                Shown::Unreadable(text) => Some(text),
            },
            managed: figure.managed,
            shared_by: sharers
                .into_iter()
                .filter(|_| several)
                .map(str::to_owned)
                .collect(),
        }
    };
    figures.of(sku).into_iter().map(figure).collect()
}

fn verdict(assessment: &Assessment, derived: &[RowChange]) -> Verdict {
    let is_article = |place: &Place| matches!(place, Place::Article(_));
    if let Some(left) = assessment.left.keys().next() {
        Verdict::Left(*left)
    } else if assessment.off.iter().any(|job| is_article(&job.place)) {
        Verdict::Due
    } else if !assessment.right.iter().any(is_article) {
        Verdict::NotInShop
    } else if !derived.is_empty() {
        Verdict::DerivedOff
    } else {
        Verdict::Right
    }
}

impl From<Detail> for OnHand {
    fn from(detail: Detail) -> Self {
        OnHand {
            warehouse: detail.warehouse,
            quantity: detail.quantity,
            assigned: detail.assigned,
        }
    }
}

impl From<Detail> for Committed {
    fn from(detail: Detail) -> Self {
        Committed {
            document: detail.document,
            warehouse: detail.warehouse,
            quantity: detail.quantity,
            assigned: detail.assigned,
        }
    }
}

impl From<OrderLine> for PendingLine {
    fn from(line: OrderLine) -> Self {
        PendingLine {
            reference: line.reference,
            quantity: line.quantity,
            counted: line.counted,
            closed: line.closed,
            pending: line.pending,
            placed: line
                .placed
                .map(|placed| placed.format("%Y-%m-%d %H:%M").to_string()),
        }
    }
}

fn plain<S: Serializer>(number: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

fn plain_option<S: Serializer>(number: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    match number {
        Some(number) => serializer.collect_str(number),
        None => serializer.serialize_none(),
    }
}
