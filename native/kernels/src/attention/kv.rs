//! Keys and values of one sequence in one layer, laid out for the attention tile.

/// Keys per panel.
pub(crate) const PANEL: usize = 16;

/// Keys lie in panels `[⌈tokens/16⌉][Hkv][hd][16]`, so that one vector holds the same element of 16 keys; values in
/// rows `[tokens][Hkv][hd]`. Grows as it is written; what lies past the caller's length is never read.
#[derive(Clone, Default)]
pub struct KvSlot {
    kv_heads: usize,
    head_width: usize,
    tokens: usize,
    k: Vec<f32>,
    v: Vec<f32>,
}

impl KvSlot {
    pub fn new(kv_heads: usize, head_width: usize) -> Self {
        Self { kv_heads, head_width, ..Self::default() }
    }

    /// Key and value heads, and their width.
    pub fn shape(&self) -> (usize, usize) {
        (self.kv_heads, self.head_width)
    }

    /// Tokens there is room for.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        (self.k.capacity() + self.v.capacity()) * 4
    }

    /// Makes room for `tokens`, keeping what is there. `Err` when memory is short; nothing has changed then.
    pub fn reserve(&mut self, tokens: usize) -> Result<(), std::collections::TryReserveError> {
        let tokens = tokens.div_ceil(PANEL) * PANEL;
        if tokens <= self.tokens {
            return Ok(());
        }
        let floats = tokens * self.kv_heads * self.head_width;
        self.k.try_reserve(floats - self.k.len())?;
        self.v.try_reserve(floats - self.v.len())?;
        self.k.resize(floats, 0.0);
        self.v.resize(floats, 0.0);
        self.tokens = tokens;
        Ok(())
    }

    /// Keys and values as panels of 16 tokens, each `[16·Hkv·hd]`: parts that threads may write apart.
    pub fn panels_mut(&mut self) -> impl Iterator<Item = KvPanel<'_>> {
        let (kv_heads, head_width) = (self.kv_heads, self.head_width);
        let size = PANEL * kv_heads * head_width;
        let pairs = self.k.chunks_exact_mut(size.max(1)).zip(self.v.chunks_exact_mut(size.max(1)));
        pairs.map(move |(k, v)| KvPanel { kv_heads, head_width, k, v })
    }

    /// Elements of panel `panel` of a head: `[hd][16]`.
    #[inline]
    pub(crate) fn key_panel(&self, panel: usize, kv_head: usize) -> &[f32] {
        let size = self.head_width * PANEL;
        &self.k[(panel * self.kv_heads + kv_head) * size..][..size]
    }

    /// Asks for the first `keys` keys and values of a head: between two steps of generation the weights push them out of the
    /// caches, and no stride of theirs is one that the processor foresees.
    pub(crate) fn prefetch(&self, kv_head: usize, keys: usize) {
        let (values, stride) = self.values(kv_head);
        for panel in 0..keys.div_ceil(PANEL) {
            prefetch(self.key_panel(panel, kv_head));
            for token in panel * PANEL..keys.min((panel + 1) * PANEL) {
                prefetch(&values[token * stride..][..self.head_width]);
            }
        }
    }

    /// Values of a head: row t begins at `t · stride`. Returns the rows from token 0 on and the stride.
    #[inline]
    pub(crate) fn values(&self, kv_head: usize) -> (&[f32], usize) {
        (&self.v[kv_head * self.head_width..], self.kv_heads * self.head_width)
    }
}

/// Brings memory into the caches.
fn prefetch(values: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    for line in values.chunks(16) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing that the program sees.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}

/// Sixteen tokens of a slot.
pub struct KvPanel<'a> {
    kv_heads: usize,
    head_width: usize,
    k: &'a mut [f32],
    v: &'a mut [f32],
}

impl KvPanel<'_> {
    /// Writes key and value rows `[Hkv·hd]` of the panel's token `lane`.
    #[inline]
    pub fn write(&mut self, lane: usize, key: &[f32], value: &[f32]) {
        let width = self.kv_heads * self.head_width;
        assert!(lane < PANEL && key.len() == width && value.len() == width, "a key is [Hkv hd]");
        for (column, key) in self.k.chunks_exact_mut(PANEL).zip(key) {
            column[lane] = *key;
        }
        self.v[lane * width..(lane + 1) * width].copy_from_slice(value);
    }
}
