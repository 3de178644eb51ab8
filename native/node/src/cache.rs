//! `Cache`: keys and values between calls of `Model.extend`.

use crate::number::whole;
use crate::task::invalid_input;
use lexiscope_transformer::{KvCache, Model};
use napi::bindgen_prelude::*;
use napi_derive::napi;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

/// The lengths stand apart, so that asking for them never waits for a running call.
pub struct CacheState {
    pub model: Arc<Model>,
    kv: Mutex<KvCache>,
    lengths: Mutex<Vec<i32>>,
}

impl CacheState {
    /// The cache, for one call at a time. A call that panicked left nothing within the lengths changed.
    pub fn take(&self) -> Result<MutexGuard<'_, KvCache>> {
        match self.kv.try_lock() {
            Ok(guard) => Ok(guard),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(invalid_input("the cache is in use by another call; wait for it first")),
        }
    }

    pub fn publish(&self, kv: &KvCache) {
        *self.lengths.lock().unwrap_or_else(|e| e.into_inner()) = kv.lengths().iter().map(|l| *l as i32).collect();
    }
}

/// Keys and values of several sequences.
#[napi]
pub struct Cache {
    pub(crate) state: Arc<CacheState>,
}

impl Cache {
    pub fn of(model: Arc<Model>, kv: KvCache) -> Self {
        let lengths = Mutex::new(vec![0; kv.lengths().len()]);
        Self { state: Arc::new(CacheState { model, kv: Mutex::new(kv), lengths }) }
    }
}

#[napi]
impl Cache {
    #[napi(catch_unwind)]
    pub fn lengths(&self) -> Int32Array {
        self.state.lengths.lock().unwrap_or_else(|e| e.into_inner()).clone().into()
    }

    #[napi(catch_unwind)]
    pub fn truncate(&self, length: f64) -> Result<()> {
        let length = whole(length, "length")?;
        let mut kv = self.state.take()?;
        kv.truncate(length);
        self.state.publish(&kv);
        Ok(())
    }
}
