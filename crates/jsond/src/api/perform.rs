//! Performs an action on the store: the only wait between a request and its response.

use crate::api::action::{Action, Answer, Ask, Intent, Outcome, Own, Shown, Write};
use crate::api::problem::{Problem, ProblemKind};
use crate::api::question::Question;
use crate::api::resource::{Resource, find};
use crate::api::running::Running;
use crate::api::{Api, metrics, read, representation};
use bytes::Bytes;
use jsond_document::{Kind, Value};
use jsond_store::{
    Addition, Address, Current, Edit, Image, Key, Mutation, Place, Rejection, Resolved, Store,
};

/// Performs an action.
///
/// *Cancel*: a write that was submitted happens all the same.
pub(super) fn perform(api: &Api, action: Action) -> Running<'_, Result<Outcome, Problem>> {
    let store = &*api.store;
    Running::Done(match action {
        Action::Read(read) => return read::read(api, read),
        Action::Move(folder) => Ok(Outcome::Moved(read::folder_reference(&folder, None))),
        Action::Describe(address) => describe(&store.image(), &address),
        Action::DescribeServer => Ok(Outcome::Methods(None)),
        Action::DescribeOwn => Ok(Outcome::Methods(Some(Resource::Own))),
        Action::Own(own) => Ok(read_own(api, own)),
        Action::Text(text) => {
            let made = representation::of_text(text.media, vec![text.text]);
            let made = made.of_target(text.read.target.path());
            return read::send(api, &text.read, Ok(made));
        }
        Action::Write(write) => return perform_write(api, write),
        Action::Answer(answer) => return Running::waiting(perform_answer(store, *answer)),
        Action::Ask(ask) => return Running::waiting(perform_ask(store, *ask)),
    })
}

fn describe(image: &Image, address: &Address) -> Result<Outcome, Problem> {
    let resource = Resource::of(&find(image, address)).ok_or_else(Problem::not_found)?;
    Ok(Outcome::Methods(Some(resource)))
}

fn read_own(api: &Api, own: Own) -> Outcome {
    let plain = "text/plain; charset=utf-8";
    let (content_type, text) = match own {
        Own::Live => (plain, "live\n"),
        // Nothing is answered before recovery is done, so whoever asks sees a whole image.
        Own::Ready => (plain, "ready\n"),
        Own::Version => ("application/json", VERSION),
        Own::Metrics => {
            return Outcome::Own {
                content_type: metrics::CONTENT_TYPE,
                text: api.metrics.render(&api.store).into(),
            };
        }
        Own::Problems => ("text/markdown; charset=utf-8", PROBLEMS),
    };
    Outcome::Own {
        content_type,
        text: Bytes::from_static(text.as_bytes()),
    }
}

const VERSION: &str = concat!(
    "{\"name\":\"jsond\",\"version\":\"",
    env!("CARGO_PKG_VERSION"),
    "\"}\n"
);

const PROBLEMS: &str = include_str!("../../../../docs/problems.md");

fn perform_write(api: &Api, write: Write) -> Running<'_, Result<Outcome, Problem>> {
    let store = &*api.store;
    let Write { mutation, shown } = write;
    let bytes = match &mutation.edit {
        Edit::Add(additions) => additions.iter().map(|it| it.value.len_bytes()).sum(),
        _ => return submit(store, mutation, shown),
    };
    let (image, key) = (store.image(), mutation.key.clone());
    let job = move || arranged(&image, mutation);
    let arranged = api.heavy.run_for(bytes, job);
    arranged.then(move |arranged| match arranged {
        Ok(mutation) => submit(store, mutation, shown),
        Err(problem) => Running::waiting(repeat_or(store, key, shown, problem)),
    })
}

/// Gives a repeat its first answer, also where its request could not be made any more; what is no
/// repeat gets the problem.
async fn repeat_or(
    store: &Store,
    key: Option<Key>,
    shown: Shown,
    problem: Problem,
) -> Result<Outcome, Problem> {
    let Some(key) = key else {
        return Err(problem);
    };
    match store.recall(key).await? {
        jsond_store::Outcome::Applied(applied) => Ok(Outcome::Applied {
            applied: Box::new(applied),
            shown,
        }),
        jsond_store::Outcome::Rejected(Rejection::KeyReused) => Err(Rejection::KeyReused.into()),
        jsond_store::Outcome::Rejected(_) => Err(problem),
    }
}

/// Arranges what a POST adds for the collection that takes it: the members of one object for an
/// object, one or many elements for an array.
fn arranged(image: &Image, mut mutation: Box<Mutation>) -> Result<Box<Mutation>, Problem> {
    let Edit::Add(additions) = &mut mutation.edit else {
        return Ok(mutation);
    };
    let place = match image.resolve(&mutation.address) {
        Resolved::Value(place) => place,
        Resolved::Broken(file) => {
            return Err(file
                .broken
                .clone()
                .map_or_else(Problem::not_found, |error| Rejection::Broken(error).into()));
        }
        _ => return Err(Problem::not_found()),
    };
    let resource = Resource::of_place(&place);
    if resource != Resource::Collection {
        return Err(Problem::method_not_allowed("POST", resource.methods()));
    }
    if additions.is_empty() {
        return Err(no_record());
    }
    if place.value.kind() == Kind::Array {
        return Ok(mutation);
    }
    let members = match &additions[..] {
        [Addition { value, .. }] if value.kind() == Kind::Object => members_of(value),
        // What is wrong with the value counts only where the preconditions hold.
        _ if !mutation.precondition.holds(Current::Value(&place)) => {
            return Err(Rejection::Precondition.into());
        }
        _ => return Err(Rejection::NotARecord.into()),
    };
    if members.is_empty() {
        return Err(no_record());
    }
    *additions = members;
    Ok(mutation)
}

