//! Embeddings without a model: feature hashing (Weinberger et al. 2009) of words and word pairs.
//!
//! Texts that share words come out close to each other, which is all a similarity search needs to
//! look sensible; and the same text gives the same vector on every machine.

use super::random::mix;

/// The number of dimensions, that of the small sentence models people use with pgvector.
pub const DIMENSIONS: usize = 384;

/// Words that say nothing about a text.
const STOP: [&str; 24] = [
    "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "how", "i", "in", "is", "it",
    "of", "on", "or", "that", "the", "to", "was", "with", "you",
];

/// The vector of a text, of length 1; all zeros when the text has no words.
pub fn embed(text: &str) -> [f32; DIMENSIONS] {
    let mut vector = [0.0; DIMENSIONS];
    let mut previous = None;
    for hash in text
        .split(|c: char| !c.is_alphanumeric())
        .filter_map(word_hash)
    {
        add(&mut vector, hash);
        if let Some(before) = previous.replace(hash) {
            add(&mut vector, mix(before).wrapping_add(hash));
        }
    }
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    vector
}

fn add(vector: &mut [f32; DIMENSIONS], feature: u64) {
    let bits = mix(feature);
    let place = (bits % DIMENSIONS as u64) as usize;
    vector[place] += if bits >> 63 == 0 { 1.0 } else { -1.0 };
}

/// FNV-1a of the word in lower case and in the singular; `None` for words to be left out.
fn word_hash(word: &str) -> Option<u64> {
    let lower = word.to_lowercase();
    if lower.is_empty() || STOP.contains(&lower.as_str()) {
        return None;
    }
    let singular = match lower.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with('s') => stem,
        _ => &lower,
    };
    Some(singular.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn similarity(one: &str, other: &str) -> f32 {
        embed(one)
            .iter()
            .zip(embed(other))
            .map(|(a, b)| a * b)
            .sum()
    }

    #[test]
    fn texts_that_share_words_are_close() {
        let engineer = "Senior Software Engineers at Nordwind, Berlin";
        assert!(similarity("software engineer", engineer) > 0.3);
        assert!(similarity("software engineer", "A recipe for bread with caraway") < 0.2);
    }

    #[test]
    fn the_length_is_one_or_nothing() {
        assert!((similarity("one two", "one two") - 1.0).abs() < 1e-5);
        assert!(embed("— ! —").iter().all(|value| *value == 0.0));
    }
}
