//! `neonlift application`: the step alone; with consent, the application's files switched or put back.

use super::args::{Application, Common};
use super::cutover::carried_out;
use super::opening::open_existing;
use super::{Error, steps};
use crate::headless::Voice;
use crate::session::Step;
use crate::steps::Watching;
use crate::wizard::{Event, Outcome};

pub(super) async fn run(
    common: &Common,
    wanted: &Application,
    voice: &mut dyn Voice,
) -> Result<Outcome, Error> {
    let event = match (&wanted.switch, wanted.undo) {
        (Some(folder), _) => Event::SwitchFolder(folder.clone()),
        (None, true) => Event::SwitchBack,
        (None, false) => return steps::one(common, Step::Application, voice).await,
    };
    let mut runner = open_existing(common, Watching::default(), voice)?;
    let ran = carried_out(&mut runner, (Step::Application, vec![event]), voice).await?;
    Ok(ran.tell(&runner, voice))
}
