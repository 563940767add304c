//! `nospy log fsck`: recompute everything that the log signs, from its entries alone.
//!
//! Entry by entry: the leaf and the index of its id, the hash chain beside it, its signature under a key that an
//! earlier statement names. Seal by seal: signature, order, chain, and the root of all dockets. At the end the tree.
//! Not done here: the rules (a docket file shows `rules`), and whether the keys had the authority.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use nospy::crypto::{KeyLine, Kid, PublicKey, hex};
use nospy::evidence::Seal;
use nospy::log::{LogReader, TileCache, read_head};
use nospy::merkle::{
    BucketReader, DOCKET_START, DocketMap, DocketValue, Edge, Hash, bucket_range, chain_next, chain_start, docket_key,
    docket_step, leaf_hash,
};
use nospy::statement::{Body, Named, Statement, StatementId, Subject};
use serde_json::json;

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::trust::{TrustArgs, the_log};
use crate::{describe, node};

/// How often a long run says how far it is, in entries.
const PROGRESS_ENTRIES: u64 = 250_000;

/// Recompute everything that the log signs, from the entries of a stopped registry or of a copy of its database.
#[derive(Args)]
pub struct FsckArgs {
    /// The database's directory; the configured one if left out.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    trust: TrustArgs,
}

/// Runs the verb.
///
/// # Errors
/// The first difference, with the index at which it stands.
pub fn run(args: &FsckArgs, config: &Config, output: &Output) -> Result<Exit, CliError> {
    let log = the_log(&args.trust.policy(config)?, config.origin.as_deref())?;
    let data = args.data.as_ref().or(config.serve.as_ref().map(|serve| &serve.data));
    let data =
        data.ok_or_else(|| CliError::usage("no database named").next_step("Give --data DIR, or --config FILE."))?;
    if !data.is_dir() {
        return Err(CliError::new(Exit::NotFound, format!("there is no database at {}", data.display())));
    }
    let storage = node::storage(data)?;
    let reader = read_head(&*storage, log.name(), &Arc::new(TileCache::new(0)))
        .map_err(|error| CliError::new(Exit::BadInclusion, format!("the head: {error}")))?;
    let mut audit = Audit::new(log);
    for index in 0..reader.head().size() {
        audit.entry(index, &reader)?;
        if index > 0 && index % PROGRESS_ENTRIES == 0 {
            output.say(format!("{index} of {} entries", reader.head().size()));
        }
    }
    audit.end(&reader)?;
    let (size, root) = (reader.head().size(), hex(&reader.head().root()));
    let dockets = audit.values.len();
    let text = format!(
        "{}✓ {size} entries: ids, chain, tree, seals, signatures and {dockets} dockets of {}\nroot  {root}\n\
         Not checked here: the rules, and whether each key had the authority.",
        if audit.log.name().starts_with("demo.") { describe::DEMO } else { "" },
        audit.log.name()
    );
    output.data(&text, json!({ "origin": audit.log.name(), "size": size, "root": root, "dockets": dockets }))?;
    Ok(Exit::Ok)
}

/// What is recomputed so far.
struct Audit {
    log: KeyLine,
    edge: Edge,
    chain: Hash,
    map: DocketMap,
    /// The state that `map` is in, by key.
    values: BTreeMap<Hash, DocketValue>,
    /// Entries since the last seal, and what they touch.
    open: Vec<(u64, StatementId, BTreeSet<Subject>)>,
    seal: Option<Seal>,
    keys: HashMap<Kid, PublicKey>,
}

impl Audit {
    fn new(log: KeyLine) -> Self {
        let chain = chain_start(log.name());
        Self {
            log,
            edge: Edge::new(),
            chain,
            map: DocketMap::new(),
            values: BTreeMap::new(),
            open: Vec::new(),
            seal: None,
            keys: HashMap::new(),
        }
    }

    fn entry(&mut self, index: u64, reader: &LogReader) -> Result<(), CliError> {
        let wrong = |exit, what: String| CliError::new(exit, format!("entry {index}: {what}"));
        let inclusion = |what: String| wrong(Exit::BadInclusion, what);
        let entry = reader.entry(index).map_err(|error| inclusion(error.to_string()))?;
        let entry = entry.ok_or_else(|| inclusion("missing".to_owned()))?;
        let statement = Statement::parse(&entry.bytes).map_err(|error| wrong(Exit::Malformed, error.to_string()))?;
        let leaf = leaf_hash(&entry.bytes);
        if reader.index_of(&leaf).map_err(|error| inclusion(error.to_string()))? != Some(index) {
            return Err(inclusion("its id leads to another index".to_owned()));
        }
        if statement.origin().as_str() != self.log.name() {
            return Err(wrong(Exit::Malformed, format!("it is meant for {}", statement.origin())));
        }
        match statement.is_seal() {
            true => self.seal(index, &statement)?,
            false => {
                self.learn(&statement);
                let signed = self.keys.get(statement.kid()).map(|key| statement.check_signature(key));
                match signed {
                    Some(Ok(())) => {}
                    Some(Err(error)) => return Err(wrong(Exit::BadSignature, error.to_string())),
                    None => {
                        return Err(wrong(
                            Exit::KeyAuthority,
                            format!("no statement names its key {}", statement.kid()),
                        ));
                    }
                }
                let touched = touches(&statement, reader, index);
                self.open.push((index, *statement.id(), touched.map_err(|error| wrong(Exit::Malformed, error))?));
            }
        }
        self.edge.push(leaf);
        self.chain = chain_next(&self.chain, &leaf);
        match self.chain == entry.chain {
            true => Ok(()),
            false => Err(inclusion("the hash chain breaks here".to_owned())),
        }
    }

