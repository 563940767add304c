//! Room for what lasts: streams that a peer may hold for minutes, bounded in all and for each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// The slots of one kind of stream; clones share them.
#[derive(Clone, Debug)]
pub struct Slots {
    all_max: usize,
    per_network_max: usize,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    all: usize,
    by_network: HashMap<IpAddr, usize>,
}

/// A slot; given back when it is dropped.
#[derive(Debug)]
pub struct Slot {
    network: IpAddr,
    held: Arc<Mutex<Held>>,
}

impl Slots {
    /// So many in all, and so many for one network.
    pub fn new(all_max: usize, per_network_max: usize) -> Self {
        Self { all_max, per_network_max, held: Arc::default() }
    }

    /// Takes a slot; `None` if this network, or everybody together, has as many as it may.
    pub fn take(&self, network: IpAddr) -> Option<Slot> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let of_network = held.by_network.get(&network).copied().unwrap_or(0);
        if held.all >= self.all_max || of_network >= self.per_network_max {
            return None;
        }
        held.all += 1;
        held.by_network.insert(network, of_network + 1);
        Some(Slot { network, held: Arc::clone(&self.held) })
    }
}

impl Slot {
    /// Who holds it.
    pub fn network(&self) -> IpAddr {
        self.network
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.all -= 1;
        // The map holds only networks with a slot, so it is bounded as they are.
        match held.by_network.get_mut(&self.network) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(held.by_network.remove(&self.network)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_bounded_for_one_and_for_all_and_come_back() {
        let slots = Slots::new(3, 2);
        let address = |last| IpAddr::from([192, 0, 2, last]);
        let (first, second) = (slots.take(address(1)), slots.take(address(1)));
        assert!(first.is_some() && second.is_some());
        assert!(slots.take(address(1)).is_none(), "one address has all it may");
        let third = slots.take(address(2)).expect("another address");
        assert!(slots.take(address(3)).is_none(), "all are taken");
        drop((first, second));
        assert!(slots.take(address(3)).is_some());
        drop(third);
        assert!(slots.held.lock().expect("no thread panicked").by_network.is_empty(), "networks are forgotten");
    }
}
