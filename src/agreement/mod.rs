//! The rules: admit, fold, standing, legal time.

mod act;
mod refusal;
mod standing;
mod world;

pub use act::Act;
pub use refusal::{Refusal, Rule};
pub use standing::{
    Assent, Assurance, Basis, Change, Contention, EndCause, Ending, FindingLine, Flag, Force, Inadmissible, Integrity,
    KnownAt, On, Reason, ReportLine, Standing,
};
pub use world::World;
