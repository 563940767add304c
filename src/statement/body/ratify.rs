//! The bodies of `endorse` and `void`: statements about another statement.

use crate::statement::StatementId;
use crate::statement::body::Text;
use crate::statement::body::record::record;

record! {
    /// `endorse`: another key of the same party stands behind a statement.
    pub struct Endorsement {
        /// The id of the statement.
        required reference as "ref": StatementId,
    }
}

record! {
    /// `void`: a statement does not count, and stays where it is.
    pub struct Voiding {
        /// The id of the statement.
        required reference as "ref": StatementId,
        /// Why.
        required reason: Text,
        /// Whether it never counted; if not, it counts no more from the registration on.
        optional ab_initio: bool,
    }
}
