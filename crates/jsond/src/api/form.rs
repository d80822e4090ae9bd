//! Names and values of a query, and of bodies in the form type.

use crate::api::problem::{Problem, ProblemKind};
use crate::limits::PARAMETERS_MAX;

/// Reads names and values of a form or a query.
///
/// *Errors*: what is not UTF-8, too many.
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
    let parts = || text.split(|&byte| byte == b'&').filter(|it| !it.is_empty());
    if parts().nth(PARAMETERS_MAX).is_some() {
        let detail = format!("There are more than {PARAMETERS_MAX} parameters; send fewer.");
        return Err(Problem::new(ProblemKind::MalformedQuery, detail));
    }
    parts()
        .map(|part| {
            let at = part.iter().position(|&byte| byte == b'=');
            let (name, value) = at.map_or((part, &[][..]), |at| (&part[..at], &part[at + 1..]));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each parameter took a hundred bytes, were it but one letter: a body of 16 MiB a gigabyte.
    #[test]
    fn so_many_parameters_are_read_and_no_more() {
        let text = "&a&".repeat(PARAMETERS_MAX);
        assert_eq!(parse_form(text.as_bytes()).unwrap().len(), PARAMETERS_MAX);
        assert!(parse_form((text + "a").as_bytes()).is_err());
    }
}
