use super::*;
use proptest::prelude::*;

fn chart(scale: Scale, values: &[(f64, f64)]) -> Chart {
    Chart {
        id: "c",
        title: "A & B".into(),
        description: "d".into(),
        unit: " ms",
        scale,
        lines: vec![Line { label: "l", pieces: vec![values.to_vec()] }],
        marks: vec![Mark { at_s: 1.0, label: "<kill>".into() }],
    }
}

#[test]
fn a_chart_has_a_title_a_line_and_marks() {
    let svg = chart(Scale::Linear, &[(0.0, 0.0), (10.0, 100.0)]).draw();
    assert!(svg.contains("<title id=\"c-t\">A &amp; B</title><desc id=\"c-d\">d</desc>"));
    assert!(svg.contains("<polyline class=\"line0\" points=\"70.0,300.0 940.0,"), "{svg}");
    assert!(svg.contains("&lt;kill&gt;") && !svg.contains("<kill>"));
}

#[test]
fn a_decade_is_as_high_as_the_next_one() {
    let axes = Axes::of(&chart(Scale::Logarithmic, &[(0.0, 1.0), (1.0, 10.0), (2.0, 100.0)]));
    let [a, b, c] = [1.0, 10.0, 100.0].map(|value| axes.y(value));
    assert!((a - b - (b - c)).abs() < 1e-9);
    assert_eq!(axes.value_ticks(), [1.0, 10.0, 100.0]);
}

#[test]
fn ticks_are_round() {
    assert_eq!(ticks(1344.0, 5), [0.0, 500.0, 1000.0]);
    assert_eq!(ticks(80.0, 10), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0]);
    assert_eq!(trimmed(0.30000000000000004), "0.3");
    assert_eq!(trimmed(100.0), "100");
}

fn figure() -> impl Strategy<Value = f64> {
    prop_oneof![0.0..1e12f64, -1.0..1e-9f64, Just(f64::NAN), Just(f64::INFINITY)]
}

proptest! {
    #[test]
    fn any_figures_give_finite_places(
        values in prop::collection::vec((figure(), figure()), 0..9),
        logarithmic: bool,
    ) {
        let scale = if logarithmic { Scale::Logarithmic } else { Scale::Linear };
        let svg = chart(scale, &values).draw();
        prop_assert!(svg.len() < 20_000);
        prop_assert!(!svg.contains("inf") && !svg.contains("NaN"));
    }

    #[test]
    fn escaped_text_has_no_markup(text in "[\\PC<>&\"']*") {
        let safe = escaped(&text);
        prop_assert!(!safe.contains(['<', '>', '"', '\'']));
    }
}
