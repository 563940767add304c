//! One witness as a log reaches it: a thread that carries one request at a time.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use ureq::Agent;

use crate::crypto::{KeyLine, Note, NoteSignature};
use crate::evidence::witness::{ANSWER_LEN_MAX, AddCheckpoint, SIZE_MEDIA_TYPE, read_cosignatures, read_size};
use crate::log::LogReader;

/// How long a witness that failed is left alone, the first time; doubled each further time.
const PAUSE_MIN: Duration = Duration::from_secs(1);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How far ahead of our clock the time of a cosignature may be, seconds: a witness whose clock is wrong says nothing of use.
const AHEAD_MAX_S: u64 = 60;

/// A checkpoint to be cosigned.
struct Job {
    reader: Arc<LogReader>,
    note: Note,
    size: u64,
    now_s: u64,
}

/// What a witness did with one checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::witness) enum Outcome {
    /// It cosigned it.
    Cosigned(NoteSignature),
    /// It has cosigned a larger tree.
    Ahead(u64),
    /// It is there, and asks to come back (503).
    Later(String),
    /// It did not, for a reason in a sentence.
    Failed(String),
}

/// The outcome of a request, from the courier with this number.
pub(in crate::witness) struct Report {
    pub courier: usize,
    /// Size of the checkpoint that was sent.
    pub size: u64,
    pub outcome: Outcome,
}

/// A witness and the state of its last request.
pub(in crate::witness) struct Courier {
    /// Its name in the policy.
    pub name: String,
    jobs: SyncSender<Job>,
    /// Until when the running request may take, if one runs.
    busy_until: Option<Instant>,
    failures: u32,
    rest_until: Option<Instant>,
    has_cosigned: bool,
}

impl Courier {
    /// Starts the thread of the witness of `key` under `url`, its submission prefix.
    pub fn start(
        (number, name, key, url): (usize, &str, &KeyLine, &str),
        timeout: Duration,
        reports: Sender<Report>,
    ) -> std::io::Result<Self> {
        // One job runs, none waits: a checkpoint that was overtaken is not worth a request.
        let (sender, jobs) = sync_channel(1);
        let route = Route {
            agent: Agent::config_builder()
                .timeout_global(Some(timeout))
                .max_redirects(0)
                .max_redirects_will_error(false)
                .http_status_as_error(false)
                .proxy(None)
                .build()
                .into(),
            url: format!("{}/add-checkpoint", url.trim_end_matches('/')),
            key: key.clone(),
            cosigned: 0,
        };
        std::thread::Builder::new()
            .name(format!("witness {name}"))
            .spawn(move || carry(route, &jobs, number, &reports))?;
        Ok(Self {
            name: name.to_owned(),
            jobs: sender,
            busy_until: None,
            failures: 0,
            rest_until: None,
            has_cosigned: false,
        })
    }

