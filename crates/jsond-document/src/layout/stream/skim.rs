//! Finds the end of a value in text that comes in chunks.
//!
//! Keeps a depth and whether it is in a string, no text; so a value of any size may straddle any
//! number of chunks. It does not check: of text that is not JSON it finds some end or none.

/// A value that is being stepped over.
#[derive(Debug, Default)]
pub(super) struct Skim {
    depth: usize,
    state: State,
}

#[derive(Debug, Default, Clone, Copy)]
enum State {
    #[default]
    Start,
    Scalar,
    /// Between the tokens of an array or object.
    Between,
    String,
    /// In a string, behind a backslash.
    Escape,
}

impl Skim {
    /// Steps over the value in the next chunk; gives where it ends if it ends there.
    pub(super) fn find_end(&mut self, text: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            match self.state {
                State::Start => at += self.start(byte),
                State::Between => {
                    at = self.between(text, at);
                    if self.depth == 0 {
                        return Some(at);
                    }
                }
                State::String => {
                    let rest = &text[at..];
                    at += memchr::memchr2(b'"', b'\\', rest)? + 1;
                    if text[at - 1] == b'\\' {
                        self.state = State::Escape;
                    } else if self.depth == 0 {
                        return Some(at);
                    } else {
                        self.state = State::Between;
                    }
                }
                State::Escape => {
                    self.state = State::String;
                    at += 1;
                }
                State::Scalar if is_end(byte) => return Some(at),
                State::Scalar => at += 1,
            }
        }
        None
    }

    /// Looks at the first byte, and counts it if it is a token's of its own.
    fn start(&mut self, byte: u8) -> usize {
        (self.state, self.depth) = match byte {
            b'"' => (State::String, 0),
            b'{' | b'[' => (State::Between, 1),
            _ => (State::Scalar, 0),
        };
        usize::from(!matches!(self.state, State::Scalar))
    }

    /// Goes on to the next string, to the closing bracket, or to the end of the chunk.
    fn between(&mut self, text: &[u8], start: usize) -> usize {
        let mut depth = self.depth;
        for (at, byte) in text.iter().enumerate().skip(start) {
            match byte {
                b'"' => {
                    (self.state, self.depth) = (State::String, depth);
                    return at + 1;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 1 => {
                    self.depth = 0;
                    return at + 1;
                }
                b'}' | b']' => depth -= 1,
                _ => {}
            }
        }
        self.depth = depth;
        text.len()
    }
}

fn is_end(byte: u8) -> bool {
    matches!(
        byte,
        b',' | b':' | b'{' | b'}' | b'[' | b']' | b' ' | b'\t' | b'\n' | b'\r'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the end of the first value of a text, in one chunk and in chunks of every size.
    fn check(text: &str, expected: Option<usize>) {
        for size in 1..=text.len() {
            let (mut skim, mut before, mut found) = (Skim::default(), 0, None);
            for chunk in text.as_bytes().chunks(size) {
                found = skim.find_end(chunk).map(|end| before + end);
                if found.is_some() {
                    break;
                }
                before += chunk.len();
            }
            assert_eq!(found, expected, "{text:?} by {size}");
        }
    }

    #[test]
    fn values_end_where_they_end() {
        check("12,", Some(2));
        check("true}", Some(4));
        check(r#""a\"]\\",1"#, Some(8));
        check(r#"{"a":[1,{"b":"}"}],"c":""},"#, Some(26));
        check("[ ]\n", Some(3));
        check(",", Some(0));
    }

    #[test]
    fn a_value_without_end_has_none() {
        check("12", None);
        check("\"a\\\"", None);
        check("[[1]", None);
    }
}
