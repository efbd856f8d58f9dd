//! Numbers for people: thousands separated, bytes and durations with units.

/// A number with its thousands separated: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with its noun: `1 row`, `1,200 rows`, `2 indexes`, `3 entries`.
pub fn counted(number: u64, noun: &str) -> String {
    let number_text = grouped(number);
    match noun.strip_suffix('y') {
        _ if number == 1 => format!("{number_text} {noun}"),
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{number_text} {stem}ies"),
        _ if noun.ends_with(['s', 'x']) || noun.ends_with("ch") => {
            format!("{number_text} {noun}es")
        }
        _ => format!("{number_text} {noun}s"),
    }
}

/// Bytes in units of 1,024, named as PostgreSQL's `pg_size_pretty` names them: `266 MB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    // 1023.5 would be written as 1,024 of the smaller unit.
    while value >= 1023.5 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(value < 9.95);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// A duration: `0.4 s`, `12 s`, `1 m 12 s`, `2 h 05 m`.
pub fn duration(seconds: f64) -> String {
    if seconds < 9.95 {
        return format!("{:.1} s", seconds.max(0.0));
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} m {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} m", whole / 3600, whole % 3600 / 60),
    }
}

/// A time still to go, rounded so that it does not flicker.
pub fn time_left(seconds: f64) -> String {
    let coarse = match seconds {
        s if s < 10.0 => return "a few seconds left".to_owned(),
        s if s < 60.0 => (s / 5.0).ceil() * 5.0,
        s if s < 600.0 => (s / 10.0).ceil() * 10.0,
        s => (s / 60.0).ceil() * 60.0,
    };
    format!("about {} left", duration(coarse))
}

/// A share as a percentage with one decimal, rounded down: below 100 until it is whole.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", (share.clamp(0.0, 1.0) * 1000.0).floor() / 10.0)
}

/// The value that so many of a hundred do not exceed; of sorted ones, by nearest rank. The default
/// one when there are none.
pub fn percentile<T: Copy + Default>(sorted: &[T], hundredth: usize) -> T {
    let rank = (sorted.len() * hundredth).div_ceil(100);
    let value = sorted.get(rank.saturating_sub(1));
    value.copied().unwrap_or_default()
}

/// Bytes in lower-case hexadecimal, as `sha256sum` prints them.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_by_nearest_rank() {
        let values: Vec<u64> = (1..=20).collect();
        assert_eq!(percentile(&values, 50), 10);
        assert_eq!(percentile(&values, 95), 19);
        assert_eq!(percentile(&values[..1], 95), 1);
        assert_eq!(percentile::<u64>(&[], 50), 0);
    }

    #[test]
    fn numbers_read_well() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(1200, "row"), "1,200 rows");
    }

    #[test]
    fn bytes_are_written_as_the_server_writes_them() {
        let written = [0, 1023, 1024, 266 << 20, 1_048_575, 3 << 30].map(bytes);
        assert_eq!(
            written,
            ["0 B", "1023 B", "1.0 kB", "266 MB", "1.0 MB", "3.0 GB"]
        );
        assert!(bytes(u64::MAX).ends_with(" PB"));
    }

    #[test]
    fn durations_are_as_exact_as_they_are_long() {
        let written = [-1.0, 0.42, 12.0, 72.0, 7500.0].map(duration);
        assert_eq!(written, ["0.0 s", "0.4 s", "12 s", "1 m 12 s", "2 h 05 m"]);
        assert_eq!(time_left(42.0), "about 45 s left");
    }

    #[test]
    fn a_percentage_is_never_rounded_up_to_the_whole() {
        assert_eq!(percent(0.9999), "99.9 %");
        assert_eq!(percent(1.0), "100.0 %");
    }
}
