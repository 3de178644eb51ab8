//! Zeroed bytes on a cache line, on huge pages where the system offers them.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};

const HUGE: usize = 2 << 20;

pub(crate) struct AlignedBuf {
    ptr: *mut u8,
    layout: Layout,
}

// SAFETY: the buffer is owned bytes.
unsafe impl Send for AlignedBuf {}
// SAFETY: shared access only reads.
unsafe impl Sync for AlignedBuf {}

impl AlignedBuf {
    pub fn zeroed(bytes: usize) -> Self {
        let align = if bytes >= HUGE { HUGE } else { 64 };
        let layout = Layout::from_size_align(bytes.max(64), align).expect("matrix too large for the address space");
        // SAFETY: the size is not zero.
        let ptr = unsafe { alloc(layout) };
        if ptr.is_null() {
            handle_alloc_error(layout);
        }
        #[cfg(target_os = "linux")]
        if bytes >= HUGE {
            // SAFETY: a hint about our own pages; failure changes nothing.
            unsafe { libc::madvise(ptr.cast(), layout.size(), libc::MADV_HUGEPAGE) };
        }
        // After the hint, since the first touch decides the size of the page.
        // SAFETY: our own allocation.
        unsafe { ptr.write_bytes(0, layout.size()) };
        Self { ptr, layout }
    }

    pub fn len(&self) -> usize {
        self.layout.size()
    }
    pub fn as_ptr(&self) -> *const u8 {
        self.ptr
    }
    pub fn as_mut_ptr(&mut self) -> *mut u8 {
        self.ptr
    }
}

impl Drop for AlignedBuf {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout in `zeroed`.
        unsafe { dealloc(self.ptr, self.layout) }
    }
}
