//! Style classes and the themes that give them colours and attributes; the only file that knows a colour.

use karn_sanctum::{Reading, Trend};
use leyline::Health;
use ratatui_core::style::{Color, Modifier, Style};

use crate::glyph::{Glyphs, Marker};

/// What a piece of text is, as far as its looks are concerned. A widget decides this, the theme the style.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The normal text.
    Plain,
    /// Labels, frames and separators.
    Dim,
    /// Titles.
    Accent,
    /// Good news.
    Ok,
    /// Beyond the first limit.
    Warning,
    /// Beyond the second limit, or not finite.
    Critical,
    /// Not measured.
    Missing,
    /// Measured, but not lately.
    Stale,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 8] = [
        Self::Plain,
        Self::Dim,
        Self::Accent,
        Self::Ok,
        Self::Warning,
        Self::Critical,
        Self::Missing,
        Self::Stale,
    ];

    /// Returns the class of a reading: missing, old, or that of its verdict.
    pub const fn of<T>(reading: Option<&Reading<T>>) -> Self {
        match reading {
            None => Self::Missing,
            Some(reading) if !reading.fresh => Self::Stale,
            Some(reading) => Self::of_health(reading.verdict),
        }
    }

    /// Returns the class of a verdict; what is healthy stays plain, so that an alarm stands out.
    pub const fn of_health(health: Health) -> Self {
        match health {
            Health::NoData => Self::Missing,
            Health::Ungraded | Health::Healthy => Self::Plain,
            Health::Warning => Self::Warning,
            Health::Critical => Self::Critical,
        }
    }

    /// Returns the class of a trend's arrow, as `metrics.md` section 4.6 gives it.
    pub const fn of_trend(trend: Trend) -> Self {
        match trend {
            Trend::Improving => Self::Ok,
            Trend::Stable => Self::Dim,
            Trend::Volatile | Trend::Worsening => Self::Warning,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Palette {
    Dark,
    Light,
    Mono,
}

/// How everything looks: colours, glyphs and the marker of charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    palette: Palette,
    /// Which characters may be drawn.
    pub glyphs: Glyphs,
    marker: Marker,
}

impl Theme {
    /// For light text on a dark ground.
    pub const DARK: Self = Self::of(Palette::Dark);
    /// For dark text on a light ground.
    pub const LIGHT: Self = Self::of(Palette::Light);
    /// Attributes only, so that no colour command is sent (`NO_COLOR`).
    pub const PLAIN: Self = Self::of(Palette::Mono);

    const fn of(palette: Palette) -> Self {
        Self { palette, glyphs: Glyphs::Unicode, marker: Marker::Braille }
    }

    /// Returns the theme with other glyphs.
    #[must_use]
    pub const fn with_glyphs(self, glyphs: Glyphs) -> Self {
        Self { glyphs, ..self }
    }

    /// Returns the theme with another marker for charts.
    #[must_use]
    pub const fn with_marker(self, marker: Marker) -> Self {
        Self { marker, ..self }
    }

    /// Returns the marker of charts; ASCII where only that can be shown.
    pub const fn marker(&self) -> Marker {
        match self.glyphs {
            Glyphs::Unicode => self.marker,
            Glyphs::Ascii => Marker::Ascii,
        }
    }

    /// Returns the style of a class.
    pub const fn style(&self, class: Class) -> Style {
        let (colour, attributes) = match self.palette {
            Palette::Dark => dark(class),
            Palette::Light => light(class),
            Palette::Mono => (Color::Reset, mono(class)),
        };
        Style::new().fg(colour).add_modifier(attributes)
    }

    /// Returns the style of a class in reverse: the focus, and the connection of a screen that does not follow.
    pub const fn reversed(&self, class: Class) -> Style {
        self.style(class).add_modifier(Modifier::REVERSED)
    }
}

// The verdicts stay apart for people with any of the three colour-vision deficiencies (see the test), hence no green.

const fn dark(class: Class) -> (Color, Modifier) {
    match class {
        Class::Plain => (Color::Reset, Modifier::empty()),
        Class::Dim => (Color::DarkGray, Modifier::empty()),
        Class::Accent => (Color::LightBlue, Modifier::BOLD),
        Class::Ok => (Color::Cyan, Modifier::empty()),
        Class::Warning => (Color::Yellow, Modifier::BOLD),
        Class::Critical => (Color::LightRed, Modifier::BOLD),
        Class::Missing => (Color::DarkGray, Modifier::DIM),
        Class::Stale => (Color::DarkGray, Modifier::ITALIC),
    }
}

const fn light(class: Class) -> (Color, Modifier) {
    match class {
        Class::Plain => (Color::Reset, Modifier::empty()),
        Class::Dim => (Color::DarkGray, Modifier::empty()),
        Class::Accent => (Color::Reset, Modifier::BOLD),
        Class::Ok => (Color::Blue, Modifier::empty()),
        Class::Warning => (Color::Magenta, Modifier::BOLD),
        Class::Critical => (Color::Red, Modifier::BOLD),
        Class::Missing => (Color::DarkGray, Modifier::DIM),
        Class::Stale => (Color::DarkGray, Modifier::ITALIC),
    }
}

const fn mono(class: Class) -> Modifier {
    match class {
        Class::Plain | Class::Ok => Modifier::empty(),
        Class::Dim | Class::Missing => Modifier::DIM,
        Class::Accent => Modifier::BOLD,
        Class::Warning => Modifier::UNDERLINED,
        Class::Critical => Modifier::BOLD.union(Modifier::UNDERLINED),
        Class::Stale => Modifier::DIM.union(Modifier::ITALIC),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEMES: [Theme; 3] = [Theme::DARK, Theme::LIGHT, Theme::PLAIN];

    #[test]
    fn coloured_themes_tell_every_class_apart() {
        for theme in [Theme::DARK, Theme::LIGHT] {
            for (i, a) in Class::ALL.iter().enumerate() {
                for b in Class::ALL.iter().skip(i + 1) {
                    assert_ne!(theme.style(*a), theme.style(*b), "{a:?} {b:?} {theme:?}");
                }
            }
        }
    }

    #[test]
    fn verdicts_differ_in_attributes_too() {
        for theme in THEMES {
            let attributes = |class| theme.style(class).add_modifier;
            assert_ne!(attributes(Class::Ok), attributes(Class::Warning));
            assert_ne!(attributes(Class::Ok), attributes(Class::Critical));
            assert_ne!(attributes(Class::Plain), attributes(Class::Critical));
        }
        let plain = |class| Theme::PLAIN.style(class);
        assert_ne!(plain(Class::Warning), plain(Class::Critical));
        assert_ne!(plain(Class::Plain), plain(Class::Stale));
        assert_ne!(plain(Class::Plain), plain(Class::Missing));
    }

    #[test]
    fn without_colour_there_is_no_colour_and_the_focus_stays_reverse() {
        for class in Class::ALL {
            assert_eq!(Theme::PLAIN.style(class).fg, Some(Color::Reset));
            assert_eq!(Theme::PLAIN.style(class).bg, None);
            for theme in THEMES {
                assert!(theme.reversed(class).add_modifier.contains(Modifier::REVERSED));
            }
        }
    }

    #[test]
    fn ascii_takes_the_ascii_marker() {
        let ascii = Theme::DARK.with_marker(Marker::Block).with_glyphs(Glyphs::Ascii);
        assert_eq!(ascii.marker(), Marker::Ascii);
        assert_eq!(ascii.with_glyphs(Glyphs::Unicode).marker(), Marker::Block);
    }

    /// Linear RGB seen by people with protanopia, deuteranopia, tritanopia and none (Machado et al., 2009, severity 1).
    const SIGHTS: [[[f64; 3]; 3]; 4] = [
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    ];

    /// The colours as xterm shows them, 0 to 255.
    fn xterm(colour: Color) -> [f64; 3] {
        let shown = [
            (Color::Cyan, [0.0, 205.0, 205.0]),
            (Color::Blue, [0.0, 0.0, 238.0]),
            (Color::Yellow, [205.0, 205.0, 0.0]),
            (Color::Magenta, [205.0, 0.0, 205.0]),
            (Color::LightRed, [255.0, 0.0, 0.0]),
            (Color::Red, [205.0, 0.0, 0.0]),
        ];
        shown.iter().find(|(c, _)| *c == colour).unwrap().1
    }

    /// CIE L*a*b* of a colour as one kind of sight sees it.
    fn lab(colour: Color, sight: &[[f64; 3]; 3]) -> [f64; 3] {
        let linear = xterm(colour).map(|c| {
            let c = c / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        let dot = |row: &[f64; 3], v: [f64; 3]| row.iter().zip(v).map(|(a, b)| a * b).sum::<f64>();
        let seen = [0, 1, 2].map(|i| dot(&sight[i], linear).clamp(0.0, 1.0));
        let f = |t: f64| if 0.008_856 < t { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let x = f(dot(&[0.4124, 0.3576, 0.1805], seen) / 0.9505);
        let y = f(dot(&[0.2126, 0.7152, 0.0722], seen));
        let z = f(dot(&[0.0193, 0.1192, 0.9505], seen) / 1.089);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    #[test]
    fn verdicts_stay_apart_under_colour_vision_deficiencies() {
        for theme in [Theme::DARK, Theme::LIGHT] {
            for (a, b) in [
                (Class::Ok, Class::Warning),
                (Class::Ok, Class::Critical),
                (Class::Warning, Class::Critical),
            ] {
                for sight in &SIGHTS {
                    let colour = |class| lab(theme.style(class).fg.unwrap(), sight);
                    let squares =
                        colour(a).into_iter().zip(colour(b)).map(|(p, q)| (p - q).powi(2));
                    let distance = squares.sum::<f64>().sqrt();
                    assert!(20.0 < distance, "{a:?} {b:?} {distance}");
                }
            }
        }
    }
}
