//! `neonlift practice`: the practice servers alone.

use super::args::{Common, Practice as Wanted, PracticeAction};
use super::demo::Teller;
use super::{Error, ending, interruptible};
use crate::headless::{Output, Voice};
use crate::practice::{self, Happening, Practice, Standing, relay};
use crate::secret::MASK;
use crate::signals::Stops;
use crate::wizard::Outcome;
use serde_json::json;
use std::sync::{Mutex, PoisonError};
use tokio::io::{AsyncBufReadExt, BufReader};

/// What `practice down` has done to what it lists.
const ENDED: &str = "ended";

pub(super) async fn run(
    common: &Common,
    wanted: &Wanted,
    voice: &mut dyn Voice,
) -> Result<Outcome, Error> {
    let folder = wanted.dir.as_deref();
    match wanted.action {
        PracticeAction::Up => return up(common, wanted, voice).await,
        PracticeAction::Down => tell(common, &practice::down(folder).await?, ENDED),
        PracticeAction::Status => tell(common, &practice::status(folder).await?, "running"),
    }
    Ok(Outcome::Partial)
}

fn tell(common: &Common, standings: &[Standing], word: &str) {
    let mut output = Output::stdout();
    if common.json {
        output
            .line(&json!({"event": "practice", "state": word, "practices": standings}).to_string());
        return;
    }
    if standings.is_empty() {
        output.line("There are no practice servers.");
    }
    let lines = standings.iter().flat_map(|standing| told(standing, word));
    lines.for_each(|line| output.line(&line));
}

/// A folder and how it stands; what runs with its strings, passwords masked.
fn told(standing: &Standing, word: &str) -> Vec<String> {
    let folder = standing.folder.display();
    if standing.servers.is_empty() {
        return vec![format!("{folder}: not running, only its folder is left")];
    }
    let whose = match standing.in_use || word == ENDED {
        true => "",
        false => ", but the neonlift that began it is gone: `neonlift practice down` ends it",
    };
    let mut lines = vec![format!("{folder}: {word}{whose}")];
    let sides = ["source", "target"].into_iter().zip(&standing.connections);
    lines.extend(sides.map(|(side, string)| {
        let (before, after) = string.split_once('@').unwrap_or((string, ""));
        format!("    {side}: {before}:{MASK}@{after}")
    }));
    lines
}

async fn up(common: &Common, wanted: &Wanted, voice: &mut dyn Voice) -> Result<Outcome, Error> {
    let mut signals = Stops::new()?;
    let folder = match &wanted.dir {
        Some(folder) => folder.clone(),
        None => practice::usual_folder()?.join("standing"),
    };
    let options = practice::Options {
        folder: Some(folder),
        documents: wanted.documents,
        standing: true,
        ..practice::Options::default()
    };
    let mut practice = {
        let teller = Mutex::new(Teller::new(voice));
        let say = |happening: Happening| {
            teller
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .tell(&happening);
        };
        interruptible(
            async || {
                signals.next().await;
            },
            async |cancel| Practice::start(&options, &say, &cancel).await,
        )
        .await?
    };
    announce(common, &practice);
    let ended = serve(&mut practice, voice, &mut signals).await;
    ending::safely(voice, practice.stop()).await??;
    if let Some(ended) = ended {
        tracing::warn!(%ended, "the practice servers ended by themselves");
        voice.say("The practice servers have ended; the log says why.");
    }
    Ok(Outcome::Partial)
}

fn announce(common: &Common, practice: &Practice) {
    let (source, target) = (practice.source_url(), practice.target_url());
    let bin = practice.binaries().bin.display().to_string();
    let mut output = Output::stdout();
    if common.json {
        let event = json!({
            "event": "practice", "state": "up", "source": source.expose(), "target": target.expose(),
            "pg_bin": bin,
        });
        output.line(&event.to_string());
        return;
    }
    output.line(&format!("export NEONLIFT_PG_BIN='{bin}'"));
    output.line(&format!("export NEONLIFT_SOURCE_URL='{}'", source.expose()));
    output.line(&format!("export NEONLIFT_TARGET_URL='{}'", target.expose()));
    output.line(
        "The servers run until Ctrl-C or `neonlift practice down`. The road to the target obeys:",
    );
    relay::COMMANDS
        .lines()
        .for_each(|line| output.line(&format!("  {line}")));
}

/// Obeys commands about the road until the end; says why when the servers ended by themselves.
async fn serve(
    practice: &mut Practice,
    voice: &mut dyn Voice,
    signals: &mut Stops,
) -> Option<practice::Error> {
    let faults = practice.faults();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut listening = true;
    loop {
        tokio::select! {
            _ = signals.next() => return None,
            ended = practice.ended() => return Some(ended),
            line = lines.next_line(), if listening => match line {
                Ok(Some(line)) if line.trim().is_empty() => {}
                Ok(Some(line)) => match faults.command(&line) {
                    Ok(answer) => voice.say(&answer),
                    Err(error) => voice.say(&error.to_string()),
                },
                // Run in the background, without anybody to give commands.
                Ok(None) | Err(_) => listening = false,
            },
        }
    }
}
