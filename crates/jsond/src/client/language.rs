//! What the client says to people, in English and Korean.
//!
//! One method per sentence, both languages side by side. What a server sent is never translated.

use std::ffi::OsStr;

/// The language of the client's own messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Language {
    /// English
    En,
    /// Korean
    Ko,
}

impl Language {
    /// The language of the first of the given locale settings that is not empty; English if none.
    pub(super) fn of_locale<'a>(settings: impl IntoIterator<Item = Option<&'a OsStr>>) -> Self {
        let setting = settings
            .into_iter()
            .flatten()
            .find(|setting| !setting.is_empty());
        let name = setting.map(OsStr::to_string_lossy).unwrap_or_default();
        if name == "ko" || name.starts_with("ko_") || name.starts_with("ko.") {
            Self::Ko
        } else {
            Self::En
        }
    }

    fn pick(self, english: &'static str, korean: &'static str) -> &'static str {
        match self {
            Self::En => english,
            Self::Ko => korean,
        }
    }

    pub(super) fn greeting(self, address: &str, server: Option<&str>) -> String {
        let server = server
            .map(|server| format!(" ({server})"))
            .unwrap_or_default();
        match self {
            Self::En => format!("Connected to {address}{server}. Ctrl-D ends, ? helps."),
            Self::Ko => {
                format!("{address}{server} 에 접속되었습니다. Ctrl-D 종료, ? 도움말.")
            }
        }
    }

    pub(super) fn files(self, count: usize) -> String {
        match self {
            Self::En if count == 1 => "1 file".to_owned(),
            Self::En => format!("{count} files"),
            Self::Ko => format!("파일 {count}개"),
        }
    }

    pub(super) fn error(self, detail: &str) -> String {
        format!("{}: {detail}", self.pick("error", "오류"))
    }

    pub(super) fn given_up(self) -> &'static str {
        self.pick(
            "Given up, nothing was sent.",
            "그만두었습니다. 아무것도 보내지 않았습니다.",
        )
    }

    pub(super) fn interrupted(self) -> &'static str {
        self.pick("Interrupted.", "중단되었습니다.")
    }

    pub(super) fn nothing_sent(self, needed: &str) -> String {
        match self {
            Self::En => format!("Nothing was sent. Answers are needed: {needed}"),
            Self::Ko => format!("아무것도 보내지 않았습니다. 필요한 답: {needed}"),
        }
    }

    pub(super) fn and_more(self, count: usize) -> String {
        match self {
            Self::En => format!("… and {count} more"),
            Self::Ko => format!("… 외 {count}개"),
        }
    }

    pub(super) fn too_many_fields(self, count: usize, max: usize) -> String {
        match self {
            Self::En => {
                format!("the server asks for {count} fields; at most {max} can be answered")
            }
            Self::Ko => {
                format!("서버가 {count}개의 항목을 요구합니다. 최대 {max}개까지 답할 수 있습니다")
            }
        }
    }

    pub(super) fn method_first(self) -> &'static str {
        self.pick(
            "A method comes first, as in: GET students.json",
            "메서드를 먼저 쓰세요. 예: GET students.json",
        )
    }

    pub(super) fn unusual_method(self, method: &str) -> String {
        match self {
            Self::En => format!("{method} is no usual method, but it can be sent. ? helps."),
            Self::Ko => {
                format!("{method} 는 보통 쓰는 메서드가 아니지만 보낼 수 있습니다. ? 도움말.")
            }
        }
    }

    pub(super) fn unknown_command(self, word: &str) -> String {
        match self {
            Self::En => format!("No such command: {word}. ? helps."),
            Self::Ko => format!("그런 명령이 없습니다: {word}. ? 도움말."),
        }
    }

    pub(super) fn takes_more(self, needed: &str) -> String {
        match self {
            Self::En => format!("members can follow on the same line: {needed} name=value …"),
            Self::Ko => format!("멤버를 같은 줄에 이어 쓸 수 있습니다: {needed} 이름=값 …"),
        }
    }

    pub(super) fn needed(self) -> &'static str {
        self.pick("an answer is needed here", "답이 필요합니다")
    }

    /// What a person has to type for a JSON type; `None` where any text will do.
    pub(super) fn kind(self, kind: &str) -> Option<&'static str> {
        match kind {
            "number" => Some(self.pick("number", "숫자")),
            "integer" => Some(self.pick("integer", "정수")),
            "boolean" => Some("true/false"),
            _ => None,
        }
    }

    /// Why an answer is not of the JSON type.
    pub(super) fn not_a(self, kind: &str) -> &'static str {
        match kind {
            "number" => self.pick("not a number", "숫자가 아닙니다"),
            "integer" => self.pick("not an integer", "정수가 아닙니다"),
            _ => self.pick("neither true nor false", "true 도 false 도 아닙니다"),
        }
    }

    pub(super) fn example(self, example: &str) -> String {
        match self {
            Self::En => format!("for example {example}"),
            Self::Ko => format!("예: {example}"),
        }
    }

    pub(super) fn field_help(self) -> &'static str {
        self.pick(
            "< goes back, Ctrl-C gives up; all answers on one line are taken too",
            "< 뒤로, Ctrl-C 그만두기. 모든 답을 한 줄로 써도 됩니다",
        )
    }

    pub(super) fn help(self) -> &'static str {
        self.pick(HELP_ENGLISH, HELP_KOREAN)
    }
}

