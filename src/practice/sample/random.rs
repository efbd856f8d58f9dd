//! Numbers that look random and are the same in every run: SplitMix64 (Steele, Lea, Flood 2014).

/// A deterministic source of numbers.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// The numbers of one document: they depend on nothing but the document's place.
    pub(super) fn for_document(index: u64) -> Self {
        let mut random = Self(index.wrapping_mul(0xD1B5_4A32_D192_ED03) ^ 0x6E65_6F6E_6C69_6674);
        random.next();
        random
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number below `bound`, which is not 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        // The bias of the remainder is below 2⁻⁴⁰ for the small bounds used here.
        self.next() % bound
    }

    /// One of a list that is not empty.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len() as u64) as usize]
    }

    /// `count` different ones of a list, fewer when it is shorter.
    pub(super) fn some<'a>(&mut self, list: &[&'a str], count: usize) -> Vec<&'a str> {
        let mut rest = list.to_vec();
        let mut chosen = Vec::with_capacity(count);
        while chosen.len() < count && !rest.is_empty() {
            chosen.push(rest.swap_remove(self.below(rest.len() as u64) as usize));
        }
        chosen
    }
}

/// SplitMix64's finaliser: every input bit changes about half of the output bits.
pub(super) fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_never_change() {
        let mut random = Random(1_234_567);
        // The published test vector of SplitMix64 for this seed.
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn what_is_chosen_differs() {
        let chosen = Random::for_document(5).some(&["a", "b", "c"], 3);
        assert_eq!(
            chosen
                .iter()
                .collect::<std::collections::BTreeSet<_>>()
                .len(),
            3
        );
    }
}
