//! Codes of attributes and colours, as terminals take them after `ESC [` (ECMA-48, select graphic rendition).

use std::fmt;

use ratatui::style::{Color, Modifier};

/// Attributes and their codes.
pub(crate) const ATTRIBUTES: [(Modifier, u8); 9] = [
    (Modifier::BOLD, 1),
    (Modifier::DIM, 2),
    (Modifier::ITALIC, 3),
    (Modifier::UNDERLINED, 4),
    (Modifier::SLOW_BLINK, 5),
    (Modifier::RAPID_BLINK, 6),
    (Modifier::REVERSED, 7),
    (Modifier::HIDDEN, 8),
    (Modifier::CROSSED_OUT, 9),
];

/// What a colour is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layer {
    /// The text.
    Text,
    /// The ground behind it.
    Ground,
}

/// The code of a colour; written as `31` or `38;2;1;2;3`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ColorCode(pub(crate) Color, pub(crate) Layer);

impl fmt::Display for ColorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base: u8 = match self.1 {
            Layer::Text => 30,
            Layer::Ground => 40,
        };
        let offset = match self.0 {
            Color::Black => 0,
            Color::Red => 1,
            Color::Green => 2,
            Color::Yellow => 3,
            Color::Blue => 4,
            Color::Magenta => 5,
            Color::Cyan => 6,
            Color::Gray => 7,
            Color::Reset => 9,
            Color::DarkGray => 60,
            Color::LightRed => 61,
            Color::LightGreen => 62,
            Color::LightYellow => 63,
            Color::LightBlue => 64,
            Color::LightMagenta => 65,
            Color::LightCyan => 66,
            Color::White => 67,
            Color::Indexed(index) => return write!(f, "{};5;{index}", base + 8),
            Color::Rgb(r, g, b) => return write!(f, "{};2;{r};{g};{b}", base + 8),
        };
        write!(f, "{}", base + offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_have_their_codes() {
        let text = |color| ColorCode(color, Layer::Text).to_string();
        assert_eq!([Color::Red, Color::Reset, Color::White].map(text), ["31", "39", "97"]);
        assert_eq!(text(Color::Rgb(1, 2, 3)), "38;2;1;2;3");
        assert_eq!(ColorCode(Color::LightBlue, Layer::Ground).to_string(), "104");
        assert_eq!(ColorCode(Color::Indexed(7), Layer::Ground).to_string(), "48;5;7");
    }
}
