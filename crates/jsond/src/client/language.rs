//! What the client says to people, in English and Korean.
//!
//! One method per sentence, both languages side by side. What a server sent is never translated.

use std::ffi::OsStr;

use super::wire::Mode;

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

    pub(super) fn usage(self, usage: &str) -> String {
        format!("{}: {usage}", self.pick("usage", "사용법"))
    }

    pub(super) fn nothing_yet(self) -> &'static str {
        self.pick("there was no request yet", "아직 보낸 요청이 없습니다")
    }

    pub(super) fn too_long_to_keep(self) -> &'static str {
        self.pick(
            "the body was too long to be kept, or broke off",
            "본문이 너무 길거나 끊겨서 남아 있지 않습니다",
        )
    }

    pub(super) fn saved(self, bytes: usize, file: &str) -> String {
        match self {
            Self::En => format!("{bytes} bytes saved in {file}."),
            Self::Ko => format!("{file} 에 {bytes} 바이트를 저장했습니다."),
        }
    }

    pub(super) fn captured(self, packets: usize, file: &str) -> String {
        match self {
            Self::En => {
                format!("{packets} packets saved in {file}, for Wireshark; secrets are hidden.")
            }
            Self::Ko => format!(
                "{file} 에 패킷 {packets}개를 저장했습니다. Wireshark 로 열 수 있고 비밀은 가렸습니다."
            ),
        }
    }

    pub(super) fn runs_itself(self) -> &'static str {
        self.pick(
            "too many files run one within another",
            "파일이 파일을 너무 여러 번 실행합니다",
        )
    }

    pub(super) fn unchanged(self) -> &'static str {
        self.pick(
            "Nothing was changed, nothing was sent.",
            "바뀐 것이 없어 보내지 않았습니다.",
        )
    }

    pub(super) fn nothing_to_list(self) -> &'static str {
        self.pick("there is nothing to list", "나열할 것이 없습니다")
    }

    pub(super) fn no_collection(self) -> &'static str {
        self.pick(
            "this is no collection of records",
            "레코드의 모음이 아닙니다",
        )
    }

    pub(super) fn watching(self, target: &str, seconds: u64) -> String {
        match self {
            Self::En => format!("Watching {target}, every {seconds} s. Ctrl-C ends."),
            Self::Ko => format!("{target} 를 {seconds}초마다 봅니다. Ctrl-C 종료."),
        }
    }

    pub(super) fn spoken(self) -> &'static str {
        self.pick("English it is.", "이제 한국어로 말합니다.")
    }

    pub(super) fn wire(self, mode: Mode) -> &'static str {
        match mode {
            Mode::Off => self.pick("The wire view is off.", "전송 보기를 껐습니다."),
            Mode::Text => self.pick(
                "The wire view is on: > was sent, < was received.",
                "전송 보기를 켰습니다. > 보낸 것, < 받은 것.",
            ),
            Mode::Hex => self.pick(
                "The wire view is on, in hexadecimal.",
                "전송 보기를 16진수로 켰습니다.",
            ),
        }
    }

    pub(super) fn is_gone(self, status: u16) -> String {
        match self {
            Self::En => {
                format!("It was changed since you saw it, and cannot be read now ({status}).")
            }
            Self::Ko => format!("보신 뒤에 바뀌었고 지금은 읽을 수 없습니다 ({status})."),
        }
    }

    pub(super) fn changed_meanwhile(self) -> &'static str {
        self.pick(
            "Somebody has changed it since you saw it:",
            "보신 뒤에 다른 사람이 바꾸었습니다:",
        )
    }

    pub(super) fn overwrite(self) -> &'static str {
        self.pick(
            "Send yours all the same? [y/N/s] : ",
            "그래도 보낼까요? [y/N/s] : ",
        )
    }

    pub(super) fn overwrite_help(self) -> &'static str {
        self.pick(
            "y sends yours over theirs, n leaves theirs, s shows theirs",
            "y 내 것을 보냅니다, n 그대로 둡니다, s 지금 것을 봅니다",
        )
    }

    pub(super) fn left_alone(self) -> &'static str {
        self.pick("Theirs is left as it is.", "그대로 두었습니다.")
    }

    pub(super) fn token_is_shown(self) -> &'static str {
        self.pick(
            "warning: the token crosses the network in plain text; https:// would hide it",
            "경고: 토큰이 암호화되지 않은 채 네트워크를 지나갑니다. https:// 는 이를 가립니다",
        )
    }

    pub(super) fn hint_target(self) -> &'static str {
        self.pick("students.json", "students.json")
    }

    pub(super) fn hint_change(self) -> &'static str {
        self.pick("students.json/KEY name=value", "students.json/키 이름=값")
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
    "  .ls .cd FOLDER                   what is there; where names begin from now on\n",
    "  .table .last .again .save FILE   the last answer as a table; once more; its body in a file\n",
    "  .edit TARGET                     change it in your editor\n",
    "  .watch TARGET                    show what changes\n",
    "  .wire on|hex|off, .wire save F   the bytes as they cross; a capture for Wireshark\n",
    "  .curl .run FILE .lang en|ko      the request for curl; requests from a file; the language\n",
    "  .help .quit                      this text; the end, as Ctrl-D\n",
    "Tab completes methods, files, keys and members. What you saw is changed only if it is still so.\n",
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
    "  .ls .cd 폴더                     무엇이 있는지, 이름의 시작 위치\n",
    "  .table .last .again .save 파일   마지막 응답을 표로, 다시 보기, 다시 보내기, 파일로\n",
    "  .edit 대상                       편집기로 고치기\n",
    "  .watch 대상                      바뀌는 것을 보기\n",
    "  .wire on|hex|off, .wire save 파일  오가는 바이트 보기, Wireshark 파일로 저장\n",
    "  .curl .run 파일 .lang en|ko      curl 명령으로, 파일의 요청 보내기, 언어\n",
    "  .help .quit                      이 도움말, 종료 (Ctrl-D 도 종료)\n",
    "Tab 은 메서드, 파일, 키, 멤버를 완성합니다. 보신 것은 그 사이 바뀌지 않았을 때만 고칩니다.\n",
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
