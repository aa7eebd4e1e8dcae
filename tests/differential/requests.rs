//! Judging what a proxy made of a request: what reached the backend is one message to all
//! readers, and no message came that was not one to all readers of what the client had sent.

use crate::case::{Case, target};
use crate::judges::{Ask, End, Judges, Message, Reading, Readings, agreed, dissent, unreadable};
use crate::lane::Seen;
use crate::verdict::{Fault, Finding, Outcome, Verdict};

/// What the judges make of the cases as the client sends them.
pub(crate) fn read(judges: &mut Judges, cases: &[Case]) -> Vec<Readings> {
    let asks: Vec<Ask> = cases.iter().map(|case| Ask::requests(&case.bytes, true)).collect();
    judges.read(&asks)
}

/// Judges what was seen of each case.
pub(crate) fn judge(
    judges: &mut Judges,
    cases: &[Case],
    sent: &[Readings],
    seen: &[Seen],
) -> Vec<Verdict> {
    let segments = seen.iter().flat_map(|seen| &seen.segments);
    let asks: Vec<Ask> = segments.map(|s| Ask::requests(&s.bytes, s.closed)).collect();
    let mut readings = judges.read(&asks).into_iter();
    let all = cases.iter().zip(sent).zip(seen);
    all.map(|((case, sent), seen)| {
        let arrived: Vec<Readings> = readings.by_ref().take(seen.segments.len()).collect();
        verdict(case, sent, seen, &arrived)
    })
    .collect()
}

fn verdict(case: &Case, sent: &Readings, seen: &Seen, arrived: &[Readings]) -> Verdict {
    let outcome = outcome(arrived);
    let mut findings: Vec<Finding> = arrived.iter().filter_map(split).collect();
    findings.extend(left_open(seen, arrived));
    findings.extend(smuggled(case, sent, arrived));
    findings.extend(changed(sent, arrived));
    let poisoned = seen.poisoned.as_ref();
    findings.extend(poisoned.map(|words| Finding::new(Fault::Poisoned, words)));
    if outcome == Outcome::Forwarded && unreadable(sent) {
        findings.push(Finding::new(Fault::Unreadable, "no judge could read what was sent"));
    }
    Verdict { outcome, findings }
}

/// A request that looks what is left of a case.
fn is_probe(message: &Message) -> bool {
    message.word == "GET" && message.target.starts_with("/next/") && message.body.is_empty()
}

fn messages(arrived: &[Readings]) -> impl Iterator<Item = &Message> {
    let readings = arrived.iter().flatten().flat_map(|(_, reading)| &reading.messages);
    readings.filter(|message| !is_probe(message))
}

fn outcome(arrived: &[Readings]) -> Outcome {
    let probes = |(_, reading): &(&str, Reading)| {
        reading.end == End::Clean && reading.messages.iter().all(is_probe)
    };
    if messages(arrived).any(|message| message.whole) {
        Outcome::Forwarded
    } else if arrived.iter().flatten().all(probes) {
        Outcome::Refused
    } else {
        Outcome::Cut
    }
}

/// The judges differ about what came on a connection, or can't read it. A rest that one of them
/// stopped before is none of its business; the others read it.
fn split(readings: &Readings) -> Option<Finding> {
    let judges = dissent(readings);
    let words = || readings.iter().map(|(name, r)| format!("{name}: {}", r.shown())).collect();
    (!judges.is_empty()).then(|| {
        let words: Vec<String> = words();
        Finding { fault: Fault::Split, judges, words: words.join("\n      ") }
    })
}

fn left_open(seen: &Seen, arrived: &[Readings]) -> Option<Finding> {
    let is_partial = |readings: &Readings| readings.iter().any(|(_, r)| r.end == End::Partial);
    let mut pairs = seen.segments.iter().zip(arrived);
    let left = pairs.any(|(segment, readings)| !segment.closed && is_partial(readings));
    left.then(|| Finding::new(Fault::LeftOpen, "half a message on an open connection"))
}

/// A message that hides behind another must have been one of its own to all who read what was
/// sent that far.
fn smuggled(case: &Case, sent: &Readings, arrived: &[Readings]) -> Option<Finding> {
    let hidden = hidden(case, arrived)?;
    let sees = |reading: &Reading| reading.messages.iter().any(|m| m.target == hidden.target);
    let blind = sent.iter().filter(|(_, r)| !sees(r) && !matches!(r.end, End::Stopped(_)));
    let judges: Vec<&str> = blind.clone().map(|(name, _)| *name).collect();
    let unseen = !sent.iter().any(|(_, reading)| sees(reading));
    let refused = blind.clone().all(|(_, reading)| reading.is_refused());
    let fault = if refused && !unseen { Fault::Doubtful } else { Fault::Smuggled };
    let words = format!("{} {}", hidden.word, hidden.target);
    (!judges.is_empty() || unseen).then_some(Finding { fault, judges, words })
}

/// One that came behind another on its connection, or is marked. On a busy machine that of an
/// earlier case may come after its time: it was a request that a proxy had begun to pass on.
fn hidden<'a>(case: &Case, arrived: &'a [Readings]) -> Option<&'a Message> {
    let own = target("hidden", case.index);
    let readings = arrived.iter().flatten().map(|(_, reading)| &reading.messages);
    let others = readings.map(|messages| messages.iter().filter(|message| !is_probe(message)));
    let is_late = |m: &Message| m.target.starts_with("/hidden/") && m.target != own;
    let is_hidden =
        |(at, m): &(usize, &Message)| (*at > 0 || m.target.starts_with("/hidden/")) && !is_late(m);
    others.flat_map(Iterator::enumerate).find(is_hidden).map(|(_, message)| message)
}

/// Where all had read the first request alike, it arrives like that.
fn changed(sent: &Readings, arrived: &[Readings]) -> Option<Finding> {
    let first = agreed(sent)?.messages.first().filter(|message| message.whole)?;
    let readings = arrived.iter().filter_map(agreed);
    // Of a hidden one that comes alone others have spoken.
    let is_it = |m: &&Message| m.whole && !is_probe(m) && !m.target.starts_with("/hidden/");
    let came = readings.flat_map(|r| &r.messages).find(is_it)?;
    let same = (&first.word, origin_form(&first.target), &first.body)
        == (&came.word, came.target.clone(), &came.body);
    (!same).then(|| {
        let reading = |m: &Message| Reading { messages: vec![m.clone()], end: End::Clean }.shown();
        let words = format!("{}\n   became {}", reading(first), reading(came));
        Finding::new(Fault::Changed, words)
    })
}

/// The target without scheme and authority.
fn origin_form(target: &str) -> String {
    let Some((scheme, rest)) = target.split_once("://") else { return target.to_owned() };
    if scheme.contains('/') {
        return target.to_owned();
    }
    let path = rest.find(['/', '?']).map_or("", |at| &rest[at..]);
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}
