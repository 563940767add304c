//! Asking before something cannot be taken back.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use crate::error::CliError;
use crate::exit::Exit;

/// Asks a question on the terminal; only the word `yes` is a yes.
///
/// # Errors
/// [`Exit::Usage`] if there is nobody to ask; [`Exit::NotAuthorised`] if the answer is not `yes`.
pub fn confirm(question: &str) -> Result<(), CliError> {
    if !io::stdin().is_terminal() {
        return Err(CliError::usage("this needs a yes, and there is nobody to ask")
            .next_step("Read what is shown above, then run the command again with --yes."));
    }
    // A terminal that takes no prompt gives no answer either.
    let _ = write!(io::stderr(), "{question} [yes/no] ");
    let _ = io::stderr().flush();
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|error| CliError::usage(format!("no answer: {error}")))?;
    match answer.trim() {
        "yes" => Ok(()),
        _ => Err(CliError::new(Exit::NotAuthorised, "you did not say yes: nothing was done")),
    }
}
