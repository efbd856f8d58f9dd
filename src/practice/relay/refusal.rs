//! What the relay says when it lets nobody in: Neon's words.

use super::wire::error_response;
use bytes::Bytes;
use thiserror::Error;

/// A reason to end a connection before it has begun, in the words of Neon's proxy (read in its
/// sources: `AuthError`, `ComputeUserInfoParseError` and their like). Whatever the reason, the
/// severity is ERROR and the SQLSTATE XX000.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum Refusal {
    #[error("connection is insecure (try using `sslmode=require`)")]
    Insecure,
    #[error(
        "Endpoint ID is not specified. Either please upgrade the postgres client library (libpq) \
         for SNI support or pass the endpoint ID (first part of the domain name) as a parameter: \
         '?options=endpoint%3D<endpoint-id>'. See more at https://neon.tech/sni"
    )]
    NoEndpoint,
    #[error(
        "Inconsistent project name inferred from SNI ('{by_name}') and project option ('{by_option}')."
    )]
    TwoEndpoints { by_name: String, by_option: String },
    #[error("Control plane request failed: endpoint cannot be found")]
    UnknownEndpoint,
    #[error("Too many connections to this endpoint. Please try again later.")]
    TooManyConnections,
    #[error("Couldn't connect to compute node")]
    NoCompute,
    #[error("password authentication failed for user '{user}'")]
    WrongPassword { user: String },
    #[error(
        "unsupported startup parameter in options: {setting}. Please use unpooled connection or \
         remove this parameter from the startup package. More details: \
         https://neon.tech/docs/connect/connection-errors#unsupported-startup-parameter"
    )]
    PooledOption { setting: String },
    /// The server's own words: the proxy keeps the text and nothing else.
    #[error("{0}")]
    Compute(String),
}

impl Refusal {
    /// The message that says it.
    pub(super) fn response(&self) -> Bytes {
        error_response("ERROR", "XX000", &self.to_string())
    }
}
