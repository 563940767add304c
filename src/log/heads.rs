//! The two newest heads that leave the sequencer: the published one, which everybody reads, and the offered one, which witnesses
//! are asked to cosign (I8).

use std::sync::Arc;

use tokio::sync::watch;

use crate::crypto::Note;
use crate::log::Published;

type Watched<V> = watch::Receiver<Arc<Published<V>>>;

/// The side that tells.
pub(in crate::log) struct Heads<V> {
    published: watch::Sender<Arc<Published<V>>>,
    offered: watch::Sender<Arc<Published<V>>>,
}

impl<V> Heads<V> {
    /// Both at `first`; then who hears of what is published, and who of what is offered.
    pub fn new(first: Arc<Published<V>>) -> (Self, Watched<V>, Watched<V>) {
        let (published, hears_published) = watch::channel(Arc::clone(&first));
        let (offered, hears_offered) = watch::channel(first);
        (Self { published, offered }, hears_published, hears_offered)
    }

    /// What everybody reads.
    pub fn published(&self) -> Arc<Published<V>> {
        Arc::clone(&self.published.borrow())
    }

    /// Tells everybody.
    pub fn publish(&self, head: &Arc<Published<V>>) {
        self.published.send_replace(Arc::clone(head));
    }

    /// Tells witnesses that audit of `head`, signed in `note`, before its cosignatures are asked for. A head that
    /// was offered before is not told again.
    pub fn offer(&self, head: &Published<V>, note: &Note) {
        self.offered.send_if_modified(|offered| {
            let is_new = offered.checkpoint.is_none() || offered.reader.head().size() < head.reader.head().size();
            if is_new {
                let (reader, view) = (Arc::clone(&head.reader), Arc::clone(&head.view));
                let checkpoint = Some(note.clone());
                *offered = Arc::new(Published { reader, checkpoint, is_witnessed: None, view });
            }
            is_new
        });
    }
}
