//! Puts a title, the trail of addresses and a content into the shell of the page.

use super::escape::{self, Hidden};
use super::html::Html;
use super::policy::STYLE;

/// The page with `{{…}}` where the pieces go.
const SHELL: &str = include_str!("page.html");

/// Renders a whole page.
///
/// *Shape*: `title` is plain text, `trail` a list item for each step from the root to this page.
#[must_use]
pub fn page(title: &str, trail: &Html, content: &Html) -> String {
    let bytes = SHELL.len() + STYLE.len() + trail.len() + content.len() + title.len();
    let mut out = String::with_capacity(bytes);
    // The shell is walked once, so that a text which looks like a place is none.
    for (n, part) in SHELL.split("{{").enumerate() {
        let (name, rest) = if n == 0 {
            ("", part)
        } else {
            part.split_once("}}")
                .expect("INVARIANT: the shell closes its places")
        };
        match name {
            "title" => escape::push(&mut out, title, Hidden::Named),
            "style" => out.push_str(STYLE),
            "trail" => out.push_str(trail.as_str()),
            "content" => out.push_str(content.as_str()),
            _ => {}
        }
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_looks_like_a_place_is_only_text() {
        let mut content = Html::new();
        content.text("{{title}} {{style}}");
        let page = page("{{content}}</title>", &Html::new(), &content);
        assert_eq!(page.matches("{{title}} {{style}}").count(), 1);
        assert!(page.contains("<title>{{content}}&lt;/title&gt;</title>"));
    }

    #[test]
    fn the_shell_has_one_place_for_each_piece() {
        for place in ["{{title}}", "{{style}}", "{{trail}}", "{{content}}"] {
            assert_eq!(SHELL.matches(place).count(), 1, "{place}");
        }
        assert_eq!(SHELL.matches("{{").count(), 4);
    }

    #[test]
    fn the_page_needs_no_script_and_no_second_request() {
        let page = page("t", &Html::new(), &Html::new());
        for word in ["<script", "src=", "http:", "https:", "@import", "onclick"] {
            // The name space of the icon is a name, nothing is loaded from there.
            let bare = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!bare.contains(word), "{word}");
        }
    }
}
