//! Names and values of a query, and of bodies in the form type.

use crate::api::problem::{Problem, ProblemKind};

/// Reads names and values of a form or a query.
pub(super) fn parse_form(text: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    let decode = |part: &[u8]| {
        let spaced: Vec<u8> = part
            .iter()
            .map(|&byte| if byte == b'+' { b' ' } else { byte })
            .collect();
        let decoded = percent_encoding::percent_decode(&spaced).decode_utf8();
        decoded.map(std::borrow::Cow::into_owned).map_err(|_| {
            let detail = "A name or value among the parameters is not UTF-8 text.";
            Problem::new(ProblemKind::MalformedQuery, detail)
        })
    };
    text.split(|&byte| byte == b'&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let at = part.iter().position(|&byte| byte == b'=');
            let (name, value) = at.map_or((part, &[][..]), |at| (&part[..at], &part[at + 1..]));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}
