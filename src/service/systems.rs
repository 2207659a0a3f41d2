//! What the service knows of the systems behind its connections: whether their versions are ones that their packs know.

use crate::round::version::Unfamiliar;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// After an attempt to ask a server that is out of reach.
const RETRY: Duration = Duration::from_secs(5 * 60);

#[derive(Debug, Default)]
struct System {
    /// `None`: not before somebody wants it asked anew.
    ask_from: Option<Instant>,
    /// The last answer; the outer `None`: there was none yet.
    heard: Option<Option<Unfamiliar>>,
}

/// The systems by their connections' names.
#[derive(Debug, Default)]
pub struct Systems(Mutex<BTreeMap<String, System>>);

impl Systems {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, System>> {
        // A panic between two assignments leaves a system that is asked once more.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Of these connections those that are to be asked now, by whoever calls this; nobody else asks them for a while.
    pub(super) fn due(&self, names: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
        let now = Instant::now();
        let mut systems = self.lock();
        let mut due = Vec::new();
        for name in names {
            let name = name.into();
            let system = systems.entry(name.clone()).or_insert_with(|| System {
                ask_from: Some(now),
                heard: None,
            });
            if system.ask_from.is_some_and(|from| from <= now) {
                system.ask_from = Some(now + RETRY);
                due.push(name);
            }
        }
        due
    }

    /// Notes an answer; whether it is another one than before.
    pub(super) fn heard(&self, name: &str, answer: Option<Unfamiliar>) -> bool {
        let mut systems = self.lock();
        let system = systems.entry(name.to_owned()).or_default();
        system.ask_from = None;
        let answer = Some(answer);
        std::mem::replace(&mut system.heard, answer.clone()) != answer
    }

    /// Has these asked anew: a system may have been updated since.
    pub(super) fn ask_again(&self, names: impl IntoIterator<Item = impl AsRef<str>>) {
        let now = Instant::now();
        let mut systems = self.lock();
        for name in names {
            if let Some(system) = systems.get_mut(name.as_ref()) {
                system.ask_from = Some(now);
            }
        }
    }

    /// The answers that there are: what is unfamiliar, or that nothing is.
    pub fn answers(&self) -> BTreeMap<String, Option<Unfamiliar>> {
        let systems = self.lock();
        let answered = systems
            .iter()
            .filter_map(|(name, system)| Some((name.clone(), system.heard.clone()?)));
        answered.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_asked_once_until_somebody_wants_it_anew() {
        let systems = Systems::default();
        assert_eq!(systems.due(["erp", "shop.main"]), ["erp", "shop.main"]);
        assert_eq!(systems.due(["erp"]), [""; 0], "another worker asks it");
        assert!(systems.answers().is_empty());
        assert!(systems.heard("erp", None));
        assert!(!systems.heard("erp", None));
        assert_eq!(systems.due(["erp", "shop.main"]), [""; 0]);
        systems.ask_again(["erp"]);
        assert_eq!(systems.due(["erp", "shop.main"]), ["erp"]);
    }
}
