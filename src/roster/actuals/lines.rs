//! Places in a text.

/// Where lines of a text start, counted as records are: `\n`, `\r\n` and `\r` alone end one.
pub(super) struct Lines<'a>(Vec<&'a str>);

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut lines = Vec::new();
        let (mut start, bytes) = (0, text.as_bytes());
        for i in 0..bytes.len() {
            let ends = bytes[i] == b'\n' || bytes[i] == b'\r' && bytes.get(i + 1) != Some(&b'\n');
            if ends {
                lines.push(&text[start..]);
                start = i + 1;
            }
        }
        lines.push(&text[start..]);
        Self(lines)
    }

    /// Line and column of a quotation mark that opens a field and has no end.
    pub(super) fn open_quote(&self) -> Option<(usize, usize)> {
        let text = self.0.first()?;
        let (mut line, mut column, mut opened) = (1, 1, None);
        let mut before = '\n';
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if opened.is_some() && chars.peek() == Some(&'"') => {
                    chars.next();
                    column += 1;
                }
                '"' if opened.is_some() => opened = None,
                '"' if matches!(before, ',' | ';' | '\t' | '|' | '\n' | '\r') => {
                    opened = Some((line, column));
                }
                _ => {}
            }
            let ends = c == '\n' || c == '\r' && chars.peek() != Some(&'\n');
            (line, column) = if ends {
                (line + 1, 1)
            } else {
                (line, column + 1)
            };
            before = c;
        }
        opened
    }

    /// Line and column of a field of the record that starts in a line.
    pub(super) fn place(&self, line: usize, field: usize, delimiter: u8) -> (usize, usize) {
        let (mut at, mut row, mut column, mut quoted) = (0, line, 1, false);
        let text = self.0.get(line - 1).copied().unwrap_or_default();
        for c in text.chars() {
            if at == field {
                break;
            }
            match c {
                '"' => quoted = !quoted,
                '\n' | '\r' if !quoted => break,
                '\n' => (row, column) = (row + 1, 0),
                c if c == char::from(delimiter) && !quoted => at += 1,
                _ => {}
            }
            column += 1;
        }
        (row, column)
    }
}
