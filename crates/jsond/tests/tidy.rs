//! Holds by a test what no compiler holds: the arrows between the rooms, the absences that the
//! crates promise, file sizes, headers, the form of citations, the markers, and that the map in
//! ARCHITECTURE.md shows places that exist.
//!
//! Every rule is a pure function from a text to its faults, and has a self-check on a doctored text.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "all of this is test code, and a skipped rule says so on standard error"
)]

#[path = "tidy/arrow.rs"]
mod arrow;
#[path = "tidy/form.rs"]
mod form;
#[path = "tidy/source.rs"]
mod source;

use source::{Source, all_sources, repository};

/// Runs a rule over the sources of the repository, and shows every fault at once.
#[track_caller]
fn hold(rule: impl Fn(&Source) -> Vec<String>) {
    let sources = all_sources();
    assert!(sources.len() > 10, "the sources were found");
    let faults: Vec<_> = sources.iter().flat_map(rule).collect();
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn arrows_between_rooms_go_down_and_only_where_the_table_says() {
    hold(arrow::check_arrows);
}

#[test]
fn the_crates_keep_the_absences_they_promise() {
    hold(arrow::check_absences);
    for name in ["jsond-document", "jsond-store"] {
        let manifest = repository().join("crates").join(name).join("Cargo.toml");
        let faults = arrow::check_manifest(name, &std::fs::read_to_string(manifest).unwrap());
        assert!(faults.is_empty(), "{faults:?}");
    }
}

#[test]
fn files_are_short_or_say_why_not() {
    hold(form::check_size);
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    hold(form::check_header);
}

#[test]
fn citations_have_one_form() {
    hold(form::check_citations);
}

#[test]
fn comments_use_the_four_markers_and_no_others() {
    hold(form::check_markers);
}

#[test]
fn public_modules_are_documented() {
    hold(form::check_public_modules);
}

#[test]
fn the_map_shows_places_that_exist() {
    let Ok(map) = std::fs::read_to_string(repository().join("ARCHITECTURE.md")) else {
        eprintln!("SKIPPED the_map_shows_places_that_exist: no ARCHITECTURE.md yet");
        return;
    };
    let faults = form::check_map(&map, |path| repository().join(path).exists());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
