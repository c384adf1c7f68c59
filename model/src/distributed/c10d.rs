//! Safe handles on what shim/process_group.cpp offers.
#![expect(
    unsafe_code,
    reason = "foreign functions; tch does not wrap libtorch's c10d"
)]

use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::null_mut;

use tch::Tensor;

use super::launch::Launch;

/// The C++ side of a [`Store`].
#[repr(C)]
struct RawStore {
    _opaque: [u8; 0],
}

/// The C++ side of a [`Backend`].
#[repr(C)]
struct RawBackend {
    _opaque: [u8; 0],
}

// Each `char *` that is returned is null, or a message that `textmill_message_free` frees.
unsafe extern "C" {
    fn textmill_message_free(message: *mut c_char);
    fn textmill_store_connect(
        host: *const c_char,
        port: u16,
        server: bool,
        timeout_ms: i64,
        prefix: *const c_char,
        out: *mut *mut RawStore,
    ) -> *mut c_char;
    fn textmill_store_share(store: *mut RawStore, out: *mut *mut RawStore) -> *mut c_char;
    fn textmill_store_free(store: *mut RawStore);
    fn textmill_store_set(
        store: *mut RawStore,
        key: *const c_char,
        value: *const c_char,
    ) -> *mut c_char;
    fn textmill_store_get(
        store: *mut RawStore,
        key: *const c_char,
        out: *mut *mut c_char,
    ) -> *mut c_char;
    fn textmill_store_add(
        store: *mut RawStore,
        key: *const c_char,
        amount: i64,
        out: *mut i64,
    ) -> *mut c_char;
    fn textmill_backend_connect(
        store: *mut RawStore,
        nccl: bool,
        rank: i32,
        world: i32,
        timeout_ms: i64,
        out: *mut *mut RawBackend,
    ) -> *mut c_char;
    fn textmill_backend_free(backend: *mut RawBackend);
    fn textmill_all_reduce_sum(backend: *mut RawBackend, tensor: *mut c_void) -> *mut c_char;
    fn textmill_broadcast(backend: *mut RawBackend, tensor: *mut c_void, root: i64) -> *mut c_char;
}

/// Takes over a string of the shim.
fn text(message: *mut c_char) -> Option<String> {
    if message.is_null() {
        return None;
    }
    // SAFETY: not null, so it is a NUL-terminated string that the shim has allocated for us.
    let text = unsafe { CStr::from_ptr(message) }
        .to_string_lossy()
        .into_owned();
    // SAFETY: as above; it is freed once, and not used any more.
    unsafe { textmill_message_free(message) };
    Some(text)
}

/// The first line of what went wrong.
fn outcome(message: *mut c_char) -> Result<(), String> {
    text(message).map_or(Ok(()), |message| {
        let line = message.lines().next().unwrap_or_default();
        // Gloo begins with the place in its sources.
        let said = line.rsplit_once("] ").map_or(line, |(_, said)| said);
        Err(said.trim_end_matches('.').to_owned())
    })
}

fn c_string(text: &str) -> Result<CString, String> {
    CString::new(text).map_err(|_| format!("`{text}` has a NUL in it"))
}

/// Keys and values that all ranks see.
pub(super) struct Store(*mut RawStore);

// SAFETY: c10d's TCPStore guards its connection with a mutex, and no thread owns it.
unsafe impl Send for Store {}

impl Store {
    /// Connects to the store of a launch, or begins to serve it.
    pub fn connect(launch: &Launch) -> Result<Self, String> {
        let (host, prefix) = (c_string(&launch.master)?, c_string(&launch.prefix())?);
        let mut store = null_mut();
        // SAFETY: the strings live until the call returns; `store` is set if it succeeds.
        outcome(unsafe {
            textmill_store_connect(
                host.as_ptr(),
                launch.port,
                launch.serves_store(),
                launch.timeout.as_millis() as i64,
                prefix.as_ptr(),
                &mut store,
            )
        })?;
        Ok(Self(store))
    }

    /// A second connection to the same store, for another thread.
    pub fn share(&self) -> Result<Self, String> {
        let mut store = null_mut();
        // SAFETY: this store lives; `store` is set if the call succeeds.
        outcome(unsafe { textmill_store_share(self.0, &mut store) })?;
        Ok(Self(store))
    }

    pub fn set(&self, key: &str, value: &str) -> Result<(), String> {
        let (key, value) = (c_string(key)?, c_string(&value.replace('\0', " "))?);
        // SAFETY: the store and the strings live until the call returns.
        outcome(unsafe { textmill_store_set(self.0, key.as_ptr(), value.as_ptr()) })
    }

    /// The value of a key, if there is one by now.
    pub fn get(&self, key: &str) -> Result<Option<String>, String> {
        let key = c_string(key)?;
        let mut value = null_mut();
        // SAFETY: the store and the key live until the call returns; `value` stays null, or is
        // set to a string that is ours.
        outcome(unsafe { textmill_store_get(self.0, key.as_ptr(), &mut value) })?;
        Ok(text(value))
    }

    /// Adds to the number of a key, which is 0 at first, and gives it.
    pub fn add(&self, key: &str, amount: i64) -> Result<i64, String> {
        let key = c_string(key)?;
        let mut sum = 0;
        // SAFETY: the store and the key live until the call returns.
        outcome(unsafe { textmill_store_add(self.0, key.as_ptr(), amount, &mut sum) })?;
        Ok(sum)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // SAFETY: it came from the shim, and nothing uses it any more.
        unsafe { textmill_store_free(self.0) }
    }
}

/// Connections to all other ranks.
pub(super) struct Backend(*mut RawBackend);

// SAFETY: c10d's backends may be used by any one thread at a time.
unsafe impl Send for Backend {}

impl Backend {
    /// Connects with all other ranks, over Gloo or NCCL.
    pub fn connect(store: &Store, launch: &Launch, nccl: bool) -> Result<Self, String> {
        let mut backend = null_mut();
        // SAFETY: the store lives until the call returns; `backend` is set if it succeeds.
        outcome(unsafe {
            textmill_backend_connect(
                store.0,
                nccl,
                launch.rank as i32,
                launch.world as i32,
                launch.timeout.as_millis() as i64,
                &mut backend,
            )
        })?;
        Ok(Self(backend))
    }

    pub fn all_reduce_sum(&self, tensor: &Tensor) -> Result<(), String> {
        // SAFETY: backend and tensor live until the call returns, which waits for the result (on
        // a GPU, the stream does).
        outcome(unsafe { textmill_all_reduce_sum(self.0, tensor.as_ptr() as *mut c_void) })
    }

    pub fn broadcast(&self, tensor: &Tensor, root: usize) -> Result<(), String> {
        // SAFETY: as in `all_reduce_sum`.
        outcome(unsafe { textmill_broadcast(self.0, tensor.as_ptr() as *mut c_void, root as i64) })
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        // SAFETY: it came from the shim, and nothing uses it any more.
        unsafe { textmill_backend_free(self.0) }
    }
}
