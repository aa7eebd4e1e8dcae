//! Configurations: whatever text is refused in words, or taken and made into a plan that can be
//! run and kept.

use bramble_config::plan::{Action, HealthCheck, Plan};
use bramble_config::{Config, ConfigErrors, load};

const FILE: &str = "any.toml";

/// Checks what holds for any bytes that come as a configuration.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match load(text, FILE) {
        Ok(config) => check_config(&config, text),
        Err(errors) => check_errors(&errors, text),
    }
}

/// Each fault lies within the text and can be shown.
fn check_errors(errors: &ConfigErrors, text: &str) {
    assert!((1..=20).contains(&errors.errors().len()));
    for error in errors.errors() {
        assert!(text.get(error.span()).is_some(), "{:?} is no part of the text", error.span());
        let (line, column) = error.position();
        let shown = error.to_string();
        assert!(shown.starts_with(&format!("{FILE}:{line}:{column}: error: ")), "{shown}");
    }
    assert_eq!(load(text, FILE).as_ref(), Err(errors));
}

fn check_config(config: &Config, text: &str) {
    assert_eq!(load(text, FILE).as_ref(), Ok(config));
    assert_eq!(config.diff(config), Vec::<String>::new());
    assert!(!config.diff(&Config::default()).is_empty() || *config == Config::default());
    assert!(config.threads() >= 1 && !config.listeners().is_empty());
    let Ok(plan) = config.plan() else {
        assert!(config.sites().iter().any(|site| site.root.is_none()), "no reason to refuse");
        return;
    };
    check_kept(&plan);
    check_names(&plan);
    check_lines(&plan);
}

/// The plan lies on disk as JSON, and a process starts from it.
fn check_kept(plan: &Plan) {
    let json = serde_json::to_string(plan).unwrap();
    assert_eq!(&serde_json::from_str::<Plan>(&json).unwrap(), plan);
}

/// Every name leads to what it names.
fn check_names(plan: &Plan) {
    for route in &plan.routes {
        match &route.action {
            Action::Pool(name) => assert!(plan.pools.iter().any(|pool| pool.name == *name)),
            Action::Site(name) => assert!(plan.sites.iter().any(|site| site.name == *name)),
            Action::Redirect { status, .. } => {
                assert!(matches!(status, 301 | 302 | 303 | 307 | 308));
            }
            Action::Respond { status, .. } => assert!(matches!(status, 200..600)),
        }
    }
    let backends = plan.pools.iter().flat_map(|pool| &pool.backends);
    assert!(backends.clone().all(|backend| (100..=10_000).contains(&backend.weight)));
    assert!(plan.pools.iter().all(|pool| !pool.backends.is_empty() && pool.retries <= 7));
}

/// What goes into a line of HTTP as it stands cannot end that line.
fn check_lines(plan: &Plan) {
    let is_plain =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    for route in &plan.routes {
        assert!(route.path_prefix.starts_with('/') && is_plain(&route.path_prefix));
        assert!(route.hosts.iter().all(|host| is_plain(host) && *host == host.to_lowercase()));
        if let Action::Redirect { location, .. } = &route.action {
            assert!(is_plain(location), "{location:?}");
        }
    }
    let mut backends = plan.pools.iter().flat_map(|pool| &pool.backends);
    assert!(backends.all(|backend| backend.host.as_ref().is_none_or(|host| is_plain(host))));
    for HealthCheck { path, host, .. } in plan.pools.iter().filter_map(|pool| pool.health.as_ref())
    {
        assert!(path.starts_with('/') && is_plain(path), "{path:?}");
        assert!(is_plain(host), "{host:?}");
    }
}
