//! The seeded chance that everything in the world comes from, and the shapes of the ids it throws.

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const BASE62: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const HEX: &[u8] = b"0123456789abcdef";
const LOWER: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// What Convex writes ids in: no i, l, o, u, which are easily misread.
const CROCKFORD: &[u8] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A stream of chance: the same seed and name always throw the same.
#[derive(Debug)]
pub(crate) struct Dice {
    rng: ChaCha8Rng,
}

impl Dice {
    pub(crate) fn new(seed: u64, name: &str) -> Dice {
        // The name picks one of ChaCha's independent streams (FNV-1a, which any build computes alike).
        let stream = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Dice { rng }
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.rng.random_range(low..=high.max(low))
    }

    /// Whether something happens that does so in this many of a hundred cases.
    pub(crate) fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of the choices; the type's default if there is none.
    pub(crate) fn pick<T: Clone + Default>(&mut self, choices: &[T]) -> T {
        choices.choose(&mut self.rng).cloned().unwrap_or_default()
    }

    /// Puts the items in any order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        use rand::seq::SliceRandom;
        items.shuffle(&mut self.rng);
    }

    pub(crate) fn base62(&mut self, length: usize) -> String {
        self.text(BASE62, length)
    }

    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.text(HEX, length)
    }

    pub(crate) fn digits(&mut self, length: usize) -> String {
        let first = self.between(1, 9);
        format!("{first}{}", self.text(b"0123456789", length.saturating_sub(1)))
    }

    /// The id of a Convex document: 32 characters, the first a letter.
    pub(crate) fn document_id(&mut self) -> String {
        format!("{}{}", self.pick(&["j", "k", "m", "n"]), self.text(CROCKFORD, 31))
    }

    /// Lower-case letters and digits, for what is not one of the known ids.
    pub(crate) fn lower(&mut self, length: usize) -> String {
        self.text(LOWER, length)
    }

    /// An address from the ranges reserved for documentation (RFC 5737).
    pub(crate) fn ip(&mut self) -> String {
        format!("{}.{}", self.pick(&["192.0.2", "198.51.100", "203.0.113"]), self.between(1, 254))
    }

    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        // All at once, and not quite evenly: these are ids, not keys, and ten thousand rows want many.
        let mut bytes = vec![0_u8; length];
        self.rng.fill(bytes.as_mut_slice());
        let letter = |byte: &u8| alphabet.get(usize::from(*byte) % alphabet.len()).copied().unwrap_or(b'0');
        bytes.iter().map(|byte| char::from(letter(byte))).collect()
    }
}
