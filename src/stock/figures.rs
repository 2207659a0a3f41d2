//! The figures of a look, as the shop shows them: all of them are held until the ERP is read, so each takes little.

use super::assess::Left;
use super::packed::Packed;
use super::rows::number;
use super::skus::Skus;
use crate::value::{Decimal, Row, Value};
use hashbrown::HashTable;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};

/// What the shop shows for an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// NULL or blank: nothing was ever set.
    Nothing,
    Pieces(Decimal),
    /// A text that is no number.
    Unreadable(String),
}

impl Shown {
    pub fn read(value: &Value) -> Shown {
        match number(value) {
            Ok(Some(pieces)) => Shown::Pieces(pieces),
            Ok(None) => Shown::Nothing,
            Err(_) => Shown::Unreadable(value.show()),
        }
    }
}

/// One row of the pack's `figures`.
#[derive(Debug, Clone)]
pub struct Figure {
    pub sku: String,
    /// Key of the figure's row; NULL where the shop has none.
    pub id: Value,
    pub shown: Shown,
    /// The shop keeps stock for the article.
    pub managed: bool,
    /// The sku of the article whose figure is the sum of this sku's and others'.
    pub total: Option<String>,
    /// The columns that rows beside the figure are told by, `id` first.
    pub row: Row,
}

impl Figure {
    /// Which article's figure it is.
    pub fn name(&self) -> &str {
        self.total.as_ref().unwrap_or(&self.sku)
    }

    /// What is shown, if it is a number.
    pub fn pieces(&self) -> Option<&Decimal> {
        match &self.shown {
            Shown::Pieces(pieces) => Some(pieces),
            _ => None,
        }
    }
}

/// One row as the query yields it.
pub struct Yield {
    pub sku: String,
    pub id: Value,
    pub shown: Value,
    pub managed: bool,
    /// The shop's own rows beside the figure do not agree with it.
    pub suspect: bool,
    pub total: Option<String>,
    /// The columns kept, without `id`.
    pub row: Vec<Value>,
}

/// Where a figure is among those of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Article(u32),
    /// A part of a figure that is a sum; it stands for the sum.
    Total(u32),
}

#[derive(Debug, Default)]
pub struct Figures {
    /// Names of the columns that are kept in each figure's row, `id` first.
    pub columns: Vec<String>,
    /// The query yields `suspect`.
    pub tell_suspects: bool,
    /// One for each part of a figure that is a sum.
    pub totals: Vec<Figure>,
    /// Those of all figures, and others that the ERP is asked about.
    pub skus: Skus,
    /// Of each figure its key, what is shown, and the columns kept.
    rows: Packed,
    /// Of each figure the number of its sku.
    sku_of: Vec<u32>,
    marks: Vec<u8>,
    /// The first figure of each sku, by the sku's number.
    first: Vec<u32>,
}

/// In place of a figure: the sku has none.
const NONE: u32 = u32::MAX;

const MANAGED: u8 = 1;
const SUSPECT: u8 = 2;
/// Several skus sell from it.
const SHARED: u8 = 4;
/// Of the sku's first figure: the sku has another one, too.
const DUPLICATE: u8 = 8;
/// Of the sku's first figure: the shop does not manage it, by one of its rows at least. Doubled attributes yield a figure
/// twice; if they disagree, the shop may well not manage it.
const UNMANAGED: u8 = 16;

impl Figures {
    /// Figures with these columns in their rows.
    pub fn new(kept: &BTreeSet<String>) -> Figures {
        let id = "id".to_owned();
        let others = kept.iter().filter(|name| **name != id).cloned();
        Figures {
            columns: std::iter::once(id.clone()).chain(others).collect(),
            ..Figures::default()
        }
    }

    /// The columns that a row has beside what every figure has.
    pub fn kept(&self) -> &[String] {
        self.columns.get(1..).unwrap_or_default()
    }

