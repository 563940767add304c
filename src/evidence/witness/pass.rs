//! How a witness that audits shows a log who it is, before the log lets it follow the heads that it only offers: no stranger
//! reads what is not published, nor takes the room of those whom publication waits for.

use crate::crypto::{KeyLine, SIGNATURE_LEN, SigningKey};

/// How far the clocks of a log and of its witness may differ, seconds. A pass that somebody overheard is good for as long.
pub const PASS_AGE_MAX_S: u64 = 300;

/// A witness's word that it is the one who asks, at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Name of the witness's key.
    pub witness: String,
    /// Unix seconds.
    pub time_s: u64,
    /// By the key under which the witness cosigns.
    pub signature: [u8; SIGNATURE_LEN],
}

/// Why nobody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PassError {
    /// The log has no such witness.
    #[error("no witness of this name is in the policy of this log")]
    Unknown,
    /// The clocks differ too much, or the pass is an old one.
    #[error("the time of the pass is more than {PASS_AGE_MAX_S} s off the clock of this log")]
    Time,
    /// Somebody else signed it, or for another log.
    #[error("the signature of the pass does not verify")]
    Signature,
}

impl Pass {
    /// A pass for the log `origin`, by the witness of `name`.
    pub fn sign(origin: &str, name: &KeyLine, key: &SigningKey, time_s: u64) -> Self {
        let signature = key.sign(message(origin, name.name(), time_s).as_bytes());
        Self { witness: name.name().to_owned(), time_s, signature }
    }

    /// Whether it is of one of the `witnesses` of the log `origin`, and of now.
    ///
    /// # Errors
    /// [`PassError`].
    pub fn check(&self, origin: &str, witnesses: &[KeyLine], now_s: u64) -> Result<(), PassError> {
        let named = || witnesses.iter().filter(|key| key.name() == self.witness);
        if named().next().is_none() {
            return Err(PassError::Unknown);
        }
        if self.time_s.abs_diff(now_s) > PASS_AGE_MAX_S {
            return Err(PassError::Time);
        }
        let message = message(origin, &self.witness, self.time_s);
        match named().any(|key| key.key().verify(message.as_bytes(), &self.signature).is_ok()) {
            true => Ok(()),
            false => Err(PassError::Signature),
        }
    }
}

/// It begins as no cosigned message and no note of a log does.
fn message(origin: &str, witness: &str, time_s: u64) -> String {
    format!("nospy witness-pass/v1\ntime {time_s}\n{witness}\n{origin}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::NoteAlgorithm;

    #[test]
    fn a_pass_is_of_one_witness_for_one_log_at_one_time() {
        let name = |name: &str, seed: u8| {
            let key = SigningKey::from_seed(&[seed; 32]);
            (KeyLine::new(name, NoteAlgorithm::Cosignature, key.public()).expect("a name"), key)
        };
        let ((one, key), (two, other_key)) = (name("w.example/1", 1), name("w.example/2", 2));
        let witnesses = [one.clone(), two.clone()];
        let pass = Pass::sign("log.example", &one, &key, 1_000);
        for (now, expected) in
            [(700, Ok(())), (1_300, Ok(())), (699, Err(PassError::Time)), (1_301, Err(PassError::Time))]
        {
            assert_eq!(pass.check("log.example", &witnesses, now), expected, "{now}");
        }
        assert_eq!(pass.check("other.example", &witnesses, 1_000), Err(PassError::Signature));
        assert_eq!(pass.check("log.example", std::slice::from_ref(&two), 1_000), Err(PassError::Unknown));
        let under_another_name = Pass { witness: two.name().to_owned(), ..pass.clone() };
        assert_eq!(under_another_name.check("log.example", &witnesses, 1_000), Err(PassError::Signature));
        let later = Pass { time_s: 1_001, ..pass };
        assert_eq!(later.check("log.example", &witnesses, 1_000), Err(PassError::Signature));
        let stranger = Pass::sign("log.example", &one, &other_key, 1_000);
        assert_eq!(stranger.check("log.example", &witnesses, 1_000), Err(PassError::Signature));
        assert_eq!(Pass::sign("log.example", &two, &other_key, 1_000).check("log.example", &witnesses, 999), Ok(()));
    }
}
