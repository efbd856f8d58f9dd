//! The loops of the start screen: the menu until something is chosen, the practice servers until
//! they run.

use super::run_loop::Error;
use super::start::{Start, Wish};
use super::start_screen;
use super::terminal::{self, Screen};
use crate::practice::Happening;
use crate::signals::{Signals, Told};
use crate::start::{Choice, Menu};
use crate::wizard::Outcome;
use crossterm::event::Event as Input;
use jiff::Timestamp;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

/// Between two looks at what happens while practice servers start.
const TICK: Duration = Duration::from_millis(100);

/// The terminal's title meanwhile.
const TITLE: &str = "neonlift";

/// Who tells what happens while practice servers start.
pub type Say = Box<dyn Fn(Happening) + Send + Sync>;

/// How the start of practice servers ended for the person.
#[derive(Debug)]
pub enum Prepared<T> {
    /// The work is over; the error is that it broke off.
    Done(Result<T, JoinError>),
    /// The person, or the system, did not wait for it. It has been cancelled, and is to be awaited
    /// once the screen is down.
    Left(JoinHandle<T>),
}

/// Shows the menu until something is chosen, or, the inner error, until the person leaves. What is
/// refused is looked up again in the menu as `read` finds it then.
///
/// # Errors
/// The terminal failed, or signals cannot be received.
pub async fn choose(
    screen: &mut Screen,
    start: &mut Start,
    read: impl Fn() -> Menu,
) -> Result<Result<Choice, Outcome>, Error> {
    let mut person = Person::new()?;
    loop {
        draw(screen, start)?;
        let wish = person.wish(screen, start).await?;
        match person.carried_out(wish, screen, start).await? {
            Some(Wish::Choose(choice)) => return Ok(Ok(choice)),
            Some(Wish::ChooseAgain) => {
                if let Some(choice) = start.choose_again(read()) {
                    return Ok(Ok(choice));
                }
            }
            Some(Wish::Leave) if person.is_gone => return Ok(Err(Outcome::Interrupted)),
            // Nothing was begun.
            Some(Wish::Leave) => return Ok(Err(Outcome::Partial)),
            _ => {}
        }
    }
}

/// Shows what happens while `work` starts practice servers; it is cancelled when the person wants it
/// to stop, and always comes to its own end.
///
/// # Errors
/// As [`choose`].
pub async fn prepare<T, F>(
    screen: &mut Screen,
    start: &mut Start,
    work: impl FnOnce(Say, CancellationToken) -> F,
) -> Result<Prepared<T>, Error>
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
            done = &mut task => return Ok(Prepared::Done(done)),
            shown = shown => shown,
        }
    };
    cancel.cancel();
    match shown {
        Ok(()) => Ok(Prepared::Left(task)),
        Err(error) => {
            // The terminal is gone: only the end of the servers is left to be waited for.
            let _ = task.await;
            Err(error)
        }
    }
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
        match person.carried_out(wish, screen, start).await? {
            Some(Wish::Stop) => {
                start.stops();
                cancel.cancel();
            }
            Some(Wish::Leave) => return Ok(()),
            _ => {}
        }
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
        Ok(tokio::select! {
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
        })
    }

    /// Carries out what the terminal itself does; other wishes are given back. Not to be dropped half-way:
    /// the screen is down while the process is in the background.
    async fn carried_out(
        &mut self,
        wish: Option<Wish>,
        screen: &mut Screen,
        start: &mut Start,
    ) -> Result<Option<Wish>, Error> {
        match wish {
            Some(Wish::Suspend) => {
                if let Err(why) = screen.suspend(&mut self.signals).await? {
                    start.say(why);
                }
            }
            Some(Wish::Copy(text)) => screen.copy(&text)?,
            other => return Ok(other),
        }
        Ok(None)
    }

    fn leaves(&mut self) -> Option<Wish> {
        self.is_gone = true;
        Some(Wish::Leave)
    }
}
