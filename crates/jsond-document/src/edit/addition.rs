//! What an edit adds to an array or object, and where.

use crate::id_name::IdRule;
use crate::json::Kind;
use crate::pointer::array_index;
use crate::value::Value;
use crate::value_edit::ValueEdit;
use bytes::Bytes;

impl Value {
    /// Adds something under a token that names no member.
    pub(super) fn added(&self, token: &str, edit: &ValueEdit<'_>, ids: &IdRule) -> Option<Self> {
        let (at, name) = self.addition(token, edit)?;
        Some(self.insert_at(at, name, edit.value()?, ids))
    }

    /// Where an edit adds something under a token that names no member, and under which name; none
    /// where it adds nothing, or cannot.
    pub(super) fn addition(
        &self,
        token: &str,
        edit: &ValueEdit<'_>,
    ) -> Option<(usize, Option<Bytes>)> {
        let (ValueEdit::Add(_) | ValueEdit::AddBefore(..)) = edit else {
            return None;
        };
        match self.kind() {
            Kind::Object => {
                let at = edit.neighbour().and_then(|name| self.position_of(name));
                Some((at.unwrap_or(usize::MAX), Some(crate::quote(token).into())))
            }
            Kind::Array if token == "-" => Some((self.count(), None)),
            Kind::Array => {
                let at = array_index(token).filter(|at| *at <= self.count())?;
                Some((at, None))
            }
            _ => None,
        }
    }
}