    /// A seal: it commits to everything before it.
    fn seal(&mut self, index: u64, statement: &Statement) -> Result<(), CliError> {
        let wrong = |exit, what: String| CliError::new(exit, format!("the seal at index {index}: {what}"));
        let seal = Seal::read(index, statement).map_err(|error| wrong(Exit::Malformed, error.to_string()))?;
        seal.check_signature(statement, &self.log).map_err(|error| wrong(Exit::BadSignature, error.to_string()))?;
        seal.check_follows(self.seal.as_ref()).map_err(|error| wrong(Exit::BadInclusion, error.to_string()))?;
        let mut changes: BTreeMap<Hash, DocketValue> = BTreeMap::new();
        for (entry, id, subjects) in self.open.drain(..) {
            for subject in subjects {
                let key = docket_key(&subject.to_string());
                let empty = DocketValue { count: 0, step: DOCKET_START };
                let old = changes.get(&key).or_else(|| self.values.get(&key)).copied().unwrap_or(empty);
                let step = docket_step(&old.step, entry, seal.time_ms, &id.0);
                changes.insert(key, DocketValue { count: old.count + 1, step });
            }
        }
        let update = self.map.plan_update(&Values(&self.values), &changes);
        let update = update.map_err(|error| wrong(Exit::Internal, error.to_string()))?;
        self.map.apply(update);
        self.values.extend(changes);
        seal.check_commitments(&self.chain, &self.map.root())
            .map_err(|error| wrong(Exit::BadInclusion, error.to_string()))?;
        self.seal = Some(seal);
        Ok(())
    }

    fn end(&self, reader: &LogReader) -> Result<(), CliError> {
        let head = reader.head();
        let holds = self.edge.root() == head.root()
            && self.chain == head.chain
            && self.map.root() == head.dockets
            && self.open.is_empty()
            && self.seal.as_ref().map(|seal| seal.id) == head.seal.map(|seal| seal.id);
        match holds {
            true => Ok(()),
            false => Err(CliError::new(Exit::BadInclusion, "the head does not say what follows from the entries")),
        }
    }

    /// Learns the keys that a statement names: the genesis, enrolments, grants.
    fn learn(&mut self, statement: &Statement) {
        let keys: Vec<PublicKey> = match Body::read(statement.kind(), statement.body()) {
            Ok(Body::Genesis(body)) => body.registrars.keys,
            Ok(Body::PartyEnrol(body)) => body.keys.into_iter().map(|grant| grant.key).collect(),
            Ok(Body::PartyKeys(body)) => body.grant.unwrap_or_default().into_iter().map(|grant| grant.key).collect(),
            _ => return,
        };
        self.keys.extend(keys.into_iter().map(|key| (key.kid(), key)));
    }
}

/// The subjects that a statement at `index` touches; those of the statement that it names are read from the log.
fn touches(statement: &Statement, reader: &LogReader, index: u64) -> Result<BTreeSet<Subject>, String> {
    let named = |id: &StatementId| {
        // Only lower indexes are named, so that this ends.
        let below = reader.index_of(&id.0).ok()?.filter(|below| *below < index)?;
        let other = Statement::parse(&reader.entry(below).ok()??.bytes).ok()?;
        let touches = touches(&other, reader, below).ok()?;
        Some(Named { role: other.named_role(), subject: other.subject().clone(), touches })
    };
    statement.touches(named).map_err(|error| error.to_string())
}

/// The recomputed values as the docket map reads them.
struct Values<'a>(&'a BTreeMap<Hash, DocketValue>);

impl BucketReader for Values<'_> {
    type Error = Infallible;

    fn bucket(&self, prefix_bits: u8, prefix: u32) -> Result<Vec<(Hash, DocketValue)>, Infallible> {
        let (first, last) = bucket_range(prefix_bits, prefix);
        Ok(self.0.range(first..=last).map(|(key, value)| (*key, *value)).collect())
    }
}
