//! The client before a server that does not show that its log only grew: what it can prove, it proves; what it cannot, it
//! does not claim.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod liar;
mod served;

use liar::Lie;
use nospy::evidence::{Checkpoint, EvidenceFile, Proved};
use nospy::rpc::{ClientError, Connection, ForgetfulCheckpoints, SeenCheckpoints as _, VerifyingClient};
use served::{Engine, Served, listing, log_key};

async fn grow(served: &Served, count: usize) {
    let client = served.client().await;
    for n in 0..count {
        client.publish(&listing(&format!("vendor-{n}"))).await.unwrap();
    }
}

fn note(served: &Served, size: u64, root: [u8; 32]) -> Vec<u8> {
    let checkpoint = Checkpoint { origin: served.registry.origin().clone(), size, root };
    checkpoint.sign(&served.log(), &log_key()).to_string().into_bytes()
}

async fn client_that_saw(served: &Served, url: &str, seen: &[u8]) -> VerifyingClient<ForgetfulCheckpoints> {
    let mut memory = ForgetfulCheckpoints::default();
    memory.store(&served.log(), seen).unwrap();
    let connection = Connection { url: url.to_owned(), ca_pem: None };
    VerifyingClient::connect(&connection, served.log(), memory).await.unwrap()
}

/// Goal: a fork is proved at every size, powers of two among them. Method: the client has seen another tree of each size
/// under the log's own key.
#[tokio::test(flavor = "multi_thread")]
async fn a_fork_is_proved_whatever_the_sizes_are() {
    let served = Served::start(Engine::Memory).await;
    grow(&served, 8).await;
    let url = format!("http://{}", served.address);
    let size = served.registry.checkpoint().unwrap().checkpoint().size;
    assert!(size > 16);
    for seen_size in 2..=size {
        let mut client = client_that_saw(&served, &url, &note(&served, seen_size, [9; 32])).await;
        let ClientError::Equivocation { fork, .. } = client.checkpoint().await.unwrap_err() else {
            panic!("{seen_size}")
        };
        let proved = EvidenceFile::parse(&EvidenceFile::Fork(*fork).to_bytes()).unwrap().check_by(&served.log());
        match proved.unwrap().unwrap() {
            Proved::TwoRoots { size: found, .. } => assert_eq!(found, size),
            Proved::NotExtended { size: found, signed, later_size, .. } => {
                assert_eq!((found, signed, later_size), (seen_size, [9; 32], size));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Goal: an honest log is not accused because somebody spoils its proofs on the way. Method: a liar in between.
#[tokio::test(flavor = "multi_thread")]
async fn a_spoilt_or_refused_proof_is_a_suspicion_and_no_proof() {
    let served = Served::start(Engine::Memory).await;
    grow(&served, 1).await;
    let seen = served.client().await.checkpoint().await.unwrap();
    grow_more(&served).await;
    for lie in [Lie::Consistency, Lie::Refuse] {
        let url = liar::serve(format!("http://{}", served.address), lie).await;
        let mut client = client_that_saw(&served, &url, seen.note()).await;
        let error = client.checkpoint().await.unwrap_err();
        let ClientError::NotExtended { suspicion, reason, .. } = error else { panic!("{error}") };
        assert!(!reason.is_empty());
        assert_eq!(suspicion.heads()[0].size(), seen.size());
        let file = EvidenceFile::parse(&EvidenceFile::Suspicion(*suspicion).to_bytes()).unwrap();
        assert_eq!(file.check_by(&served.log()), Ok(None));
        // What was seen stays; and the log itself answers the question.
        assert_eq!(client.into_seen().last(&served.log()).unwrap().as_deref(), Some(seen.note()));
        let mut honest = client_that_saw(&served, &format!("http://{}", served.address), seen.note()).await;
        honest.checkpoint().await.unwrap();
    }
}

/// Goal: a log that signs a tree which it does not serve cannot hide behind its honest answers. Method: the newest
/// checkpoint is of a tree that the server does not hold.
#[tokio::test(flavor = "multi_thread")]
async fn a_signed_tree_that_nobody_can_show_is_a_suspicion() {
    let served = Served::start(Engine::Memory).await;
    grow(&served, 1).await;
    let seen = served.client().await.checkpoint().await.unwrap();
    let ahead = note(&served, seen.size() + 3, [7; 32]);
    let url = liar::serve(format!("http://{}", served.address), Lie::Checkpoint(ahead)).await;
    let error = client_that_saw(&served, &url, seen.note()).await.checkpoint().await.unwrap_err();
    assert!(matches!(error, ClientError::NotExtended { refusal: Some(_), .. }), "{error}");
}

/// Goal: whoever answers nothing to the question leaves what was signed in our hands. Method: the consistency request finds
/// nobody, and the checkpoint goes back.
#[tokio::test(flavor = "multi_thread")]
async fn silence_and_a_rollback_leave_both_heads() {
    let served = Served::start(Engine::Memory).await;
    grow(&served, 1).await;
    let seen = served.client().await.checkpoint().await.unwrap();
    grow_more(&served).await;
    let honest = format!("http://{}", served.address);
    let url = liar::serve(honest.clone(), Lie::Unavailable).await;
    let error = client_that_saw(&served, &url, seen.note()).await.checkpoint().await.unwrap_err();
    let ClientError::Unanswered { cause, suspicion } = error else { panic!("{error}") };
    assert!(matches!(*cause, ClientError::Network { .. }), "{cause}");
    assert_eq!(suspicion.heads()[0].size(), seen.size());
    let newest = served.client().await.checkpoint().await.unwrap();
    let url = liar::serve(honest, Lie::Checkpoint(seen.note().to_vec())).await;
    let error = client_that_saw(&served, &url, newest.note()).await.checkpoint().await.unwrap_err();
    let ClientError::Older { suspicion: Some(suspicion), .. } = error else { panic!("{error}") };
    let file = EvidenceFile::parse(&EvidenceFile::Suspicion(*suspicion).to_bytes()).unwrap();
    assert_eq!(file.check_by(&served.log()), Ok(None));
}

async fn grow_more(served: &Served) {
    let client = served.client().await;
    for name in ["later-1", "later-2"] {
        client.publish(&listing(name)).await.unwrap();
    }
}
