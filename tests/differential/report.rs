//! What came out, for people and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::case::{Case, shown};
use crate::peer::Peer;
use crate::verdict::{Fault, Outcome, Verdict};

/// Cases of one side that went through all proxies.
pub(crate) struct Report {
    /// `requests` or `answers`.
    pub side: &'static str,
    pub seed: u64,
    pub cases: Vec<Case>,
    pub judges: Vec<&'static str>,
    pub verdicts: Vec<(Peer, Vec<Verdict>)>,
}

impl Report {
    /// Says it where nobody captures it.
    pub fn print(&self) {
        let _ = write!(std::io::stderr(), "{}{}", self.table(), self.kinds());
    }

    /// What is wrong with a proxy's work, each with the bytes and how to see it again.
    pub fn faults(&self, peer: Peer) -> Vec<String> {
        let verdicts = self.of(peer).iter().zip(&self.cases);
        let faulty = verdicts.filter(|(verdict, _)| verdict.is_faulty());
        faulty.map(|(verdict, case)| self.told(peer, case, verdict)).collect()
    }

    /// The same with what is only doubtful.
    pub fn findings(&self, peer: Peer) -> Vec<String> {
        let verdicts = self.of(peer).iter().zip(&self.cases);
        let found = verdicts.filter(|(verdict, _)| !verdict.findings.is_empty());
        found.map(|(verdict, case)| self.told(peer, case, verdict)).collect()
    }

    fn told(&self, peer: Peer, case: &Case, verdict: &Verdict) -> String {
        let (side, seed, index) = (self.side, self.seed, case.index);
        let mut text = format!(
            "{} {side} {index} ({}), again with DIFFERENTIAL={side}/{seed}/{index}:\n   {}",
            peer.name(),
            case.kind,
            shown(&case.bytes),
        );
        for finding in &verdict.findings {
            let judges = finding.judges.join(" ");
            let _ = write!(text, "\n   {}: {judges}", finding.fault.word());
            let _ = write!(text, "\n      {}", finding.words);
        }
        text
    }

    /// How many cases it passed on.
    pub fn forwarded(&self, peer: Peer) -> usize {
        self.of(peer).iter().filter(|verdict| verdict.outcome == Outcome::Forwarded).count()
    }

    fn of(&self, peer: Peer) -> &[Verdict] {
        let found = self.verdicts.iter().find(|(one, _)| *one == peer);
        found.map(|(_, verdicts)| &verdicts[..]).unwrap_or_default()
    }

    /// A row a proxy.
    fn table(&self) -> String {
        let mut text = format!(
            "\n{} {} with seed {}, judged by {}\n{:10}",
            self.cases.len(),
            self.side,
            self.seed,
            self.judges.join(", "),
            "",
        );
        let rows: Vec<_> = self.verdicts.iter().map(|(p, v)| (p, self.counts(v))).collect();
        for (name, _) in rows.iter().take(1).flat_map(|(_, counts)| counts) {
            let _ = write!(text, "{name:>width$}", width = name.len() + 2);
        }
        for (peer, counts) in rows {
            let _ = write!(text, "\n{:10}", peer.name());
            for (name, count) in counts {
                let _ = write!(text, "{count:>width$}", width = name.len() + 2);
            }
        }
        text + "\n"
    }

    fn counts(&self, verdicts: &[Verdict]) -> Vec<(String, usize)> {
        let count = |is: &dyn Fn(&Verdict) -> bool| verdicts.iter().filter(|v| is(v)).count();
        let outcome = |outcome| count(&|v: &Verdict| v.outcome == outcome);
        let mut counts = vec![
            ("forwarded".to_owned(), outcome(Outcome::Forwarded)),
            ("cut".to_owned(), outcome(Outcome::Cut)),
            ("refused".to_owned(), outcome(Outcome::Refused)),
        ];
        for fault in Fault::ALL {
            let has = |v: &Verdict| v.findings.iter().any(|f| f.fault == fault);
            counts.push((fault.word().to_owned(), count(&has)));
        }
        for judge in &self.judges {
            let differs = |v: &Verdict| {
                let mut splits = v.findings.iter().filter(|f| f.fault == Fault::Split);
                splits.any(|split| split.judges.contains(judge))
            };
            counts.push((format!("split by {judge}"), count(&differs)));
        }
        counts.push(("faulty".to_owned(), count(&Verdict::is_faulty)));
        counts
    }

    /// Faulty cases by what was done to them.
    fn kinds(&self) -> String {
        let mut rows: BTreeMap<&str, BTreeMap<Peer, usize>> = BTreeMap::new();
        for (peer, verdicts) in &self.verdicts {
            let faulty = verdicts.iter().zip(&self.cases).filter(|(v, _)| v.is_faulty());
            for (_, case) in faulty {
                *rows.entry(case.kind).or_default().entry(*peer).or_default() += 1;
            }
        }
        let mut text = String::new();
        for (kind, peers) in rows {
            let peers: Vec<_> = peers.iter().map(|(p, n)| format!("{} {n}", p.name())).collect();
            let _ = writeln!(text, "   {kind}: {}", peers.join(", "));
        }
        text
    }

    fn json(&self) -> Value {
        let rows = self.verdicts.iter().map(|(peer, verdicts)| {
            let counts: BTreeMap<_, _> = self.counts(verdicts).into_iter().collect();
            json!({ "peer": peer.name(), "counts": counts, "findings": self.findings(*peer) })
        });
        let rows: Vec<Value> = rows.collect();
        let (seed, cases) = (self.seed, self.cases.len());
        json!({ "side": self.side, "seed": seed, "cases": cases, "judges": self.judges, "proxies": rows })
    }
}

/// Writes `target/bench/differential.json`.
pub(crate) fn write(reports: &[Report]) {
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().nth(3).map(Path::to_owned).unwrap();
    std::fs::create_dir_all(target.join("bench")).unwrap();
    let all: Vec<Value> = reports.iter().map(Report::json).collect();
    let text = serde_json::to_string_pretty(&all).unwrap();
    std::fs::write(target.join("bench/differential.json"), text).unwrap();
}
