//! What the status line says of news, until the next key.

use crate::session::Step;
use crate::wizard::News;

/// Whether it is good news.
pub(super) fn is_good(news: &News) -> bool {
    matches!(
        news,
        News::Done(_) | News::CutOver | News::RolledBack | News::Recovered(_)
    )
}

/// What is said; nothing where the screen shows it anyway.
pub(super) fn said(news: &News) -> Option<String> {
    let text = match news {
        News::Refused(why) => return Some(why.clone()),
        News::Done(Step::Cutover) => "the checklist is complete: the application may be cut over",
        News::SignaturesWithdrawn(_) => {
            "signatures are withdrawn: what they were given for has changed"
        }
        News::FilesStand(stand) => match (&stand.switched, stand.left.is_empty()) {
            (_, false) => "not all files were put back: m tells more",
            (Some(_), _) => "the application leads to the target now: restart it",
            (None, _) => "the application's files are as they were: restart it",
        },
        News::CutOver => "cut over: start the application, and watch it",
        News::RolledBack => "rolled back: restart the application",
        News::SetByHand(_) => "set the connection now: it is waited for",
        News::Watched(found) => {
            let raised = found.raised_now.join(", ");
            return Some(format!("alarm: {raised}: m tells more"));
        }
        News::Recovered(recovered) => return recovered.in_words().into_iter().next(),
        News::NotSwitched(failure)
        | News::NotCutOver(_, failure)
        | News::NotRecovered(failure)
        | News::NotRolledBack(failure) => return Some(format!("{}: m tells more", failure.what)),
        // What was refused while a step ran, or before it, is no longer so.
        News::Started(_)
        | News::Done(_)
        | News::Failed(..)
        | News::Interrupted(_)
        | News::Signed { .. }
        | News::AwaitingSignOff(_)
        | News::PhaseBegun(_)
        | News::PhasePassed(_) => return None,
    };
    Some(text.to_owned())
}