    pub fn push(&mut self, figure: Yield) {
        if let Some(whole) = &figure.total {
            self.also(whole);
            self.also(&figure.sku);
            let row = std::iter::once(figure.id.clone()).chain(figure.row);
            self.totals.push(Figure {
                row: row.collect(),
                shown: Shown::read(&figure.shown),
                sku: figure.sku,
                id: figure.id,
                managed: figure.managed,
                total: figure.total,
            });
            return;
        }
        let sku = self.also(&figure.sku);
        let row = self.rows.len() as u32;
        let mut marks = 0;
        if figure.managed {
            marks |= MANAGED;
        }
        if figure.suspect {
            marks |= SUSPECT;
        }
        match self.first[sku as usize] {
            NONE => self.first[sku as usize] = row,
            first => {
                if encoded(&self.id(first)) != encoded(&figure.id) {
                    self.marks[first as usize] |= DUPLICATE;
                }
            }
        }
        let mut values = vec![figure.id, figure.shown];
        values.extend(figure.row);
        self.rows.push(&values);
        self.sku_of.push(sku);
        self.marks.push(marks);
        if !figure.managed {
            let first = self.first[sku as usize];
            self.marks[first as usize] |= UNMANAGED;
        }
    }

    /// The number of a sku that the ERP is asked about, whether it has a figure or not.
    pub fn also(&mut self, sku: &str) -> u32 {
        let number = self.skus.intern(sku);
        if self.first.len() < self.skus.len() {
            self.first.push(NONE);
        }
        number
    }

    /// To be called once all figures are there: finds those that several skus sell from.
    pub fn complete(&mut self) {
        let hasher = RandomState::new();
        let mut by_key: HashTable<u32> = HashTable::with_capacity(self.rows.len());
        for row in 0..self.rows.len() as u32 {
            let id = self.id(row);
            if id.is_null() {
                continue;
            }
            let key = encoded(&id);
            let hash = |key: &[u8]| hasher.hash_one(key);
            let same = |other: &u32| encoded(&self.id(*other)) == key;
            match by_key.find(hash(&key), same) {
                None => {
                    let rehash = |other: &u32| hash(&encoded(&self.id(*other)));
                    by_key.insert_unique(hash(&key), row, rehash);
                }
                Some(&other) if self.sku_of[other as usize] != self.sku_of[row as usize] => {
                    // Of three skus on one figure, the first one is marked twice.
                    self.marks[other as usize] |= SHARED;
                    self.marks[row as usize] |= SHARED;
                }
                // The same article again: what is found of one of its rows holds for both.
                Some(_) => {}
            }
        }
    }

    /// Rows that the query yielded, those of sums aside.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// One figure for each sku.
    pub fn articles(&self) -> impl Iterator<Item = u32> {
        self.first.iter().copied().filter(|first| *first != NONE)
    }

    pub fn sku(&self, row: u32) -> &str {
        self.skus.text(self.sku_of[row as usize])
    }

    pub fn sku_number(&self, row: u32) -> u32 {
        self.sku_of[row as usize]
    }

    pub fn is_suspect(&self, row: u32) -> bool {
        self.marks[row as usize] & SUSPECT > 0
    }

    fn id(&self, row: u32) -> Value {
        self.rows.row(row as usize).next().unwrap_or(Value::Null)
    }

    pub fn shown(&self, row: u32) -> Shown {
        let shown = self.rows.row(row as usize).nth(1);
        Shown::read(&shown.unwrap_or(Value::Null))
    }

    /// Key of the figure's row.
    pub fn key(&self, place: Place) -> Value {
        match place {
            Place::Article(row) => self.id(row),
            Place::Total(at) => self.totals[at as usize].id.clone(),
        }
    }

    /// Keys of all figures that there are, sums included.
    pub fn keys(&self) -> impl Iterator<Item = Vec<u8>> {
        let articles = (0..self.rows.len() as u32).map(|row| self.id(row));
        let totals = self.totals.iter().map(|figure| figure.id.clone());
        let all = articles.chain(totals).filter(|id| !id.is_null());
        all.map(|id| encoded(&id))
    }

    pub fn figure(&self, place: Place) -> Figure {
        let row = match place {
            Place::Article(row) => row,
            Place::Total(at) => return self.totals[at as usize].clone(),
        };
        let mut values = self.rows.row(row as usize);
        let id = values.next().unwrap_or(Value::Null);
        let shown = values.next().unwrap_or(Value::Null);
        let marks = self.marks[row as usize];
        Figure {
            sku: self.sku(row).to_owned(),
            shown: Shown::read(&shown),
            managed: marks & MANAGED > 0,
            total: None,
            row: std::iter::once(id.clone()).chain(values).collect(),
            id,
        }
    }

