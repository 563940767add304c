//! From a file or a subject to a [`Reading`]: checked if the caller says whose signature counts, and refused whole where
//! a byte or a signature is wrong.

use std::path::Path;

use nospy::evidence::{DocketFile, Question, Trust, Verdict, verify};
use nospy::statement::Subject;

use crate::config::Config;
use crate::error::CliError;
use crate::exit::Exit;
use crate::online::OnlineArgs;
use crate::output::Output;
use crate::read::Reading;
use crate::{docket, files, view};

/// Said where a check failed that refuses the whole file.
const REFUSED: &str = "A check failed, so nothing of what the file says is shown as if it were true.";
/// Said where nothing was checked.
const UNVERIFIED: &str = "Nothing here has been verified. `nospy verify` checks a file against keys that you choose.";

/// What became of a docket file.
pub enum Opened {
    /// It can be read.
    Read {
        /// What it says.
        reading: Box<Reading>,
        /// The exit code of whoever reads it: a broken rule or an unknown answer is no success.
        exit: Exit,
    },
    /// A byte or a signature is wrong; which, has been said.
    Refused(Exit),
}

/// Opens a file, or fetches the docket file of a subject where there is no such file.
///
/// # Errors
/// If there is neither, or it is no docket file.
pub fn open(
    name: &Path,
    online: &OnlineArgs,
    question: &Question,
    config: &Config,
    output: &Output,
) -> Result<Opened, CliError> {
    let text = name.display().to_string();
    let (bytes, trust) = match (text.parse::<Subject>(), name.exists()) {
        (Ok(_), false) => {
            let (bytes, trust, _) = docket::fetch(&text, online, config, output)?;
            (bytes, Some(trust))
        }
        _ => (files::read(name)?, online.trust.given(config)?),
    };
    open_bytes(&bytes, &text, trust.as_ref(), question, output)
}

/// Opens the bytes of a docket file, called `name` in errors.
///
/// # Errors
/// If nothing was to be checked and it is no docket file.
pub fn open_bytes(
    bytes: &[u8],
    name: &str,
    trust: Option<&Trust>,
    question: &Question,
    output: &Output,
) -> Result<Opened, CliError> {
    let verification = trust.map(|trust| verify(bytes, trust, question));
    let exit = verification.as_ref().map_or(Exit::Ok, |found| match found.verdict() {
        // A page is not a gate: that the answer is no is a thing to be read, not a failure to read it.
        Verdict::Holds | Verdict::No => Exit::Ok,
        verdict => view::exit_of(verdict),
    });
    if let Some(found) = verification.as_ref().filter(|found| found.as_known_at.is_none()) {
        output.data(&view::verification_text(found, None, "", exit), view::verification_json(found, None, exit))?;
        output.say(REFUSED);
        return Ok(Opened::Refused(exit));
    }
    let file = DocketFile::parse(bytes)
        .map_err(|error| CliError::malformed(format!("{name} is not a docket file: {error}")))?;
    if verification.is_none() {
        output.say(UNVERIFIED);
    }
    Ok(Opened::Read { reading: Box::new(Reading::of(&file, verification)), exit })
}
