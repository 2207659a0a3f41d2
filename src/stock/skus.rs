//! Each sku of a look once, by a number: what is known of an article lies in lists with that number as the position.

use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};

#[derive(Debug, Default)]
pub struct Skus {
    /// All of them, one behind the other.
    texts: String,
    ends: Vec<usize>,
    numbers: HashTable<u32>,
    hasher: RandomState,
}

impl Skus {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn text(&self, number: u32) -> &str {
        text(&self.texts, &self.ends, number)
    }

    /// The number of a sku that is here.
    pub fn number(&self, sku: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(sku);
        let found = self.numbers.find(hash, |number| self.text(*number) == sku);
        found.copied()
    }

    /// The number of a sku, a new one if it is not here yet.
    pub fn intern(&mut self, sku: &str) -> u32 {
        if let Some(number) = self.number(sku) {
            return number;
        }
        let number = self.ends.len() as u32;
        self.texts.push_str(sku);
        self.ends.push(self.texts.len());
        let Skus {
            texts,
            ends,
            numbers,
            hasher,
        } = self;
        numbers.insert_unique(hasher.hash_one(sku), number, |number| {
            hasher.hash_one(text(texts, ends, *number))
        });
        number
    }
}

fn text<'a>(texts: &'a str, ends: &[usize], number: u32) -> &'a str {
    let at = number as usize;
    let start = at.checked_sub(1).map_or(0, |before| ends[before]);
    &texts[start..ends[at]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sku_has_one_number_for_good() {
        let mut skus = Skus::default();
        let all: Vec<String> = (0..5000).map(|n| format!("SKU-{n}")).collect();
        for round in 0..2 {
            for (at, sku) in all.iter().enumerate() {
                assert_eq!(skus.intern(sku), at as u32, "round {round}");
            }
        }
        assert_eq!(skus.len(), all.len());
        assert_eq!(skus.text(4999), "SKU-4999");
        assert_eq!(skus.number("SKU-17"), Some(17));
        assert_eq!((skus.number("SKU"), skus.intern("")), (None, 5000));
        assert_eq!(skus.text(5000), "");
    }
}
