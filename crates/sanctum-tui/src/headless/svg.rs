//! A frame as a picture: text on a grid, with lines, bars and dots drawn as shapes, so that no font can tear them.

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use crate::headless::cells;

mod glyph;
mod picture;

use picture::Picture;

/// What the picture is drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Light text on a dark background.
    Dark,
    /// Dark text on a light background.
    Light,
}

/// Size of a cell in pixels: that of common monospace fonts at [`FONT_SIZE`], so that columns line up also in programs
/// that ignore `textLength`.
const CELL: (f64, f64) = (8.43, 17.0);
const FONT_SIZE: u8 = 14;
const BASELINE: f64 = 13.0;
const MARGIN: f64 = 10.0;

/// Returns the frame as an SVG document; `title` and `description` are what a screen reader says.
pub fn svg(buffer: &Buffer, ground: Ground, title: &str, description: &str) -> String {
    let palette = Palette::of(ground);
    let mut picture = Picture::new(palette);
    for (y, row) in cells::rows(buffer).enumerate() {
        picture.row(y, &row);
    }
    let width = pixels(MARGIN.mul_add(2.0, CELL.0 * f64::from(buffer.area.width)));
    let height = pixels(MARGIN.mul_add(2.0, CELL.1 * f64::from(buffer.area.height)));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" aria-labelledby=\"title desc\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"{}\"/>\n\
         <g transform=\"translate({MARGIN} {MARGIN})\" font-family=\"'DejaVu Sans Mono',Menlo,Consolas,monospace\" \
         font-size=\"{FONT_SIZE}\">\n",
        escape(title),
        escape(description),
        hex(palette.ground),
    );
    picture.write(&mut out);
    out.push_str("</g>\n</svg>\n");
    out
}

/// Returns `value` with at most two decimals.
fn pixels(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Replaces what XML reserves, and what it cannot hold at all.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // What XML cannot hold, and what would turn the reading direction of a title.
            '\u{fffe}' | '\u{ffff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                out.push('·');
            }
            c if c.is_control() => out.push('·'),
            c => out.push(c),
        }
    }
    out
}

/// How a cell looks, with the reversal already carried out.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Look {
    fg: Rgb,
    bg: Rgb,
    modifier: Modifier,
}

/// Red, green, blue.
type Rgb = [u8; 3];

/// The colours of a terminal; text colours keep a contrast of at least 4.5 : 1 with their ground.
struct Palette {
    ground: Rgb,
    text: Rgb,
    base: [Rgb; 16],
}

const DARK: Palette = Palette {
    ground: [0x0d, 0x11, 0x17],
    text: [0xd0, 0xd7, 0xde],
    base: [
        [0x0d, 0x11, 0x17],
        [0xff, 0x7b, 0x72],
        [0x56, 0xd3, 0x64],
        [0xe3, 0xb3, 0x41],
        [0x79, 0xc0, 0xff],
        [0xd2, 0xa8, 0xff],
        [0x56, 0xd4, 0xdd],
        [0xb1, 0xba, 0xc4],
        [0x8b, 0x94, 0x9e],
        [0xff, 0xa1, 0x98],
        [0x7e, 0xe7, 0x87],
        [0xf2, 0xcc, 0x60],
        [0xa5, 0xd6, 0xff],
        [0xe2, 0xc5, 0xff],
        [0xb3, 0xf0, 0xff],
        [0xf0, 0xf6, 0xfc],
    ],
};

const LIGHT: Palette = Palette {
    ground: [0xff, 0xff, 0xff],
    text: [0x1f, 0x23, 0x28],
    base: [
        [0x1f, 0x23, 0x28],
        [0xcf, 0x22, 0x2e],
        [0x11, 0x63, 0x29],
        [0x7d, 0x4e, 0x00],
        [0x09, 0x69, 0xda],
        [0x82, 0x50, 0xdf],
        [0x1b, 0x7c, 0x83],
        [0x59, 0x63, 0x6e],
        [0x59, 0x63, 0x6e],
        [0xa4, 0x0e, 0x26],
        [0x1a, 0x7f, 0x37],
        [0x63, 0x3c, 0x01],
        [0x05, 0x50, 0xae],
        [0x66, 0x39, 0xba],
        [0x0a, 0x5d, 0x66],
        [0xff, 0xff, 0xff],
    ],
};

