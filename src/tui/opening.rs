//! The loops of the start screen: the menu until something is chosen, the practice servers until
//! they run.

use super::run_loop::Error;
use super::start::{Start, Wish};
use super::start_screen;
use super::terminal::{self, Screen};
use crate::practice::Happening;
use crate::signals::{Signals, Told};
use crate::start::Choice;
use crate::wizard::Outcome;
use crossterm::event::Event as Input;
use jiff::Timestamp;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinError;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

/// Between two looks at what happens while practice servers start.
const TICK: Duration = Duration::from_millis(100);

/// The terminal's title meanwhile.
const TITLE: &str = "neonlift";

/// Who tells what happens while practice servers start.
pub type Say = Box<dyn Fn(Happening) + Send + Sync>;

/// Shows the menu until something is chosen, or, the inner error, until the person leaves.
///
/// # Errors
/// The terminal failed, or signals cannot be received.
pub async fn choose(
    screen: &mut Screen,
    start: &mut Start,
) -> Result<Result<Choice, Outcome>, Error> {
    let mut person = Person::new()?;
    loop {
        draw(screen, start)?;
        match person.wish(screen, start).await? {
            Some(Wish::Choose(choice)) => return Ok(Ok(choice)),
            Some(Wish::Leave) if person.is_gone => return Ok(Err(Outcome::Interrupted)),
            // Nothing was begun.
            Some(Wish::Leave) => return Ok(Err(Outcome::Partial)),
            Some(Wish::Stop | Wish::Suspend) | None => {}
        }
    }
}

/// Shows what happens while `work` starts practice servers; it is cancelled when the person wants it
/// to stop, and always comes to its own end. Gives what came of it, and whether the program is to
/// end.
///
/// # Errors
/// As [`choose`].
pub async fn prepare<T, F>(
    screen: &mut Screen,
    start: &mut Start,
    work: impl FnOnce(Say, CancellationToken) -> F,
) -> Result<(T, bool), Error>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    start.prepare(Timestamp::now());
    let (told, happenings) = watch::channel(None);
    let say: Say = Box::new(move |happening| {
        told.send_replace(Some(happening));
    });
    let cancel = CancellationToken::new();
    // On its own, as it unpacks and writes now and then without a pause for the screen.
    let mut task = tokio::spawn(work(say, cancel.clone()));
    let shown = {
        let shown = pin!(show(screen, start, happenings, &cancel));
        tokio::select! {
            done = &mut task => return Ok((unwrapped(done), false)),
            shown = shown => shown,
        }
    };
    cancel.cancel();
    let done = unwrapped(task.await);
    shown.map(|()| (done, true))
}

/// Shows what happens and hears the person, until the program is to end.
async fn show(
    screen: &mut Screen,
    start: &mut Start,
    mut happenings: watch::Receiver<Option<Happening>>,
    cancel: &CancellationToken,
) -> Result<(), Error> {
    let mut person = Person::new()?;
    let mut tick = interval(TICK);
    loop {
        if let Some(happening) = happenings.borrow_and_update().clone() {
            start.happens(happening);
        }
        draw(screen, start)?;
        let wish = tokio::select! {
            wish = person.wish(screen, start) => wish?,
            _ = tick.tick() => None,
        };
        if matches!(wish, Some(Wish::Stop)) {
            start.stops();
            cancel.cancel();
        }
        if matches!(wish, Some(Wish::Leave)) {
            return Ok(());
        }
    }
}

/// It is never aborted: where it did not come to its end, it panicked.
fn unwrapped<T>(done: Result<T, JoinError>) -> T {
    match done {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn draw(screen: &mut Screen, start: &mut Start) -> Result<(), Error> {
    let now = Timestamp::now();
    Ok(screen.draw(TITLE, |frame| start_screen::draw(frame, start, now))?)
}

/// The person at the terminal, and what the system says meanwhile.
struct Person {
    signals: Signals,
    /// The terminal is gone, or the system wants the program to end.
    is_gone: bool,
}

impl Person {
    fn new() -> Result<Self, Error> {
        Ok(Self {
            signals: Signals::new().map_err(Error::Signals)?,
            is_gone: false,
        })
    }

    /// The next wish; `None` when there is something to draw anew. May be dropped and called again.
    async fn wish(
        &mut self,
        screen: &mut Screen,
        start: &mut Start,
    ) -> Result<Option<Wish>, Error> {
        let wish = tokio::select! {
            input = screen.input() => match input {
                Some(Ok(Input::Key(key))) => start.key(key),
                Some(Ok(_)) => None,
                Some(Err(error)) => return Err(terminal::Error::Io(error).into()),
                None => self.leaves(),
            },
            told = self.signals.next() => match told {
                Told::End => self.leaves(),
                Told::Stop => start.stop(),
                Told::Suspend => Some(Wish::Suspend),
                Told::Resumed => {
                    screen.resume()?;
                    None
                }
            },
        };
        if wish == Some(Wish::Suspend)
            && let Err(why) = screen.suspend(&mut self.signals).await?
        {
            start.say(why);
        }
        Ok(wish)
    }

    fn leaves(&mut self) -> Option<Wish> {
        self.is_gone = true;
        Some(Wish::Leave)
    }
}
