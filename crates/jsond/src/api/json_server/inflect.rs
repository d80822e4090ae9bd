//! English nouns: which are plural, and what the other form is.
//!
//! *Source*: the rules of the npm package `pluralize`, which json-server 0.17 uses; those of the
//! package `inflection`, which 1.x uses, agree on common words.

/// The plural of a noun.
pub(super) fn plural(word: &str) -> String {
    pluralizer::pluralize(word, 2, false)
}

/// The singular of a noun.
pub(super) fn singular(word: &str) -> String {
    pluralizer::pluralize(word, 1, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pairs on which both packages agree, and what their users have in their files.
    #[test]
    fn nouns_have_the_forms_of_the_packages_that_json_server_uses() {
        for (one, many) in [
            ("post", "posts"),
            ("category", "categories"),
            ("person", "people"),
            ("child", "children"),
            ("status", "statuses"),
            ("address", "addresses"),
            ("box", "boxes"),
            ("bus", "buses"),
            ("mouse", "mice"),
            ("analysis", "analyses"),
            ("datum", "data"),
            ("index", "indices"),
            ("life", "lives"),
            ("photo", "photos"),
            ("hero", "heroes"),
            ("company", "companies"),
            ("day", "days"),
            ("class", "classes"),
            ("news", "news"),
            ("series", "series"),
            ("blogPost", "blogPosts"),
            ("user_role", "user_roles"),
        ] {
            assert_eq!(
                (plural(one), singular(many)),
                (many.to_owned(), one.to_owned())
            );
            assert_eq!(singular(one), one, "it is singular");
        }
    }
}