impl Palette {
    const fn of(ground: Ground) -> &'static Self {
        match ground {
            Ground::Dark => &DARK,
            Ground::Light => &LIGHT,
        }
    }

    fn look(&self, cell: &Cell) -> Look {
        let fg = self.color(cell.fg, self.text);
        let bg = self.color(cell.bg, self.ground);
        let modifier = cell.modifier;
        if modifier.contains(Modifier::REVERSED) {
            Look { fg: bg, bg: fg, modifier }
        } else {
            Look { fg, bg, modifier }
        }
    }

    fn color(&self, color: Color, reset: Rgb) -> Rgb {
        let index = match color {
            Color::Reset => return reset,
            Color::Rgb(r, g, b) => return [r, g, b],
            Color::Indexed(index) => return self.indexed(index),
            Color::Black => 0,
            Color::Red => 1,
            Color::Green => 2,
            Color::Yellow => 3,
            Color::Blue => 4,
            Color::Magenta => 5,
            Color::Cyan => 6,
            Color::Gray => 7,
            Color::DarkGray => 8,
            Color::LightRed => 9,
            Color::LightGreen => 10,
            Color::LightYellow => 11,
            Color::LightBlue => 12,
            Color::LightMagenta => 13,
            Color::LightCyan => 14,
            Color::White => 15,
        };
        self.base[index]
    }

    /// The usual 256 colours: 16 base colours, a cube of 6 x 6 x 6, and 24 greys.
    fn indexed(&self, index: u8) -> Rgb {
        match index {
            0..=15 => self.base[usize::from(index)],
            16..=231 => {
                let cube = index - 16;
                [cube / 36, cube / 6 % 6, cube % 6]
                    .map(|step| if step == 0 { 0 } else { 55 + 40 * step })
            }
            232..=255 => [8 + 10 * (index - 232); 3],
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn lines(buffer: &Buffer, ground: Ground) -> Vec<String> {
        svg(buffer, ground, "a < b", "\"x\" & \u{1b}y").lines().map(ToOwned::to_owned).collect()
    }

    #[test]
    fn a_frame_becomes_words_shapes_and_grounds() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 2));
        let alarm = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
        buffer.set_string(0, 0, "a<b c", Style::new());
        buffer.set_string(6, 0, "FAIL", alarm);
        buffer.set_string(0, 1, "██", Style::new().fg(Color::Green));
        buffer.set_string(3, 1, "key", Style::new().add_modifier(Modifier::REVERSED));
        insta::assert_snapshot!(lines(&buffer, Ground::Dark).join("\n"), @r##"
        <svg xmlns="http://www.w3.org/2000/svg" width="121.16" height="54" viewBox="0 0 121.16 54" role="img" aria-labelledby="title desc">
        <title id="title">a &lt; b</title>
        <desc id="desc">&quot;x&quot; &amp; ·y</desc>
        <rect width="121.16" height="54" rx="6" fill="#0d1117"/>
        <g transform="translate(10 10)" font-family="'DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="14">
        <rect x="25.29" y="17" width="25.29" height="17" fill="#d0d7de"/>
        <path fill="#56d364" shape-rendering="crispEdges" d="M0 17h8.43v17h-8.43zM8.43 17h8.43v17h-8.43z"/>
        <text x="0" y="13" textLength="42.15" fill="#d0d7de">a&lt;b c</text>
        <text x="50.58" y="13" textLength="33.72" fill="#ff7b72" font-weight="bold">FAIL</text>
        <text x="25.29" y="30" textLength="25.29" fill="#0d1117">key</text>
        </g>
        </svg>
        "##);
    }

    #[test]
    fn the_light_ground_has_its_own_colors() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 1, 1));
        buffer.set_string(0, 0, "x", Style::new().fg(Color::Red));
        let dark = lines(&buffer, Ground::Dark).join("");
        let light = lines(&buffer, Ground::Light).join("");
        assert!(dark.contains("#ff7b72") && dark.contains("fill=\"#0d1117\""), "{dark}");
        assert!(light.contains("#cf222e") && light.contains("fill=\"#ffffff\""), "{light}");
    }

    fn luminance(color: Rgb) -> f64 {
        let [r, g, b] = color.map(|c| {
            let c = f64::from(c) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        0.0722f64.mul_add(b, 0.2126f64.mul_add(r, 0.7152 * g))
    }

    #[test]
    fn every_text_color_can_be_read() {
        for palette in [&DARK, &LIGHT] {
            let ground = luminance(palette.ground);
            // The first and the last base colour are those of the grounds themselves.
            for &color in palette.base[1..15].iter().chain([&palette.text]) {
                let (a, b) = (ground.max(luminance(color)), ground.min(luminance(color)));
                assert!(
                    4.5 <= (a + 0.05) / (b + 0.05),
                    "{} on {}",
                    hex(color),
                    hex(palette.ground)
                );
            }
        }
    }

    #[test]
    fn indexed_colors_follow_the_usual_table() {
        let color = |i| DARK.color(Color::Indexed(i), [0; 3]);
        assert_eq!(
            [color(9), color(16), color(196), color(231), color(232), color(255)],
            [
                [0xff, 0xa1, 0x98],
                [0x00, 0x00, 0x00],
                [0xff, 0x00, 0x00],
                [0xff, 0xff, 0xff],
                [0x08, 0x08, 0x08],
                [0xee, 0xee, 0xee]
            ]
        );
    }
}
