//! When a log does not show that one of its trees extends another: the client looks for what proves the fork to others.
//!
//! A proof that fails convinces nobody, for whoever stands between could have made it up. A log that goes another way serves
//! that way's tree, though, and its honest proofs are the evidence: where its tree had another root at the earlier size, the
//! proof from there to its signed checkpoint holds.

use tonic::Code;

use crate::evidence::{Fork, SignedHead, Suspicion};
use crate::merkle::{Hash, PATH_LEN_MAX, leaf_hash, root_from_inclusion};
use crate::rpc::answer::EntryRef;
use crate::rpc::check::{self, VerifiedCheckpoint};
use crate::rpc::client::VerifyingClient;
use crate::rpc::client_error::{CheckError, ClientError, ServerRefusal};
use crate::rpc::proto;
use crate::rpc::seen::SeenCheckpoints;

/// Why it was not shown that the later tree extends the earlier one.
struct NotShown {
    reason: String,
    path: Vec<Hash>,
    refusal: Option<Box<ServerRefusal>>,
}

impl<S: SeenCheckpoints> VerifyingClient<S> {
    /// Demands that `new` extends `old`.
    ///
    /// # Errors
    /// [`ClientError::Older`], [`ClientError::Equivocation`], [`ClientError::NotExtended`], [`ClientError::Unanswered`].
    pub(in crate::rpc) async fn check_extends(
        &self,
        old: &VerifiedCheckpoint,
        new: &VerifiedCheckpoint,
    ) -> Result<(), ClientError> {
        if new.size() < old.size() {
            return Err(self.older(old, new));
        }
        let shown = match new.size() == old.size() {
            true => Ok(Vec::new()),
            false => self.consistency_path(old.size(), new.size()).await,
        };
        let not_shown = match shown {
            Ok(path) => match check::extension(old, new, &path) {
                Ok(()) => return Ok(()),
                Err(error) => NotShown { reason: error.to_string(), path, refusal: None },
            },
            Err(ClientError::Refused(refusal)) if is_final(refusal.code) => {
                NotShown { reason: refusal.message.clone(), path: Vec::new(), refusal: Some(Box::new(refusal)) }
            }
            Err(ClientError::Check(error)) => NotShown { reason: error.to_string(), path: Vec::new(), refusal: None },
            // A log must not get away with silence: both heads are signed, and the question stays.
            Err(other) => {
                return Err(match self.suspicion(old, new) {
                    Some(suspicion) => ClientError::Unanswered { cause: Box::new(other), suspicion },
                    None => other,
                });
            }
        };
        Err(self.accuse(old, new, not_shown).await)
    }

    /// The error of a tree smaller than the one seen.
    pub(in crate::rpc) fn older(&self, old: &VerifiedCheckpoint, new: &VerifiedCheckpoint) -> ClientError {
        ClientError::Older { old_size: old.size(), new_size: new.size(), suspicion: self.suspicion(old, new) }
    }

    fn suspicion(&self, one: &VerifiedCheckpoint, other: &VerifiedCheckpoint) -> Option<Box<Suspicion>> {
        let head = |checkpoint: &VerifiedCheckpoint| SignedHead::of_checkpoint(checkpoint.signed(), self.log());
        Suspicion::new(head(one)?, head(other)?).map(Box::new)
    }

    /// The best that can be said against the log, which signed both.
    async fn accuse(&self, old: &VerifiedCheckpoint, new: &VerifiedCheckpoint, not_shown: NotShown) -> ClientError {
        let head = |checkpoint: &VerifiedCheckpoint| SignedHead::of_checkpoint(checkpoint.signed(), self.log());
        let (Some(earlier), Some(later)) = (head(old), head(new)) else {
            return CheckError::Consistency("a checkpoint lacks the signature that was checked".to_owned()).into();
        };
        let origin = self.log().name().to_owned();
        let NotShown { reason, path, refusal } = not_shown;
        let mut fork = Fork::of_shown_path(self.log(), earlier.clone(), later.clone(), &path);
        if fork.is_none()
            && let Some(root) = self.told_root_at(old.size()).await
        {
            fork = Fork::of_prefix(self.log(), earlier.clone(), later.clone(), root, path);
        }
        if let Some(fork) = fork {
            let (old_note, new_note) = (old.note().to_vec(), new.note().to_vec());
            return ClientError::Equivocation { origin, old_note, new_note, fork: Box::new(fork) };
        }
        match Suspicion::new(earlier, later) {
            Some(suspicion) => ClientError::NotExtended { origin, reason, refusal, suspicion: Box::new(suspicion) },
            None => CheckError::Consistency(reason).into(),
        }
    }

    /// The root that the server's tree had at `size`, on its word: the last entry of that tree leads to it.
    async fn told_root_at(&self, size: u64) -> Option<Hash> {
        let index = size.checked_sub(1)?;
        let entry = self.told_statement(EntryRef::Index(index)).await.ok()?;
        let request = proto::GetInclusionProofRequest { index, size: Some(size) };
        let proof = self
            .call(self.log_reader(), request, |mut to, request| async move { to.get_inclusion_proof(request).await })
            .await
            .ok()?;
        let path = check::path(&proof.path, PATH_LEN_MAX).ok()?;
        root_from_inclusion(&leaf_hash(&entry.statement), index, size, &path).ok()
    }
}

/// Whether a server that answers so will not show the proof later either.
fn is_final(code: Code) -> bool {
    !matches!(code, Code::Unavailable | Code::ResourceExhausted | Code::DeadlineExceeded | Code::Cancelled)
}
