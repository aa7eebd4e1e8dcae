//! The records in the store, typed, and all of them at one revision.
//!
//! | key | record |
//! |---|---|
//! | `config` | [`Configuration`] |
//! | `nodes/NAME` | [`Member`] |
//! | `operators/KEY` (a lease) | [`Operator`] |
//! | `releases/SITE/ID` | [`Release`] |
//! | `sites/NAME` | [`Site`] |
//! | `tickets/ID` (a lease until it is used) | [`TicketRecord`] |
//!
//! Never health, load or anything per request.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::api::{NodeState, Role};
use crate::store::{Change, Expected, Listing, Store, StoreError, Versioned};

/// What an operator declared. `text` is the truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Configuration {
    /// What holds now.
    pub text: String,
    /// File that the cluster was started with.
    pub file: String,
    /// That file's text when it was last applied: where it differs from `text`, somebody
    /// changed the configuration by another way since.
    pub loaded: String,
}

/// A node that may speak to us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// SHA-256 of its public key, lower-case hex: this is who it is.
    pub key: String,
    /// Where it can be reached.
    pub address: IpAddr,
    /// What it runs.
    pub roles: Vec<Role>,
    /// What the operator wants of it.
    pub state: NodeState,
    /// Where its worker listens, once it said so.
    pub worker_address: Option<SocketAddr>,
    /// Emulates one old board: requests a second.
    pub worker_rate: Option<u32>,
    /// Releases that it holds and can serve.
    pub releases: Vec<String>,
}

/// Who may check workers from outside for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// Unix time, for people; the lease counts.
    pub expires_at: u64,
}

/// A release of a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Unix time of its first publish.
    pub at: u64,
    /// How many.
    pub files: u64,
    /// Of all files.
    pub bytes: u64,
}

/// Which release a site serves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// What visitors get.
    pub current: Option<String>,
    /// What nodes fetch, to become current.
    pub staged: Option<String>,
    /// What was published and can be gone back to, newest first, the current one included.
    pub history: Vec<String>,
    /// What was current before, the last first: a balancer that lags still asks for it.
    #[serde(default)]
    pub lately: Vec<String>,
}

/// A ticket as the manager knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketRecord {
    /// Never the secret itself.
    pub secret_hash: String,
    /// What the node that comes with it is to run.
    pub roles: Vec<Role>,
    /// Unix time. The lease ends it too, so that a clock that goes back can't revive it.
    pub expires_at: u64,
    /// Name of the node that came with it.
    pub used_by: Option<String>,
}

/// Something that lies in the store as JSON.
pub trait Record: Serialize + DeserializeOwned + Clone + Send + Sync {
    /// Where; a name follows.
    const PREFIX: &'static str;
}

impl Record for Configuration {
    const PREFIX: &'static str = "config";
}

impl Record for Member {
    const PREFIX: &'static str = "nodes/";
}

impl Record for Operator {
    const PREFIX: &'static str = "operators/";
}

impl Record for Release {
    const PREFIX: &'static str = "releases/";
}

impl Record for Site {
    const PREFIX: &'static str = "sites/";
}

impl Record for TicketRecord {
    const PREFIX: &'static str = "tickets/";
}

/// A record and the revision that set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<R> {
    /// The record.
    pub record: R,
    /// For [`Expected::Revision`].
    pub revision: u64,
}

/// All of the state at one revision.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The whole store's.
    pub revision: u64,
    /// None before the first start is through.
    pub configuration: Option<Entry<Configuration>>,
    /// By name.
    pub nodes: BTreeMap<String, Entry<Member>>,
    /// By key.
    pub operators: BTreeMap<String, Entry<Operator>>,
    /// By `SITE/ID`.
    pub releases: BTreeMap<String, Entry<Release>>,
    /// By name.
    pub sites: BTreeMap<String, Entry<Site>>,
    /// By id.
    pub tickets: BTreeMap<String, Entry<TicketRecord>>,
}

