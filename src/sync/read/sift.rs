//! The task that reads knows which rows need not be looked at: of those no value is made.

use super::{KeyHash, key_hash, key_text, trimmed};
use crate::db::sieve::{Mark, Sieve};
use crate::sync::known::Known;
use crate::value::Value;
use std::borrow::Cow;

/// Marks rows with their fingerprints, and lets those go that are known under it.
pub(super) struct Sifter {
    key_at: Vec<usize>,
    seed: [u8; 32],
    form_seed: [u8; 32],
    pub(super) known: Option<Known>,
}

impl Sifter {
    pub(super) fn new(key_at: Vec<usize>, seed: [u8; 32], known: Option<Known>) -> Self {
        Sifter {
            key_at,
            seed,
            form_seed: seed,
            known,
        }
    }
}

impl Sieve for Sifter {
    fn begin(&mut self, form: &[u8]) {
        self.form_seed = *blake3::keyed_hash(&self.seed, form).as_bytes();
    }

    fn key_at(&self) -> &[usize] {
        &self.key_at
    }

    fn mark(&mut self, key: &[Value], bytes: &[u8]) -> Option<Mark> {
        let hash = blake3::keyed_hash(&self.form_seed, bytes);
        let mut mark = [0; 16];
        mark.copy_from_slice(&hash.as_bytes()[..16]);
        let Some(known) = &mut self.known else {
            return Some(mark);
        };
        let text = match key {
            [Value::Text(text)] => Cow::Borrowed(text.trim()),
            key => Cow::Owned(key_text(&trimmed(key.to_vec()))),
        };
        let hash: KeyHash = key_hash(&text);
        (!known.has(&text, &hash, &mark)).then_some(mark)
    }
}
