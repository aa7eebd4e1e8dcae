//! Draws a chart over time as SVG text. Knows shapes and scales, not what the figures mean;
//! colours and dashes come from the page's style by class, so that dark and light both work.

use std::fmt::Write;

/// A chart over time.
pub(super) struct Chart {
    /// Begins the ids of its parts, so that a page can have several.
    pub(super) id: &'static str,
    pub(super) title: String,
    /// What it shows, for those who cannot see it.
    pub(super) description: String,
    pub(super) unit: &'static str,
    pub(super) scale: Scale,
    pub(super) lines: Vec<Line>,
    pub(super) marks: Vec<Mark>,
}

/// How values become heights.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Scale {
    Linear,
    /// For values over several magnitudes; all above 0.
    Logarithmic,
}

/// One figure over time, with gaps between its pieces.
pub(super) struct Line {
    pub(super) label: &'static str,
    pub(super) pieces: Vec<Vec<(f64, f64)>>,
}

/// An instant to be marked.
pub(super) struct Mark {
    pub(super) at_s: f64,
    pub(super) label: String,
}

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 70.0;
const BOTTOM: f64 = 40.0;
/// Labels of marks that are near each other stand in turn on these many rows.
const MARK_ROWS: usize = 3;
const ROW_HEIGHT: f64 = 16.0;

impl Chart {
    pub(super) fn draw(&self) -> String {
        let axes = Axes::of(self);
        let mut svg = String::new();
        let (id, title, description) = (self.id, escaped(&self.title), escaped(&self.description));
        let _ = write!(
            svg,
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
             <title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{description}</desc>"
        );
        self.draw_grid(&axes, &mut svg);
        self.draw_marks(&axes, &mut svg);
        for (index, line) in self.lines.iter().enumerate() {
            line.draw(index, &axes, &mut svg);
        }
        svg.push_str("</svg>");
        svg
    }

    fn draw_grid(&self, axes: &Axes, svg: &mut String) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for value in axes.value_ticks() {
            let (y, below) = (axes.y(value), axes.y(value) + 4.0);
            let (label, unit, end) = (trimmed(value), self.unit, LEFT - 8.0);
            let _ = write!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/>\
                 <text x=\"{end}\" y=\"{below:.1}\" text-anchor=\"end\">{label}{unit}</text>"
            );
        }
        for second in ticks(axes.seconds, 10) {
            let (x, below) = (axes.x(second), bottom + 20.0);
            let _ = write!(
                svg,
                "<text x=\"{x:.1}\" y=\"{below}\" text-anchor=\"middle\">{} s</text>",
                trimmed(second)
            );
        }
    }

    fn draw_marks(&self, axes: &Axes, svg: &mut String) {
        for (index, mark) in self.marks.iter().enumerate() {
            let x = axes.x(mark.at_s);
            let y = TOP - 8.0 - (index % MARK_ROWS) as f64 * ROW_HEIGHT;
            let anchor = if x > WIDTH * 0.85 { "end" } else { "start" };
            let _ = write!(
                svg,
                "<path class=\"mark\" d=\"M{x:.1} {y:.1}V{}\"/>\
                 <text x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
                HEIGHT - BOTTOM,
                if anchor == "end" { x - 4.0 } else { x + 4.0 },
                escaped(&mark.label)
            );
        }
    }
}

impl Line {
    fn draw(&self, index: usize, axes: &Axes, svg: &mut String) {
        for piece in self.pieces.iter().filter(|piece| !piece.is_empty()) {
            let _ = write!(svg, "<polyline class=\"line{index}\" points=\"");
            for &(second, value) in piece {
                let _ = write!(svg, "{:.1},{:.1} ", axes.x(second), axes.y(value));
            }
            svg.push_str("\"/>");
        }
    }
}

/// From seconds and values to places on the paper.
struct Axes {
    scale: Scale,
    seconds: f64,
    lowest: f64,
    highest: f64,
}

impl Axes {
    fn of(chart: &Chart) -> Self {
        let points = || chart.lines.iter().flat_map(|line| line.pieces.iter().flatten());
        let marks = chart.marks.iter().map(|mark| mark.at_s);
        let seconds = points().map(|point| point.0).chain(marks).fold(1.0, larger);
        let most = points().map(|point| point.1).fold(0.0, larger);
        let least = points().map(|point| point.1).filter(|v| *v > 0.0).fold(most, f64::min);
        let (lowest, highest) = match chart.scale {
            Scale::Linear => (0.0, most.max(1.0) * 1.05),
            Scale::Logarithmic => (decade(least).floor(), decade(most).ceil()),
        };
        Self { scale: chart.scale, seconds, lowest, highest: highest.max(lowest + 1.0) }
    }

    fn x(&self, second: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * on_paper(second / self.seconds)
    }

    fn y(&self, value: f64) -> f64 {
        let value = match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => decade(value),
        };
        let share = (value - self.lowest) / (self.highest - self.lowest);
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * on_paper(share)
    }

    fn value_ticks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Linear => ticks(self.highest, 8),
            Scale::Logarithmic => (self.lowest as i32..=self.highest as i32)
                .map(|exponent| 10f64.powi(exponent))
                .collect(),
        }
    }
}

/// A share of an axis; what is no number lies at its beginning.
fn on_paper(share: f64) -> f64 {
    if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
}

/// The power of ten, from thousandths to billions; no latency is outside of that.
fn decade(value: f64) -> f64 {
    if value.is_finite() { value.clamp(1e-3, 1e9).log10() } else { -3.0 }
}

fn larger(a: f64, b: f64) -> f64 {
    if b.is_finite() { a.max(b) } else { a }
}

/// Round numbers from 0 to `end`, about `count` of them.
fn ticks(end: f64, count: u32) -> Vec<f64> {
    let rough = end / f64::from(count);
    let magnitude = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * magnitude);
    let step = step.into_iter().find(|step| *step >= rough).unwrap_or(rough);
    (0..=count).map(|index| f64::from(index) * step).take_while(|tick| *tick <= end).collect()
}

/// Without zeros that say nothing, and without 0.30000000000000004.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Text that cannot end its element or attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // XML has no way to write these at all.
            c if c.is_control() && !c.is_whitespace() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests;
