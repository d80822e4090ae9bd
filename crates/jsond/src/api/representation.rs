//! From what is at a target to the representation that a read asks for. Pure; its cost is that of
//! the text that is read and written, so large ones are made beside the connections' threads.

use crate::api::action::Read;
use crate::api::conditional::Tag;
use crate::api::csv::{self, CsvError};
use crate::api::joins::{Joins, envelope};
use crate::api::negotiate::{Media, choose_media};
use crate::api::page::{Children, PageView, folder_page, value_page};
use crate::api::part_link::PartLinks;
use crate::api::problem::{Problem, ProblemKind};
use crate::api::resource::{reference_of, reference_of_place};
use crate::api::view::{View, refused};
use crate::api::{listing, ndjson};
use crate::site::FoundFile;
use bytes::Bytes;
use http::HeaderMap;
use http::header::HOST;
use imbl::OrdMap;
use jsond_document::{Digest, Json, Kind, Part, Value};
use jsond_store::{Address, Entry, Place, folder_digest, folder_document};
use std::ops::Range;
use std::time::SystemTime;

/// What a read is about.
#[derive(Debug)]
pub(super) enum Subject {
    Folder {
        path: Vec<String>,
        entries: OrdMap<String, Entry>,
    },
    Value(Box<Place>),
}

/// A representation, whole and without content coding.
#[derive(Debug)]
pub(super) struct Representation {
    pub(super) media: Media,
    pub(super) tag: Tag,
    source: Source,
    /// When the file was modified, if the target is a file.
    pub(super) modified: Option<SystemTime>,
    /// The canonical target.
    pub(super) canonical: String,
    /// How many records the filters leave, if some were asked for.
    pub(super) total: Option<usize>,
    pub(super) links: PartLinks,
}

#[derive(Debug)]
enum Source {
    /// The compact text of the value and a newline.
    Value(Value),
    Pieces(Vec<Bytes>),
}

/// What a view leaves of a value.
struct Viewed {
    value: Content,
    total: Option<usize>,
    range: Range<usize>,
    links: PartLinks,
}

enum Content {
    /// The stored value as it is.
    Stored(Value),
    /// What was selected from it.
    Selected(Json),
}

impl Content {
    fn digest(&self) -> Digest {
        match self {
            Self::Stored(value) => value.digest(),
            Self::Selected(json) => json.digest(),
        }
    }

    fn into_value(self) -> Value {
        match self {
            Self::Stored(value) => value,
            Self::Selected(json) => Value::from(json),
        }
    }

    fn into_source(self) -> Source {
        match self {
            Self::Stored(value) => Source::Value(value),
            Self::Selected(json) => {
                Source::Pieces(vec![json.as_bytes().clone(), Bytes::from_static(b"\n")])
            }
        }
    }
}

impl Representation {
    /// The length in bytes.
    pub(super) fn bytes(&self) -> usize {
        match &self.source {
            Source::Value(value) => value.len_bytes() + 1,
            Source::Pieces(pieces) => pieces.iter().map(Bytes::len).sum(),
        }
    }

    /// The bytes in pieces, shared with the image where they stand there.
    pub(super) fn pieces(&self) -> Vec<Bytes> {
        match &self.source {
            Source::Pieces(pieces) => pieces.clone(),
            Source::Value(value) => {
                let mut pieces = value.text_pieces();
                pieces.push(Bytes::from_static(b"\n"));
                pieces
            }
        }
    }
}

impl Representation {
    /// Says which target it is of.
    pub(super) fn of_target(self, path: &str) -> Self {
        let canonical = path.to_owned();
        Self { canonical, ..self }
    }
}

impl Subject {
    /// How much text a view may have to go through.
    pub(super) fn bytes(&self, view: &View) -> usize {
        match self {
            // A query can go through the smallest value for as long as its bounds let it.
            _ if view.path.is_some() => usize::MAX,
            Self::Folder { .. } => 0,
            Self::Value(place) => {
                let joined = view.joins.as_deref().map_or(0, Joins::bytes);
                place.value.len_bytes() + joined
            }
        }
    }