impl Snapshot {
    /// Sorts a listing of everything; keys of no known kind are left alone.
    pub fn from_listing(listing: &Listing) -> Result<Self, StoreError> {
        Ok(Self {
            revision: listing.revision,
            configuration: kind(listing)?.remove(""),
            nodes: kind(listing)?,
            operators: kind(listing)?,
            releases: kind(listing)?,
            sites: kind(listing)?,
            tickets: kind(listing)?,
        })
    }

    /// The member with that key.
    pub fn member(&self, key: &str) -> Option<(&str, &Member)> {
        let found = self.nodes.iter().find(|(_, entry)| entry.record.key == key);
        found.map(|(name, entry)| (name.as_str(), &entry.record))
    }

    /// A site's record; one never published to is empty.
    pub fn site(&self, name: &str) -> Entry<Site> {
        self.sites.get(name).cloned().unwrap_or(Entry { record: Site::default(), revision: 0 })
    }
}

impl<R> Entry<R> {
    /// What a write that builds on this entry must expect.
    pub fn expected(&self) -> Expected {
        if self.revision == 0 { Expected::Absent } else { Expected::Revision(self.revision) }
    }
}

/// Typed reading and writing.
#[derive(Clone)]
pub struct State {
    store: Arc<dyn Store>,
}

impl State {
    /// Over any store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// The store below.
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Everything, at one revision.
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Snapshot::from_listing(&self.store.list("").await?)
    }

    /// One record as it is now.
    pub async fn record<R: Record>(&self, name: &str) -> Result<Option<Entry<R>>, StoreError> {
        let key = key::<R>(name);
        self.store.get(&key).await?.map(|versioned| entry(&key, &versioned)).transpose()
    }

    /// Writes one record.
    pub async fn put<R: Record>(
        &self,
        name: &str,
        expected: Expected,
        record: &R,
    ) -> Result<u64, StoreError> {
        self.store.transact(vec![put(name, expected, record)?]).await
    }

    /// Reads, changes and writes one record until nobody was in between. `change` answers
    /// false to leave it alone; None if there is no such record.
    pub async fn update<R: Record>(
        &self,
        name: &str,
        change: impl Fn(&mut R) -> bool + Send + Sync,
    ) -> Result<Option<Entry<R>>, StoreError> {
        loop {
            let Some(mut entry) = self.record::<R>(name).await? else { return Ok(None) };
            if !change(&mut entry.record) {
                return Ok(Some(entry));
            }
            match self.put(name, Expected::Revision(entry.revision), &entry.record).await {
                Ok(revision) => return Ok(Some(Entry { record: entry.record, revision })),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The change that writes one record; several go into one transaction.
pub fn put<R: Record>(name: &str, expected: Expected, record: &R) -> Result<Change, StoreError> {
    let key = key::<R>(name);
    let value = serde_json::to_string(record).map_err(|e| damaged(&key, &e))?;
    Ok(Change { key, expected, value: Some(value) })
}

/// The change that deletes one record.
pub fn delete<R: Record>(name: &str, expected: Expected) -> Change {
    Change { key: key::<R>(name), expected, value: None }
}

fn key<R: Record>(name: &str) -> String {
    format!("{}{name}", R::PREFIX)
}

fn kind<R: Record>(listing: &Listing) -> Result<BTreeMap<String, Entry<R>>, StoreError> {
    let named = listing.entries.iter().filter_map(|(key, versioned)| {
        let name = key.strip_prefix(R::PREFIX)?;
        Some(entry(key, versioned).map(|entry| (name.to_owned(), entry)))
    });
    named.collect()
}

fn entry<R: Record>(key: &str, versioned: &Versioned) -> Result<Entry<R>, StoreError> {
    let record = serde_json::from_str(&versioned.value).map_err(|e| damaged(key, &e))?;
    Ok(Entry { record, revision: versioned.revision })
}

fn damaged(key: &str, error: &serde_json::Error) -> StoreError {
    StoreError::Damaged { place: key.to_owned(), detail: error.to_string() }
}
