use super::super::super::bar::Verdict;
use super::super::contender::{BRAMBLE, HAPROXY_LEAST, NGINX_LEAST};
use super::{Case, Contender, Measure, Scene, Taken, judge};

fn taken(scene: Scene, contender: Contender, p99_ms: &[f64]) -> Taken {
    let mut taken = Taken::new(scene, contender);
    p99_ms.iter().for_each(|value| taken.add(vec![(Measure::P99, *value)]));
    taken
}

/// Ours is 10 % slower with the slow one, and five times as fast as the best of the others.
fn figures() -> Vec<Taken> {
    vec![
        taken(Scene::Alike, BRAMBLE, &[20.0, 20.0, 10.0, 30.0, 20.0]),
        taken(Scene::Slow, BRAMBLE, &[22.0, 22.0, 11.0, 33.0, 22.0]),
        taken(Scene::Slow, HAPROXY_LEAST, &[120.0; 5]),
        taken(Scene::Slow, NGINX_LEAST, &[200.0; 5]),
    ]
}

#[test]
fn ratios_are_taken_round_by_round_against_the_best() {
    let judged = judge(Case::Slow, BRAMBLE, &figures());
    let [own, peers] = judged.as_slice() else { panic!("{} bars", judged.len()) };
    assert!((own.figure.low - 1.1).abs() < 1e-9 && (own.figure.high - 1.1).abs() < 1e-9);
    assert_eq!(own.verdict, Some(Verdict::Met));
    assert_eq!(peers.rival, Some((Scene::Slow, HAPROXY_LEAST)));
    assert_eq!(peers.verdict, Some(Verdict::Tie));
}

#[test]
fn who_was_asked_too_late_proves_nothing() {
    let mut figures = figures();
    figures.iter_mut().take(1).for_each(|one| one.is_void = true);
    let judged = judge(Case::Slow, BRAMBLE, &figures);
    let verdicts: Vec<_> = judged.iter().map(|one| one.verdict).collect();
    assert_eq!(verdicts, [None, Some(Verdict::Tie)]);
}

#[test]
fn bars_without_figures_are_left_out() {
    assert!(judge(Case::Slow, BRAMBLE, &figures()[2..]).is_empty());
    assert_eq!(judge(Case::Slow, BRAMBLE, &figures()[..2]).len(), 1);
}
