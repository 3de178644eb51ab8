/// Rows and entries at which a window is full, at the next end of a context.
const MOST_ROWS: usize = 1 << 17;
const MOST_ENTRIES: usize = 1 << 21;

/// Tokens that wait to be counted, whole contexts of them: what fires on each, largest first. Counting many tokens at once
/// meets each feature's record once for all of them.
#[derive(Default)]
pub(super) struct Window {
    pub(super) contexts: Vec<u32>,
    pub(super) positions: Vec<u32>,
    pub(super) tokens: Vec<u32>,
    /// Where a row's entries end.
    ends: Vec<u32>,
    indices: Vec<u32>,
    values: Vec<f32>,
}

/// A feature fires: in this row, as its `slot`-th strongest, so strongly.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Event {
    pub(super) row: u32,
    pub(super) slot: u32,
    pub(super) value: f32,
}

impl Window {
    /// Adds a row; entries ≤ 0 are left out.
    pub(super) fn push(&mut self, context: u32, position: u32, token: u32, indices: &[u32], values: &[f32]) {
        self.contexts.push(context);
        self.positions.push(position);
        self.tokens.push(token);
        for (&feature, &value) in indices.iter().zip(values).filter(|(_, value)| **value > 0.0) {
            self.indices.push(feature);
            self.values.push(value);
        }
        self.ends.push(self.indices.len() as u32);
    }

    pub(super) fn is_full(&self) -> bool {
        self.contexts.len() >= MOST_ROWS || self.indices.len() >= MOST_ENTRIES
    }

    pub(super) fn clear(&mut self) {
        let Self { contexts, positions, tokens, ends, indices, values } = self;
        [contexts, positions, tokens, ends, indices].into_iter().for_each(Vec::clear);
        values.clear();
    }

    fn start(&self, row: usize) -> usize {
        if row == 0 { 0 } else { self.ends[row - 1] as usize }
    }

    /// The features of a row, at most the `most` first.
    pub(super) fn strongest(&self, row: u32, most: usize) -> &[u32] {
        let (start, end) = (self.start(row as usize), self.ends[row as usize] as usize);
        &self.indices[start..end.min(start + most)]
    }

    /// Every feature's events in the order of the rows: `offsets [F + 1]` into them.
    pub(super) fn by_feature(&self, features: usize) -> (Vec<u32>, Vec<Event>) {
        let mut offsets = vec![0u32; features + 1];
        for &feature in &self.indices {
            offsets[feature as usize + 1] += 1;
        }
        for f in 0..features {
            offsets[f + 1] += offsets[f];
        }
        let mut next = offsets.clone();
        let mut events = vec![Event::default(); self.indices.len()];
        for row in 0..self.ends.len() {
            let start = self.start(row);
            for (slot, entry) in (start..self.ends[row] as usize).enumerate() {
                let at = &mut next[self.indices[entry] as usize];
                events[*at as usize] = Event { row: row as u32, slot: slot as u32, value: self.values[entry] };
                *at += 1;
            }
        }
        (offsets, events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_by_feature_and_then_by_row_and_silent_places_are_left_out() {
        let mut window = Window::default();
        window.push(4, 0, 9, &[2, 0, 1], &[3.0, 2.0, 0.0]);
        window.push(4, 1, 8, &[0, 2, 1], &[5.0, -1.0, 0.5]);
        let (offsets, events) = window.by_feature(4);
        assert_eq!(offsets, [0, 2, 3, 4, 4]);
        let event = |row, slot, value| Event { row, slot, value };
        assert_eq!(events, [event(0, 1, 2.0), event(1, 0, 5.0), event(1, 1, 0.5), event(0, 0, 3.0)]);
        assert_eq!((window.strongest(0, 64), window.strongest(1, 1)), (&[2, 0][..], &[0][..]));
        window.clear();
        assert_eq!(window.by_feature(4), (vec![0; 5], vec![]));
    }
}
