//! The verdict in words, for somebody who has never heard of it: what, the figures, what to do.

use super::{Evidence, Limit, Offer, STALLED_MAX, STALLED_SAID};

pub(super) fn explain(limit: Option<Limit>, evidence: &Evidence) -> String {
    if evidence.failed_share >= 1.0 {
        return "No request was answered well, so this says nothing of what the cluster can do. \
                Does something listen there, and is there a page at this path? The kinds of \
                failure say which."
            .to_owned();
    }
    let mut sentence = match limit {
        Some(Limit::Generator) => generator(evidence),
        Some(Limit::ThinkTime) => think_time(evidence),
        Some(Limit::Workers) => workers(evidence),
        Some(Limit::Balancer) => balancer(evidence),
        Some(Limit::Network) => network(evidence),
        None => unlimited(evidence),
    };
    let stalled = evidence.generator.stalled_share;
    if limit != Some(Limit::Generator) && stalled > STALLED_SAID {
        let share = percent(stalled);
        sentence.push_str(&format!(
            " The load generator itself stood still for {share} of the time, so the longest \
             answers seem longer than they were."
        ));
    }
    if evidence.failed_share > 0.0 {
        let failed = percent(evidence.failed_share);
        sentence.push_str(&format!(" {failed} of the requests failed."));
    }
    sentence
}

fn generator(evidence: &Evidence) -> String {
    let generator = &evidence.generator;
    let fault = if generator.stalled_share > STALLED_MAX {
        format!("stood still for {} of the time", percent(generator.stalled_share))
    } else if generator.cpu_share > super::GENERATOR_CPU_MAX {
        format!("used {} of its core", percent(generator.cpu_share))
    } else {
        format!("sent {} later than due on average", time(generator.lateness_mean_s))
    };
    format!(
        "This result is void: the load generator itself {fault}, so it measured itself and not \
         the cluster. Give it a free core or a machine of its own, and test again."
    )
}

fn think_time(evidence: &Evidence) -> String {
    let busy = match evidence.sees_cluster() {
        true => format!(" ({})", parts(evidence)),
        false => String::new(),
    };
    format!(
        "This test could not exceed some {}/s whatever the cluster: {}. It answered {}/s in {} on \
         average and can do more{busy}; only more users or shorter pauses would show how much.",
        number(evidence.ceiling_per_s().unwrap_or_default()),
        offer(evidence),
        number(evidence.achieved_per_s),
        time(evidence.response_mean_s),
    )
}

fn workers(evidence: &Evidence) -> String {
    let count = evidence.workers.len();
    let (mean, most) = (evidence.workers_mean_share(), evidence.workers_share());
    let busiest = evidence.workers.iter().max_by(|a, b| a.busy_share.total_cmp(&b.busy_share));
    let who = match busiest {
        Some(worker) if most - mean > 0.2 => format!(
            "Worker {} was busy {} of the time and held the others up ({} on average)",
            worker.name,
            percent(most),
            percent(mean)
        ),
        _ => format!("The {count} workers were busy {} of the time", percent(mean)),
    };
    format!(
        "{who}: {}/s in {} on average is what they can do. {} More or faster workers would help.",
        number(evidence.achieved_per_s),
        time(evidence.response_mean_s),
        wanted(evidence),
    )
}

fn balancer(evidence: &Evidence) -> String {
    let cores = evidence.balancer.map_or(0, |balancer| balancer.cores);
    format!(
        "The balancer used {} of its {}: {}/s is what it can pass on here. {} A faster balancer \
         or another core for it would help; more workers would not.",
        percent(evidence.balancer_share()),
        plural(cores, "core"),
        number(evidence.achieved_per_s),
        wanted(evidence),
    )
}

fn network(evidence: &Evidence) -> String {
    let network = evidence.network.unwrap_or_default();
    let mbit = network.bytes_per_s * 8.0 / 1e6;
    let resent = match network.retransmits {
        Some(count) if count > 0 => format!(", {} were sent again", plural(count, "segment")),
        _ => String::new(),
    };
    if evidence.link_share() >= super::FULL {
        return format!(
            "The link was {} full ({mbit:.1} Mbit/s{resent}): {}/s of this size is what it \
             carries. {} A faster link, compression or smaller pages would help.",
            percent(evidence.link_share()),
            number(evidence.achieved_per_s),
            wanted(evidence),
        );
    }
    format!(
        "Nothing was full ({}), yet an answer took {} on average at {}/s: the time went on the \
         way between users, balancer and workers ({mbit:.1} Mbit/s{resent}).",
        parts(evidence),
        time(evidence.response_mean_s),
        number(evidence.achieved_per_s),
    )
}

fn unlimited(evidence: &Evidence) -> String {
    let achieved = number(evidence.achieved_per_s);
    let response = time(evidence.response_mean_s);
    if evidence.kept_up() {
        return format!(
            "All of the {achieved}/s that were sent were answered, in {response} on average: \
             nothing was full at this rate, so a higher one would show the limit."
        );
    }
    format!(
        "{achieved}/s were answered in {response} on average, and what took the time cannot be \
         seen from here. {} Look at the CPU of balancer and workers during a test.",
        wanted(evidence)
    )
}

/// What was to be sent, as a whole sentence; empty where that says nothing.
fn wanted(evidence: &Evidence) -> String {
    match (evidence.offer, evidence.ceiling_per_s()) {
        (Offer::Open { rate_per_s }, _) => format!("The test sent {}/s.", number(rate_per_s)),
        (_, Some(ceiling)) => {
            format!("The users would have sent up to {}/s ({}).", number(ceiling), offer(evidence))
        }
        (Offer::Closed { users, .. }, None) => {
            format!("{} sent without a pause.", plural(users, "user"))
        }
    }
}

fn offer(evidence: &Evidence) -> String {
    match evidence.offer {
        Offer::Closed { users, think_mean_s } => {
            format!("{} / {think_mean_s} s think time", plural(users, "user"))
        }
        Offer::Open { rate_per_s } => format!("{}/s", number(rate_per_s)),
    }
}

/// How busy the visible parts were.
fn parts(evidence: &Evidence) -> String {
    let mut parts = Vec::new();
    if !evidence.workers.is_empty() {
        parts.push(format!("workers {} busy", percent(evidence.workers_mean_share())));
    }
    if evidence.balancer.is_some() {
        parts.push(format!("balancer {}", percent(evidence.balancer_share())));
    }
    if evidence.network.is_some_and(|network| network.link_bits_per_s.is_some()) {
        parts.push(format!("link {}", percent(evidence.link_share())));
    }
    parts.join(", ")
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    match percent {
        p if p > 0.0 && p < 0.995 => format!("{p:.2} %"),
        p => format!("{p:.0} %"),
    }
}

fn time(seconds: f64) -> String {
    match seconds {
        s if s >= 10.0 => format!("{s:.0} s"),
        s if s >= 1.0 => format!("{s:.1} s"),
        s if s >= 0.01 => format!("{:.0} ms", s * 1e3),
        s => format!("{:.1} ms", s * 1e3),
    }
}

/// With commas between thousands.
fn number(value: f64) -> String {
    let digits = format!("{:.0}", value.max(0.0));
    let grouped = |(index, digit): (usize, char)| {
        let comma = index > 0 && (digits.len() - index).is_multiple_of(3);
        comma.then_some(',').into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(grouped).collect()
}

fn plural(count: impl Into<u64>, noun: &str) -> String {
    match count.into() {
        1 => format!("1 {noun}"),
        count => format!("{} {noun}s", number(count as f64)),
    }
}
