//! Why a login failed.

use crate::postgres::diagnosis::{Cause, diagnose};
use std::io;

/// Why a login failed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The network failed, or the server speaks something else.
    #[error("the network failed")]
    Io(#[from] io::Error),
    /// The server refused.
    #[error("{message} (SQLSTATE {sqlstate})")]
    Refused {
        /// Its SQLSTATE.
        sqlstate: String,
        /// Its message.
        message: String,
    },
    /// The server wants a password, and none was given.
    #[error("password missing")]
    NoPassword,
    /// The server asks for something else than a password.
    #[error("unsupported authentication method")]
    Method,
    /// `channel_binding=require`, and the server does not bind.
    #[error("server did not use channel binding")]
    NotBound,
    /// The server does not prove that it knows the password.
    #[error("the server's answer to the login is wrong")]
    Scram(#[source] io::Error),
}

impl LoginError {
    /// The server's SQLSTATE, when it refused.
    pub fn sqlstate(&self) -> Option<&str> {
        match self {
            Self::Refused { sqlstate, .. } => Some(sqlstate),
            _ => None,
        }
    }

    /// What is known to be behind it.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Io(source) => diagnose(None, &source.to_string()),
            other => {
                let message = match other {
                    Self::Refused { message, .. } => message.clone(),
                    other => other.to_string(),
                };
                diagnose(other.sqlstate(), &message)
            }
        }
    }
}
