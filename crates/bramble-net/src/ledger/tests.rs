use super::*;

const MIB: u64 = 1024 * 1024;

fn budget(ceiling: u64) -> Arc<Budget> {
    Arc::new(Budget::new(ceiling))
}

#[test]
fn levels_are_quarters_of_the_ceiling() {
    let ledger = Ledger::new(budget(4 * MIB));
    let mut grant = ledger.grant(Use::Files, 0);
    let mut check = |bytes, level| {
        grant.resize(bytes);
        assert_eq!(ledger.level(), level, "{bytes}");
    };
    check(3 * MIB - 1, Level::Easy);
    check(3 * MIB, Level::Tight);
    check(4 * MIB, Level::Full);
    check(5 * MIB, Level::Over);
    check(6 * MIB, Level::Beyond);
    check(0, Level::Easy);
}

#[test]
fn a_core_learns_of_what_another_holds() {
    let budget = budget(4 * MIB);
    let (one, other) = (Ledger::new(budget.clone()), Ledger::new(budget));
    let grant = one.grant(Use::Buffers, 4 * MIB);
    assert_eq!(other.level(), Level::Full);
    drop(grant);
    assert_eq!(other.level(), Level::Easy);
    other.take(Use::Sockets, 4 * MIB);
    assert_eq!(one.level(), Level::Full);
    // A core that ends holds nothing any more.
    drop(other);
    assert_eq!(one.level(), Level::Easy);
    assert_eq!(one.excess(), 0);
}

#[tokio::test]
async fn whoever_takes_more_at_the_ceiling_is_heard_at_once() {
    let ledger = Ledger::new(budget(4 * MIB));
    let is_heard = async || {
        let filled = ledger.filled();
        tokio::time::timeout(std::time::Duration::from_millis(1), filled).await.is_ok()
    };
    ledger.take(Use::Sockets, 4 * MIB - 1);
    assert!(!is_heard().await, "there is room");
    ledger.take(Use::Sockets, MIB);
    assert!(is_heard().await);
    ledger.give_back(Use::Sockets, MIB / 2);
    assert!(!is_heard().await, "that is less");
    let mut grant = ledger.grant(Use::Buffers, MIB);
    assert!(is_heard().await);
    grant.resize(MIB);
    assert!(!is_heard().await, "that is as much as before");
}

#[test]
fn what_is_there_anyway_counts_and_a_ceiling_can_change() {
    let ledger = Ledger::new(budget(4 * MIB));
    ledger.budget().set_base(3 * MIB);
    assert_eq!(ledger.level(), Level::Tight);
    ledger.budget().set_ceiling(2 * MIB);
    assert_eq!((ledger.level(), ledger.excess()), (Level::Beyond, MIB));
}

#[test]
fn it_says_what_is_held_for_what() {
    let ledger = Ledger::unlimited();
    let grants: Vec<_> = (1..).zip(Use::ALL).map(|(n, what)| ledger.grant(what, n)).collect();
    let held: Vec<_> = ledger.held().collect();
    assert_eq!(held, Use::ALL.into_iter().zip(1..).collect::<Vec<_>>());
    drop(grants);
    assert!(ledger.held().all(|(_, bytes)| bytes == 0));
}