    /// Every row of a sku.
    pub fn of(&self, sku: &str) -> Vec<Figure> {
        let number = self.skus.number(sku);
        let rows = self.sku_of.iter().enumerate();
        let rows = rows.filter(|(_, of)| Some(**of) == number);
        rows.map(|(row, _)| self.figure(Place::Article(row as u32)))
            .collect()
    }

    /// The skus that sell from a figure.
    pub fn sharers(&self, figure: &Figure) -> Vec<&str> {
        let key = encoded(&figure.id);
        let rows = (0..self.rows.len() as u32).filter(|_| !figure.id.is_null());
        let rows = rows.filter(|row| encoded(&self.id(*row)) == key);
        let skus: BTreeSet<&str> = rows.map(|row| self.sku(row)).collect();
        skus.into_iter().collect()
    }

    /// What the shop's own side says against writing a sku's first figure.
    pub fn left(&self, row: u32) -> Option<Left> {
        let marks = self.marks[row as usize];
        if marks & DUPLICATE > 0 {
            Some(Left::DuplicateSku)
        } else if marks & UNMANAGED > 0 {
            Some(Left::Unmanaged)
        } else if self.id(row).is_null() {
            Some(Left::NoFigure)
        } else if marks & SHARED > 0 {
            Some(Left::SharedFigure)
        } else if matches!(self.shown(row), Shown::Unreadable(_)) {
            Some(Left::Unreadable)
        } else {
            None
        }
    }
}

pub fn encoded(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sku, key (0: none) and whether the shop manages it.
    fn figures(rows: &[(&str, i64, bool)]) -> Figures {
        let mut figures = Figures::new(&["article".to_owned(), "id".to_owned()].into());
        for (sku, id, managed) in rows {
            let id = match id {
                0 => Value::Null,
                id => Value::Int(*id),
            };
            figures.push(Yield {
                sku: (*sku).to_owned(),
                id,
                shown: Value::Text("3".to_owned()),
                managed: *managed,
                suspect: false,
                total: None,
                row: vec![Value::UInt(7)],
            });
        }
        figures.complete();
        figures
    }

    fn left(rows: &[(&str, i64, bool)]) -> Vec<(String, Option<Left>)> {
        let figures = figures(rows);
        let left = |row| (figures.sku(row).to_owned(), figures.left(row));
        figures.articles().map(left).collect()
    }

    fn one(sku: &str, why: Option<Left>) -> (String, Option<Left>) {
        (sku.to_owned(), why)
    }

    #[test]
    fn ambiguous_figures_are_left_alone() {
        assert_eq!(
            left(&[("A", 1, true), ("A", 2, true), ("B", 3, true)]),
            [one("A", Some(Left::DuplicateSku)), one("B", None)]
        );
        let shared = Some(Left::SharedFigure);
        assert_eq!(
            left(&[("A", 1, true), ("B", 2, true), ("C", 1, true)]),
            [one("A", shared), one("B", None), one("C", shared)]
        );
        // The other sku's second figure is the one that is shared.
        assert_eq!(
            left(&[("A", 1, true), ("A", 2, true), ("B", 2, true)]),
            [one("A", Some(Left::DuplicateSku)), one("B", shared)]
        );
    }

    #[test]
    fn a_row_that_a_join_doubled_is_no_duplicate() {
        assert_eq!(left(&[("A", 1, true), ("A", 1, true)]), [one("A", None)]);
        assert_eq!(
            left(&[("A", 1, true), ("A", 1, false)]),
            [one("A", Some(Left::Unmanaged))]
        );
        assert_eq!(
            left(&[("A", 0, true), ("B", 0, true)]),
            [
                one("A", Some(Left::NoFigure)),
                one("B", Some(Left::NoFigure))
            ]
        );
    }

    #[test]
    fn a_figure_comes_back_whole() {
        let figures = figures(&[("A", 1, true), ("B", 2, false)]);
        let found = figures.figure(Place::Article(1));
        assert_eq!((found.sku.as_str(), found.id), ("B", Value::Int(2)));
        assert_eq!(found.shown, Shown::Pieces(Decimal::from(3)));
        assert_eq!(figures.columns, ["id", "article"]);
        assert_eq!(&*found.row, &[Value::Int(2), Value::UInt(7)]);
        assert!(!found.managed);
    }
}
