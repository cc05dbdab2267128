//! What a stream of draws is addressed by.

use sha2::{Digest, Sha256};

/// The address of one stream block, under a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// Stable hash of whose draws these are: a creator's slot or a shared factor ([`slot_hash`]).
    pub slot: u64,
    /// Which of its quantities.
    pub quantity: u16,
    /// Which block of [`STREAM_BLOCK`](crate::rng::STREAM_BLOCK) trials; below 2⁴⁴.
    pub block: u64,
}

impl Address {
    /// The Philox counter of the address: slot 64 bits, quantity 16, block 44, word 4.
    ///
    /// Eight lanes of 256 bits need sixteen outputs of 128 bits, hence four bits of word. A block
    /// number of 44 bits still counts 2⁵⁷ trials.
    pub(super) fn counter(self, word: u32) -> [u32; 4] {
        debug_assert!(self.block < 1 << 44, "block number out of range");
        debug_assert!(word < 16, "word number out of range");
        let block_high = ((self.block >> 32) as u32) & 0xFFF;
        [
            self.slot as u32,
            (self.slot >> 32) as u32,
            self.block as u32,
            u32::from(self.quantity) << 16 | block_high << 4 | word,
        ]
    }
}

/// A stable 64-bit name for a slot: the first eight bytes, little endian, of the SHA-256 of the
/// parts, each preceded by its length in bytes, followed by the index; lengths and index are
/// 64-bit little endian, and the number of parts stands first.
#[must_use]
pub fn slot_hash(parts: &[&str], index: u64) -> u64 {
    let mut hash = Sha256::new();
    hash.update((parts.len() as u64).to_le_bytes());
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.update(index.to_le_bytes());
    let digest = hash.finalize();
    digest[..8]
        .iter()
        .rev()
        .fold(0, |value, &byte| value << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn hashes_are_golden() {
        // Any SHA-256 gives these, e.g. Python:
        // struct.unpack("<Q", sha256(pack("<Q", n) + …).digest()[:8]).
        assert_eq!(slot_hash(&[], 0), GOLDEN[0]);
        assert_eq!(slot_hash(&["micro", "sponsored"], 0), GOLDEN[1]);
        assert_eq!(slot_hash(&["micro", "sponsored"], 1), GOLDEN[2]);
        assert_eq!(slot_hash(&["factor", "market"], u64::MAX), GOLDEN[3]);
    }

    const GOLDEN: [u64; 4] = [
        15_392_584_411_371_816_759,
        5_800_586_694_380_512_166,
        2_713_175_322_930_531_132,
        5_148_013_041_659_612_012,
    ];

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(slot_hash(&["ab", "c"], 0), slot_hash(&["a", "bc"], 0));
        assert_ne!(slot_hash(&["a"], 0), slot_hash(&["a", ""], 0));
        let mut seen = HashSet::new();
        for index in 0..10_000 {
            assert!(seen.insert(slot_hash(&["nano", "seeding"], index)));
        }
    }

    #[test]
    fn counters_of_different_addresses_differ() {
        let base = Address {
            slot: 1,
            quantity: 2,
            block: 3,
        };
        let others = [
            Address {
                slot: 1 << 63 | 1,
                ..base
            },
            Address {
                quantity: 3,
                ..base
            },
            Address {
                block: 3 | 1 << 43,
                ..base
            },
            Address {
                block: 3 | 1 << 32,
                ..base
            },
        ];
        for other in others {
            for word in 0..16 {
                assert_ne!(other.counter(word), base.counter(word));
            }
        }
        assert_ne!(base.counter(0), base.counter(15));
    }
}
