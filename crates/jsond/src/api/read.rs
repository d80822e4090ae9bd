//! Performs a read: find the subject, make its representation, judge the conditions, take the part
//! and the coding that are asked for.
//!
//! *Source*: RFC 9110 §13.2.2, §14.

use crate::api::Api;
use crate::api::action::{Outcome, Read};
use crate::api::codings::Codings;
use crate::api::conditional::{Tag, Verdict};
use crate::api::negotiate::{Coding, Media, accepts_identity, choose_coding};
use crate::api::problem::{Problem, ProblemKind};
use crate::api::range::{self, Multipart};
use crate::api::representation::{Representation, Subject};
use crate::api::resource::{find, reference_of};
use crate::api::running::Running;
use crate::limits;
use bytes::Bytes;
use http::Method;
use http::header::{CONTENT_RANGE, HeaderValue, RANGE};
use jsond_document::JsonPathBounds;
use jsond_store::{Address, Image, Rejection, Resolved};

/// A representation and what of it is sent.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) representation: Representation,
    pub(super) tag: Tag,
    pub(super) coding: Coding,
    pub(super) part: SentPart,
    /// The path and query of the canonical target, where the request used another.
    pub(super) location: Option<String>,
}

/// What of a representation is sent.
#[derive(Debug)]
pub(super) enum SentPart {
    /// The client has it already.
    Nothing,
    /// All of it.
    Whole(Vec<Bytes>),
    /// One range.
    Range {
        field: HeaderValue,
        pieces: Vec<Bytes>,
    },
    /// Several ranges.
    Ranges(Multipart),
}

/// Performs a read.
pub(super) fn read(api: &Api, mut read: Box<Read>) -> Running<'_, Result<Outcome, Problem>> {
    let image = api.store.image();
    if let Some(joins) = &mut read.view.joins {
        joins.find(&image);
    }
    let subject = match subject_of(&image, &read) {
        Ok(Ok(subject)) => subject,
        Ok(Err(moved)) => return Running::Done(Ok(Outcome::Moved(moved))),
        Err(problem) => return Running::Done(Err(problem)),
    };
    represent(api, subject, read).then(|(read, made)| send(api, &read, made))
}

/// Sends what of a representation is asked for.
pub(super) fn send<'a>(
    api: &'a Api,
    read: &Read,
    made: Result<Representation, Problem>,
) -> Running<'a, Result<Outcome, Problem>> {
    match made.and_then(|it| judge(api, read, it)) {
        Ok((selected, None)) => Running::Done(Ok(Outcome::Selected(selected))),
        Ok((selected, Some(tag))) => Running::waiting(code(api, selected, tag)),
        Err(problem) => Running::Done(Err(problem)),
    }
}

/// Judges the conditions, and takes the part that is asked for; with a tag where it has to be coded
/// first.
fn judge(
    api: &Api,
    read: &Read,
    representation: Representation,
) -> Result<(Box<Selected>, Option<String>), Problem> {
    let coding = coding_of(read, &representation)?;
    let tag = representation.tag.in_coding(coding);
    let mut uncoded = None;
    let part = match read.condition.judge(tag, representation.modified) {
        Verdict::Failed => return Err(Rejection::Precondition.into()),
        Verdict::NotModified => SentPart::Nothing,
        Verdict::Perform if coding == Coding::Identity => part_of(read, &representation)?,
        Verdict::Perform => {
            let tag = tag.to_string();
            let kept = api.codings.kept(&tag, coding);
            uncoded = kept.is_none().then_some(tag);
            SentPart::Whole(kept.into_iter().collect())
        }
    };
    let location = location_of(read, &representation);
    let selected = Selected {
        representation,
        tag,
        coding,
        part,
        location,
    };
    Ok((Box::new(selected), uncoded))
}

/// Codes what was selected.
async fn code(api: &Api, mut selected: Box<Selected>, tag: String) -> Result<Outcome, Problem> {
    let pieces = selected.representation.pieces();
    let coded = api.codings.encode(&tag, selected.coding, pieces).await;
    selected.part = SentPart::Whole(vec![coded]);
    Ok(Outcome::Selected(selected))
}

/// Finds what a read is about, or where it has its canonical target.
fn subject_of(image: &Image, read: &Read) -> Result<Result<Subject, String>, Problem> {
    match find(image, &read.address) {
        Resolved::Folder { path, .. } if !read.slash => {
            let query = read.target.query();
            Ok(Err(folder_reference(&Address(path), query)))
        }
        Resolved::Folder { path, entries } => Ok(Ok(Subject::Folder { path, entries })),
        Resolved::Value(place) => Ok(Ok(Subject::Value(Box::new(place)))),
        Resolved::Broken(file) => Err(file
            .broken
            .clone()
            .map_or_else(Problem::not_found, Problem::broken_on_read)),
        _ => Err(Problem::not_found()),
    }
}

/// Spells the canonical target of a folder.
pub(super) fn folder_reference(folder: &Address, query: Option<&str>) -> String {
    let query = query.map(|it| format!("?{it}"));
    format!("{}/{}", reference_of(folder), query.unwrap_or_default())
}

