//! The `Date` field, made once a second on each thread.
//!
//! *Source*: RFC 9110 §6.6.1.

use std::cell::RefCell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A date as it was made, and until when it is the date of this second.
struct Made {
    until: Instant,
    text: String,
}

thread_local! {
    static MADE: RefCell<Option<Made>> = const { RefCell::new(None) };
}

/// Gives the IMF-fixdate of `now`, which is now: the caller has asked the clock already.
pub(super) fn with_date<T>(now: Instant, take: impl FnOnce(&str) -> T) -> T {
    MADE.with_borrow_mut(|made| {
        let made = match made {
            Some(made) if now < made.until => made,
            _ => made.insert(make(now)),
        };
        take(&made.text)
    })
}

fn make(now: Instant) -> Made {
    let time = SystemTime::now();
    let passed = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = Duration::from_secs(1) - Duration::from_nanos(passed.subsec_nanos().into());
    Made {
        until: now + left,
        text: httpdate::fmt_http_date(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_that_of_the_second() {
        let begin = Instant::now();
        let first = with_date(begin, str::to_owned);
        assert!(httpdate::parse_http_date(&first).is_ok());
        // Within a second it may turn once, and a second later it has.
        let until = MADE.with_borrow(|made| made.as_ref().map(|it| it.until));
        assert!(until.is_some_and(|until| until <= begin + Duration::from_secs(1)));
        assert_eq!(with_date(begin, str::to_owned), first);
        MADE.with_borrow_mut(|made| {
            *made = Some(Made {
                until: begin,
                text: "of another second".to_owned(),
            });
        });
        assert_ne!(with_date(begin, str::to_owned), "of another second");
    }
}
