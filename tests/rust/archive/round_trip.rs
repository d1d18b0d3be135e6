//! What goes in comes out.

use std::os::unix::fs::PermissionsExt;

use holdfast::archive::{CHUNK_SIZE, read_manifest, rebuild_sidecars};

use super::sample::{CODECS, GZIP, chunk, manifest, names, read_all, rows, write};

#[test]
fn chunks_come_back_in_order() {
    for codec in CODECS {
        let folder = tempfile::tempdir().unwrap();
        let chunks: Vec<_> = (0..40).map(|seed| rows(seed, 1000 + 999 * usize::try_from(seed).unwrap())).collect();
        let manifest = write(folder.path(), "a", codec, &chunks).unwrap();
        let path = folder.path().join("a");
        assert_eq!(read_all(&path).unwrap(), chunks);
        let archive = crate::home::open(&path).unwrap();
        assert_eq!(archive.manifest, manifest);
        assert_eq!(archive.chunk(17).unwrap(), chunks[17]);
        assert_eq!(read_manifest(&holdfast::store::Place::at(&path).unwrap()).unwrap(), manifest);
    }
}

#[test]
fn any_selection_comes_in_the_order_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let chunks: Vec<_> = (0..30).map(|seed| rows(seed, 5000)).collect();
    write(folder.path(), "a", GZIP, &chunks).unwrap();
    let archive = crate::home::open(&folder.path().join("a")).unwrap();
    for threads in [0, 1, 5] {
        let wanted = vec![29, 3, 3, 0, 11];
        let read: Vec<_> = archive.chunks(wanted.clone(), threads).map(Result::unwrap).collect();
        assert_eq!(read, wanted.into_iter().map(|index| (index, chunks[index].clone())).collect::<Vec<_>>());
    }
    assert_eq!(archive.chunks(vec![30], 2).next().unwrap().unwrap_err().kind(), holdfast::Kind::Usage);
    // Stops without waiting for the rest.
    let mut some = archive.chunks((0..30).collect(), 3);
    assert_eq!(some.next().unwrap().unwrap().0, 0);
}

#[test]
fn many_producers_share_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let writer = crate::home::create(folder.path(), "a", GZIP, 3).unwrap();
    let producers: Vec<_> = (0..8_u64)
        .map(|producer| {
            let sender = writer.sender();
            std::thread::spawn(move || {
                let sent: Vec<_> = (0..20)
                    .map(|number| {
                        let data = rows(producer * 100 + number, 20_000);
                        (sender.send_blocking(chunk(data.clone())).unwrap(), data)
                    })
                    .collect();
                sender.end();
                sent
            })
        })
        .collect();
    let mut sent: Vec<_> = producers.into_iter().flat_map(|producer| producer.join().unwrap()).collect();
    writer.finish(|written| manifest("a", GZIP, written)).unwrap();
    sent.sort_by_key(|(index, _)| *index);
    assert!(sent.iter().map(|(index, _)| *index).eq(0..160));
    let sent: Vec<_> = sent.into_iter().map(|(_, data)| data).collect();
    assert_eq!(read_all(&folder.path().join("a")).unwrap(), sent);
}

#[tokio::test]
async fn producers_may_be_asynchronous() {
    let folder = tempfile::tempdir().unwrap();
    let writer = crate::home::create(folder.path(), "a", GZIP, 1).unwrap();
    let producer = |seed: u64| {
        let sender = writer.sender();
        tokio::spawn(async move {
            for number in 0..20 {
                sender.send(chunk(rows(seed + number, 50_000))).await.unwrap();
            }
            sender.end();
        })
    };
    for producer in [producer(0), producer(100), producer(200)] {
        producer.await.unwrap();
    }
    assert!(writer.bytes_written() > 0);
    let finished = writer.finish(|written| manifest("a", GZIP, written)).unwrap();
    assert_eq!(finished.manifest.raw_size, 3_000_000);
    assert_eq!(read_all(&folder.path().join("a")).unwrap().len(), 60);
}

#[test]
fn a_huge_row_and_an_empty_chunk_are_chunks() {
    for codec in CODECS {
        let folder = tempfile::tempdir().unwrap();
        let chunks = [rows(1, CHUNK_SIZE * 5), Vec::new(), rows(2, 10)];
        write(folder.path(), "a", codec, &chunks).unwrap();
        assert_eq!(read_all(&folder.path().join("a")).unwrap(), chunks);
    }
}

#[test]
fn huge_buffers_are_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let writer = crate::home::create(folder.path(), "a", GZIP, 1).unwrap();
    let sender = writer.sender();
    for _ in 0..8 {
        sender.send_blocking(chunk(vec![0; CHUNK_SIZE * 2])).unwrap();
    }
    for _ in 0..8 {
        let buffer = sender.buffer();
        assert!(buffer.is_empty());
        assert!((CHUNK_SIZE..CHUNK_SIZE * 2).contains(&buffer.capacity()));
    }
}

#[test]
fn a_backup_of_nothing_is_a_backup() {
    for codec in CODECS {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "a", codec, &[]).unwrap();
        assert!(read_all(&folder.path().join("a")).unwrap().is_empty());
    }
}

#[test]
fn a_long_manifest_takes_several_members() {
    let folder = tempfile::tempdir().unwrap();
    let chunks: Vec<_> = (0..3000).map(|seed| rows(seed, 10)).collect();
    write(folder.path(), "a", GZIP, &chunks).unwrap();
    assert_eq!(read_all(&folder.path().join("a")).unwrap(), chunks);
}

#[test]
fn equal_payloads_give_equal_files() {
    for codec in CODECS {
        let folder = tempfile::tempdir().unwrap();
        let chunks: Vec<_> = (0..10).map(|seed| rows(seed, 100_000)).collect();
        let first = write(&folder.path().join("one"), "a", codec, &chunks).unwrap();
        let second = write(&folder.path().join("two"), "a", codec, &chunks).unwrap();
        assert_eq!(first, second);
    }
}

#[test]
fn a_file_alone_is_a_backup() {
    let folder = tempfile::tempdir().unwrap();
    let mut manifest = write(folder.path(), "a", GZIP, &[rows(1, 1000)]).unwrap();
    let path = folder.path().join("a");
    let before = ["a.json", "a.sha256"].map(|name| std::fs::read(folder.path().join(name)).unwrap());
    for name in ["a.json", "a.sha256"] {
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    assert_eq!(read_all(&path).unwrap(), [rows(1, 1000)]);
    assert_eq!(rebuild_sidecars(&holdfast::store::Place::at(&path).unwrap()).unwrap(), manifest);
    let after = ["a.json", "a.sha256"].map(|name| std::fs::read(folder.path().join(name)).unwrap());
    assert_eq!(before, after);
    std::fs::remove_file(folder.path().join("a.json")).unwrap();
    manifest.file = None;
    assert_eq!(read_manifest(&holdfast::store::Place::at(&path).unwrap()).unwrap(), manifest);
}

#[test]
fn others_cannot_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let backups = folder.path().join("var").join("backups");
    write(&backups, "a", GZIP, &[rows(1, 1000)]).unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&backups), 0o700);
    assert_eq!(names(&backups), ["a", "a.json", "a.sha256"]);
    for name in names(&backups) {
        assert_eq!(mode(&backups.join(name)), 0o600);
    }
}
