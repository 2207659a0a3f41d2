//! Which rows beside right figures a cycle looks at.
//!
//! A figure that is written has its derived rows compared in the same transaction. Beside a figure that is right they are
//! off only if somebody else left them so: a checkout that told the status by a figure it had read earlier, an import,
//! another program. Where the pack's `figures` tells by `suspect` which articles look so, these are compared in every cycle,
//! those that web orders hold pieces of, and a share of all others that goes round, for the rows that no figure tells of.
//! Without `suspect` all are compared in every cycle.

use super::figures::Figures;
use super::pending::OrderLine;
use std::collections::HashSet;

/// So many figures are walked over in a cycle at least ...
const SHARE_MIN: usize = 4000;
/// ... and so many cycles are between two looks at the same at most: a day, by quarters of an hour.
const CYCLES_MAX: usize = 96;

/// The part of all skus that it is the turn of: an arc of a ring on which each sku has its place, wherever articles come
/// and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walk {
    start: u32,
    /// `None`: the whole ring.
    length: Option<u32>,
}

impl Walk {
    /// `start`: where the last cycle's walk ended; `None`: all are looked at.
    pub fn over(start: Option<u32>, figures: &Figures) -> Walk {
        let cycles = figures.len().div_ceil(SHARE_MIN).min(CYCLES_MAX);
        let length = match start {
            Some(_) if figures.tell_suspects && cycles > 1 => {
                Some((u32::MAX / cycles as u32).saturating_add(1))
            }
            _ => None,
        };
        Walk {
            start: start.unwrap_or_default(),
            length,
        }
    }

    /// Where the next one begins.
    pub fn end(self) -> u32 {
        self.start.wrapping_add(self.length.unwrap_or_default())
    }

    fn has(self, sku: &str) -> bool {
        self.length
            .is_none_or(|length| place(sku).wrapping_sub(self.start) < length)
    }

    /// Which of the right figures beside which is looked, by their places.
    pub fn looks<'a>(self, lines: &'a [OrderLine]) -> impl Fn(&Figures, u32) -> bool + 'a {
        let sold = lines.iter().filter(|line| !line.pending.is_zero());
        let sold: HashSet<&str> = sold.map(|line| line.sku.as_str()).collect();
        move |figures, row| {
            let sku = figures.sku(row);
            self.has(sku) || figures.is_suspect(row) || sold.contains(sku)
        }
    }
}

/// The same in every process and version: the walk goes on where another one ended it.
fn place(sku: &str) -> u32 {
    let hash = blake3::hash(sku.as_bytes());
    let [a, b, c, d, ..] = *hash.as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_comes_to_every_sku_once_before_it_comes_to_one_twice() {
        let skus: Vec<String> = (0..3000).map(|n| format!("SKU-{n}")).collect();
        let mut seen = vec![0; skus.len()];
        // Eight arcs, from any place, over the end of the ring.
        let mut walk = Walk {
            start: 0xE123_4567,
            length: Some(u32::MAX / 8 + 1),
        };
        for _ in 0..8 {
            for (sku, times) in skus.iter().zip(&mut seen) {
                *times += u32::from(walk.has(sku));
            }
            walk.start = walk.end();
        }
        assert!(seen.iter().all(|times| *times == 1));
    }
}
