//! What shows that an agreement is kept, and what still waits for a signature: as the standing of the day tells it.

use crate::moment;
use crate::read::reading::Reading;
use crate::read::sheet::{Sheet, quoted};

/// The sections; nothing where nothing was checked, since both are derived.
pub fn write(sheet: &mut Sheet, reading: &Reading) {
    let Some(standing) = reading.standing() else { return };
    if !standing.assurances.is_empty() {
        sheet.heading("What is said to show that it is kept");
        sheet.say("Each is the word of its author. The registry looked at none of it.");
        for line in &standing.assurances {
            let until = line.valid_until.map(|day| format!("; it counts until {day}")).unwrap_or_default();
            let (kind, told) = (&line.kind, quoted(&line.told));
            sheet.point(&format!("{}: {} ({kind}, entry {}){until}: {told}", line.registered, line.issuer, line.index));
        }
    }
    if !standing.pending.is_empty() {
        sheet.heading("What waits for signatures");
        sheet.say("These were signed by one and not yet by all who must. Until then they change nothing.");
        for line in &standing.pending {
            let (keys, until) = (line.keys.len(), moment::utc_ms(line.until_ms));
            sheet.point(&format!("{} by {} (entry {}), until {until}", line.kind, line.issuer, line.index));
            match &line.awaits {
                Some(party) => sheet.below(&format!("It waits for the same from {party}.")),
                None => sheet.below(&format!("{keys} of {} keys stand behind it.", line.threshold)),
            }
        }
    }
}
