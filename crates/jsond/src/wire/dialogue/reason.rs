//! Why the dialogue refuses, in one line of English or Korean.
//!
//! Only what the grammar refuses; that a key is taken or a file is missing is said elsewhere.

use std::fmt;

use http::StatusCode;

use crate::wire::lang::Lang;

/// Why the dialogue refuses what a client sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The request line or the answer is not UTF-8.
    NotUtf8,
    /// The request line has a control character.
    ControlCharacter,
    /// The request line is a single word.
    MissingTarget,
    /// The method is none of the five.
    UnknownMethod,
    /// The target begins with a slash.
    SlashTarget,
    /// The third word of the request line is no HTTP version.
    MalformedVersion,
    /// The request line has more than three words.
    TooManyWords,
    /// More empty lines before the request line than are tolerated.
    TooManyEmptyLines,
    /// The request line is over its limit.
    RequestLineTooLong,
    /// The header lines are over their limit.
    FieldsTooLarge,
    /// A header line announces a body.
    BodyNotTaken,
    /// The answer is over its limit.
    AnswerTooLong,
    /// A word that begins with a quote does not end with one.
    UnterminatedString,
    /// A quoted word is no JSON string.
    MalformedString,
    /// Something stands directly after a closing quote.
    TextAfterString,
    /// The request did not come in time.
    NoRequestInTime,
    /// The answer did not come in time.
    NoAnswerInTime,
    /// As many dialogues as can be had wait for their answers.
    TooManyDialogues,
}

impl Reason {
    /// Every reason there is.
    pub const ALL: &'static [Self] = &[
        Self::NotUtf8,
        Self::ControlCharacter,
        Self::MissingTarget,
        Self::UnknownMethod,
        Self::SlashTarget,
        Self::MalformedVersion,
        Self::TooManyWords,
        Self::TooManyEmptyLines,
        Self::RequestLineTooLong,
        Self::FieldsTooLarge,
        Self::BodyNotTaken,
        Self::AnswerTooLong,
        Self::UnterminatedString,
        Self::MalformedString,
        Self::TextAfterString,
        Self::NoRequestInTime,
        Self::NoAnswerInTime,
        Self::TooManyDialogues,
    ];

    /// The status of the reply: 408 where time ran out, 503 where there is no room, else 400.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::NoRequestInTime | Self::NoAnswerInTime => StatusCode::REQUEST_TIMEOUT,
            Self::TooManyDialogues => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The reason in one line, without a line end.
    #[must_use]
    pub fn text(self, lang: Lang) -> &'static str {
        lang.choose(self.english(), self.korean())
    }

    fn english(self) -> &'static str {
        match self {
            Self::NotUtf8 => "The text is not UTF-8.",
            Self::ControlCharacter => "The request line has a control character.",
            Self::MissingTarget => {
                "The request line needs a method and a file name, such as: GET students.json"
            }
            Self::UnknownMethod => {
                "The method is not known; use GET, HEAD, POST, PUT or DELETE in capitals."
            }
            Self::SlashTarget => "Send the file name without a slash before it, or use HTTP.",
            Self::MalformedVersion => {
                "The third word is no HTTP version; leave it out or send HTTP/1.1."
            }
            Self::TooManyWords => {
                "The request line has too many words; write %20 for a space in a file name."
            }
            Self::TooManyEmptyLines => "Too many empty lines; begin with the request line.",
            Self::RequestLineTooLong => "The request line is too long.",
            Self::FieldsTooLarge => "The header lines are too long.",
            Self::BodyNotTaken => "A body is not taken here; wait for the question, or use HTTP.",
            Self::AnswerTooLong => "The answer is too long.",
            Self::UnterminatedString => "A quoted word has no closing quote.",
            Self::MalformedString => "A quoted word is not a JSON string.",
            Self::TextAfterString => "A space is missing after a closing quote.",
            Self::NoRequestInTime => "The request did not come in time.",
            Self::NoAnswerInTime => "The answer did not come in time.",
            Self::TooManyDialogues => "Too many others are being asked; try again in a minute.",
        }
    }

    fn korean(self) -> &'static str {
        match self {
            Self::NotUtf8 => "UTF-8 텍스트가 아닙니다.",
            Self::ControlCharacter => "요청 줄에 제어 문자가 있습니다.",
            Self::MissingTarget => {
                "요청 줄에는 메서드와 파일 이름이 필요합니다. 예: GET students.json"
            }
            Self::UnknownMethod => {
                "알 수 없는 메서드입니다. GET, HEAD, POST, PUT, DELETE 중 하나를 대문자로 보내 주세요."
            }
            Self::SlashTarget => "파일 이름 앞의 슬래시를 빼거나 HTTP로 요청해 주세요.",
            Self::MalformedVersion => {
                "세 번째 단어가 HTTP 버전이 아닙니다. 빼거나 HTTP/1.1로 보내 주세요."
            }
            Self::TooManyWords => {
                "요청 줄에 단어가 너무 많습니다. 파일 이름의 공백은 %20으로 써 주세요."
            }
            Self::TooManyEmptyLines => "빈 줄이 너무 많습니다. 요청 줄부터 보내 주세요.",
            Self::RequestLineTooLong => "요청 줄이 너무 깁니다.",
            Self::FieldsTooLarge => "헤더가 너무 깁니다.",
            Self::BodyNotTaken => {
                "여기서는 본문을 받지 않습니다. 질문을 기다리거나 HTTP를 사용해 주세요."
            }
            Self::AnswerTooLong => "답이 너무 깁니다.",
            Self::UnterminatedString => "따옴표가 닫히지 않은 단어가 있습니다.",
            Self::MalformedString => "따옴표로 묶은 단어가 올바른 JSON 문자열이 아닙니다.",
            Self::TextAfterString => "닫는 따옴표 뒤에 공백이 없습니다.",
            Self::NoRequestInTime => "제시간에 요청이 오지 않았습니다.",
            Self::NoAnswerInTime => "제시간에 답이 오지 않았습니다.",
            Self::TooManyDialogues => {
                "지금은 답을 기다리는 사람이 너무 많습니다. 잠시 뒤에 다시 해 주세요."
            }
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.english())
    }
}

impl std::error::Error for Reason {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_reason_has_one_line_of_its_own_in_both_languages() {
        for lang in [Lang::En, Lang::Ko] {
            let texts: HashSet<_> = Reason::ALL.iter().map(|reason| reason.text(lang)).collect();
            assert_eq!(texts.len(), Reason::ALL.len());
            assert!(texts.iter().all(|text| !text.contains(['\n', '\r'])));
        }
        let is_korean = |text: &str| text.chars().any(|letter| ('가'..='힣').contains(&letter));
        assert!(
            Reason::ALL
                .iter()
                .all(|reason| is_korean(reason.text(Lang::Ko)))
        );
        assert!(
            Reason::ALL
                .iter()
                .all(|reason| reason.text(Lang::En).is_ascii())
        );
    }

    #[test]
    fn the_status_says_whether_time_or_room_ran_out_or_the_client_is_wrong() {
        for reason in Reason::ALL {
            let text = reason.text(Lang::En);
            let status = match text {
                _ if text.ends_with("in time.") => 408,
                _ if text.contains("try again") => 503,
                _ => 400,
            };
            assert_eq!(reason.status().as_u16(), status, "{text}");
        }
    }
}