    /// Chooses the media type; JSON is always to be had.
    ///
    /// *Errors*: nothing that the client accepts.
    pub(super) fn media(&self, view: &View, headers: &HeaderMap) -> Result<Media, Problem> {
        if view.is_data {
            let mut offers = self.offers(view);
            offers.retain(|it| *it != Media::Html);
            return Ok(choose_media(headers, &offers).unwrap_or(Media::Json));
        }
        if view.pretty {
            // A browser's preference is for pages; whoever asks for a layout means JSON.
            return accepted(headers, &[Media::Json]).or_else(|problem| {
                accepted(headers, &[Media::Html])
                    .map(|_| Media::Json)
                    .map_err(|_| problem)
            });
        }
        match choose_media(
            headers,
            &[Media::Json, Media::Html, Media::NdJson, Media::Csv],
        ) {
            // It is liked best among more than there is.
            Some(Media::Json) => Ok(Media::Json),
            _ => accepted(headers, &self.offers(view)),
        }
    }

    fn offers(&self, view: &View) -> Vec<Media> {
        let place = match self {
            Self::Folder { .. } if view.path.is_none() => return vec![Media::Json, Media::Html],
            Self::Folder { .. } => None,
            Self::Value(place) => Some(place),
        };
        let mut offers = vec![Media::Json];
        offers.extend(place.map(|_| Media::Html));
        let is_collection = view.path.is_none() && place.is_some_and(|it| it.is_collection());
        let is_list = match &view.path {
            Some(query) => !query.names_places,
            None => place.is_some_and(|it| it.value.kind() == Kind::Array),
        };
        if is_collection || is_list {
            offers.push(Media::NdJson);
        }
        if is_collection {
            offers.push(Media::Csv);
        }
        offers
    }

    /// Makes the representation that the view asks for.
    ///
    /// *Errors*: parameters that are not for this value, a query that is refused.
    pub(super) fn represent(&self, media: Media, read: &Read) -> Result<Representation, Problem> {
        match self {
            Self::Folder { path, entries } => folder(path, entries, media, read),
            Self::Value(place) => value(place, media, read).or_else(|error| match error {
                Unmade::Refused(problem) => Err(problem),
                Unmade::NotFlat(error) => {
                    let mut offers = self.offers(&read.view);
                    offers.retain(|it| *it != Media::Csv);
                    let otherwise = read.view.is_data.then_some(Media::Json);
                    let media = choose_media(&read.headers, &offers).or(otherwise);
                    let media = media.ok_or_else(|| not_flat(&error, &offers))?;
                    value(place, media, read).map_err(Unmade::problem)
                }
            }),
        }
    }
}

/// Why a representation is not made.
enum Unmade {
    Refused(Problem),
    NotFlat(CsvError),
}

