use super::*;

const FILE: &str = "\
# Three boards in the cupboard.
[[listener]]
name = \"web\"
address = \"127.0.0.1:8080\"

[[pool]]
name = \"app\"   # what visitors see
retry_ms = 5_000

# Beside the router.
[[pool.backend]]
name = \"b1\"
address = \"127.0.0.1:9001\"
weight = 2.50 # the fast one

# On the shelf; no name.
[[pool.backend]]
address = \"127.0.0.1:9002\"

[pool.health]
path = \"/up\"

[[pool]]
name = \"other\"
backend = [{ address = \"127.0.0.1:9003\" }, { name = \"o2\", address = \"127.0.0.1:9004\" }]

[[route]]
path_prefix = \"/other\"
pool = \"other\"

[[route]]
pool = \"app\"
# The end.
";

fn edit(pool: &str, change: Change) -> Edit {
    Edit { pool: pool.to_owned(), change }
}

fn settings(texts: &[&str]) -> Vec<Setting> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn set(backend: &str, texts: &[&str]) -> Change {
    Change::Backends(vec![(backend.to_owned(), settings(texts))])
}

fn remove(names: &[&str]) -> Change {
    Change::Remove(names.iter().map(ToString::to_string).collect())
}

/// The text after a change is as it was with the replacements made, and can be loaded.
#[track_caller]
fn check(pool: &str, change: Change, replacements: &[(&str, &str)]) -> String {
    let replace = |text: String, (from, to): &(&str, &str)| {
        assert_eq!(text.matches(from).count(), 1, "`{from}`");
        text.replace(from, to)
    };
    let expected = replacements.iter().fold(FILE.to_owned(), replace);
    let edited = edit(pool, change).apply(FILE).unwrap();
    assert_eq!(edited, expected);
    crate::load(&edited, "edited").unwrap_or_else(|errors| panic!("{errors}"));
    edited
}

#[test]
fn a_key_gets_another_value_and_keeps_its_comment() {
    check("app", set("b1", &["weight=3.25"]), &[("2.50 #", "3.25 #")]);
    check("app", Change::Pool(settings(&["retry_ms=100"])), &[("5_000", "100")]);
    check("app", Change::Pool(settings(&["health.path=/ready"])), &[("/up", "/ready")]);
}

#[test]
fn a_new_key_stands_behind_the_others() {
    let above = "address = \"127.0.0.1:9002\"\n";
    let draining = format!("{above}state = \"draining\"\n");
    let edited = check("app", set("127.0.0.1:9002", &["state=draining"]), &[(above, &draining)]);
    let back = edit("app", set("127.0.0.1:9002", &["state="])).apply(&edited).unwrap();
    assert_eq!(back, FILE);
    let deeper = "path = \"/up\"\n";
    let deep = format!("{deeper}status = [\"200\"]\n");
    check("app", Change::Pool(settings(&["health.status=[\"200\"]"])), &[(deeper, &deep)]);
}

#[test]
fn keys_are_as_far_to_the_right_as_those_around_them() {
    let text =
        "[[pool]]\n  name = \"a\"\n  [[pool.backend]]\n\n  # hers\n    address = \"[::1]:1\"\n";
    let edited = edit("a", set("[::1]:1", &["weight=2"])).apply(text).unwrap();
    assert_eq!(edited, format!("{text}    weight = 2\n"));
}

#[test]
fn a_key_between_braces_too() {
    check(
        "other",
        set("o2", &["state=disabled", "weight=2"]),
        &[(":9004\" }", ":9004\", state = \"disabled\", weight = 2 }")],
    );
    let edited = edit("other", set("o2", &["state=disabled"])).apply(FILE).unwrap();
    assert_eq!(edit("other", set("o2", &["state="])).apply(&edited).unwrap(), FILE);
    let (last, new) = (":9004\" }]\n", ":9004\" }]\nretries = 0\n");
    check("other", Change::Pool(settings(&["retries=0"])), &[(last, new)]);
}

#[test]
fn a_table_is_opened_for_its_first_key() {
    let edited = edit("other", Change::Pool(settings(&["health.path=/up"]))).apply(FILE).unwrap();
    assert!(edited.contains("\n\n[pool.health]\npath = \"/up\"\n"), "{edited}");
    assert_eq!(crate::load(&edited, "t").unwrap().pools()[1].health.as_ref().unwrap().path, "/up");
    // Nothing is taken from a table that is not there.
    assert_eq!(edit("other", Change::Pool(settings(&["health.path="]))).apply(FILE).unwrap(), FILE);
    let without = edit("app", Change::Pool(settings(&["health="]))).apply(FILE).unwrap();
    assert_eq!(without, FILE.replace("[pool.health]\npath = \"/up\"\n\n", ""));
}

#[test]
fn a_backend_comes_behind_the_others_and_goes_with_its_comment() {
    let last = "address = \"127.0.0.1:9002\"\n";
    let two = format!(
        "{last}\n[[pool.backend]]\naddress = \"127.0.0.1:9005\"\nname = \"b3\"\n\
         \n[[pool.backend]]\naddress = \"127.0.0.1:9006\"\n"
    );
    let new = vec![
        settings(&["address=127.0.0.1:9005", "name=b3"]),
        settings(&["address=127.0.0.1:9006"]),
    ];
    let edited = check("app", Change::Add(new), &[(last, &two)]);
    let back = edit("app", remove(&["127.0.0.1:9006", "b3"])).apply(&edited).unwrap();
    assert_eq!(back, FILE);
    let first = "# Beside the router.\n[[pool.backend]]\nname = \"b1\"\n\
                 address = \"127.0.0.1:9001\"\nweight = 2.50 # the fast one\n\n";
    check("app", remove(&["b1"]), &[(first, "")]);
}

#[test]
fn a_backend_between_brackets_too() {
    let new = vec![settings(&["address=127.0.0.1:9005", "weight=2"])];
    let edited = check(
        "other",
        Change::Add(new),
        &[(":9004\" }]", ":9004\" }, { address = \"127.0.0.1:9005\", weight = 2 }]")],
    );
    assert_eq!(edit("other", remove(&["127.0.0.1:9005"])).apply(&edited).unwrap(), FILE);
}

#[test]
fn a_text_needs_no_quotes_and_other_values_are_taken_as_they_are() {
    let edited =
        edit("app", Change::Pool(settings(&["health.status=[\"200\", \"404\"]", "hedge_ms=7"])));
    let edited = edited.apply(FILE).unwrap();
    assert!(edited.contains("hedge_ms = 7\n") && edited.contains("status = [\"200\", \"404\"]\n"));
    let odd = edit("app", set("b1", &["name=say \"hi\"\n[[listener]]"])).apply(FILE).unwrap();
    // A name can't have that, but nothing gets out of its quotes.
    assert_eq!(crate::load(&odd, "t").unwrap_err().errors().len(), 1);
}

#[test]
fn ends_of_lines_stay() {
    let text = FILE.replace('\n', "\r\n");
    let edited = edit("app", set("127.0.0.1:9002", &["state=draining"])).apply(&text).unwrap();
    assert_eq!(edit("app", set("127.0.0.1:9002", &["state="])).apply(&edited).unwrap(), text);
    assert_eq!(edited.matches('\n').count(), edited.matches("\r\n").count());
}

#[test]
fn what_is_not_there_is_named_with_what_is() {
    let error = |edit: Edit| {
        let error = edit.apply(FILE).unwrap_err();
        format!("{error} | {}", error.help().unwrap_or_default())
    };
    assert_eq!(error(edit("ap", remove(&["b1"]))), "there is no pool `ap` | did you mean `app`?");
    assert_eq!(
        error(edit("app", set("b2", &["weight=2"]))),
        "pool `app` has no backend `b2` | did you mean `b1`?"
    );
    assert_eq!(
        error(edit("app", remove(&["b1", "nobody"]))),
        "pool `app` has no backend `nobody` | there is: `b1`, `127.0.0.1:9002`"
    );
    let leaf = edit("app", Change::Pool(settings(&["retry_ms.path=1"])));
    assert_eq!(error(leaf), "`retry_ms` has no keys of its own | ");
    let all = edit("app", Change::Pool(settings(&["backend=[]"])));
    assert!(error(all).starts_with("`backend` is no setting"));
}

#[test]
fn what_sets_nothing_is_refused() {
    for text in ["weight", "=2", "a.b.c=1", "a b=1", ".=1", "a.=1", "\u{e4}=1"] {
        assert_eq!(text.parse::<Setting>(), Err(NoSetting), "{text}");
    }
    assert_eq!("body=a=b".parse(), Ok(Setting::new("body", "a=b")));
}
