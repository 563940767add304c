//! Pool, batch, seal, commit, checkpoint; recovery; head guard.