fn members_of(value: &Value) -> Vec<Addition> {
    let members = value.members().map(|member| Addition {
        key: member.name().map(std::borrow::Cow::into_owned),
        value: member.value,
    });
    members.collect()
}

fn no_record() -> Problem {
    let detail = "The body holds no record; send {\"key\":{…}} to an object, {…} to an array.";
    Problem::new(ProblemKind::EmptyBody, detail)
}

async fn perform_ask(store: &Store, ask: Ask) -> Result<Outcome, Problem> {
    let image = store.image();
    let place = find_for_write(&image, &ask)?;
    let question = place
        .as_ref()
        .and_then(|place| Question::of(ask.intent, place));
    let is_file = place.as_ref().is_some_and(is_file_like);
    match (ask.intent, question, place) {
        (Intent::Add, Some(question), _) => Ok(Outcome::Choices(Box::new(question))),
        (Intent::Set, Some(question), _) if is_file => Ok(Outcome::Choices(Box::new(question))),
        (Intent::Add, None, Some(place)) if Resource::of_place(&place) != Resource::Collection => {
            Err(Problem::method_not_allowed(
                "POST",
                Resource::of_place(&place).methods(),
            ))
        }
        (Intent::Add | Intent::Set, ..) => Err(Problem::new(
            ProblemKind::EmptyBody,
            "Send the JSON value as the body.",
        )),
        (Intent::Remove, question, _) => {
            if is_file && ask.precondition.if_match.is_none() {
                return question.map_or_else(
                    || Err(Problem::new(ProblemKind::PreconditionRequired, WHOLE_FILE)),
                    |question| Ok(Outcome::Choices(Box::new(question))),
                );
            }
            let Write { mutation, shown } = ask.write(Edit::Remove);
            submit(store, mutation, shown).done().await
        }
    }
}

const WHOLE_FILE: &str =
    "To remove a whole file send If-Match with its ETag, or If-Match: * for any version.";

/// A file, or with a single-file root a member of the root: what nobody means to remove by
/// accident.
fn is_file_like(place: &Place) -> bool {
    let depth = usize::from(place.file_path.is_empty());
    place.pointer.len() <= depth
}

/// Finds the value that a write without a JSON body is about.
fn find_for_write(image: &Image, ask: &Ask) -> Result<Option<Place>, Problem> {
    match image.resolve(&ask.address) {
        Resolved::Value(place) => Ok(Some(place)),
        Resolved::Broken(file) => Err(file
            .broken
            .clone()
            .map_or_else(Problem::not_found, |error| Rejection::Broken(error).into())),
        // The body is judged before what is there.
        Resolved::Absent { .. } | Resolved::AbsentFile { .. } | Resolved::Nothing
            if ask.intent == Intent::Set =>
        {
            Ok(None)
        }
        _ => Err(Problem::not_found()),
    }
}

async fn perform_answer(store: &Store, answer: Answer) -> Result<Outcome, Problem> {
    let (key, shown) = (answer.ask.key.clone(), answer.ask.shown);
    match mutation_of(&store.image(), answer) {
        Ok(mutation) => submit(store, mutation, shown).done().await,
        Err(problem) => repeat_or(store, key, shown, problem).await,
    }
}

/// Finds what an answer in words or as a form asks for.
fn mutation_of(image: &Image, answer: Answer) -> Result<Mutation, Problem> {
    let Answer { ask, given } = answer;
    let place = find_for_write(image, &ask)?;
    let question = place
        .as_ref()
        .and_then(|place| Question::of(ask.intent, place));
    let (Some(place), Some(question)) = (place, question) else {
        let detail = "An answer in words or as a form is for collections; send application/json.";
        return Err(Problem::new(ProblemKind::MediaType, detail));
    };
    if !holds_for(&ask, &place) {
        return Err(Rejection::Precondition.into());
    }
    let mutation = question.mutation(&place, &given)?;
    Ok(Mutation {
        key: ask.key,
        ..mutation
    })
}

/// A precondition of an answer is about the collection that was asked about.
fn holds_for(ask: &Ask, place: &Place) -> bool {
    ask.precondition.holds(Current::Value(place))
}

/// Submits a mutation; only the answer has to be waited for.
fn submit(
    store: &Store,
    mutation: impl Into<Box<Mutation>> + 'static,
    shown: Shown,
) -> Running<'static, Result<Outcome, Problem>> {
    let answered = store.submit(mutation);
    Running::waiting(async move {
        match answered.await? {
            jsond_store::Outcome::Applied(applied) => Ok(Outcome::Applied {
                applied: Box::new(applied),
                shown,
            }),
            jsond_store::Outcome::Rejected(rejection) => Err(rejection.into()),
        }
    })
}
