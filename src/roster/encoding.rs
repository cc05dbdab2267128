//! Bytes to text: byte order marks, UTF-8, UTF-16, GBK and Windows-1252.
//!
//! A mark decides; then zero bytes in every other place are UTF-16; what is UTF-8 but for a few bytes is UTF-8; the
//! rest is GBK where its high bytes come in pairs of two that are no two western letters, and Windows-1252 where not.

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::RosterError;

/// Bytes looked at to recognize UTF-16.
const SAMPLE: usize = 4096;
/// Zero bytes from which on a twentieth of the places tell UTF-16.
const FEW: usize = 8;
/// Share of high bytes in pairs from which on a text is GBK.
const PAIRED: f64 = 0.9;
/// Share of those pairs that may be two western letters as well; in Chinese texts such characters are rare.
const WESTERN: f64 = 0.4;
/// Valid characters of several bytes for each place that is not UTF-8, from which on a text is damaged UTF-8. By
/// chance one in seven pairs of GBK is valid.
const VALID: usize = 4;

/// The text of a file and the name of its encoding; `stated` is what the user says it is.
///
/// # Errors
/// [`RosterError::Empty`], [`RosterError::Binary`], or [`RosterError::Encoding`] where the stated
/// encoding does not fit.
pub fn decode(
    bytes: &[u8],
    stated: Option<&'static str>,
) -> Result<(String, &'static str), RosterError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(RosterError::Empty);
    }
    let encoding = match stated {
        Some(label) => Encoding::for_label(label.as_bytes()).unwrap_or(UTF_8),
        None => recognized(bytes),
    };
    // A mark of its own encoding is taken off; one of another is not believed against the user.
    let (text, replaced) = if stated.is_some() {
        encoding.decode_with_bom_removal(bytes)
    } else {
        let (text, _, replaced) = encoding.decode(bytes);
        (text, replaced)
    };
    if replaced && stated.is_some() {
        return Err(RosterError::Encoding(encoding.name()));
    }
    if text.contains('\0') {
        return Err(RosterError::Binary);
    }
    let text = match text {
        std::borrow::Cow::Borrowed(text) => text.to_owned(),
        std::borrow::Cow::Owned(text) => text,
    };
    Ok((text, encoding.name()))
}

fn recognized(bytes: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let zeros = |odd: usize| {
        let places = sample.iter().skip(odd).step_by(2);
        places.filter(|&&b| b == 0).count()
    };
    let half = sample.len() / 2;
    // Delimiters, digits and line ends alone make a good part of any table's zeros.
    // Some other characters have one too, in the other place.
    let (even, odd) = (zeros(0), zeros(1));
    // One stray zero is much of a tiny file.
    let many = |zeros: usize| zeros * 20 > half && (zeros >= FEW || zeros * 3 > half);
    if many(odd) && odd > 4 * even {
        return UTF_16LE;
    }
    if many(even) && even > 4 * odd {
        return UTF_16BE;
    }
    if mostly_utf8(bytes) {
        UTF_8
    } else if paired(bytes) >= PAIRED
        && western(bytes) <= WESTERN
        && !GB18030.decode_without_bom_handling(bytes).1
    {
        GB18030
    } else {
        WINDOWS_1252
    }
}

/// Whether all of a text is UTF-8, or all but a few bytes.
fn mostly_utf8(bytes: &[u8]) -> bool {
    let (mut valid, mut invalid) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        valid += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        invalid += usize::from(!chunk.invalid().is_empty());
    }
    valid >= VALID * invalid
}

/// Share of pairs of two bytes that are two western letters, the first a small one or nearly so: characters outside
/// the 3,755 most common ones of GB 2312.
fn western(bytes: &[u8]) -> f64 {
    let (mut letters, mut all, mut at) = (0_usize, 0_usize, 0);
    while at + 1 < bytes.len() {
        if bytes[at] < 0x80 {
            at += 1;
            continue;
        }
        all += 1;
        letters += usize::from(bytes[at] >= 0xd8 && bytes[at + 1] >= 0xc0);
        at += 2;
    }
    letters as f64 / all.max(1) as f64
}

/// Share of high bytes that stand in runs of even length.
fn paired(bytes: &[u8]) -> f64 {
    let (mut even, mut all, mut run) = (0_usize, 0_usize, 0_usize);
    for &byte in bytes.iter().chain(&[0]) {
        if byte >= 0x80 {
            run += 1;
            continue;
        }
        all += run;
        if run % 2 == 0 {
            even += run;
        }
        run = 0;
    }
    even as f64 / all.max(1) as f64
}
