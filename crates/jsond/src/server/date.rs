//! The `Date` field, made once a second on each thread.
//!
//! *Source*: RFC 9110 §6.6.1.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

thread_local! {
    static NOW: RefCell<(u64, String)> = const { RefCell::new((0, String::new())) };
}

/// Gives the IMF-fixdate of this second.
pub(super) fn with_date<T>(take: impl FnOnce(&str) -> T) -> T {
    let now = SystemTime::now();
    let second = now.duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
    NOW.with_borrow_mut(|(made, text)| {
        if *made != second || text.is_empty() {
            *made = second;
            *text = httpdate::fmt_http_date(now);
        }
        take(text)
    })
}
