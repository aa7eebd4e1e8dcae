//! A plan as one core runs it: names resolved to what they mean, once, not per request.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bramble_config::plan::{Action, Link, Plan, Serves, Timeouts};
use bramble_http::{Limits, Mapping};
use bramble_metrics::Metered;
use bramble_net::tls::KeyId;

use crate::access_log::{Fragment, Log, Logs};
use crate::files::Site;
use crate::floor::Floor;
use crate::meters::{Meter, Meters, route_name};
use crate::pool::Pool;
use crate::prepared::{PlanError, Prepared};
use crate::rate::Rate;
use crate::route;

/// Routes with what answers, and every limit in the form in which it is used.
pub(crate) struct Table {
    pub(crate) shared: Arc<Prepared>,
    pub(crate) limits: Limits,
    /// Of a backend's answers: as strict, but a body may be of any size.
    pub(crate) answer_limits: Limits,
    pub(crate) times: Times,
    /// How many requests a client may make, if that is limited.
    pub(crate) rate: Option<Rate>,
    listeners: Vec<(SocketAddr, Rc<Listener>)>,
    /// Where requests are noted, if anywhere.
    pub(crate) log: Option<Rc<Log>>,
    routes: Vec<Route>,
    pools: Vec<Rc<Pool>>,
    sites: BTreeMap<String, Rc<Site>>,
}

/// A listener as the connections that come by it know it.
pub(crate) struct Listener {
    pub(crate) name: Rc<str>,
    pub(crate) serves: Serves,
    pub(crate) meter: Rc<Meter>,
    pub(crate) logged: Rc<Fragment>,
}

/// What a route leads to.
struct Route {
    handler: Handler,
    /// Its own, and that of its pool.
    meters: Vec<Rc<Meter>>,
}

/// What answers a request.
#[derive(Clone)]
pub(crate) enum Handler {
    Nothing,
    /// With what the path is called there, if it is not the same.
    Pool(Rc<Pool>, Option<Rc<Mapping>>),
    Redirect {
        status: u16,
        location: Rc<str>,
        /// For what follows the route's prefix, where that goes behind the location.
        below: Option<Rc<Mapping>>,
    },
    Respond {
        status: u16,
        body: Rc<str>,
    },
    Site(Rc<Site>),
}

/// Time limits as durations.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) head: Duration,
    pub(crate) idle: Duration,
    pub(crate) connect: Duration,
    pub(crate) first_byte: Duration,
    pub(crate) body: Duration,
    pub(crate) request: Duration,
    pub(crate) backend_idle: Duration,
    pub(crate) drain: Duration,
    pub(crate) stop: Duration,
    pub(crate) tunnel: Duration,
}

impl Table {
    /// Compiles for this core; counts, connections and open files of `old` are kept.
    pub(crate) fn new(
        shared: &Arc<Prepared>,
        folder: &std::path::Path,
        logs: &Logs,
        meters: &Meters,
        old: Option<&Self>,
    ) -> Result<Self, PlanError> {
        let plan = &shared.plan;
        let pool = |(pool, prepared)| {
            let name: &bramble_config::plan::Pool = pool;
            let kept = old.and_then(|old| old.pool(&name.name));
            Rc::new(Pool::new(pool, prepared, plan.threads, kept.map(Rc::as_ref)))
        };
        let pools: Vec<_> = plan.pools.iter().zip(&shared.pools).map(pool).collect();
        let mut sites = BTreeMap::new();
        for site in &plan.sites {
            let kept = old.and_then(|old| old.sites.get(&site.name));
            let open = Site::open(site, folder, plan.threads, kept.map(Rc::as_ref));
            let open = open.map_err(|(path, source)| site_error(&site.name, path, source))?;
            sites.insert(site.name.clone(), Rc::new(open));
        }
        let log = shared.writer.as_ref().zip(plan.access_log.as_ref());
        let mut table = Self {
            shared: shared.clone(),
            log: log.map(|(writer, log)| logs.find(writer, log.format)),
            limits: limits(plan),
            answer_limits: Limits { body_bytes: u64::MAX, ..limits(plan) },
            times: Times::new(&plan.timeouts),
            rate: None,
            listeners: plan.listeners.iter().map(|l| (l.address, listener(l, meters))).collect(),
            routes: Vec::new(),
            pools,
            sites,
        };
        table.routes = plan.routes.iter().map(|route| table.route(route, meters)).collect();
        Ok(table)
    }

    /// Counts what its backends have to do together with the other cores.
    pub(crate) fn join(&self, own: usize) {
        for (pool, prepared) in self.pools.iter().zip(&self.shared.pools) {
            for (backend, prepared) in pool.backends().iter().zip(&prepared.backends) {
                backend.join(&prepared.lanes, own);
            }
        }
    }

    fn route(&self, route: &bramble_config::plan::Route, meters: &Meters) -> Route {
        let handler = self.resolve(route);
        let mut own = vec![meters.find(Metered::Route, &route_name(route))];
        if let Handler::Pool(pool, _) = &handler {
            own.push(meters.find(Metered::Pool, &pool.name));
        }
        Route { handler, meters: own }
    }

