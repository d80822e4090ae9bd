//! Who the server is, for the line that greets a person.
//!
//! Asks for `/_/version`, which a server that is no jsond does not have and says so; only if it is
//! one, for the listing. Everything here is optional and has little time.

use serde_json::Value;

use super::clock::Clock;
use super::escape::escape_bytes_line;
use super::failure::Failure;
use super::head::Head;
use super::http::Connection;
use super::language::Language;
use super::limit;
use super::request::Request;
use super::session::Session;

impl Session {
    /// Connects, so that a person knows at once when nobody is there, and says who is.
    pub(super) async fn greet(&mut self, language: Language, ask: bool) -> Result<String, Failure> {
        let clock = Clock::start(self.timeout());
        let authority = self.peer.authority();
        let socket = self.connect(&clock).await?;
        let server = match ask {
            true => {
                let connection = Connection::over(socket).await?;
                self.keep_idle(connection);
                self.server(language).await
            }
            false => {
                self.keep(socket);
                None
            }
        };
        Ok(language.greeting(&authority, server.as_deref()))
    }

    async fn server(&mut self, language: Language) -> Option<String> {
        let clock = Clock::start(Some(limit::GREETING_PATIENCE));
        let (head, body) = self.fetch("/_/version", &clock).await?;
        let name = server_name(&head, &body)?;
        let files = match self.fetch("/", &clock).await {
            Some((head, body)) if head.status == 200 => count_files(&body),
            _ => None,
        };
        Some(match files {
            Some(count) => format!("{name}, {}", language.files(count)),
            None => name,
        })
    }

    /// Reads something on the side; nothing when it does not come in time, or is too long.
    pub(super) async fn fetch(&mut self, target: &str, clock: &Clock) -> Option<(Head, Vec<u8>)> {
        let request = Request::get(target);
        let mut exchange = self.open_http(&request, clock).await.ok()?.ok()?;
        let mut body = Vec::new();
        while let Some(piece) = exchange.next(clock).await.ok()? {
            body.extend_from_slice(&piece);
            if body.len() > limit::HELD_BODY_BYTES_MAX {
                return None;
            }
        }
        let head = exchange.head.clone();
        self.keep_idle(exchange.into_connection());
        Some((head, body))
    }
}

/// `jsond 0.1.0`, from the version resource or the `Server` field. `None` if it is no jsond.
fn server_name(head: &Head, body: &[u8]) -> Option<String> {
    let field = head
        .header("server")
        .filter(|server| server.starts_with("jsond"));
    if let Some(server) = field {
        return Some(escape_bytes_line(
            server.replacen('/', " ", 1).as_bytes(),
            64,
        ));
    }
    if head.status != 200 {
        return None;
    }
    let version: Value = serde_json::from_slice(body).ok()?;
    let text = |name: &str| version.get(name).and_then(Value::as_str);
    let name = format!("{} {}", text("name").unwrap_or("jsond"), text("version")?);
    Some(escape_bytes_line(name.as_bytes(), 64))
}

/// How many files a listing has; `None` when it is not a listing but a document.
fn count_files(body: &[u8]) -> Option<usize> {
    let listing: Value = serde_json::from_slice(body).ok()?;
    let members = listing.as_object()?;
    let kinds: Option<Vec<&str>> = members
        .values()
        .map(|member| member.get("kind").and_then(Value::as_str))
        .collect();
    Some(kinds?.into_iter().filter(|kind| *kind != "folder").count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_in_a_listing_only() {
        let listing =
            br#"{"a.json":{"kind":"file"},"b.json":{"kind":"file"},"c":{"kind":"folder"}}"#;
        assert_eq!(count_files(listing), Some(2));
        assert_eq!(count_files(b"{}"), Some(0));
        assert_eq!(count_files(br#"{"posts":[1]}"#), None);
        assert_eq!(count_files(b"[1]"), None);
    }

    #[test]
    fn only_a_jsond_is_named() {
        let head = |status: u16, server: &str| Head {
            status,
            reason: String::new(),
            headers: vec![("server".into(), server.into())],
        };
        assert_eq!(
            server_name(&head(200, "jsond/0.1.0"), b"").as_deref(),
            Some("jsond 0.1.0")
        );
        assert_eq!(server_name(&head(404, "nginx"), b""), None);
        let version = br#"{"version":"0.2.0\u001b"}"#;
        assert_eq!(
            server_name(&head(200, "x"), version).as_deref(),
            Some("jsond 0.2.0\\x1b")
        );
    }
}
