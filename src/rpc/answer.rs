//! What a client asks with and gets back: the verified part, and beside it what is only told.

use crate::rpc::check::VerifiedReceipt;
use crate::rpc::proto;
use crate::statement::{GovernmentOrCountry, Party, StatementId};

/// Where a registry is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// `http://host:port` or `https://host:port`.
    pub url: String,
    /// Certificate authority that an `https` server must present, PEM.
    pub ca_pem: Option<Vec<u8>>,
}

/// The server's word: nothing proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverified<T>(T);

impl<T> Unverified<T> {
    pub(crate) fn new(told: T) -> Self {
        Self(told)
    }

    /// The value, taken on the server's word. Say so wherever it is shown.
    pub fn on_the_servers_word(&self) -> &T {
        &self.0
    }

    /// Takes the value out, on the server's word.
    pub fn into_the_servers_word(self) -> T {
        self.0
    }
}

/// Which entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryRef {
    /// By its index.
    Index(u64),
    /// By the id of its statement.
    Id(StatementId),
}

/// What a log says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogInfo {
    /// Origin.
    pub origin: String,
    /// vkey line.
    pub log_key: String,
    /// True for a demonstration.
    pub is_demo: bool,
    /// True when somebody sets its clock: its times prove nothing.
    pub is_clock_scripted: bool,
    /// `None` while it signs; otherwise why it is read-only.
    pub read_only: Option<String>,
    /// The registry that continues a closed log; `None` while it is not closed.
    pub closed: Option<Successor>,
}

/// Who continues a closed log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successor {
    /// Its origin.
    pub origin: String,
    /// The key of its log, a vkey line.
    pub log_key: String,
}

impl From<proto::GetLogInfoResponse> for LogInfo {
    fn from(answer: proto::GetLogInfoResponse) -> Self {
        let is_signing = answer.mode() == proto::get_log_info_response::Mode::Signing;
        Self {
            read_only: (!is_signing).then_some(answer.mode_reason),
            origin: answer.origin,
            log_key: answer.log_key,
            is_demo: answer.is_demo,
            is_clock_scripted: answer.is_clock_scripted,
            closed: answer.closed.map(|end| Successor { origin: end.origin, log_key: end.log_key }),
        }
    }
}

/// What would follow if a statement were published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DryRun {
    /// Subjects of the dockets that it would stand in.
    pub touches: Vec<String>,
}

/// A statement that is in the log, proved by its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The receipt: index and size are proved.
    pub receipt: VerifiedReceipt,
    /// Registration time, unix milliseconds, and whether this call logged it: the server's word.
    pub told: Unverified<PublishedTold>,
}

/// What a publish tells besides the receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedTold {
    /// Registration time, unix milliseconds.
    pub time_ms: u64,
    /// False when the statement was in the log before, be it by a first try of this call whose answer was lost.
    pub is_new: bool,
}

/// A text whose digest was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The bytes; their SHA-256 is the digest asked for.
    pub bytes: Vec<u8>,
    /// Media type, the server's word; the statement that names the text declares it too.
    pub media_type: Unverified<String>,
}

/// Which agreements to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgreementsFilter {
    /// Only of this vendor.
    pub vendor: Option<Party>,
    /// Only with this government or country.
    pub government: Option<GovernmentOrCountry>,
}
