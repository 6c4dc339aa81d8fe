//! What a command says about a damaged run: the same words everywhere.

use std::io::Write;

use nissa::recording::{Damage, DamageKind, Lost};

use crate::headless::failure::Failure;

/// Places that are told one by one.
const TOLD: usize = 5;

/// Tells on `notes` what is damaged, the first few places one by one.
///
/// # Errors
///
/// [`Failure::Damaged`] with the total, if there is any damage: to be returned once the readable part was processed.
pub(crate) fn report(run: &str, damage: &[Damage], notes: &mut impl Write) -> Result<(), Failure> {
    if damage.is_empty() {
        return Ok(());
    }
    // Whoever closed our standard error does not want to know.
    for place in damage.iter().take(TOLD) {
        writeln!(notes, "sanctum-tui: note: {}", format_damage(place)).ok();
    }
    if let Some(more) = damage.len().checked_sub(TOLD).filter(|&more| 0 < more) {
        writeln!(notes, "sanctum-tui: note: {} more", places(more)).ok();
    }
    Err(Failure::Damaged(format!(
        "the run is damaged ({}), what can be read of it was processed; `sanctum-tui fsck` says more: {run}",
        format_total(damage)
    )))
}

/// Returns one place in words: where it is, how long, what it looks like, what went with it.
pub(super) fn format_damage(damage: &Damage) -> String {
    let Damage { segment, offset, bytes, kind, events } = *damage;
    let lost = format_lost(events);
    let bytes = counted(bytes, "byte");
    match kind {
        DamageKind::Header => format!("segment {segment}: its header is damaged ({bytes}), {lost}"),
        DamageKind::Torn => {
            format!("segment {segment} at byte {offset}: the end is torn off ({bytes}), {lost}")
        }
        DamageKind::Corrupt => {
            format!("segment {segment} at byte {offset}: {bytes} that are no event, {lost}")
        }
        DamageKind::MissingSegment => format!("segment {segment} is missing, {lost}"),
        DamageKind::Foreign => format!("segment {segment} is of another run ({bytes}), {lost}"),
    }
}

/// Returns places, bytes and events of all damage in words.
pub(super) fn format_total(damage: &[Damage]) -> String {
    let bytes = damage.iter().map(|place| place.bytes).fold(0, u64::saturating_add);
    format!("{}, {}, {}", places(damage.len()), counted(bytes, "byte"), format_lost(total(damage)))
}

/// Returns how many events all damage took.
pub(super) fn total(damage: &[Damage]) -> Lost {
    let none = (0_u64, Some(0_u64));
    let (least, most) = damage.iter().fold(none, |(least, most), place| {
        let (more, up_to) = place.events.bounds();
        (least.saturating_add(more), most.zip(up_to).and_then(|(a, b)| a.checked_add(b)))
    });
    Lost::within(least, most)
}

/// Returns a number of lost events in words.
pub(super) fn format_lost(events: Lost) -> String {
    match events {
        Lost::Exactly(0) => "no event lost".to_owned(),
        Lost::Exactly(events) => format!("{} lost", counted(events, "event")),
        Lost::Between { least: 0, most: None } => "nobody knows how many events lost".to_owned(),
        Lost::Between { least, most: None } => format!("at least {} lost", counted(least, "event")),
        Lost::Between { least, most: Some(most) } => format!("{least} to {most} events lost"),
    }
}

fn places(number: usize) -> String {
    counted(number as u64, "place")
}

/// Returns a number with its unit, in the plural where that is due.
pub(super) fn counted(number: u64, unit: &str) -> String {
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn damage(kind: DamageKind, bytes: u64, events: Lost) -> Damage {
        Damage { segment: 2, offset: 4096, bytes, kind, events }
    }

    #[track_caller]
    fn check(kind: DamageKind, bytes: u64, events: Lost, expected: &str) {
        assert_eq!(format_damage(&damage(kind, bytes, events)), expected);
    }

    #[test]
    fn a_place_says_where_and_what_is_lost() {
        let between = |least, most| Lost::Between { least, most };
        check(
            DamageKind::Torn,
            1,
            Lost::Exactly(1),
            "segment 2 at byte 4096: the end is torn off (1 byte), 1 event lost",
        );
        check(
            DamageKind::Corrupt,
            312,
            between(1, Some(3)),
            "segment 2 at byte 4096: 312 bytes that are no event, 1 to 3 events lost",
        );
        check(
            DamageKind::Header,
            70,
            Lost::Exactly(0),
            "segment 2: its header is damaged (70 bytes), no event lost",
        );
        check(
            DamageKind::MissingSegment,
            0,
            between(7, None),
            "segment 2 is missing, at least 7 events lost",
        );
        check(
            DamageKind::Foreign,
            9,
            between(0, None),
            "segment 2 is of another run (9 bytes), nobody knows how many events lost",
        );
    }

    #[test]
    fn the_total_is_exact_as_long_as_every_part_is() {
        let places = |events: &[Lost]| -> Vec<Damage> {
            events.iter().map(|&events| damage(DamageKind::Corrupt, 10, events)).collect()
        };
        let (exact, least) = (Lost::Exactly(2), Lost::Between { least: 1, most: None });
        let range = Lost::Between { least: 1, most: Some(4) };
        assert_eq!(total(&places(&[exact, exact])), Lost::Exactly(4));
        assert_eq!(total(&places(&[exact, range])), Lost::Between { least: 3, most: Some(6) });
        assert_eq!(total(&places(&[range, least])), Lost::Between { least: 2, most: None });
        assert_eq!(total(&[]), Lost::Exactly(0));
        assert_eq!(format_total(&places(&[exact])), "1 place, 10 bytes, 2 events lost");
    }

    #[test]
    fn many_places_are_summed_up() {
        let places = vec![damage(DamageKind::Corrupt, 10, Lost::Exactly(1)); 7];
        let mut notes = Vec::new();
        let error = report("runs/x", &places, &mut notes).unwrap_err();
        assert_eq!(error.exit_code(), 4);
        assert_eq!(
            error.to_string(),
            "the run is damaged (7 places, 70 bytes, 7 events lost), what can be read of it was processed; \
             `sanctum-tui fsck` says more: runs/x"
        );
        let notes = String::from_utf8(notes).unwrap();
        assert_eq!(notes.lines().count(), 6);
        assert!(notes.ends_with("sanctum-tui: note: 2 places more\n"), "{notes}");
        assert!(report("runs/x", &[], &mut Vec::new()).is_ok());
    }
}