    fn resolve(&self, route: &bramble_config::plan::Route) -> Handler {
        match &route.action {
            Action::Pool(name) => {
                let Some(pool) = self.pool(name).cloned() else { return Handler::Nothing };
                let prefix = route.path_prefix.as_str();
                // Who has a host of its own speaks of its places there.
                let base = route.replace_prefix.as_deref();
                let base = base.or_else(|| pool.names_hosts().then_some(prefix));
                let mapping = base.map(|base| Mapping::new(prefix, base).into());
                Handler::Pool(pool, mapping)
            }
            Action::Redirect { status, location, keep_path } => Handler::Redirect {
                status: *status,
                location: location.as_str().into(),
                below: keep_path.then(|| Mapping::new(&route.path_prefix, location).into()),
            },
            Action::Respond { status, body } => {
                Handler::Respond { status: *status, body: body.as_str().into() }
            }
            Action::Site(name) => {
                self.sites.get(name).cloned().map_or(Handler::Nothing, Handler::Site)
            }
        }
    }

    /// The place of the route that a request for this host and path goes.
    pub(crate) fn find(&self, host: &[u8], path: &[u8]) -> Option<usize> {
        route::find(&self.plan().routes, host, path)
    }

    /// What answers a request on this route.
    pub(crate) fn handler(&self, route: Option<usize>) -> Handler {
        let found = route.and_then(|i| self.routes.get(i));
        found.map_or(Handler::Nothing, |route| route.handler.clone())
    }

    /// The meters that a request on this route passes.
    pub(crate) fn meters(&self, route: Option<usize>) -> &[Rc<Meter>] {
        route.and_then(|i| self.routes.get(i)).map_or(&[], |route| &route.meters)
    }

    /// Whether any listener is for metrics.
    pub(crate) fn has_metrics(&self) -> bool {
        self.listeners.iter().any(|(_, listener)| listener.serves == Serves::Metrics)
    }

    /// The listener at this address.
    pub(crate) fn listener(&self, at: SocketAddr) -> Option<Rc<Listener>> {
        let listener = self.listeners.iter().find(|(address, _)| *address == at);
        listener.map(|(_, listener)| listener.clone())
    }

    /// The listener without TLS that is called so.
    pub(crate) fn plain_listener(&self, name: &str) -> Option<Rc<Listener>> {
        let is_plain = self.is_plain(|l| l.name == name);
        let own = self.listeners.iter().find(|(_, own)| is_plain && *own.name == *name);
        own.map(|(_, own)| own.clone())
    }

    /// Whether a client that comes there speaks without TLS.
    pub(crate) fn is_plain_at(&self, at: SocketAddr) -> bool {
        self.is_plain(|listener| listener.address == at)
    }

    fn is_plain(&self, which: impl Fn(&bramble_config::plan::Listener) -> bool) -> bool {
        self.plan().listeners.iter().any(|l| which(l) && l.link == Link::Plain)
    }

    /// How slowly a client may send or read a body.
    pub(crate) fn floor(&self) -> Floor {
        Floor::new(self.times.body, self.plan().limits.body_bytes_per_s)
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.shared.plan
    }

    pub(crate) fn pools(&self) -> &[Rc<Pool>] {
        &self.pools
    }

    fn pool(&self, name: &str) -> Option<&Rc<Pool>> {
        self.pools.iter().find(|pool| pool.name == name)
    }

    /// Whether a peer that a listener accepted earlier would be accepted now.
    pub(crate) fn still_trusts(&self, listener: &str, peer: KeyId) -> bool {
        let found = self.plan().listeners.iter().find(|l| l.name == listener);
        match found.map(|l| &l.link) {
            Some(Link::Mutual { keys }) => keys.contains(&peer.to_string()),
            Some(Link::Plain) => true,
            None => false,
        }
    }
}

fn listener(plan: &bramble_config::plan::Listener, meters: &Meters) -> Rc<Listener> {
    let meter = meters.find(Metered::Listener, &plan.name);
    let logged = Fragment::listener(&plan.name).into();
    Rc::new(Listener { name: plan.name.as_str().into(), serves: plan.serves, meter, logged })
}

impl Times {
    fn new(timeouts: &Timeouts) -> Self {
        let ms = Duration::from_millis;
        Self {
            head: ms(timeouts.head_ms),
            idle: ms(timeouts.idle_ms),
            connect: ms(timeouts.connect_ms),
            first_byte: ms(timeouts.first_byte_ms),
            body: ms(timeouts.body_ms),
            request: ms(timeouts.request_ms),
            backend_idle: ms(timeouts.backend_idle_ms),
            drain: ms(timeouts.drain_ms),
            stop: ms(timeouts.stop_ms),
            tunnel: ms(timeouts.tunnel_ms),
        }
    }
}

fn limits(plan: &Plan) -> Limits {
    let limits = &plan.limits;
    Limits {
        head_bytes: limits.head_bytes as usize,
        fields: usize::from(limits.fields),
        target_bytes: limits.target_bytes as usize,
        chunk_extension_line_bytes: limits.chunk_extension_line_bytes as usize,
        chunk_extension_body_bytes: limits.chunk_extension_body_bytes as usize,
        body_bytes: limits.body_bytes,
    }
}

fn site_error(site: &str, path: String, source: io::Error) -> PlanError {
    PlanError::Site { site: site.to_owned(), path, source }
}
