use super::*;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A dump of three megabytes in a folder of its own, and its SHA-256.
fn dump() -> (tempfile::TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("local_db.dump");
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| (at / 7 % 251) as u8).collect();
    fs::write(&file, &bytes).unwrap();
    let sum = Sha256::digest(&bytes);
    let sum = sum.iter().map(|byte| format!("{byte:02x}")).collect();
    (folder, file, sum)
}

fn stored(file: &Path, expected: Option<&str>) -> Result<Archived, Error> {
    let watch = Watch {
        passed: &|_| {},
        cancel: &CancellationToken::new(),
    };
    store(file, expected, &watch)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

#[test]
fn what_comes_out_of_an_archive_is_what_went_in() {
    let (folder, file, sum) = dump();
    let before = fs::read(&file).unwrap();
    let passed = AtomicU64::new(0);
    let watch = Watch {
        passed: &|bytes| _ = passed.fetch_add(bytes, Relaxed),
        cancel: &CancellationToken::new(),
    };
    let archived = store(&file, Some(&sum), &watch).unwrap();
    assert_eq!(
        (archived.original_bytes, &archived.sha256),
        (3_000_000, &sum)
    );
    assert!(archived.bytes < 100_000 && archived.has_original());
    assert_eq!(passed.into_inner(), 6_000_000, "read, and read back");
    let read = fs::read(&archived.file).unwrap();
    assert_eq!(read.len() as u64, archived.bytes);
    assert_eq!(zstd::decode_all(&read[..]).unwrap(), before);
    let mode = fs::metadata(&archived.file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(names(folder.path()), ["local_db.dump", "local_db.dump.zst"]);
    remove_original(&file, &archived).unwrap();
    remove_original(&file, &archived).unwrap();
    assert_eq!(names(folder.path()), ["local_db.dump.zst"]);
}

#[test]
fn a_second_time_finds_it_done_with_and_without_the_original() {
    let (_folder, file, sum) = dump();
    let first = stored(&file, Some(&sum)).unwrap();
    let made = fs::metadata(&first.file).unwrap().ino();
    let again = stored(&file, Some(&sum)).unwrap();
    assert_eq!(again, first);
    assert_eq!(fs::metadata(&first.file).unwrap().ino(), made, "made anew");
    remove_original(&file, &again).unwrap();
    for expected in [Some(sum.as_str()), None] {
        let alone = stored(&file, expected).unwrap();
        assert!(!alone.has_original());
        assert_eq!((alone.bytes, alone.sha256), (first.bytes, sum.clone()));
    }
}

#[test]
fn what_a_kill_has_left_is_made_anew() {
    let (folder, file, sum) = dump();
    fs::write(folder.path().join("local_db.dump.zst.partial"), "half").unwrap();
    stored(&file, Some(&sum)).unwrap();
    assert_eq!(names(folder.path()), ["local_db.dump", "local_db.dump.zst"]);
}

#[test]
fn a_tampered_dump_is_refused_and_nothing_is_made_or_removed() {
    let (folder, file, sum) = dump();
    let archived = stored(&file, Some(&sum)).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes[1_000_000] ^= 1;
    fs::write(&file, bytes).unwrap();
    assert!(matches!(stored(&file, Some(&sum)), Err(Error::Altered(_))));
    assert!(matches!(
        remove_original(&file, &archived),
        Err(Error::Altered(_))
    ));
    fs::remove_file(&archived.file).unwrap();
    assert!(matches!(stored(&file, Some(&sum)), Err(Error::Altered(_))));
    assert_eq!(names(folder.path()), ["local_db.dump"]);
}

#[test]
fn an_archive_that_gives_something_else_is_never_believed_and_never_replaced() {
    let (_folder, file, sum) = dump();
    let archive = stored(&file, Some(&sum)).unwrap().file;
    let whole = fs::read(&archive).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    let other = zstd::encode_all(&b"another file"[..], 3).unwrap();
    for broken in [&whole[..whole.len() / 2], &flipped, &other, b"no archive"] {
        fs::write(&archive, broken).unwrap();
        let refused = stored(&file, Some(&sum));
        assert!(matches!(refused, Err(Error::Unlike { .. })), "{refused:?}");
        assert_eq!(fs::read(&archive).unwrap(), broken);
    }
    fs::remove_file(&file).unwrap();
    assert!(matches!(
        stored(&file, Some(&sum)),
        Err(Error::Unlike { .. })
    ));
    fs::remove_file(&archive).unwrap();
    assert!(matches!(stored(&file, Some(&sum)), Err(Error::Missing(_))));
}

#[test]
fn stopped_half_way_it_leaves_nothing_behind() {
    let (folder, file, sum) = dump();
    let cancel = CancellationToken::new();
    let watch = Watch {
        passed: &|_| cancel.cancel(),
        cancel: &cancel,
    };
    assert!(matches!(
        store(&file, Some(&sum), &watch),
        Err(Error::Cancelled)
    ));
    assert_eq!(names(folder.path()), ["local_db.dump"]);
}

#[test]
fn an_empty_file_has_an_archive_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("empty");
    fs::write(&file, "").unwrap();
    let archived = stored(&file, None).unwrap();
    assert_eq!(archived.original_bytes, 0);
    assert_eq!(
        zstd::decode_all(&fs::read(archived.file).unwrap()[..]).unwrap(),
        b""
    );
}
