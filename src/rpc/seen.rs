//! What a client remembers of a log between two uses: the last checkpoint that it verified.
//!
//! A log that once showed a checkpoint must for ever show trees that extend it. Who remembers nothing can be shown a
//! different log every day.

use std::io;

use crate::crypto::KeyLine;

/// Where the last verified checkpoint of each log is kept. A log is named by its key line: origin and key.
pub trait SeenCheckpoints: Send {
    /// The note stored last for this log; `None` if there never was one.
    ///
    /// # Errors
    /// The store cannot be read. The client then asks nothing, for not knowing is not the same as never having seen one.
    fn last(&self, log: &KeyLine) -> io::Result<Option<Vec<u8>>>;

    /// Replaces the note of this log. Called only with a checkpoint that extends the one before.
    ///
    /// # Errors
    /// The store cannot be written.
    fn store(&mut self, log: &KeyLine, note: &[u8]) -> io::Result<()>;
}

/// Remembers for as long as it lives: for tests, and for callers that keep the note themselves.
#[derive(Clone, Debug, Default)]
pub struct ForgetfulCheckpoints {
    notes: Vec<(String, Vec<u8>)>,
}

impl SeenCheckpoints for ForgetfulCheckpoints {
    fn last(&self, log: &KeyLine) -> io::Result<Option<Vec<u8>>> {
        let name = log.to_string();
        Ok(self.notes.iter().find(|(seen, _)| *seen == name).map(|(_, note)| note.clone()))
    }

    fn store(&mut self, log: &KeyLine, note: &[u8]) -> io::Result<()> {
        let name = log.to_string();
        self.notes.retain(|(seen, _)| *seen != name);
        self.notes.push((name, note.to_vec()));
        Ok(())
    }
}

impl<S: SeenCheckpoints + ?Sized> SeenCheckpoints for Box<S> {
    fn last(&self, log: &KeyLine) -> io::Result<Option<Vec<u8>>> {
        (**self).last(log)
    }

    fn store(&mut self, log: &KeyLine, note: &[u8]) -> io::Result<()> {
        (**self).store(log, note)
    }
}
