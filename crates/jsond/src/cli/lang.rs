//! The language of messages: as told, else by the locale.

use crate::wire::Lang;

/// Chooses the language by the environment's locale, in the order of POSIX.
pub(super) fn by_locale(get: impl Fn(&str) -> Option<String>) -> Lang {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| get(name).filter(|value| !value.is_empty()))
        .unwrap_or_default();
    let language = locale.split(['_', '.', '@']).next().unwrap_or_default();
    if language.eq_ignore_ascii_case("ko") {
        Lang::Ko
    } else {
        Lang::En
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(set: &[(&str, &str)], expected: Lang) {
        let get = |name: &str| {
            set.iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        assert_eq!(by_locale(get), expected, "{set:?}");
    }

    #[test]
    fn the_first_set_variable_decides() {
        check(&[("LANG", "ko_KR.UTF-8")], Lang::Ko);
        check(&[("LANG", "ko")], Lang::Ko);
        check(&[("LC_ALL", "C.UTF-8"), ("LANG", "ko_KR.UTF-8")], Lang::En);
        check(
            &[("LC_ALL", ""), ("LC_MESSAGES", "ko_KR"), ("LANG", "en_US")],
            Lang::Ko,
        );
        check(&[("LANG", "kok_IN")], Lang::En);
        check(&[], Lang::En);
    }
}
