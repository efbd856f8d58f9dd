//! The backup read again: whether it is there, young enough, and byte for byte what was written.

use super::{Error, Work};
use crate::archive;
use crate::figures::hex;
use crate::session::Step;
use crate::session::report::{Backup, BackupLook, Report};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Bytes that are read at a time.
const BLOCK: usize = 1 << 20;

/// `None` where no backup was made.
pub(super) async fn look(work: Work<'_>) -> Result<Option<BackupLook>, Error> {
    let Some(Report::Backup(dump)) = work.session.report(Step::Backup) else {
        return Ok(None);
    };
    if let Some(expired) = expired(work) {
        return Ok(Some(expired));
    }
    work.progress
        .activity("Reading the backup again: is it what was written?");
    let meter = work.progress.meter("backup read again", 0, dump.bytes);
    meter.begin();
    let (dump, cancel) = (dump.clone(), work.cancel.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let read = sha256(Path::new(&dump.file), &cancel, |bytes| {
            meter.set_bytes(bytes)
        });
        meter.finish();
        (read, dump)
    });
    let (read, dump) = reading.await.map_err(Error::Broken)?;
    if work.cancel.is_cancelled() {
        return Err(crate::postgres::Error::Cancelled.into());
    }
    Ok(Some(judged(&dump, read)))
}

fn judged(dump: &Backup, read: io::Result<String>) -> BackupLook {
    match read {
        Err(error) => BackupLook::Unread {
            why: error.to_string(),
        },
        Ok(sum) if sum != dump.sha256 => BackupLook::Changed,
        Ok(_) => BackupLook::Sound {
            at: Timestamp::now(),
        },
    }
}

fn expired(work: Work<'_>) -> Option<BackupLook> {
    let days = work.context.config.backup.valid_days;
    let made = work.session.steps.get(&Step::Backup)?.finished?;
    let age = Timestamp::now().as_second() - made.as_second();
    (age > i64::from(days) * 24 * 3600).then_some(BackupLook::Expired { days })
}

fn sha256(file: &Path, cancel: &CancellationToken, tell: impl Fn(u64)) -> io::Result<String> {
    let mut file: Box<dyn Read> = match File::open(file) {
        // A cleanup may have put it away: then the archive is the backup.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Box::new(archive::content(file).map_err(|_| error)?)
        }
        opened => Box::new(opened?),
    };
    let (mut sum, mut block, mut done) = (Sha256::new(), vec![0; BLOCK], 0);
    while !cancel.is_cancelled() {
        let read = file.read(&mut block)?;
        if read == 0 {
            break;
        }
        sum.update(&block[..read]);
        done += read as u64;
        tell(done);
    }
    Ok(hex(&sum.finalize()))
}
