//! A change of one backend changes nothing else, whatever the file looks like.

use bramble_config::{Change, Edit, Setting, load};
use proptest::prelude::*;

/// What a file is made of: pools of backends, each with its noise.
type Pools = Vec<Vec<BackendLines>>;

#[derive(Clone, Debug)]
struct BackendLines {
    is_named: bool,
    weight: Option<u8>,
    above: &'static str,
    beside: &'static str,
    indent: &'static str,
}

fn backend() -> impl Strategy<Value = BackendLines> {
    let above = prop::sample::select(vec!["", "\n", "\n\n", "# shelf\n", "\n# [[pool.backend]]\n"]);
    let beside = prop::sample::select(vec!["", " # here", "\t#\u{e4} \" '"]);
    let indent = prop::sample::select(vec!["", "  ", "\t"]);
    (any::<bool>(), prop::option::of(1..=100_u8), above, beside, indent).prop_map(
        |(is_named, weight, above, beside, indent)| BackendLines {
            is_named,
            weight,
            above,
            beside,
            indent,
        },
    )
}

fn pools() -> impl Strategy<Value = Pools> {
    prop::collection::vec(prop::collection::vec(backend(), 1..4), 1..4)
}

fn address(pool: usize, backend: usize) -> String {
    format!("127.0.{pool}.1:{}", 9000 + backend)
}

fn text(pools: &Pools, has_check: bool) -> String {
    let mut text = String::from("[[listener]]\nname = 'web'\naddress = '127.0.0.1:80' # here\n");
    for (p, backends) in pools.iter().enumerate() {
        let route = format!("[[route]]\npath_prefix = '/{p}'\npool = 'p{p}'\n");
        text += &format!("\n[[pool]]\nname = 'p{p}'\nretries = 0x1\n");
        for (b, lines) in backends.iter().enumerate() {
            let BackendLines { above, beside, indent, .. } = lines;
            text += &format!("{above}[[pool.backend]]{beside}\n");
            text += &format!("{indent}address = '{}'{beside}\n", address(p, b));
            if lines.is_named {
                text += &format!("{indent}name = 'b{b}'\n");
            }
            if let Some(weight) = lines.weight {
                text += &format!("{indent}weight = {weight}.0{beside}\n");
            }
        }
        text += if has_check { "[pool.health]\npath = '/up'\n" } else { "" };
        text += &route;
    }
    text + "# The end.\n"
}

fn edit(pool: usize, change: Change) -> Edit {
    Edit { pool: format!("p{pool}"), change }
}

/// Makes the change and checks what comes of it: lines are changed in one place alone, at most so
/// many of the old and of the new ones.
fn checked(text: &str, edit: &Edit, gone: usize, come: usize) -> String {
    let edited = edit.apply(text).unwrap();
    let (old, new): (Vec<_>, Vec<_>) = (text.lines().collect(), edited.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[same..], &new[same..]);
    let same = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (was, is) = (&old[..old.len() - same], &new[..new.len() - same]);
    assert!(was.len() <= gone && is.len() <= come, "{was:?} → {is:?}\n{edited}");
    let before = load(text, "before").unwrap();
    let after = load(&edited, "after").unwrap_or_else(|errors| panic!("{errors}"));
    for line in before.diff(&after) {
        assert!(line.starts_with(&format!("pool {}: backend ", edit.pool)), "{line}");
    }
    edited
}

proptest! {
    #[test]
    fn a_change_of_one_backend_changes_nothing_else(
        pools in pools(),
        at in any::<(prop::sample::Index, prop::sample::Index)>(),
        has_check in any::<bool>(),
        weight in 1..=100_u8,
    ) {
        let text = text(&pools, has_check);
        let pool = at.0.index(pools.len());
        let backend = at.1.index(pools[pool].len());
        let set = |key: &str, value: &str| {
            edit(pool, Change::Backends(vec![(address(pool, backend), vec![Setting::new(key, value)])]))
        };
        checked(&text, &set("weight", &weight.to_string()), 1, 1);
        let draining = checked(&text, &set("state", "draining"), 0, 1);
        prop_assert_ne!(&draining, &text);
        prop_assert_eq!(&checked(&draining, &set("state", ""), 1, 0), &text);
        // Once more changes nothing.
        prop_assert_eq!(&checked(&draining, &set("state", "draining"), 0, 0), &draining);
    }

    #[test]
    fn a_backend_comes_and_goes_and_nothing_else_changes(
        pools in pools(),
        at in any::<(prop::sample::Index, prop::sample::Index)>(),
        has_check in any::<bool>(),
    ) {
        let text = text(&pools, has_check);
        let pool = at.0.index(pools.len());
        let new = address(pool, 100);
        let add = Change::Add(vec![vec![Setting::new("address", new.as_str())]]);
        let more = checked(&text, &edit(pool, add), 0, 4);
        let less = checked(&more, &edit(pool, Change::Remove(vec![new])), 4, 0);
        prop_assert_eq!(&less, &text);
        let backend = at.1.index(pools[pool].len());
        checked(&more, &edit(pool, Change::Remove(vec![address(pool, backend)])), 6, 0);
    }

    #[test]
    fn any_text_is_edited_or_refused(text in any::<String>(), key in "[a-z.]{0,9}", value in any::<String>()) {
        let _ = format!("{key}={value}").parse::<Setting>();
        let setting = Setting { key, value };
        for change in [Change::Pool(vec![setting.clone()]), Change::Add(vec![vec![setting]])] {
            let _ = edit(0, change.clone()).apply(&text);
            let pool = format!("pool = [{{ name = 'p0', backend = [{{}}, {{ address = 'a' }}] }}]\n{text}");
            let _ = edit(0, change).apply(&pool);
        }
    }
}
