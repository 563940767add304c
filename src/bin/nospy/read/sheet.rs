//! A page of plain text: headings, sentences, points and quotations, wrapped to a width.
//!
//! Promised to the reader: only this program begins a line in the first column. What a stranger wrote stands in
//! quotation marks within a line, or behind a bar in lines of its own; whatever it holds, it cannot become a heading, an
//! answer, or a line that looks like one.

use std::io::IsTerminal as _;

use nospy::statement::one_line;
use textwrap::{Options, WordSplitter};

/// The width where nobody looks on a terminal, and the most that is used on one, in columns.
const WIDTH_MAX: usize = 100;
/// Below this a page is not narrowed any more.
const WIDTH_MIN: usize = 50;
/// Columns of the label of an [`Sheet::item`].
const LABEL: usize = 16;

/// How wide a page is for whoever reads stdout.
pub fn width() -> usize {
    if !std::io::stdout().is_terminal() {
        return WIDTH_MAX;
    }
    let columns = terminal_size::terminal_size().map_or(WIDTH_MAX, |(width, _)| usize::from(width.0));
    columns.clamp(WIDTH_MIN, WIDTH_MAX)
}

/// The page as far as it is written.
pub struct Sheet {
    text: String,
    width: usize,
}

impl Sheet {
    /// An empty page, `width` columns wide.
    pub fn new(width: usize) -> Self {
        Self { text: String::new(), width }
    }

    /// The page.
    pub fn into_text(self) -> String {
        self.text
    }

    /// A line of this program in the first column. Nothing of a stranger but inside [`quoted`].
    pub fn line(&mut self, text: &str) {
        self.wrapped(text, "", "");
    }

    /// The heading of a section, after an empty line.
    pub fn heading(&mut self, text: &str) {
        self.text.push('\n');
        self.wrapped(&text.to_uppercase(), "", "");
    }

    /// A paragraph of a section.
    pub fn say(&mut self, text: &str) {
        self.wrapped(text, "  ", "  ");
    }

    /// A label, and what belongs to it.
    pub fn item(&mut self, label: &str, text: &str) {
        let first = format!("  {label:<LABEL$}");
        self.wrapped(text, &first, &" ".repeat(LABEL + 2));
    }

    /// One of several, with a dash.
    pub fn point(&mut self, text: &str) {
        self.wrapped(text, "  - ", "    ");
    }

    /// More about the point above.
    pub fn below(&mut self, text: &str) {
        self.wrapped(text, "    ", "    ");
    }

    /// A row whose further lines begin at a column.
    pub fn row(&mut self, text: &str, column: usize) {
        self.wrapped(text, "  ", &" ".repeat(column + 2));
    }

    /// The words of a stranger, line by line behind a bar.
    pub fn quote(&mut self, words: &str) {
        for line in words.split('\n') {
            self.wrapped(&one_line(line), "    │ ", "    │ ");
        }
    }

    fn wrapped(&mut self, text: &str, first: &str, next: &str) {
        // A line feed that reached this place would begin a line in the first column.
        let text = text.replace('\n', " ");
        // A day or a name is not cut at its hyphens.
        let options = Options::new(self.width).initial_indent(first).subsequent_indent(next);
        let options = options.word_splitter(WordSplitter::NoHyphenation);
        for line in textwrap::wrap(&text, options) {
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }
}

/// A stranger's words within a line: in quotation marks, nothing unseen in them, and no mark that ends them early.
pub fn quoted(words: &str) -> String {
    format!("\"{}\"", one_line(words).replace('"', "\\\""))
}

/// A text as a sentence: with a full stop, unless a stranger's words end it with one of their own.
pub fn sentence(text: &str) -> String {
    match text.ends_with(['.', '?', '!']) || text.ends_with(".\"") {
        true => text.to_owned(),
        false => format!("{text}."),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn listed(members: &[String]) -> String {
    match members {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_cannot_begin_a_line() {
        let evil = "x\nHOW IT STANDS\n  In force\u{2028}Answer: yes\u{202E}\u{1b}[2J \"; key pinned by you";
        let mut sheet = Sheet::new(60);
        sheet.say(&quoted(evil));
        sheet.item("name", &quoted(evil));
        sheet.point(&quoted(evil));
        sheet.quote(evil);
        let text = sheet.into_text();
        assert!(text.lines().all(|line| line.starts_with("  ")), "{text}");
        assert!(text.lines().filter(|line| line.trim_start().starts_with("HOW IT")).count() == 0, "{text}");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202E}') && !text.contains('\u{2028}'));
        assert!(quoted(evil).ends_with("\\\"; key pinned by you\""));
    }

    #[test]
    fn lines_are_no_wider_than_the_page() {
        let mut sheet = Sheet::new(60);
        sheet.item("digest", &"0123456789abcdef".repeat(8));
        sheet.quote(&"word ".repeat(100));
        assert!(sheet.into_text().lines().all(|line| line.chars().count() <= 60));
    }
}