    /// Sends a checkpoint, unless a request runs or the witness is left alone; whether it was sent.
    pub fn send(&mut self, reader: &Arc<LogReader>, note: &Note, now: (Instant, u64), timeout: Duration) -> bool {
        if self.busy_until.is_some() || self.rest_until.is_some_and(|until| until > now.0) {
            return false;
        }
        let job = Job { reader: Arc::clone(reader), note: note.clone(), size: reader.head().size(), now_s: now.1 };
        match self.jobs.try_send(job) {
            Ok(()) => {
                self.busy_until = Some(now.0 + timeout);
                true
            }
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }

    /// Until when the running request may still bring something.
    pub fn busy_until(&self) -> Option<Instant> {
        self.busy_until
    }

    /// Whether it has cosigned a head since the start.
    pub fn has_cosigned(&self) -> bool {
        self.has_cosigned
    }

    /// The request has come back.
    pub fn came_back(&mut self, outcome: &Outcome, now: Instant) {
        self.busy_until = None;
        match outcome {
            Outcome::Cosigned(_) => {
                if self.failures > 0 {
                    tracing::info!(witness = self.name, "the witness cosigns again");
                }
                (self.failures, self.rest_until, self.has_cosigned) = (0, None, true);
            }
            // A witness that derives the log again from its first entry says so for a while.
            Outcome::Later(_) => self.rest_until = Some(now + PAUSE_MIN),
            Outcome::Ahead(_) | Outcome::Failed(_) => {
                self.rest_until = Some(now + pause(self.failures));
                self.failures = self.failures.saturating_add(1);
            }
        }
    }
}

fn pause(failures: u32) -> Duration {
    PAUSE_MIN.saturating_mul(1 << failures.min(10)).min(PAUSE_MAX)
}

/// How a witness is reached, and what is known of it.
struct Route {
    agent: Agent,
    url: String,
    key: KeyLine,
    /// The size that it cosigned last, as far as we know.
    cosigned: u64,
}

fn carry(mut route: Route, jobs: &Receiver<Job>, courier: usize, reports: &Sender<Report>) {
    while let Ok(job) = jobs.recv() {
        let outcome = route.ask(&job);
        if reports.send(Report { courier, size: job.size, outcome }).is_err() {
            return;
        }
    }
}

impl Route {
    /// Asks, and once more if the witness names another size than we thought.
    fn ask(&mut self, job: &Job) -> Outcome {
        for _ in 0..2 {
            match self.post(job) {
                Ok(Some(line)) => {
                    self.cosigned = job.size;
                    return Outcome::Cosigned(line);
                }
                // What it says once is not held against it: the next time it is asked again.
                Ok(None) if self.cosigned > job.size => return Outcome::Ahead(std::mem::take(&mut self.cosigned)),
                Ok(None) => {}
                Err(Refused::Later(reason)) => return Outcome::Later(reason),
                Err(Refused::Failed(reason)) => return Outcome::Failed(reason),
            }
        }
        Outcome::Failed("it names one size after the other".into())
    }

    /// One request; `None` if the witness named the size that it cosigned last, which is known from now on.
    fn post(&mut self, job: &Job) -> Result<Option<NoteSignature>, Refused> {
        let old = self.cosigned;
        let proof = match old {
            0 => Vec::new(),
            old if old == job.size => Vec::new(),
            old => job.reader.consistency(old, job.size).map_err(|error| error.to_string())?,
        };
        let body = AddCheckpoint::body(old, &proof, &job.note);
        let sent = self.agent.post(&self.url).content_type("text/plain").send(&body[..]);
        let mut answer = sent.map_err(|error| error.to_string())?;
        let is_size =
            answer.headers().get("content-type").is_some_and(|kind| kind.as_bytes() == SIZE_MEDIA_TYPE.as_bytes());
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(ANSWER_LEN_MAX as u64).read_to_vec();
        let body = body.map_err(|error| format!("its answer cannot be read: {error}"))?;
        match status {
            200 => {
                let (line, cosignature) =
                    read_cosignatures(&job.note, &body, &self.key).map_err(|error| error.to_string())?;
                match cosignature.time <= job.now_s.saturating_add(AHEAD_MAX_S) {
                    true => Ok(Some(line)),
                    false => Err(format!("its cosignature is of {}, ahead of our clock", cosignature.time).into()),
                }
            }
            409 if is_size => {
                let size = read_size(&body).ok_or_else(|| "it answers 409 without a size".to_owned())?;
                self.cosigned = size;
                Ok(None)
            }
            503 => Err(Refused::Later(format!("it answers 503: {}", first_line(&body)))),
            status => Err(format!("it answers {status}: {}", first_line(&body)).into()),
        }
    }
}

/// Why there is no line.
enum Refused {
    Later(String),
    Failed(String),
}

impl From<String> for Refused {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

/// The first line of an answer, for the operator's log.
fn first_line(body: &[u8]) -> String {
    const CHARS_MAX: usize = 200;
    let text = String::from_utf8_lossy(body);
    text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(CHARS_MAX).collect()
}