// `concat!`, since a continued line would lose its indentation.
const HELP_ENGLISH: &str = concat!(
    "  GET /                            list the files\n",
    "  GET students.json                show a file (GET alone: the file is asked for)\n",
    "  GET students.json/Da_Eun         show a record, or deeper\n",
    "  HEAD students.json               show the header fields only\n",
    "  POST students.json               add a record: the server asks for what it needs\n",
    "  PUT students.json                change a field, asked for in the same way\n",
    "  DELETE students.json             remove a record, asked for in the same way\n",
    "  PUT students.json/Kim grade=4.4  a whole record, no questions; grade:=4.4 is a number\n",
    "  name==value Name:value @file     a query parameter, a header field, the body\n",
    "  .help  .quit                     this text; the end, as Ctrl-D\n",
    "While it asks: < goes back, ? explains, Ctrl-C sends nothing; all answers fit on one line too.\n",
);

const HELP_KOREAN: &str = concat!(
    "  GET /                            파일 목록\n",
    "  GET students.json                파일 보기 (GET 만 쓰면 파일을 묻습니다)\n",
    "  GET students.json/Da_Eun         레코드 보기. 더 깊이도 됩니다\n",
    "  HEAD students.json               헤더 필드만 보기\n",
    "  POST students.json               레코드 추가. 필요한 것을 서버가 묻습니다\n",
    "  PUT students.json                필드 수정. 같은 방식으로 묻습니다\n",
    "  DELETE students.json             레코드 삭제. 같은 방식으로 묻습니다\n",
    "  PUT students.json/Kim grade=4.4  묻지 않고 레코드 전체를 씁니다. 숫자는 grade:=4.4\n",
    "  name==value Name:value @file     쿼리 매개변수, 헤더 필드, 본문 파일\n",
    "  .help  .quit                     이 도움말, 종료 (Ctrl-D 도 종료)\n",
    "묻는 동안: < 뒤로, ? 설명, Ctrl-C 보내지 않고 그만두기. 모든 답을 한 줄로 써도 됩니다.\n",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_locale_setting_that_is_not_empty_decides() {
        let of = |settings: &[Option<&str>]| {
            Language::of_locale(settings.iter().map(|setting| setting.map(OsStr::new)))
        };
        assert_eq!(of(&[None, Some(""), Some("ko_KR.UTF-8")]), Language::Ko);
        assert_eq!(of(&[Some("C"), Some("ko_KR.UTF-8")]), Language::En);
        assert_eq!(of(&[Some("kok_IN")]), Language::En);
        assert_eq!(of(&[]), Language::En);
    }
}