/// What a read asks for, and its representation.
type Made = (Box<Read>, Result<Representation, Problem>);

/// Makes the representation; a large one beside the thread of the connections.
fn represent(api: &Api, subject: Subject, read: Box<Read>) -> Running<'_, Made> {
    let media = match subject.media(&read.view, &read.headers) {
        Ok(media) => media,
        Err(problem) => return Running::Done((read, Err(problem))),
    };
    let is_light = match media {
        // What is stored is sent as it stands, and a page shows a bounded part of it.
        Media::Json => read.view.is_plain(),
        Media::Html => read.view.is_whole(),
        Media::NdJson | Media::Csv | Media::Other(_) => false,
    };
    let bytes = if is_light {
        0
    } else {
        subject.bytes(&read.view)
    };
    let bounds = read.view.path.as_ref().map(|query| query.bounds);
    if let Some(bounds) = bounds.filter(|_| bytes < limits::LONG_BYTES_MIN) {
        return Running::waiting(represent_path(api, subject, read, media, (bytes, bounds)));
    }
    let job = move || {
        let made = subject.represent(media, &read);
        (read, made)
    };
    api.heavy.run_for(bytes, job)
}

/// Makes what a JSONPath finds: what it costs shows only when it runs, whatever the size of the
/// value. So it is tried with a few steps first, and with all of them among the long jobs.
async fn represent_path(
    api: &Api,
    subject: Subject,
    mut read: Box<Read>,
    media: Media,
    (bytes, bounds): (usize, JsonPathBounds),
) -> Made {
    let light = JsonPathBounds {
        steps_max: bounds.steps_max.min(limits::JSONPATH_STEPS_LIGHT),
        ..bounds
    };
    read.view.bound(light);
    let trial = move || {
        let made = subject.represent(media, &read);
        (subject, read, made)
    };
    let (subject, mut read, made) = api.heavy.run_for(bytes, trial).done().await;
    if !matches!(&made, Err(problem) if problem.is_of(ProblemKind::QueryTooCostly)) {
        return (read, made);
    }
    read.view.bound(bounds);
    let job = move || {
        let made = subject.represent(media, &read);
        (read, made)
    };
    api.heavy.run(job).await
}

/// Chooses the content coding. A range is one of the bytes without coding.
fn coding_of(read: &Read, representation: &Representation) -> Result<Coding, Problem> {
    let refusal = || {
        let detail = "This is to be had without coding, and as gzip or br from 1 KiB on.";
        Problem::new(ProblemKind::NotAcceptable, detail)
    };
    let wants_range = read.method == Method::GET && read.headers.contains_key(RANGE);
    let is_worth = Codings::is_worth(representation.bytes());
    let coding = choose_coding(&read.headers).ok_or_else(refusal)?;
    if coding == Coding::Identity || (is_worth && !wants_range) {
        return Ok(coding);
    }
    if accepts_identity(&read.headers) {
        return Ok(Coding::Identity);
    }
    // Whoever refuses the plain text gets it coded, whatever its size.
    Ok(coding)
}

/// Takes the ranges that are asked for.
fn part_of(read: &Read, representation: &Representation) -> Result<SentPart, Problem> {
    let pieces = representation.pieces();
    let holds = || {
        let tag = representation.tag.to_string();
        range::if_range_holds(&read.headers, &tag, representation.modified)
    };
    if read.method != Method::GET || !read.headers.contains_key(RANGE) || !holds() {
        return Ok(SentPart::Whole(pieces));
    }
    let bytes = representation.bytes() as u64;
    match range::select(&read.headers, bytes) {
        range::Selection::Whole => Ok(SentPart::Whole(pieces)),
        range::Selection::Unsatisfiable => {
            let detail = format!("There are {bytes} bytes; ask for a range among them.");
            let field = range::content_range_unsatisfied(bytes);
            let field = field.to_str().unwrap_or_default().to_owned();
            Err(Problem::new(ProblemKind::Unsatisfiable, detail).with_field(CONTENT_RANGE, field))
        }
        range::Selection::Parts(parts) => Ok(match &parts[..] {
            [part] => SentPart::Range {
                field: range::content_range(part, bytes),
                pieces: range::slice(&pieces, part.clone()),
            },
            parts => {
                let media = representation.media.content_type();
                SentPart::Ranges(range::multipart(&pieces, parts, &media))
            }
        }),
    }
}

/// Names the canonical target where the request used another; what a QUERY selects has none.
fn location_of(read: &Read, representation: &Representation) -> Option<String> {
    let path = read.target.path();
    let is_same = path == representation.canonical
        || percent_encoding::percent_decode_str(path).eq(percent_encoding::percent_decode_str(
            &representation.canonical,
        ));
    if is_same || read.method == *"QUERY" {
        return None;
    }
    let query = read.target.query().map(|it| format!("?{it}"));
    Some(format!(
        "{}{}",
        representation.canonical,
        query.unwrap_or_default()
    ))
}
