use super::*;

/// Numbers that change beside an order of them.
#[derive(Default)]
struct Numbers {
    ranking: Ranking<u32>,
    all: Vec<u32>,
    counted: Cell<usize>,
}

impl Numbers {
    fn add(&mut self, number: u32) {
        self.all.push(number);
        self.ranking.enter([number]);
    }

    fn remove(&mut self, number: u32) {
        self.all.retain(|n| *n != number);
        self.ranking.leave([number]);
    }

    fn first(&self, from: u32) -> Option<u32> {
        self.ranking.first(from, || {
            self.counted.set(self.counted.get() + 1);
            self.all.iter().copied()
        })
    }
}

#[test]
fn the_first_is_found_among_all_that_are_there() {
    let mut numbers = Numbers::default();
    [7, 3, 9].into_iter().for_each(|n| numbers.add(n));
    assert_eq!(numbers.first(0), Some(3));
    numbers.remove(3);
    numbers.add(5);
    assert_eq!((numbers.first(0), numbers.first(6), numbers.first(10)), (Some(5), Some(7), None));
    assert_eq!(numbers.counted.get(), 1, "all are looked over once");
}

#[test]
fn an_order_is_kept_only_while_somebody_asks() {
    let mut numbers = Numbers::default();
    numbers.add(1);
    assert!(!numbers.ranking.is_kept(), "nobody has asked");
    numbers.first(0);
    numbers.ranking.forget_unasked();
    assert!(numbers.ranking.is_kept(), "somebody has asked since");
    numbers.ranking.forget_unasked();
    assert!(!numbers.ranking.is_kept());
    numbers.remove(1);
    numbers.add(2);
    assert_eq!(numbers.first(0), Some(2), "what changed meanwhile is known");
}

#[test]
fn what_has_an_owner_is_found_as_theirs_and_as_anybodys() {
    let owner = IpAddr::from([192, 0, 2, 1]);
    assert!(lookups(Some(owner)).eq([Whose::Any, Whose::Of(owner)]));
    assert!(lookups(None).eq([Whose::Any]));
}
