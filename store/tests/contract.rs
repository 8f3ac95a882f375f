//! What every engine must do, held against a map: one suite, all engines.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};
use std::sync::Arc;

use beamline_store::api::Account;
use beamline_store::cipher::{Encrypted, Master, MasterKey, MasterKeys};
use beamline_store::engine::memory::Memory;
use beamline_store::engine::{Change, Durability, Engine, Family, KeyRange, View, WriteBatch};
use proptest::prelude::*;

/// An engine, and what has to live as long as it.
struct Opened {
    engine: Box<dyn Engine>,
    _folder: Option<tempfile::TempDir>,
}

type Open = (&'static str, fn() -> Opened);

fn engines() -> Vec<Open> {
    let mut engines: Vec<Open> = vec![("memory", || Opened {
        engine: Box::new(Memory::new()),
        _folder: None,
    })];
    engines.push(("memory, encrypted", || Opened {
        engine: encrypted(Arc::new(Memory::new())),
        _folder: None,
    }));
    #[cfg(feature = "rocks")]
    engines.push(("rocks", || {
        let folder = tempfile::tempdir().unwrap();
        Opened {
            engine: Box::new(rocks(folder.path()).unwrap()),
            _folder: Some(folder),
        }
    }));
    #[cfg(feature = "rocks")]
    engines.push(("rocks, encrypted", || {
        let folder = tempfile::tempdir().unwrap();
        Opened {
            engine: encrypted(Arc::new(rocks(folder.path()).unwrap())),
            _folder: Some(folder),
        }
    }));
    engines
}

/// An engine in the layer that seals the values of all accounts in here but one.
fn encrypted(engine: Arc<dyn Engine>) -> Box<dyn Engine> {
    let masters = MasterKeys(vec![Master::Key(MasterKey::new([7; 32]))]);
    let layer = Encrypted::open(engine, &masters).unwrap();
    for account in [0, 7, 0xffff] {
        layer.encrypt(Account(account), "alias/contract").unwrap();
    }
    Box::new(layer)
}

#[cfg(feature = "rocks")]
fn rocks(
    folder: &std::path::Path,
) -> Result<beamline_store::engine::rocks::Rocks, beamline_store::engine::EngineError> {
    use beamline_store::engine::rocks::{Memory, Rocks};
    let memory = Memory {
        cache: 8 << 20,
        buffers: 4 << 20,
    };
    Rocks::open(folder, memory)
}

fn for_all(check: impl Fn(&str, &dyn Engine)) {
    for (name, open) in engines() {
        check(name, &*open().engine);
    }
}

type Rows = Vec<(Vec<u8>, Vec<u8>)>;

fn scan(view: &dyn View, family: Family, part: &[u8], range: KeyRange, reverse: bool) -> Rows {
    let mut rows = Vec::new();
    view.scan(family, part, range, reverse, &mut |key, value| {
        rows.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    })
    .unwrap();
    rows
}

fn put(engine: &dyn Engine, family: Family, part: &[u8], key: &[u8], value: &[u8]) {
    let mut batch = WriteBatch::default();
    batch.put(family, part, key, value.to_vec());
    engine.write(batch, Durability::Write).unwrap();
}

/// Partitions of the right length, next to each other and at the ends.
fn parts(family: Family) -> [Vec<u8>; 4] {
    let length = family.part_len().unwrap_or(2);
    let last = |byte| {
        let mut part = vec![0xff; length];
        *part.last_mut().unwrap() = byte;
        part
    };
    [vec![0; length], last(0xfe), last(0xff), {
        let mut part = vec![0; length];
        part[length - 1] = 1;
        part
    }]
}

const FAMILIES: [Family; 8] = [
    Family::Meta,
    Family::Hot,
    Family::Block,
    Family::Trace(20_000),
    Family::Summary,
    Family::Log,
    Family::LogIndex,
    Family::SeriesIndex,
];

#[derive(Clone, Debug)]
enum Step {
    Put(usize, usize, Vec<u8>, Vec<u8>),
    Delete(usize, usize, Vec<u8>),
    DeleteBelow(usize, usize, Vec<u8>),
    Scan(usize, usize, Bound<Vec<u8>>, Bound<Vec<u8>>, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || prop::collection::vec(prop::sample::select(vec![0u8, 1, 0x7f, 0xff]), 0..3);
    let bound = move || {
        prop_oneof![
            Just(Bound::Unbounded),
            key().prop_map(Bound::Included),
            key().prop_map(Bound::Excluded)
        ]
    };
    let (family, part) = (0..FAMILIES.len(), 0..4usize);
    let value = prop::collection::vec(any::<u8>(), 0..5);
    prop_oneof![
        4 => (family.clone(), part.clone(), key(), value).prop_map(|(f, p, k, v)| Step::Put(f, p, k, v)),
        1 => (family.clone(), part.clone(), key()).prop_map(|(f, p, k)| Step::Delete(f, p, k)),
        1 => (family.clone(), part.clone(), key()).prop_map(|(f, p, k)| Step::DeleteBelow(f, p, k)),
        3 => (family, part, bound(), bound(), any::<bool>()).prop_map(|(f, p, a, b, r)| Step::Scan(f, p, a, b, r)),
    ]
}

type Model = BTreeMap<(Family, Vec<u8>, Vec<u8>), Vec<u8>>;

fn follow(engine: &dyn Engine, steps: &[Step]) {
    let mut model = Model::new();
    for step in steps {
        let mut batch = WriteBatch::default();
        match step.clone() {
            Step::Put(f, p, key, value) => {
                let (family, part) = (FAMILIES[f], parts(FAMILIES[f])[p].clone());
                batch.put(family, part.clone(), key.clone(), value.clone());
                model.insert((family, part, key), value);
            }
            Step::Delete(f, p, key) => {
                let (family, part) = (FAMILIES[f], parts(FAMILIES[f])[p].clone());
                model.remove(&(family, part.clone(), key.clone()));
                batch.changes.push(Change::Delete { family, part, key });
            }
            Step::DeleteBelow(f, p, end) => {
                let (family, part) = (FAMILIES[f], parts(FAMILIES[f])[p].clone());
                model.retain(|(of, in_part, key), _| *of != family || *in_part != part || *key >= end);
                batch.changes.push(Change::DeleteBelow { family, part, end });
            }
            Step::Scan(f, p, start, end, reverse) => {
                let (family, part) = (FAMILIES[f], parts(FAMILIES[f])[p].clone());
                let inside = |key: &[u8]| {
                    let after = match &start {
                        Bound::Unbounded => true,
                        Bound::Included(bound) => key >= &bound[..],
                        Bound::Excluded(bound) => key > &bound[..],
                    };
                    let before = match &end {
                        Bound::Unbounded => true,
                        Bound::Included(bound) => key <= &bound[..],
                        Bound::Excluded(bound) => key < &bound[..],
                    };
                    after && before
                };
                let rows = model
                    .iter()
                    .filter(|((of, in_part, key), _)| *of == family && *in_part == part && inside(key));
                let mut expected: Rows = rows.map(|((_, _, key), value)| (key.clone(), value.clone())).collect();
                if reverse {
                    expected.reverse();
                }
                let range = KeyRange { start, end };
                assert_eq!(scan(&*engine.view(), family, &part, range, reverse), expected);
            }
        }
        engine.write(batch, Durability::Memory).unwrap();
    }
    let view = engine.view();
    for ((family, part, key), value) in &model {
        assert_eq!(view.get(*family, part, key).unwrap().as_deref(), Some(&value[..]));
    }
    for family in FAMILIES {
        let mut found = Vec::new();
        view.parts(family, &mut |part| {
            found.push(part.to_vec());
            ControlFlow::Continue(())
        })
        .unwrap();
        let mut expected: Vec<_> = model
            .keys()
            .filter(|(of, ..)| *of == family)
            .map(|(_, part, _)| part)
            .collect();
        expected.dedup();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{family:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_engine_answers_as_a_map_would(steps in prop::collection::vec(step(), 1..60)) {
        for_all(|_, engine| follow(engine, &steps));
    }
}

#[test]
fn a_view_does_not_see_what_comes_later() {
    for_all(|name, engine| {
        put(engine, Family::Block, &[0; 4], b"k", b"before");
        let view = engine.view();
        put(engine, Family::Block, &[0; 4], b"k", b"after");
        put(engine, Family::Block, &[0; 4], b"l", b"new");
        assert_eq!(
            view.get(Family::Block, &[0; 4], b"k").unwrap().unwrap(),
            "before",
            "{name}"
        );
        assert_eq!(
            scan(&*view, Family::Block, &[0; 4], KeyRange::all(), false).len(),
            1,
            "{name}"
        );
        assert_eq!(
            engine.view().get(Family::Block, &[0; 4], b"k").unwrap().unwrap(),
            "after",
            "{name}"
        );
    });
}

#[test]
fn a_scan_ends_when_told() {
    for_all(|name, engine| {
        (0..9u8).for_each(|key| put(engine, Family::Summary, &[0; 6], &[key], b""));
        let mut seen = Vec::new();
        let mut visit = |key: &[u8], _: &[u8]| {
            seen.push(key[0]);
            if seen.len() == 3 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let view = engine.view();
        view.scan(Family::Summary, &[0; 6], KeyRange::all(), true, &mut visit)
            .unwrap();
        assert_eq!(seen, [8, 7, 6], "{name}");
    });
}

#[test]
fn many_keys_are_read_in_the_order_asked_for() {
    for_all(|name, engine| {
        put(engine, Family::Trace(3), &[1], b"a", b"1");
        put(engine, Family::Trace(3), &[2], b"b", b"2");
        let keys = [
            (vec![2], b"b".to_vec()),
            (vec![1], b"x".to_vec()),
            (vec![1], b"a".to_vec()),
        ];
        let found = engine.view().multi_get(Family::Trace(3), &keys).unwrap();
        let found: Vec<_> = found.iter().map(|value| value.as_deref()).collect();
        assert_eq!(found, [Some(&b"2"[..]), None, Some(b"1")], "{name}");
        let elsewhere = engine.view().multi_get(Family::Trace(4), &keys).unwrap();
        assert_eq!(elsewhere, [None, None, None], "{name}");
    });
}

#[test]
fn dropping_old_time_leaves_the_rest() {
    for_all(|name, engine| {
        for bucket in [1u32, 2, 0x100, 0x101] {
            put(
                engine,
                Family::Summary,
                &[&bucket.to_be_bytes()[..], &[0, 7]].concat(),
                b"k",
                b"v",
            );
            put(
                engine,
                Family::Block,
                &[&(bucket as u16).to_be_bytes()[..], &[0, 7]].concat(),
                b"k",
                b"v",
            );
            put(engine, Family::Trace(bucket as u16), &[9], b"k", b"v");
        }
        engine.drop_before(Family::Summary, 0x100).unwrap();
        engine.drop_before(Family::Block, 0x100).unwrap();
        engine.drop_before(Family::Trace(2), 0).unwrap();
        let view = engine.view();
        let kept = |family| {
            let mut parts = Vec::new();
            view.parts(family, &mut |part| {
                parts.push(part.to_vec());
                ControlFlow::Continue(())
            })
            .unwrap();
            parts
        };
        assert_eq!(
            kept(Family::Summary),
            [[0, 0, 1, 0, 0, 7], [0, 0, 1, 1, 0, 7]],
            "{name}"
        );
        assert_eq!(kept(Family::Block), [[1, 0, 0, 7], [1, 1, 0, 7]], "{name}");
        assert_eq!(view.days(), [0x100, 0x101], "{name}");
        assert_eq!(view.get(Family::Trace(2), &[9], b"k").unwrap(), None, "{name}");
        put(engine, Family::Trace(2), &[9], b"k", b"again");
        assert_eq!(engine.view().days(), [2, 0x100, 0x101], "{name}");
    });
}

#[test]
fn of_several_who_compare_and_set_one_succeeds() {
    for_all(|name, engine| {
        let part = [1, 0, 0];
        assert!(engine.cas(&part, b"rule", None, Some(b"0")).unwrap(), "{name}");
        assert!(!engine.cas(&part, b"rule", None, Some(b"1")).unwrap(), "{name}");
        let wins = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8u8)
                .map(|thread| scope.spawn(move || engine.cas(&part, b"rule", Some(b"0"), Some(&[thread, 1])).unwrap()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .filter(|won| *won)
                .count()
        });
        assert_eq!(wins, 1, "{name}");
        let now = engine.view().get(Family::Object, &part, b"rule").unwrap();
        assert!(engine.cas(&part, b"rule", now.as_deref(), None).unwrap(), "{name}");
        assert_eq!(
            engine.view().get(Family::Object, &part, b"rule").unwrap(),
            None,
            "{name}"
        );
    });
}

#[cfg(feature = "rocks")]
mod on_disk {
    use super::*;
    use beamline_store::engine::EngineErrorKind;

    #[test]
    fn what_was_written_is_there_after_opening_again_and_in_a_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
        {
            let engine = rocks(&data).unwrap();
            put(&engine, Family::Trace(19_000), &[1], b"k", b"v");
            put(&engine, Family::Meta, b"store", b"k", b"w");
            engine.checkpoint(&copy).unwrap();
            put(&engine, Family::Meta, b"store", b"k", b"later");
        }
        for (folder, expected) in [(&data, "later"), (&copy, "w")] {
            let engine = rocks(folder).unwrap();
            let view = engine.view();
            assert_eq!(view.days(), [19_000]);
            assert_eq!(view.get(Family::Trace(19_000), &[1], b"k").unwrap().unwrap(), "v");
            assert_eq!(view.get(Family::Meta, b"store", b"k").unwrap().unwrap(), expected);
        }
    }

    #[test]
    fn a_folder_that_is_open_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let _first = rocks(folder.path()).unwrap();
        let error = rocks(folder.path()).err().unwrap();
        assert_eq!(error.kind, EngineErrorKind::InUse, "{error}");
    }

    #[test]
    fn a_damaged_file_is_refused_with_advice() {
        let folder = tempfile::tempdir().unwrap();
        drop(rocks(folder.path()).unwrap());
        let manifest = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        for path in manifest.filter(|path| path.to_string_lossy().contains("MANIFEST")) {
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0xff;
            std::fs::write(&path, bytes).unwrap();
        }
        let error = rocks(folder.path()).err().unwrap();
        assert_eq!(error.kind, EngineErrorKind::Corrupted, "{error}");
        assert!(error.detail.contains("restore a checkpoint"), "{error}");
    }
}
