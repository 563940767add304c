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
//! 2. Nobody dates an act back, unless the whole agreement was registered late (`change`).
//! 3. An act names the current act it rests on (`change`, `finding`).
//! 5. A key outside its authority is refused; one that is compromised later only flags (`authority`, `party`).
//! 6. The registrar never changes force, and no finding or report does (`authority`, `finding`, `report`).
//! 8. Taking an offer back touches no acceptance that was registered before (`offer`, `accord`).
//! 9. Only the exact offer is accepted, by whom it is made to (`accord`).
//! 10. Claim 6 lies near the registration time (`authority`).
//! 11. Talk is bounded, acts that change force are not (`accord`).
//! 12. A legal date is a half-open local day in its zone (`day`).
//! 13. Names, texts, countries, identifiers, one party for each key: the door alone asks (`admission`, `names`).
//! 14. What breaks a rule has no effect, is listed, and leaves open what it would have changed (`world`, `answer`).
//! 15. A refusal writes nothing, names the rule, and says what would be accepted (`refusal`).
//!
//! Beside the rules stands one question to terms alone: whether they are about a product (`scope`, `docs/scope.md`).
//!
//! In scope: statements and time as values. Out of scope: bytes, proofs and seals (`evidence`), clocks and quotas of
//! the whole log (`registry`). Rules 4 and 7 wait for their kinds and for texts.
//!
//! A further kind is a line in each table of `kinds`, and a guard and an effect in the file of its family.

mod accord;
mod act;
mod admission;
mod answer;
mod authority;
mod change;
mod cpe;
mod day;
mod finding;
mod kinds;
mod life;
mod names;
mod needs;
mod offer;
mod party;
mod product;
mod refusal;
mod registrar;
mod report;
mod scope;
mod sentence;
mod standing;
mod versions;
mod world;

pub use accord::{LATE_AFTER_DAYS, TALK_BYTES_MAX, TALK_STATEMENTS_MAX};
pub use act::Act;
pub use admission::{DOCKET_STATEMENTS_MAX, is_country};
pub use authority::{IAT_AFTER_MAX, IAT_BEFORE_MAX};
pub use cpe::{CPE_LEN_MAX, Cpe, CpeError};
pub use day::ZONE_TABLE;
pub use party::KEYS_PER_PARTY_MAX;
pub use product::{PRODUCT_LEN_MAX, ProductError, ProductQuery};
pub use refusal::{Refusal, Rule};
pub use scope::{ScopeLine, ScopeMatch, ScopeReason};
pub use standing::{
    Assent, Assurance, Basis, Change, Contention, EndCause, Ending, FindingLine, Flag, Force, Inadmissible, Integrity,
    KnownAt, On, Reason, ReportLine, Standing,
};
pub use versions::{
    VERSION_ALTERNATIVES_MAX, VERSION_LEN_MAX, VERSION_NUMBERS_MAX, Versions, VersionsError, is_version,
};
pub use world::World;
