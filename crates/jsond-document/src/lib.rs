//! JSON text: read, point into, edit, lay out.
//!
//! A value is kept as its *compact text*: no insignificant white space, everything else as it was
//! spelled. Small values are one piece of text, large arrays and objects are persistent trees of
//! such pieces, so that one edit costs the same in a document of three records and of a million.
//!
//! Pure: no I/O, no clock, no threads, no environment.

mod check;
mod collection;
mod compact;
mod diff;
mod edit;
mod edit_many;
mod equal;
mod error;
mod id_name;
mod index;
mod json;
mod jsonpath;
mod layout;
mod leaf;
mod merge_patch;
mod number;
mod patch;
mod pointer;
mod relation;
mod scan;
mod select;
mod splice;
mod string;
mod tree;
mod value;
mod value_edit;
mod view;

pub use check::Bounds;
pub use collection::{ID_NAME, id_of, id_of_value, id_text};
pub use diff::{Difference, DifferenceEdit, diff};
pub use edit::EditError;
pub use edit_many::PlacedValueEdit;
pub use error::{SyntaxError, SyntaxFault};
pub use id_name::{IdNames, IdNamesError, IdRule};
pub use json::{Json, Kind};
pub use jsonpath::{Found, JsonPath, JsonPathBounds, JsonPathError, JsonPathOverrun};
pub use layout::{
    Indent, Layout, Newline, PiecesError, Skeleton, pretty, relayout, relayout_pieces,
};
pub use merge_patch::{PlacedEdit, merge_patch};
pub use number::{compare_numbers, is_number};
pub use patch::{
    Patch, PatchEdit, PatchError, PatchFault, PatchOperation, PatchSyntaxError, Patched,
};
pub use pointer::{Pointer, PointerError, array_index};
pub use relation::{Relation, Side};
pub use scan::{Entry, elements, members, value_end};
pub use select::{
    Collation, FILTER_TESTS_MAX, Filter, Name, Order, Part, PartText, SelectError, Selected,
    Selection, Where, number_of, spell_number, spell_value,
};
pub use string::{quote, unquote};
pub use value::{Digest, Member, Value};
pub use value_edit::ValueEdit;
pub use view::{View, ViewEntries, ViewEntry};
