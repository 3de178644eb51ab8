//! Big f32 buffers on huge pages where the system offers them.

/// `len` zeros. From 4 MiB on the system is asked for huge pages, which halve the misses of loops that jump by rows.
pub fn huge_zeros(len: usize) -> Vec<f32> {
    // Zeroed memory of this size comes untouched from the system, so the hint is in time.
    let out = vec![0f32; len];
    #[cfg(target_os = "linux")]
    if len * 4 >= 4 << 20 {
        const PAGE: usize = 4096;
        let start = (out.as_ptr() as usize).next_multiple_of(PAGE);
        let end = (out.as_ptr() as usize + len * 4) / PAGE * PAGE;
        // SAFETY: a hint about whole pages inside our own buffer; failure changes nothing.
        unsafe { libc::madvise(start as *mut libc::c_void, end - start, libc::MADV_HUGEPAGE) };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::huge_zeros;

    #[test]
    fn gives_zeros_of_any_length() {
        for len in [0, 1, 1023, 3 << 20] {
            let zeros = huge_zeros(len);
            assert!(zeros.len() == len && zeros.iter().all(|v| *v == 0.0));
        }
    }
}
