use super::*;
use crate::sync::read::key_hash;
use crate::sync::snapshot::Next;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

fn snapshot(path: &Path, rows: &BTreeMap<u32, u8>) -> Snapshot {
    let mut next = Next::new(path).unwrap();
    for (key, print) in rows {
        next.push(&key_hash(&key.to_string()), &[*print; 16], 0)
            .unwrap();
    }
    next.merge(None, &HashSet::new()).unwrap().commit().unwrap();
    Snapshot::open(path).unwrap().unwrap()
}

proptest! {
    #[test]
    fn memory_and_file_know_the_same_rows(
        rows in proptest::collection::btree_map(0u32..400, 0u8..3, 0..400),
        asked in proptest::collection::vec((0u32..400, 0u8..3), 0..400),
        stale in proptest::collection::hash_set(0u32..400, 0..5),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let snapshot = snapshot(&dir.path().join("flow.snapshot"), &rows);
        let hashes: HashSet<KeyHash> = stale.iter().map(|key| key_hash(&key.to_string())).collect();
        let known = |in_memory_max| {
            Known::within(in_memory_max, &snapshot, hashes.clone(), Awaited::default(), None).unwrap()
        };
        let (mut memory, mut file) = (known(u64::MAX), known(0));
        prop_assert!(matches!(memory.prints, Prints::Memory(_)));
        prop_assert!(snapshot.is_empty() || matches!(file.prints, Prints::File(_)));
        let mut seen = HashSet::new();
        for (key, print) in asked {
            let text = key.to_string();
            let expected = rows.get(&key) == Some(&print) && !stale.contains(&key) && seen.insert(key);
            prop_assert_eq!(memory.has(&text, &key_hash(&text), &[print; 16]), expected);
            prop_assert_eq!(file.has(&text, &key_hash(&text), &[print; 16]), expected);
        }
        let (memory, file) = (memory.kept(), file.kept());
        prop_assert_eq!(memory.len(), seen.len());
        for place in 0..rows.len() {
            prop_assert_eq!(memory.has(place), file.has(place));
        }
    }
}

#[test]
fn entries_are_found_wherever_they_lie_and_eight_bytes_a_row_are_held() {
    let dir = tempfile::tempdir().unwrap();
    let rows = (0..100_000).map(|key| (key, (key % 251) as u8)).collect();
    let snapshot = snapshot(&dir.path().join("flow.snapshot"), &rows);
    let table = Table::read(&snapshot, None).unwrap();
    let mut places = Places::of(snapshot.len());
    for (key, print) in &rows {
        let hash = key_hash(&key.to_string());
        let place = table.find(&hash, &[*print; 16]).unwrap();
        assert!(places.insert(place), "{key}");
        assert_eq!(table.find(&hash, &[print.wrapping_add(1); 16]), None);
    }
    let bytes = table.words.capacity() * 8 + table.starts.capacity() * 4;
    assert!(bytes <= rows.len() * 9, "{bytes}");
}
