//! One table of what a database may hold: each row is made in a schema of its own name, so that
//! whatever is lost or changed names its row.

mod constraints;
mod extensions;
mod indexes;
mod names;
mod routines;
mod superusers;
mod tables;
mod types;
mod values;
mod vectors;
mod views;

use Needs::{Any, Contrib, Patience, Superuser, Vector};

/// A kind of thing.
pub(crate) struct Case {
    /// The schema that it is made in, which its SQL finds first in its search path.
    pub(crate) name: &'static str,
    /// What both servers must have for it.
    pub(crate) needs: Needs,
    /// What makes it on the source.
    pub(crate) sql: &'static str,
}

/// What both servers must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing.
    Any,
    /// pgvector.
    Vector,
    /// PostgreSQL's contrib extensions.
    Contrib,
    /// A target whose role is a superuser.
    Superuser,
    /// Time: once is enough.
    Patience,
}

const fn any(name: &'static str, sql: &'static str) -> Case {
    let needs = Any;
    Case { name, needs, sql }
}

const fn vector(name: &'static str, sql: &'static str) -> Case {
    let needs = Vector;
    Case { name, needs, sql }
}

const fn contrib(name: &'static str, sql: &'static str) -> Case {
    let needs = Contrib;
    Case { name, needs, sql }
}

const fn superuser(name: &'static str, sql: &'static str) -> Case {
    let needs = Superuser;
    Case { name, needs, sql }
}

const fn patience(name: &'static str, sql: &'static str) -> Case {
    let needs = Patience;
    Case { name, needs, sql }
}

/// The rows that need no more than this.
pub(crate) fn with(there: &[Needs]) -> Vec<&'static Case> {
    let all = [
        types::CASES,
        values::CASES,
        tables::CASES,
        constraints::CASES,
        indexes::CASES,
        vectors::CASES,
        views::CASES,
        routines::CASES,
        names::CASES,
        extensions::CASES,
        superusers::CASES,
    ];
    let all = all.into_iter().flatten();
    all.filter(|case| case.needs == Any || there.contains(&case.needs))
        .collect()
}
