//! The table.

use std::fmt;

/// What a ratio should be.
#[derive(Clone, Copy)]
pub enum Goal {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
    /// No goal is set: the line explains another one.
    Told,
}

/// One line of the table.
pub struct Row {
    figure: &'static str,
    what: String,
    ratio: f64,
    goal: Goal,
    measured: String,
    ceiling: String,
}

impl Row {
    /// A ratio with the two absolute figures that it is made of.
    pub fn new(
        figure: &'static str,
        what: impl Into<String>,
        ratio: f64,
        goal: Goal,
        measured: impl Into<String>,
        ceiling: impl Into<String>,
    ) -> Self {
        Self { figure, what: what.into(), ratio, goal, measured: measured.into(), ceiling: ceiling.into() }
    }

    fn verdict(&self) -> &'static str {
        match self.goal {
            Goal::AtLeast(goal) if self.ratio >= goal => "met",
            Goal::AtMost(goal) if self.ratio <= goal => "met",
            Goal::Told => "",
            _ => "MISSED",
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(goal) => write!(f, "≥ {goal}"),
            Self::AtMost(goal) => write!(f, "≤ {goal}"),
            Self::Told => f.write_str("-"),
        }
    }
}

/// Prints the lines as a Markdown table.
pub fn print(rows: &[Row]) {
    let head = ["figure", "what", "ratio", "goal", "", "measured", "ceiling of this run"].map(str::to_owned);
    let line = |row: &Row| {
        let ratio = format!("{:.2}", row.ratio);
        let (goal, verdict) = (row.goal.to_string(), row.verdict().to_owned());
        [row.figure.to_owned(), row.what.clone(), ratio, goal, verdict, row.measured.clone(), row.ceiling.clone()]
    };
    let lines: Vec<[String; 7]> = rows.iter().map(line).collect();
    let width =
        |column: usize| lines.iter().chain([&head]).map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 7] = std::array::from_fn(width);
    let pad = |line: &[String; 7]| {
        let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
    };
    println!("\n{}", pad(&head));
    println!("|{}|", widths.map(|width| "-".repeat(width + 2)).join("|"));
    lines.iter().for_each(|line| println!("{}", pad(line)));
}

/// The value in the middle; the mean of the two there if their number is even.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        len if len % 2 == 1 => values[half],
        _ => (values[half - 1] + values[half]) / 2.0,
    }
}

/// Calls, checks or statements a second, for a person.
pub fn rate(per_second: f64, of: &str) -> String {
    match per_second {
        many if many >= 1e6 => format!("{:.2} M {of}/s", many / 1e6),
        many if many >= 1e4 => format!("{:.1} k {of}/s", many / 1e3),
        few => format!("{few:.0} {of}/s"),
    }
}

/// A time in seconds, for a person.
pub fn time(seconds: f64) -> String {
    match seconds {
        long if long >= 1.0 => format!("{long:.2} s"),
        short if short >= 1e-3 => format!("{:.2} ms", short * 1e3),
        tiny => format!("{:.1} µs", tiny * 1e6),
    }
}

/// A size, for a person.
pub fn size(bytes: f64) -> String {
    match bytes {
        many if many >= 1e9 => format!("{:.2} GB", many / 1e9),
        many if many >= 1e6 => format!("{:.1} MB", many / 1e6),
        few => format!("{few:.0} B"),
    }
}
