//! Sessions: what a pool keeps of `stickysession`, `route` and `redirect`, and of the cookie that
//! some `Header` sets.

use super::expand::Node;
use super::model::{Member, Pool, Setting};
use super::notice::{Fate, Notices};
use super::parameter::quoted;
use super::write::last_of_each;

const ROUTE: &str = "pool.backend.route";
const REDIRECT: &str = "pool.backend.redirect";
const COOKIE: &str = "pool.sticky.cookie";
const PARAMETER: &str = "pool.sticky.parameter";

/// The keys of `[pool.sticky]`; `cookies` are those that somebody sets to a backend's route.
pub(super) fn of_pool(
    pool: &Pool,
    cookies: &[(String, Node)],
    notices: &mut Notices,
) -> Vec<Setting> {
    let mut settings = last_of_each(&pool.settings, |key| key.starts_with("pool.sticky."));
    let Some(cookie) = settings.iter().find(|one| one.key == COOKIE).cloned() else {
        for one in settings {
            let words =
                ("without `stickysession` it says nothing".to_owned(), "nothing".to_owned());
            notices.about(&one.place, &one.text, Fate::Changed, words);
        }
        return Vec::new();
    };
    settings.retain(|one| one.key != PARAMETER || one.value != cookie.value);
    if let Some((_, line)) = cookies.iter().find(|(name, _)| quoted(name) == cookie.value) {
        let why = "bramble sets that cookie itself, with Path=/, HttpOnly and SameSite=Lax";
        notices.changed(line, why, "nothing, unless scripts or other sites need it");
        settings.push(Setting { key: "pool.sticky.set", value: "true".to_owned(), ..cookie });
    }
    settings
}

/// The same pool, with routes that each lead to one backend.
pub(super) fn with_routes(pool: &Pool, notices: &mut Notices) -> Pool {
    let mut pool = pool.clone();
    let mut seen: Vec<String> = Vec::new();
    let addresses: Vec<String> =
        pool.members.iter().map(|member| quoted(&member.address.to_string())).collect();
    for (at, member) in pool.members.iter_mut().enumerate() {
        let Some(route) = last(member, ROUTE) else { continue };
        // Who has no route goes by its address where bramble sets the cookie.
        let others = addresses.iter().enumerate().filter(|(other, _)| *other != at);
        let is_taken =
            seen.contains(&route.value) || others.clone().any(|(_, a)| *a == route.value);
        if is_taken {
            let why = "another backend of the pool has that route";
            let instead = "give it a `route` of its own, and the other a `redirect` to it";
            leave_out(member, &route, (why, instead), notices);
        } else {
            seen.push(route.value);
        }
    }
    for member in &mut pool.members {
        let Some(redirect) = last(member, REDIRECT) else { continue };
        let own = last(member, ROUTE).map(|route| route.value);
        if !seen.contains(&redirect.value) || own.as_ref() == Some(&redirect.value) {
            let why = "no other backend of the pool has that route";
            leave_out(member, &redirect, (why, "give another that `route`"), notices);
        }
    }
    pool
}

fn last(member: &Member, key: &str) -> Option<Setting> {
    member.settings.iter().rev().find(|one| one.key == key).cloned()
}

fn leave_out(member: &mut Member, one: &Setting, words: (&str, &str), notices: &mut Notices) {
    member.settings.retain(|other| other.key != one.key);
    let words = (words.0.to_owned(), words.1.to_owned());
    notices.about(&one.place, &one.text, Fate::LeftOut, words);
}
