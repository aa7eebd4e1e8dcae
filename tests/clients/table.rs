//! Cases side by side: what a client saw straight from the backend, and through bramble.

use std::collections::BTreeMap;
use std::io::Write as _;

use crate::seen::Seen;

/// The cases of one client.
pub struct Table {
    client: String,
    rows: Vec<Row>,
}

struct Row {
    case: String,
    direct: String,
    through: String,
    verdict: Verdict,
}

enum Verdict {
    /// bramble is meant to be stricter here, or to say more; why.
    ByDesign(&'static str),
    Different(String),
    Same,
}

impl Table {
    pub fn of(client: impl Into<String>) -> Self {
        Self { client: client.into(), rows: Vec::new() }
    }

    /// Both must be the same.
    pub fn same(&mut self, case: &str, seen: &[Seen; 2]) {
        let difference = seen[0].difference(&seen[1]);
        self.add(case, seen, difference.map_or(Verdict::Same, Verdict::Different));
    }

    /// They must differ, for this reason, and this is what must be seen through bramble.
    pub fn by_design(&mut self, case: &str, seen: &[Seen; 2], gist: &str, why: &'static str) {
        let verdict = match seen[0] != seen[1] && seen[1].gist == gist {
            true => Verdict::ByDesign(why),
            false => Verdict::Different(format!("not {gist:?}: {seen:#?}")),
        };
        self.add(case, seen, verdict);
    }

    fn add(&mut self, case: &str, [direct, through]: &[Seen; 2], verdict: Verdict) {
        let (direct, through) = (direct.gist.clone(), through.gist.clone());
        self.rows.push(Row { case: case.to_owned(), direct, through, verdict });
    }

    /// Prints it, and ends the test where something differs.
    #[track_caller]
    pub fn finish(self) {
        let rows: String = self.rows.iter().map(Row::line).collect();
        self.conclude(&rows);
    }

    /// The same for hundreds of cases: prints how many came to what.
    #[track_caller]
    pub fn finish_in_short(self) {
        let mut counts = BTreeMap::new();
        for row in &self.rows {
            *counts.entry((&row.direct, &row.through)).or_insert(0) += 1;
        }
        let line = |((direct, through), count): (&(&String, &String), &usize)| {
            format!("  {count:>4} cases {direct:<32} {through}\n")
        };
        let rows: String = counts.iter().map(line).collect();
        self.conclude(&rows);
    }

    #[track_caller]
    fn conclude(&self, rows: &str) {
        let different: Vec<_> = self.rows.iter().filter_map(Row::complaint).collect();
        let meant = self.rows.iter().filter(|row| matches!(row.verdict, Verdict::ByDesign(_)));
        let head = format!(
            "\n{}: {} cases, {} differences ({} more by design)\n",
            self.client,
            self.rows.len(),
            different.len(),
            meant.count()
        );
        // Not by `print`, which a test that passes keeps to itself.
        std::io::stdout().write_all((head + rows).as_bytes()).unwrap();
        assert!(different.is_empty(), "{}", different.join("\n"));
    }
}

impl Row {
    fn complaint(&self) -> Option<String> {
        match &self.verdict {
            Verdict::Different(what) => Some(format!("{}: {what}", self.case)),
            _ => None,
        }
    }

    fn line(&self) -> String {
        let Self { case, direct, through, verdict } = self;
        let verdict = match verdict {
            Verdict::ByDesign(why) => format!("by design: {why}"),
            Verdict::Different(_) => "DIFFERENT".to_owned(),
            Verdict::Same => "same".to_owned(),
        };
        format!("  {case:<44} {direct:<16} {through:<16} {verdict}\n")
    }
}