impl From<Problem> for Unmade {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl Unmade {
    fn problem(self) -> Problem {
        match self {
            Self::Refused(problem) => problem,
            Self::NotFlat(error) => not_flat(&error, &[Media::Json]),
        }
    }
}

fn folder(
    path: &[String],
    entries: &OrdMap<String, Entry>,
    media: Media,
    read: &Read,
) -> Result<Representation, Problem> {
    let view = &read.view;
    let mut canonical = reference_of(&Address(path.to_vec()));
    if !path.is_empty() {
        canonical.push('/');
    }
    if view.path.is_none() && !view.is_whole() {
        let detail = "On a folder jsonpath and pretty are known; the others are for collections.";
        return Err(Problem::new(ProblemKind::UnknownParameter, detail));
    }
    let representation = if view.path.is_some() {
        let found = find(&folder_document(entries), view)?;
        rendered(media, Content::Selected(found), view, None)
    } else if media == Media::Html {
        let origin = origin_of(&read.headers);
        of_text(
            media,
            vec![folder_page(path, entries, origin.as_deref()).into()],
        )
    } else {
        let listing = Content::Selected(listing::render(entries));
        let listing = rendered(media, listing, view, None);
        // The listing is told from others by what is in the folder, as a patch of it is.
        let tag = listing.tag.of_digest(folder_digest(entries));
        Representation { tag, ..listing }
    };
    Ok(Representation {
        canonical,
        ..representation
    })
}

fn value(place: &Place, media: Media, read: &Read) -> Result<Representation, Unmade> {
    let view = &read.view;
    let canonical = reference_of_place(place);
    let Viewed {
        value: content,
        total,
        range,
        links,
    } = viewed(place, view, &canonical)?;
    let representation = match media {
        Media::Csv => {
            let text =
                csv::render(&content.into_value(), place.id_name()).map_err(Unmade::NotFlat)?;
            of_text(media, text)
        }
        Media::Html => {
            let value = content.into_value();
            let origin = origin_of(&read.headers);
            let page = PageView {
                value: &value,
                children: match view.path {
                    Some(_) => Children::Unknown,
                    None => Children::of(place),
                },
                first: range.start,
                total,
                links: links.clone(),
                query: read.target.query().unwrap_or_default(),
                origin: origin.as_deref(),
                ..PageView::of(place)
            };
            of_text(media, vec![value_page(&page).into()])
        }
        Media::Json | Media::NdJson | Media::Other(_) => {
            rendered(media, content, view, Some(place))
        }
    };
    Ok(Representation {
        modified: place.is_file().then_some(place.file.modified),
        canonical,
        total,
        links,
        ..representation
    })
}

/// Renders JSON or a record a line.
fn rendered(media: Media, content: Content, view: &View, place: Option<&Place>) -> Representation {
    let tag = Tag::of(content.digest());
    if media == Media::NdJson {
        let pieces = ndjson::render(&content.into_value());
        return in_form_of_pieces(media, tag, pieces);
    }
    if !view.pretty {
        return Representation {
            source: content.into_source(),
            ..of_pieces(Media::Json, tag, Vec::new())
        };
    }
    let value = content.into_value();
    let text = match place {
        Some(place) => jsond_store::pretty_text(&place.file, &value),
        None => jsond_document::pretty(&value.to_json(), &jsond_document::Layout::tabs()),
    };
    let has_no_layout = text.len() == value.len_bytes() + 1;
    let pieces = vec![Bytes::from(text)];
    if has_no_layout {
        // Equal bytes have equal tags.
        return of_pieces(Media::Json, tag, pieces);
    }
    in_form_of_pieces(Media::Json, tag, pieces)
}

fn in_form_of_pieces(media: Media, tag: Tag, pieces: Vec<Bytes>) -> Representation {
    let tag = tag.in_form(Digest::of_pieces(&pieces).low());
    of_pieces(media, tag, pieces)
}

/// A text whose tag says nothing of the value.
pub(super) fn of_text(media: Media, pieces: Vec<Bytes>) -> Representation {
    let tag = Tag::of(Digest::of_pieces(&pieces));
    of_pieces(media, tag, pieces)
}

fn of_pieces(media: Media, tag: Tag, pieces: Vec<Bytes>) -> Representation {
    Representation {
        media,
        tag,
        source: Source::Pieces(pieces),
        modified: None,
        canonical: String::new(),
        total: None,
        links: PartLinks::default(),
    }
}

fn viewed(place: &Place, view: &View, path: &str) -> Result<Viewed, Problem> {
    let whole = |value| Viewed {
        value,
        total: None,
        range: 0..0,
        links: PartLinks::default(),
    };
    if view.is_whole() {
        return Ok(whole(Content::Stored(place.value.clone())));
    }
    if view.path.is_some() {
        return find(&place.value, view).map(|json| whole(Content::Selected(json)));
    }
    let joins = view.joins.as_deref();
    let id_name = place.id_name();
    let joined = |value: Value| match joins {
        Some(joins) => joins.joined(value, id_name),
        None => Ok(value),
    };
    let spelled = |value: Value| match joins {
        Some(joins) => joins.spelled(value, id_name),
        None => value,
    };
    let is_list = place.is_collection() || (view.is_data && place.value.kind() == Kind::Array);
    if !is_list {
        if let Some(name) = &view.of_collection {
            return Err(only_for_collections(name, place.value.kind()));
        }
        let value = joined(spelled(place.value.clone()))?;
        let json = view.selection.project(&value);
        let json = json.map_err(|error| refused(&error))?;
        return Ok(whole(Content::Selected(json)));
    }
    let come_first = joins.is_some_and(|joins| joins.come_first);
    let value = spelled(place.value.clone());
    let value = if come_first { joined(value)? } else { value };
    let selected = view.selection.apply(&value);
    let selected = selected.map_err(|error| refused(&error))?;
    let part = view.selection.part;
    let links = part.map(|part| PartLinks::of(path, &view.kept, part, selected.total));
    let mut json = selected.json;
    if joins.is_some() && !come_first {
        json = joined(json.into())?.to_json();
    }
    if let Some(Part::Nearest { per_page, .. }) = part.filter(|_| view.envelope) {
        json = envelope(&json, &selected.range, per_page, selected.total);
    }
    Ok(Viewed {
        value: Content::Selected(json),
        total: view.of_collection.is_some().then_some(selected.total),
        range: selected.range,
        links: links.unwrap_or_default(),
    })
}

/// Makes the representation of a file as it lies on the disk.
pub(super) fn of_file(file: FoundFile) -> Result<Representation, Problem> {
    let modified = file.modified;
    let media = Media::Other(file.content_type);
    let text = file.read().map_err(|error| {
        let detail = format!("The file cannot be read: {error}.");
        Problem::new(ProblemKind::Internal, detail)
    })?;
    Ok(Representation {
        modified,
        ..of_text(media, vec![text.into()])
    })
}

/// Runs the JSONPath of a view.
fn find(root: &Value, view: &View) -> Result<Json, Problem> {
    let Some(query) = &view.path else {
        return Ok(root.to_json());
    };
    let (path, bounds) = (&query.path, query.bounds);
    let found = if query.names_places {
        path.values_by_path(root, bounds)
    } else {
        path.values(root, bounds)
    };
    found.map_err(|overrun| {
        let mut detail = overrun.to_string();
        detail[..1].make_ascii_uppercase();
        Problem::new(ProblemKind::QueryTooCostly, detail + ".")
    })
}

fn only_for_collections(name: &str, kind: Kind) -> Problem {
    let detail = format!(
        "The query parameter {} is for collections, and this is none but a value of kind {}; \
         jsonpath, _fields and pretty are known here.",
        jsond_document::quote(name),
        kind.name()
    );
    Problem::new(ProblemKind::UnknownParameter, detail)
}

fn accepted(headers: &HeaderMap, offers: &[Media]) -> Result<Media, Problem> {
    choose_media(headers, offers).ok_or_else(|| {
        let detail = format!("This is to be had as {}.", names(offers).join(", "));
        Problem::new(ProblemKind::NotAcceptable, detail).with_available(names(offers))
    })
}

fn not_flat(error: &CsvError, offers: &[Media]) -> Problem {
    let there = names(offers).join(", ");
    let detail = format!("There is no CSV of this: {error}. It is to be had as {there}.");
    let problem = Problem::new(ProblemKind::NotAcceptable, detail).with_available(names(offers));
    match error.pointer() {
        Some(pointer) => problem.with_pointer(&pointer),
        None => problem,
    }
}

fn names(offers: &[Media]) -> Vec<&'static str> {
    offers.iter().map(|it| it.name()).collect()
}

/// The server as the request named it.
fn origin_of(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(HOST)?.to_str().ok()?;
    Some(format!("http://{host}"))
}
