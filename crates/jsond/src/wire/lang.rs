//! The two languages in which jsond speaks to people.
//!
//! It only names them. Which one is spoken is decided by the command line and the locale, and each
//! room keeps its own sentences beside the things they speak of.

use std::fmt;
use std::str::FromStr;

/// A language of messages to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Korean.
    Ko,
}

impl Lang {
    /// The language's tag, as `--lang` takes it.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ko => "ko",
        }
    }

    /// Chooses one of two texts.
    #[must_use]
    pub fn choose<T>(self, english: T, korean: T) -> T {
        match self {
            Self::En => english,
            Self::Ko => korean,
        }
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.tag())
    }
}

/// What [`Lang::from_str`] answers to a tag that is neither `en` nor `ko`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the language is `en` or `ko`")]
pub struct UnknownLang;

impl FromStr for Lang {
    type Err = UnknownLang;

    fn from_str(tag: &str) -> Result<Self, UnknownLang> {
        match tag {
            "en" => Ok(Self::En),
            "ko" => Ok(Self::Ko),
            _ => Err(UnknownLang),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_comes_back_as_its_language() {
        for lang in [Lang::En, Lang::Ko] {
            assert_eq!(lang.to_string().parse(), Ok(lang));
        }
        assert_eq!("fr".parse::<Lang>(), Err(UnknownLang));
        assert_eq!(Lang::Ko.choose("a", "b"), "b");
    }
}
