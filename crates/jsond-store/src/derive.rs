//! From a derivation to the change that it means in one image, or to its refusal. No I/O.

use crate::contract::{Derivation, Derived, Effect, Precondition, Rejection};
use crate::decide::{Decision, existing};
use crate::image::Image;
use crate::patch::operations_of;
use jsond_document::Patch;

/// Decides what a derivation comes to; the preconditions are about its subject.
pub(crate) fn derive(
    image: &Image,
    derivation: &dyn Derivation,
    precondition: &Precondition,
) -> Result<Decision, Rejection> {
    let Derived {
        subject,
        operations,
        effect,
        written,
        shown,
    } = derivation.derive(image)?;
    existing(image.resolve(&subject), precondition)?;
    let operations = operations_of(image, &Patch::from(operations))?;
    let effect = match operations.is_empty() {
        true => Effect::Unchanged,
        false => effect,
    };
    Ok(Decision {
        effect,
        operations,
        written: vec![written],
        shown: Some(shown),
        way: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Address, Edit, Mutation};
    use crate::decide::decide;
    use crate::image::Image;
    use jsond_document::{PatchOperation, Pointer, Value};
    use std::sync::Arc;

    /// Raises `n` of the record 7, and removes the one before it.
    #[derive(Debug)]
    struct Raise;

    impl Derivation for Raise {
        fn derive(&self, image: &Image) -> Result<Derived, Rejection> {
            let subject = Address(vec!["posts.json".to_owned(), "7".to_owned()]);
            let crate::Resolved::Value(place) = image.resolve(&subject) else {
                return Err(Rejection::NotFound);
            };
            let n = place.value.member("n").ok_or(Rejection::NotFound)?;
            let raised = Value::parse(format!("{}0", n.to_json()).as_bytes()).unwrap();
            let pointer =
                |tokens: &[&str]| Pointer::from_tokens(tokens.iter().copied().map(str::to_owned));
            Ok(Derived {
                written: subject.clone(),
                subject,
                operations: vec![
                    PatchOperation::Add {
                        path: pointer(&["posts.json", "1", "n"]),
                        value: raised.clone(),
                    },
                    PatchOperation::Remove {
                        path: pointer(&["posts.json", "0"]),
                    },
                ],
                effect: Effect::Replaced,
                shown: raised,
            })
        }
    }

    fn decided(posts: &str, precondition: Precondition) -> Result<Decision, Rejection> {
        let image = Image::of_files([("posts.json", posts)]);
        decide(
            &image,
            &mut Mutation {
                address: Address(vec!["posts.json".to_owned()]),
                precondition,
                edit: Edit::Derive(Arc::new(Raise)),
                key: None,
                wants_image: false,
            },
        )
    }

    #[test]
    fn a_change_is_made_up_of_what_is_there() {
        let decision = decided(r#"[{"id":1},{"id":7,"n":3}]"#, Precondition::default()).unwrap();
        let mut out = Vec::new();
        crate::change::encode(&decision.operations, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            concat!(
                r#"[{"op":"add","path":"/posts.json/1/n","address":"/posts.json/7/n","value":30},"#,
                r#"{"op":"remove","path":"/posts.json/0","address":"/posts.json/1"}]"#
            )
        );
        assert_eq!(decision.shown.unwrap().to_json().as_str(), "30");
        assert_eq!(decision.effect, Effect::Replaced);
    }

    #[test]
    fn what_a_derivation_refuses_and_what_the_subject_is_not_is_refused() {
        let missing = decided("[]", Precondition::default()).map(|_| ());
        assert_eq!(missing, Err(Rejection::NotFound));
        let none = Precondition {
            if_none_match: Some(crate::Match::Any),
            ..Precondition::default()
        };
        let refused = decided(r#"[{"id":1},{"id":7,"n":3}]"#, none).map(|_| ());
        assert_eq!(refused, Err(Rejection::Precondition));
    }
}
