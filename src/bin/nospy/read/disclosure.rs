//! What an agreement says, and does not say, about the things that decide what it is worth.

use nospy::statement::body::{Disclosure, Terms, Text};

use crate::read::sheet::{Sheet, quoted};
use crate::read::words::QUESTIONS;

/// The seven questions with their answers, in the order of the specification.
pub fn answers(disclosure: &Disclosure) -> [(&'static str, &Text); 7] {
    let Disclosure {
        binds_parent,
        binds_affiliates,
        remedy_on_breach,
        who_verifies,
        home_state_signs,
        governing_law,
        text_availability,
    } = disclosure;
    let texts = [
        binds_parent,
        binds_affiliates,
        remedy_on_breach,
        who_verifies,
        home_state_signs,
        governing_law,
        text_availability,
    ];
    let mut index = 0;
    texts.map(|text| {
        index += 1;
        (QUESTIONS[index - 1].1, text)
    })
}

/// What is not said, each in one sentence: the questions without an answer first.
pub fn unsaid(terms: &Terms) -> Vec<String> {
    let questions = answers(&terms.disclosure);
    let open = questions.iter().filter(|(_, answer)| answer.is_not_stated());
    let mut unsaid: Vec<String> = open.map(|(question, _)| format!("{question} Not stated.")).collect();
    let mut miss = |is_missing: bool, sentence: &str| {
        if is_missing {
            unsaid.push(sentence.to_owned());
        }
    };
    miss(terms.texts.is_none(), "Where its full text is: no text and no fingerprint of one is registered.");
    miss(terms.scope.is_none(), "Which products it covers: none is named.");
    miss(terms.term.ends.is_none(), "When it ends: no last day is named.");
    miss(terms.term.notice_period.is_none(), "How long before its end a party must say so: no period of notice.");
    miss(terms.term.breach_determined_by.is_none(), "Who decides whether it was broken.");
    miss(terms.basis.is_none(), "Which law it rests on.");
    let wordless: Vec<_> =
        terms.clauses.iter().filter(|clause| clause.text.is_none()).map(|clause| clause.id.clone()).collect();
    if !wordless.is_empty() {
        let clauses = super::acts::clauses(&wordless);
        unsaid.push(format!("The words of {clauses}: only what each is about is registered."));
    }
    unsaid
}

/// The sections.
pub fn write(sheet: &mut Sheet, terms: &Terms) {
    let answers = answers(&terms.disclosure);
    let stated: Vec<_> = answers.iter().filter(|(_, answer)| !answer.is_not_stated()).collect();
    if !stated.is_empty() {
        sheet.heading("What it says about itself");
        for (question, answer) in stated {
            sheet.point(&format!("{question} {}", quoted(answer.as_str())));
        }
    }
    let unsaid = unsaid(terms);
    if !unsaid.is_empty() {
        sheet.heading("What it does not say");
        for sentence in unsaid {
            sheet.point(&sentence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nospy::statement::body::Record as _;

    /// A question that the specification gets one day must not go missing here.
    #[test]
    fn the_questions_are_the_fields_of_the_disclosure_in_their_order() {
        let fields: Vec<_> = Disclosure::FIELDS.iter().map(|field| field.name).collect();
        assert_eq!(fields, QUESTIONS.map(|(name, _)| name));
    }
}
