//! Judging what a proxy made of an answer: the client gets one message that all readers see, or
//! the proxy's own word that there is none, or something that visibly breaks off.

use crate::case::{Asked, Case, hidden, shown};
use crate::client::Ended;
use crate::judges::{Ask, End, Judges, Message, Reading, Readings, agreed, dissent, unreadable};
use crate::lane::Seen;
use crate::verdict::{Fault, Finding, Outcome, Verdict};

/// What the judges make of the cases as the backend sends them.
pub(crate) fn read(judges: &mut Judges, cases: &[Case]) -> Vec<Readings> {
    let ask = |case: &Case| Ask::answers(&case.bytes, &[case.asked.method()], case.closes);
    judges.read(&cases.iter().map(ask).collect::<Vec<_>>())
}

/// Judges what was seen of each case.
pub(crate) fn judge(
    judges: &mut Judges,
    cases: &[Case],
    sent: &[Readings],
    seen: &[Seen],
) -> Vec<Verdict> {
    let ask = |(case, seen): (&Case, &Seen)| {
        let methods = [case.asked.method(), "GET"];
        let methods = if seen.asked_again { &methods[..] } else { &methods[..1] };
        Ask::answers(&seen.received, methods, seen.end == Ended::Closed)
    };
    let got = judges.read(&cases.iter().zip(seen).map(ask).collect::<Vec<_>>());
    let all = cases.iter().zip(sent).zip(seen).zip(&got);
    all.map(|(((case, sent), seen), got)| verdict(case, sent, seen, got)).collect()
}

fn verdict(case: &Case, sent: &Readings, seen: &Seen, got: &Readings) -> Verdict {
    let outcome = outcome(sent, got);
    let mut findings: Vec<Finding> = split(got).into_iter().collect();
    findings.extend(left_open(case, seen, got));
    findings.extend(smuggled(case, seen, got));
    if outcome == Outcome::Forwarded {
        findings.extend(changed(case, sent, got));
    }
    let poisoned = seen.poisoned.as_ref();
    findings.extend(poisoned.map(|words| Finding::new(Fault::Poisoned, words)));
    if outcome == Outcome::Forwarded && unreadable(sent) {
        findings.push(Finding::new(Fault::Unreadable, "no judge could read what was sent"));
    }
    Verdict { outcome, findings }
}

/// The first answer that is not an interim one.
fn last_word(reading: &Reading) -> Option<&Message> {
    reading.messages.iter().find(|message| !message.word.starts_with('1'))
}

/// A status of the proxy's own is one that nobody read in what the backend sent.
fn outcome(sent: &Readings, got: &Readings) -> Outcome {
    let Some(answer) = got.iter().find_map(|(_, reading)| last_word(reading)) else {
        return Outcome::Refused;
    };
    let given = sent.iter().filter_map(|(_, reading)| last_word(reading));
    let own = ["500", "502", "503", "504"].contains(&answer.word.as_str());
    if own && !given.into_iter().any(|m| m.word == answer.word) {
        Outcome::Refused
    } else if answer.whole {
        Outcome::Forwarded
    } else {
        Outcome::Cut
    }
}

/// The judges differ, or bytes follow that nobody asked for.
fn split(got: &Readings) -> Option<Finding> {
    let surplus = |(_, reading): &&(&str, Reading)| matches!(reading.end, End::Stopped(_));
    let mut judges = dissent(got);
    judges.extend(got.iter().filter(surplus).map(|(name, _)| *name));
    judges.sort_unstable();
    judges.dedup();
    (!judges.is_empty()).then(|| {
        let words: Vec<String> = got.iter().map(|(n, r)| format!("{n}: {}", r.shown())).collect();
        Finding { fault: Fault::Split, judges, words: words.join("\n      ") }
    })
}

/// The backend has closed, so that the rest can't come any more, and the client isn't told.
fn left_open(case: &Case, seen: &Seen, got: &Readings) -> Option<Finding> {
    let is_partial = got.iter().any(|(_, r)| r.end == End::Partial || r.messages.is_empty());
    let left = case.closes && seen.end == Ended::Open && is_partial;
    left.then(|| Finding::new(Fault::LeftOpen, shown(&seen.received)))
}

/// The hidden answer may come as a part of a body: then it is one to nobody.
fn smuggled(case: &Case, seen: &Seen, got: &Readings) -> Option<Finding> {
    let text = hidden(case.index).into_bytes();
    let holds = |bytes: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    let in_body = |reading: &Reading| last_word(reading).is_some_and(|m| holds(&m.body));
    let foreign = holds(&seen.received) && !got.iter().any(|(_, reading)| in_body(reading));
    foreign.then(|| Finding::new(Fault::Smuggled, shown(&seen.received)))
}

/// Where all had read the same answer it arrives like that, and as whole only if it was.
fn changed(case: &Case, sent: &Readings, got: &Readings) -> Option<Finding> {
    let (first, came) = (last_word(agreed(sent)?)?, last_word(agreed(got)?)?);
    let same = first.whole && (&first.word, &first.body) == (&came.word, &came.body);
    // To HTTP/1.0 a body ends as the connection does: a reset says that it was not the end.
    let is_excused = case.asked == Asked::InHttp10 && !came.whole;
    (!same && !is_excused).then(|| {
        let reading = |m: &Message| Reading { messages: vec![m.clone()], end: End::Clean }.shown();
        Finding::new(Fault::Changed, format!("{}\n   became {}", reading(first), reading(came)))
    })
}
