//! A statement in its place in the log.

use std::sync::Arc;

use crate::statement::body::{Body, BodyError};
use crate::statement::{Issuer, Party, Statement, StatementId};

/// One admitted or candidate statement in its place: what the log says about it.
#[derive(Clone)]
pub struct Act {
    /// Its index in the log; of a candidate, the index it would have.
    pub index: u64,
    /// Registration time: that of the seal closing its batch, unix milliseconds.
    pub time_ms: u64,
    /// The statement.
    pub statement: Arc<Statement>,
    /// Its body; `None` if this reader does not know the kind, or cannot read the body.
    pub body: Option<Arc<Body>>,
}

impl Act {
    /// Reads the body of a statement. A kind that this reader does not know has none.
    ///
    /// # Errors
    /// [`BodyError::Field`]: a body of a known kind that is not what its kind wants.
    pub fn read(index: u64, time_ms: u64, statement: Arc<Statement>) -> Result<Self, BodyError> {
        let body = match Body::read(statement.kind(), statement.body()) {
            Ok(body) => Some(Arc::new(body)),
            Err(BodyError::UnknownKind(_)) => None,
            Err(error) => return Err(error),
        };
        Ok(Self { index, time_ms, statement, body })
    }

    /// As [`Act::read`] for a statement met in a log: a body that cannot be read makes it inadmissible, and does
    /// not stop the reading of the log (rule 14).
    pub fn met(index: u64, time_ms: u64, statement: Arc<Statement>) -> Self {
        let body = Body::read(statement.kind(), statement.body()).ok().map(Arc::new);
        Self { index, time_ms, statement, body }
    }

    /// The id of the statement.
    pub fn id(&self) -> StatementId {
        *self.statement.id()
    }

    /// Who signed it; `None` for a seal.
    pub(in crate::agreement) fn issuer(&self) -> Option<&Party> {
        match self.statement.issuer() {
            Issuer::Party(party) => Some(party),
            Issuer::Log => None,
        }
    }
}

impl std::fmt::Debug for Act {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {:?}", self.index, self.statement)
    }
}
