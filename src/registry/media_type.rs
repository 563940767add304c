//! What a text is, told from its bytes: a registry keeps a text only where its content does not contradict the media
//! type that the terms declare.
//!
//! Four kinds are kept (domain §4), and each is known by its beginning:
//!
//! - PDF begins with `%PDF-`.
//! - HTML is UTF-8 text whose root, behind comments, is `html` or `<!doctype html`.
//! - XML is UTF-8 text that begins with `<?xml`, or whose root is another element.
//! - Plain text is UTF-8 text that is neither HTML nor begins with `<?xml`.
//!
//! UTF-8 text holds no control characters but tab, line feed, form feed and carriage return: a program that was renamed
//! is not let in as a text. Nothing kept here is ever run; this is no judgement on what a PDF or page does when opened.
//!
//! Out of scope: whether a PDF, page or XML document is well-formed to its end.

/// A kind of text that a registry keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaType {
    /// `application/pdf`.
    Pdf,
    /// `text/html`.
    Html,
    /// `application/xml` or `text/xml`.
    Xml,
    /// `text/plain`.
    Plain,
}

/// How a text begins.
struct Beginning<'a> {
    /// With `<?xml`.
    declares_xml: bool,
    /// The name of the first element, or of the document type.
    root: Option<&'a str>,
}

impl MediaType {
    /// The kind that terms mean by a media type; `None` for any other, and for one with parameters.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "application/pdf" => Some(Self::Pdf),
            "text/html" => Some(Self::Html),
            "application/xml" | "text/xml" => Some(Self::Xml),
            "text/plain" => Some(Self::Plain),
            _ => None,
        }
    }

    /// The kind that bytes are, as far as their beginning tells; `None` if they are none of the four.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if is_pdf(bytes) {
            return Some(Self::Pdf);
        }
        let text = as_text(bytes)?;
        let beginning = Beginning::of(text);
        Some(match beginning.root {
            _ if beginning.declares_xml => Self::Xml,
            Some(root) if is_html(root) => Self::Html,
            // A plain text may begin with something in angle brackets.
            Some(_) if text.trim_end().ends_with('>') => Self::Xml,
            _ => Self::Plain,
        })
    }

    /// Whether bytes may be of this kind: their beginning does not contradict it.
    pub fn fits(self, bytes: &[u8]) -> bool {
        if self == Self::Pdf || is_pdf(bytes) {
            return self == Self::Pdf && is_pdf(bytes);
        }
        let Some(text) = as_text(bytes) else { return false };
        let Beginning { declares_xml, root } = Beginning::of(text);
        let is_html = root.is_some_and(is_html);
        match self {
            Self::Html => is_html,
            Self::Xml => declares_xml || (root.is_some() && !is_html),
            _ => !declares_xml && !is_html,
        }
    }

    /// Its media type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Html => "text/html",
            Self::Xml => "application/xml",
            Self::Plain => "text/plain",
        }
    }

    /// How the name of a file of it ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Html => "html",
            Self::Xml => "xml",
            Self::Plain => "txt",
        }
    }
}

impl<'a> Beginning<'a> {
    /// Passes over a byte order mark, white space, processing instructions and comments. Each character is looked at once.
    fn of(text: &'a str) -> Self {
        let mut rest = text.strip_prefix('\u{FEFF}').unwrap_or(text).trim_start();
        let declares_xml =
            rest.strip_prefix("<?xml").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_whitespace()));
        loop {
            let (open, close) = match rest {
                _ if rest.starts_with("<?") => ("<?", "?>"),
                _ if rest.starts_with("<!--") => ("<!--", "-->"),
                _ => break,
            };
            match rest[open.len()..].split_once(close) {
                Some((_, behind)) => rest = behind.trim_start(),
                None => break,
            }
        }
        Self { declares_xml, root: root_of(rest) }
    }
}

/// The name behind `<` or `<!doctype `.
fn root_of(text: &str) -> Option<&str> {
    const DOCTYPE: &str = "!doctype";
    let rest = text.strip_prefix('<')?;
    let rest = match rest.get(..DOCTYPE.len()) {
        Some(word) if word.eq_ignore_ascii_case(DOCTYPE) => rest[DOCTYPE.len()..].trim_start(),
        _ => rest,
    };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
    let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
    rest.starts_with(|c: char| c.is_alphabetic() || c == '_').then(|| &rest[..end])
}

fn is_html(root: &str) -> bool {
    root.eq_ignore_ascii_case("html")
}

fn is_pdf(bytes: &[u8]) -> bool {
    bytes.starts_with(b"%PDF-")
}

fn as_text(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let is_allowed = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\u{C}' | '\r');
    text.chars().all(is_allowed).then_some(text)
}
