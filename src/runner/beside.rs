//! What runs beside the steps: looks, which change nothing, and errands.

use super::{Ended, Runner};
use crate::failure::{Explain, Failure};
use crate::steps;
use crate::transfer::Throttle;
use crate::wizard::{Errand, Look, RunId};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

impl Runner {
    pub(super) fn look(&mut self, run: RunId, at: Look) {
        let token = CancellationToken::new();
        self.looking = Some((run, token.clone()));
        let (context, session) = (Arc::clone(&self.context), self.wizard.session().clone());
        let task = self.running.spawn(async move {
            let seen = steps::look(&at, &context, &session, &token).await;
            let seen = seen.map(Box::new).map_err(|error| {
                let cause = crate::failure::chain(&error);
                tracing::info!(?at, cause, "a look ended in an error");
                error.failure()
            });
            Ended::Look(run, seen)
        });
        self.looks.insert(task.id(), run);
    }

    pub(super) fn errand(&mut self, run: RunId, errand: Errand) {
        let token = CancellationToken::new();
        let cancel = token.clone();
        self.progress.start(errand.in_words());
        self.throttle = Throttle::new(&self.progress);
        let (context, session) = (Arc::clone(&self.context), self.wizard.session().clone());
        let (progress, throttle) = (self.progress.clone(), self.throttle.clone());
        let task = self.running.spawn(async move {
            tracing::info!(?errand, "begun");
            let meters = (&progress, &throttle);
            let done = steps::errand(&errand, &context, &session, meters, &token).await;
            let done = done.map(Box::new).map_err(|error| {
                let cause = crate::failure::chain(&error);
                tracing::error!(?errand, cause, "ended in an error");
                match token.is_cancelled() {
                    true => Failure::interrupted("It was stopped"),
                    false => error.failure(),
                }
            });
            Ended::Errand(run, done)
        });
        self.errand = Some((run, cancel, task.id()));
    }

    /// The errand whose task broke off.
    pub(super) fn errand_of(&self, error: &tokio::task::JoinError) -> Option<RunId> {
        let errand = self.errand.as_ref();
        errand.and_then(|(run, _, task)| (*task == error.id()).then_some(*run))
    }
}
