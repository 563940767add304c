//! The rules: admit, fold, standing, legal time.
//!
//! A registry asks [`World::admit`] whether a statement may enter. Everyone else asks, of the same dockets, what
//! follows: [`World::push`] or [`World::load`] fold them, [`World::standing`] answers. Both run the same rules, so
//! that a verifier with one file comes to the answer of the registry without trusting it.
//!
//! The story of the rules, by their numbers in `docs/rules.md`:
//!
//! 1. Log order decides admission, effective time decides effect: keys are judged by index (`authority`, `party`),
//!    periods by registration time, force by legal days (`life`).
//! 2. Nobody dates an act back, unless the whole agreement was registered late (`change`) or both sign (`amend`).
//! 3. An act names the current act it rests on (`change`, `finding`).
//! 4. Where the parties contradict each other on a filed paper, both are shown (`accord`).
//! 5. A key outside its authority is refused; one that is compromised later only flags (`authority`, `party`), until another
//!    key endorses what it signed (`endorse`).
//! 6. The registrar never changes force, and no finding, report, canary or law does by itself (`authority`, `finding`,
//!    `report`, `assurance`, `basis`).
//! 7. A text that differs from its digest is a mismatch: who has texts at hand compares them (`evidence`).
//! 8. Taking an offer back touches no acceptance that was registered before (`offer`, `accord`, `void`).
//! 9. Only the exact offer is accepted, by whom it is made to (`accord`).
//! 10. Claim 6 lies near the registration time (`authority`).
//! 11. Talk and what waits are bounded, acts that change force are not (`talk`, `pending`).
//! 12. A legal date is a half-open local day in its zone (`day`).
//! 13. Names, texts, countries, identifiers, one party for each key: the door alone asks (`admission`, `names`).
//! 14. What breaks a rule has no effect, is listed, and leaves open what it would have changed (`world`, `answer`).
//! 15. A refusal writes nothing, names the rule, and says what would be accepted (`refusal`).
//!
//! An act may rest on several signatures: `pending` says when it is complete, `void` when it no longer counts, `heir` who
//! signs in whose place. Beside the rules stands one question to terms alone: whether they are about a product (`scope`,
//! `docs/scope.md`).
//!
//! In scope: statements and time as values. Out of scope: bytes, proofs and seals (`evidence`), clocks, and what is
//! stored of the whole log (`registry`).
//!
//! A further kind is a line in each table of `kinds`, and a guard and an effect in the file of its family.

mod accord;
mod act;
mod admission;
mod amend;
mod answer;
mod assurance;
mod authority;
mod basis;
mod between;
mod change;
mod cpe;
mod day;
mod doubt;
mod due;
mod endorse;
mod finding;
mod heir;
mod history;
mod kinds;
mod life;
mod names;
mod needs;
mod offer;
mod party;
mod party_change;
mod pending;
mod product;
mod quota;
mod refusal;
mod registrar;
mod report;
mod scope;
mod sentence;
mod standing;
mod talk;
mod verdict;
mod versions;
mod void;
mod waiting;
mod world;

pub use accord::LATE_AFTER_DAYS;
pub use act::Act;
pub use admission::{DOCKET_STATEMENTS_MAX, is_country};
pub use authority::{IAT_AFTER_MAX, IAT_BEFORE_MAX};
pub use cpe::{CPE_LEN_MAX, Cpe, CpeError};
pub use day::ZONE_TABLE;
pub use due::{Due, DueKind, Told, Window};
pub use heir::HEIR_GENERATIONS_MAX;
pub use party::KEYS_PER_PARTY_MAX;
pub use pending::{PENDING_DAYS, PENDING_MAX, PendingLine};
pub use product::{PRODUCT_LEN_MAX, ProductError, ProductQuery};
pub use quota::Usage;
pub use refusal::{Refusal, Rule};
pub use registrar::LogEnd;
pub use scope::{ScopeLine, ScopeMatch, ScopeReason};
pub use standing::{
    Assent, Assurance, AssuranceLine, Basis, Change, Contention, EndCause, Ending, FindingLine, Flag, Force,
    Inadmissible, Integrity, KnownAt, On, Reason, ReportLine, Standing,
};
pub use talk::{TALK_BYTES_MAX, TALK_STATEMENTS_MAX};
pub use versions::{
    VERSION_ALTERNATIVES_MAX, VERSION_LEN_MAX, VERSION_NUMBERS_MAX, Versions, VersionsError, is_version,
};
pub use waiting::{Waiting, WaitingKind};
pub use world::World;
