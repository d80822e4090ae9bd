//! The operators of conditions, and how a parameter's name is split into member name and operator.

use super::error::SelectError;

/// What a condition asks of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Eq,
    Ne,
    Lt,
    Lte,
    Gt,
    Gte,
    In,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    Exists,
}

const NAMES: [(&str, Operator); 12] = [
    ("eq", Operator::Eq),
    ("ne", Operator::Ne),
    ("lt", Operator::Lt),
    ("lte", Operator::Lte),
    ("gt", Operator::Gt),
    ("gte", Operator::Gte),
    ("in", Operator::In),
    ("contains", Operator::Contains),
    ("startsWith", Operator::StartsWith),
    ("endsWith", Operator::EndsWith),
    ("matches", Operator::Matches),
    ("exists", Operator::Exists),
];

impl Operator {
    /// Splits `name:op` at the last colon; a name without one is compared by `eq`.
    pub(super) fn split(parameter: &str) -> Result<(&str, Self), SelectError> {
        let Some((name, word)) = parameter.rsplit_once(':') else {
            return Ok((parameter, Self::Eq));
        };
        let known = NAMES.iter().find(|(known, _)| *known == word);
        match known {
            Some((_, operator)) => Ok((name, *operator)),
            None => Err(SelectError::UnknownOperator {
                name: name.to_owned(),
                operator: word.to_owned(),
            }),
        }
    }

    /// The names of all operators, for people.
    pub(super) fn list() -> String {
        NAMES.map(|(name, _)| name).join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parameter: &str, name: &str, operator: Operator) {
        assert_eq!(Operator::split(parameter), Ok((name, operator)));
    }

    #[test]
    fn a_parameter_is_split_at_its_last_colon() {
        check("grade", "grade", Operator::Eq);
        check("grade:gte", "grade", Operator::Gte);
        check("a:b:startsWith", "a:b", Operator::StartsWith);
        check("a:eq:eq", "a:eq", Operator::Eq);
        check(":in", "", Operator::In);
        check("", "", Operator::Eq);
    }

    #[test]
    fn an_unknown_operator_is_told_with_the_known_ones() {
        for parameter in ["grade:foo", "grade:", "grade:Eq", "grade:startswith"] {
            let error = Operator::split(parameter).unwrap_err().to_string();
            assert!(error.contains(parameter), "{error}");
            assert!(error.contains("eq, ne, lt, lte"), "{error}");
            assert!(error.contains("add :eq"), "{error}");
        }
    }
}
