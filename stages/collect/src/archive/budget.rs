//! How far an archive may unpack.

use std::collections::BTreeMap;

use textmill_schemas::Reason;

use crate::record::Settings;

/// Ranges of bytes of one archive that are kept apart at most. Members lie one behind the other,
/// so that there is one range; more than this many is an attack.
const MAX_RANGES: usize = 10_000;
/// Bytes between two members that are too few for a further one: they count as used.
const GAP: u64 = 30;

/// What the members of an archive took so far.
///
/// Stops nested and overlapping bombs alike: members that share compressed bytes (D. Fifield,
/// "A better zip bomb", 2019), and members that unpack to far more than they take.
pub(super) struct Budget {
    packed: u64,
    unpacked: u64,
    max_ratio: u64,
    /// Unpacked bytes of an archive that are always fine.
    free: u64,
    /// Used ranges by where they begin, joined where they touch.
    used: BTreeMap<u64, u64>,
}

impl Budget {
    /// Nothing is used yet.
    pub fn new(settings: &Settings) -> Self {
        Self {
            packed: 0,
            unpacked: 0,
            max_ratio: settings.max_ratio,
            free: settings.max_record,
            used: BTreeMap::new(),
        }
    }

    /// Takes the bytes of a member, packed and unpacked; the reason if they are too many.
    pub fn take(&mut self, packed: u64, unpacked: u64) -> Result<(), Reason> {
        let all_packed = self.packed.saturating_add(packed);
        let all = self.unpacked.saturating_add(unpacked);
        if all > self.free && all > all_packed.saturating_mul(self.max_ratio) {
            let ratio = unpacked as f64 / packed.max(1) as f64;
            return Err(Reason::new("collect.bomb")
                .measured(ratio, self.max_ratio as f64)
                .detail("unpacks to more than collect.max_ratio times its bytes"));
        }
        (self.packed, self.unpacked) = (all_packed, all);
        Ok(())
    }

    /// Takes the place of a member in the file; the reason if another has bytes of it.
    pub fn place(&mut self, start: u64, end: u64) -> Result<(), Reason> {
        let before = self.used.range(..=start).next_back();
        let before = before.map(|(start, end)| (*start, *end));
        let after = self.used.range(start..).next();
        let after = after.map(|(start, end)| (*start, *end));
        let overlaps = before.is_some_and(|(_, used)| used > start)
            || after.is_some_and(|(used, _)| used < end);
        if overlaps || self.used.len() >= MAX_RANGES {
            return Err(Reason::new("collect.bomb")
                .detail("shares compressed bytes with another member of the archive"));
        }
        let (mut from, mut to) = (start, end);
        if let Some((before_start, before_end)) = before
            && start - before_end < GAP
        {
            from = before_start;
        }
        if let Some((after_start, after_end)) = after
            && after_start - end < GAP
        {
            self.used.remove(&after_start);
            to = after_end;
        }
        self.used.insert(from, to);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::Config;

    fn budget() -> Budget {
        Budget::new(&Settings::new(&Config::default()))
    }

    #[test]
    fn ratio_counts_over_the_whole_archive() {
        let mut budget = budget();
        let free = budget.free;
        assert!(budget.take(1, free).is_ok());
        assert!(budget.take(1, 10_000).is_err());
        assert!(budget.take(free, 10_000).is_ok());
        assert!(budget.take(0, u64::MAX).is_err());
    }

    #[test]
    fn places_are_joined() {
        let mut budget = budget();
        for start in (0..1_000_000).step_by(100) {
            assert!(budget.place(start, start + 90).is_ok());
        }
        assert_eq!(budget.used.len(), 1);
        assert!(budget.place(500, 600).is_err());
    }

    proptest! {
        #[test]
        fn a_byte_has_one_owner(places in prop::collection::vec((0_u64..500, 1_u64..60), 0..30)) {
            let mut budget = budget();
            let mut owned = [false; 600];
            for (start, length) in places {
                let range = start as usize..(start + length) as usize;
                let free = !owned[range.clone()].iter().any(|used| *used);
                if budget.place(start, start + length).is_ok() {
                    prop_assert!(free);
                    owned[range].fill(true);
                } else {
                    // Gaps of under 30 bytes count as used.
                    let near = range.start.saturating_sub(30)..(range.end + 30).min(600);
                    prop_assert!(owned[near].iter().any(|used| *used));
                }
            }
        }
    }
}
