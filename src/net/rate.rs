//! How often one address may ask for something that costs: a token bucket each.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Most addresses whose rate is kept; further ones share one bucket.
pub const ADDRESSES_MAX: usize = 16_384;

#[derive(Clone, Copy, Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

/// The buckets, bounded in number.
#[derive(Debug)]
pub struct RateLimit {
    burst: f64,
    per_second: f64,
    buckets: Mutex<HashMap<Option<IpAddr>, Bucket>>,
}

impl RateLimit {
    /// Full buckets for everybody: `burst` calls at once after a pause, `per_second` lasting; both at least 1.
    pub fn new(burst: u32, per_second: u32) -> Self {
        Self {
            burst: f64::from(burst.max(1)),
            per_second: f64::from(per_second.max(1)),
            buckets: Mutex::new(HashMap::new()),
        }
    }

    /// Takes a token at `now`, or says how long to wait for one.
    ///
    /// # Errors
    /// The time until there is a token again.
    pub fn take(&self, network: IpAddr, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let refilled = |bucket: &Bucket| {
            let gained = now.saturating_duration_since(bucket.at).as_secs_f64() * self.per_second;
            (bucket.tokens + gained).min(self.burst)
        };
        let mut key = Some(network);
        if !buckets.contains_key(&key) && buckets.len() >= ADDRESSES_MAX {
            // A full bucket says nothing that a new one would not say.
            buckets.retain(|_, bucket| refilled(bucket) < self.burst);
            if buckets.len() >= ADDRESSES_MAX {
                key = None;
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { tokens: self.burst, at: now });
        bucket.tokens = refilled(bucket);
        bucket.at = now;
        if bucket.tokens < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.tokens) / self.per_second));
        }
        bucket.tokens -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit() -> RateLimit {
        RateLimit::new(3, 2)
    }

    #[test]
    fn a_burst_then_a_rate() {
        let (limit, start) = (limit(), Instant::now());
        let one = IpAddr::from([192, 0, 2, 1]);
        for _ in 0..3 {
            assert_eq!(limit.take(one, start), Ok(()));
        }
        assert_eq!(limit.take(one, start), Err(Duration::from_millis(500)));
        assert_eq!(limit.take(IpAddr::from([192, 0, 2, 2]), start), Ok(()), "another address has its own bucket");
        let later = start + Duration::from_millis(500);
        assert_eq!(limit.take(one, later), Ok(()));
        assert!(limit.take(one, later).is_err());
    }

    #[test]
    fn many_addresses_share_what_is_left() {
        let (limit, start) = (limit(), Instant::now());
        let address = |n: u32| IpAddr::from(n.to_be_bytes());
        let addresses = u32::try_from(ADDRESSES_MAX).expect("a small constant");
        for n in 0..addresses {
            assert_eq!(limit.take(address(n), start), Ok(()));
        }
        for n in addresses..addresses + 3 {
            assert_eq!(limit.take(address(n), start), Ok(()));
        }
        assert!(limit.take(address(addresses + 3), start).is_err(), "further addresses share one bucket");
        let later = start + Duration::from_secs(5);
        assert_eq!(limit.take(address(addresses + 4), later), Ok(()));
        assert_eq!(limit.buckets.lock().expect("no thread panicked").len(), 1, "full buckets are forgotten");
    }
}
