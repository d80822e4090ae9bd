//! The page that a person sees in a browser: its shell, its stylesheet, and markup safe by type.
//!
//! [`Html`] makes markup whose names are our own and whose texts are escaped, [`page`] puts it into
//! the shell, [`POLICY`] tells the browser to load nothing else. There is no script and no second
//! request. Knows neither JSON nor HTTP; what stands on a page is the business of `api`.

mod escape;
mod html;
mod policy;
mod shell;

pub use html::Html;
pub use policy::POLICY;
pub use shell::page;
