//! Telling balancers how much there is to do here.

use std::time::Instant;

use super::Connection;
use crate::balance::report::Text;

impl Connection {
    /// Whether an answer says it: to a balancer of the cluster, which has a key, and to whoever
    /// asks. A visitor is neither, since no balancer passes the question on.
    #[inline]
    pub(crate) fn tells_load(&self) -> bool {
        self.core.work.is_worker() && (self.visitor.key.is_some() || self.head.asks_load)
    }

    /// The request stands in no line any more, as of then; told only where the answer says it.
    pub(crate) fn begins_work(&mut self, at: Instant) {
        self.metering.worked_from = Some(at);
    }

    /// What an answer says that begins now.
    pub(crate) fn load(&mut self) -> Option<Text> {
        self.tells_load().then(|| self.load_now())
    }

    fn load_now(&mut self) -> Text {
        let work = &self.core.work;
        if let Some(from) = self.metering.worked_from.take() {
            work.served(from.elapsed());
        }
        work.report(self.core.counters.in_flight.get()).text()
    }
}
