//! What one core meters by itself: each listener, route and pool. A meter lives on over plans, as
//! long as one of them has what it is of.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use bramble_config::plan::Route;
use bramble_metrics::{Metered, Traffic};

/// The meters of one core.
#[derive(Default)]
pub(crate) struct Meters(RefCell<Vec<Rc<Meter>>>);

/// What has gone one way.
pub(crate) struct Meter {
    of: Metered,
    name: String,
    traffic: RefCell<Traffic>,
    /// Client connections: those that are open, and all that came.
    open: Cell<u64>,
    accepted: Cell<u64>,
}

/// A client's connection, counted as open until this is dropped.
pub(crate) struct Counted(Rc<Meter>);

impl Meters {
    /// The meter of what is called so.
    pub(crate) fn find(&self, of: Metered, name: &str) -> Rc<Meter> {
        let mut all = self.0.borrow_mut();
        if let Some(meter) = all.iter().find(|meter| meter.of == of && meter.name == name) {
            return meter.clone();
        }
        let meter = Rc::new(Meter::new(of, name));
        all.push(meter.clone());
        meter
    }

    /// Forgets meters of what no plan has any more.
    pub(crate) fn tend(&self) {
        self.0.borrow_mut().retain(|meter| Rc::strong_count(meter) > 1);
    }

    /// What went by each.
    pub(crate) fn traffic(&self) -> Vec<(Metered, String, Traffic)> {
        let of = |meter: &Rc<Meter>| (meter.of, meter.name.clone(), meter.traffic.borrow().clone());
        self.0.borrow().iter().map(of).collect()
    }

    /// Connections by listener: those that are open, and all that came.
    pub(crate) fn connections(&self) -> Vec<(String, u64, u64)> {
        let all = self.0.borrow();
        let listeners = all.iter().filter(|meter| meter.of == Metered::Listener);
        listeners.map(|m| (m.name.clone(), m.open.get(), m.accepted.get())).collect()
    }
}

impl Meter {
    fn new(of: Metered, name: &str) -> Self {
        let (open, accepted) = (Cell::new(0), Cell::new(0));
        Self { of, name: name.to_owned(), traffic: RefCell::default(), open, accepted }
    }

    /// Counts a request that was answered so; 0: not at all.
    #[inline]
    pub(crate) fn record(&self, status: u16, sent_bytes: u64, us: u64) {
        self.traffic.borrow_mut().record(status, sent_bytes, us);
    }

    /// Counts a connection.
    pub(crate) fn connected(self: &Rc<Self>) -> Counted {
        self.open.set(self.open.get() + 1);
        self.accepted.set(self.accepted.get() + 1);
        Counted(self.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
    }
}

/// What a route is called: its hosts and its path prefix.
pub(crate) fn route_name(route: &Route) -> String {
    let hosts = if route.hosts.is_empty() { "*".to_owned() } else { route.hosts.join(",") };
    hosts + &route.path_prefix
}

#[cfg(test)]
mod tests;
