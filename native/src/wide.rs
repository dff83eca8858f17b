//! A buffer -> where a run of ASCII characters, each followed by a NUL, begins.
//!
//! As a pattern: `(?:[^ -~]\x00|[^\x00])(?:[\t -~]\x00){shortest}`. Only NULs are looked for, so text costs next to nothing.

/// Return where the first `shortest` characters of each run end.
pub fn find(buffer: &[u8], shortest: usize) -> Vec<u32> {
    let mut found = Vec::new();
    let mut from = 1;
    while let Some(next) = buffer.get(from..).and_then(|rest| memchr::memchr(0, rest)) {
        let nul = from + next;
        if !is_text(buffer[nul - 1]) {
            // Zeros are passed over together.
            from = buffer[nul..].iter().position(|byte| *byte != 0).map_or(buffer.len(), |length| nul + length + 1);
            continue;
        }
        let start = nul - 1;
        let pairs = buffer[start..].chunks_exact(2).take_while(|pair| is_text(pair[0]) && pair[1] == 0).count();
        for number in 0..(pairs + 1).saturating_sub(shortest) {
            let at = start + 2 * number;
            if begins(buffer, at) {
                found.push((at + 2 * shortest) as u32);
            }
        }
        from = start + 2 * pairs;
        // The byte behind the run's last NUL may be the next one's character.
        from = (from + 1).max(nul + 1);
    }
    found
}

fn is_text(byte: u8) -> bool {
    byte == b'\t' || (b' '..=b'~').contains(&byte)
}

fn begins(buffer: &[u8], at: usize) -> bool {
    match at.checked_sub(1).map(|before| buffer[before]) {
        None => false,
        Some(0) => at >= 2 && !(b' '..=b'~').contains(&buffer[at - 2]),
        Some(_) => true,
    }
}
