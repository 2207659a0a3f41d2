//! A set of entries by their places in the file, one bit each.

/// Places in a file of a known number of entries.
#[derive(Debug, Default)]
pub struct Places {
    bits: Vec<u64>,
    len: usize,
}

impl Places {
    /// None yet, of a file with so many entries.
    pub fn of(entries: u64) -> Self {
        Places {
            bits: vec![0; entries.div_ceil(64) as usize],
            len: 0,
        }
    }

    /// False if the place was among them before.
    pub fn insert(&mut self, place: usize) -> bool {
        let bit = 1 << (place % 64);
        let word = &mut self.bits[place / 64];
        let is_new = *word & bit == 0;
        *word |= bit;
        self.len += usize::from(is_new);
        is_new
    }

    pub fn has(&self, place: usize) -> bool {
        self.bits
            .get(place / 64)
            .is_some_and(|word| word & (1 << (place % 64)) != 0)
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}
