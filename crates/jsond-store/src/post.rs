//! The post of a thread: what its tasks tell the writer, and what the writer answers, many at a time.
//!
//! To wake another thread costs more than most of what a write does otherwise. So the messages of a
//! thread that has a post are gathered while the tasks run that are ready to, and go to the writer
//! as one; the answers to a batch come back as one, and are handed out on the thread that waits for
//! them. Without a post each message goes by itself.

use crate::contract::{Outcome, StoreError};
use crate::message::Message;
use std::cell::RefCell;
use std::future::poll_fn;
use std::sync::Weak;
use std::sync::mpsc::Sender;
use std::task::{Context, Poll, Waker};
use tokio::sync::{mpsc, oneshot};

type Answered = Result<Outcome, StoreError>;

/// Whom an answer is for.
#[derive(Debug)]
pub(crate) struct Answer {
    to: oneshot::Sender<Answered>,
    home: Option<Home>,
}

/// The way back to the post that a message came by.
type Home = mpsc::UnboundedSender<Vec<Delivery>>;

type Delivery = (oneshot::Sender<Answered>, Answered);

/// An identity of a store.
pub(crate) type Identity = Weak<()>;

thread_local! {
    static OUTGOING: RefCell<Option<Outgoing>> = const { RefCell::new(None) };
}

/// What is to go out by the post of this thread.
struct Outgoing {
    store: Identity,
    writer: Sender<Message>,
    messages: Vec<Message>,
    home: Home,
    /// Wakes the post.
    waker: Option<Waker>,
}

impl Outgoing {
    fn send(&mut self) -> Result<(), ()> {
        let message = if self.messages.len() > 1 {
            // The next time there will be about as many.
            let room = Vec::with_capacity(self.messages.len());
            Message::Many(std::mem::replace(&mut self.messages, room))
        } else if let Some(message) = self.messages.pop() {
            message
        } else {
            return Ok(());
        };
        self.writer.send(message).map_err(drop)
    }
}

/// Leaves nothing behind when the post ends.
struct Closing;

impl Drop for Closing {
    fn drop(&mut self) {
        let outgoing = OUTGOING.try_with(|it| it.borrow_mut().take());
        if let Ok(Some(mut outgoing)) = outgoing {
            // Without a writer those who wait are told by its end.
            outgoing.send().ok();
        }
    }
}

/// Runs the post of a thread, as a task of it, without an end.
pub(crate) async fn run(store: Identity, writer: Sender<Message>) {
    let (home, mut incoming) = mpsc::unbounded_channel();
    let outgoing = Outgoing {
        store,
        writer,
        messages: Vec::new(),
        home,
        waker: None,
    };
    OUTGOING.with_borrow_mut(|it| *it = Some(outgoing));
    let _closing = Closing;
    poll_fn(|task| {
        hand_out(&mut incoming, task);
        OUTGOING.with_borrow_mut(|it| {
            let Some(outgoing) = it else {
                return Poll::Ready(());
            };
            outgoing.waker = Some(task.waker().clone());
            match outgoing.send() {
                Ok(()) => Poll::Pending,
                Err(()) => Poll::Ready(()),
            }
        })
    })
    .await;
}

fn hand_out(incoming: &mut mpsc::UnboundedReceiver<Vec<Delivery>>, task: &mut Context<'_>) {
    while let Poll::Ready(Some(deliveries)) = incoming.poll_recv(task) {
        for (to, answered) in deliveries {
            // A client that has gone does not wait for its answer; its write stays.
            to.send(answered).ok();
        }
    }
}

/// Tells the writer something, by the post of this thread if it has one for this store; gives where
/// the answer will be, or none when there is no writer any more.
pub(crate) fn tell(
    store: &Identity,
    writer: &Sender<Message>,
    message: impl FnOnce(Answer) -> Message,
) -> Option<oneshot::Receiver<Answered>> {
    let (to, answered) = oneshot::channel();
    OUTGOING.with_borrow_mut(|outgoing| match outgoing {
        Some(outgoing) if outgoing.store.ptr_eq(store) => {
            let home = Some(outgoing.home.clone());
            outgoing.messages.push(message(Answer { to, home }));
            // Before it was first polled it sends everything then.
            if let Some(waker) = &outgoing.waker {
                waker.wake_by_ref();
            }
            Some(answered)
        }
        _ => {
            let message = message(Answer { to, home: None });
            writer.send(message).ok().map(|()| answered)
        }
    })
}

/// Gives many answers, each thread its own in one delivery.
pub(crate) struct Deliveries {
    by_home: Vec<(Home, Vec<Delivery>)>,
    count_max: usize,
}

impl Deliveries {
    /// For so many answers at the most.
    pub(crate) fn of(count_max: usize) -> Self {
        Self {
            by_home: Vec::new(),
            count_max,
        }
    }

    /// Adds an answer; one for a thread without a post is given at once.
    pub(crate) fn push(&mut self, Answer { to, home }: Answer, answered: Answered) {
        let Some(home) = home else {
            to.send(answered).ok();
            return;
        };
        let mut homes = self.by_home.iter_mut();
        if let Some((_, known)) = homes.find(|(it, _)| it.same_channel(&home)) {
            return known.push((to, answered));
        }
        let mut deliveries = Vec::with_capacity(self.count_max);
        deliveries.push((to, answered));
        self.by_home.push((home, deliveries));
    }

    /// Gives them.
    pub(crate) fn send(self) {
        for (home, deliveries) in self.by_home {
            // A post that has ended: those who wait may live on other threads.
            if let Err(mpsc::error::SendError(deliveries)) = home.send(deliveries) {
                for (to, answered) in deliveries {
                    to.send(answered).ok();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;
    use crate::contract::Rejection;
    use std::sync::Arc;
    use std::sync::mpsc::channel;

    fn ask(store: &Identity, writer: &Sender<Message>) -> oneshot::Receiver<Answered> {
        let key = Key {
            name: "k".to_owned(),
            request: 0,
        };
        let asked = tell(store, writer, |answer| {
            Message::Recall(Box::new(key), answer)
        });
        asked.expect("there is a writer")
    }

    /// The answers that a message asks for.
    fn answers(message: Message) -> Vec<Answer> {
        match message {
            Message::Many(messages) => messages.into_iter().flat_map(answers).collect(),
            Message::Recall(_, answer) => vec![answer],
            _ => Vec::new(),
        }
    }

    fn reply(answers: Vec<Answer>) {
        let mut deliveries = Deliveries::of(answers.len());
        for answer in answers {
            deliveries.push(answer, Ok(Outcome::Rejected(Rejection::NotFound)));
        }
        deliveries.send();
    }

    #[tokio::test]
    async fn what_is_told_in_one_go_comes_as_one_and_so_do_the_answers() {
        let (store, (writer, messages)) = (Arc::new(()), channel());
        let id = Arc::downgrade(&store);
        let post = tokio::spawn(run(id.clone(), writer.clone()));
        tokio::task::yield_now().await;
        let asked: Vec<_> = (0..5).map(|_| ask(&id, &writer)).collect();
        assert!(messages.try_recv().is_err(), "it waits for the others");
        tokio::task::yield_now().await;
        let together = answers(messages.try_recv().expect("one message"));
        assert_eq!(together.len(), 5);
        assert!(messages.try_recv().is_err());
        reply(together);
        for asked in asked {
            assert!(asked.await.is_ok());
        }
        post.abort();
    }

    #[tokio::test]
    async fn another_store_has_no_part_in_it() {
        let (store, other, (writer, messages)) = (Arc::new(()), Arc::new(()), channel());
        tokio::spawn(run(Arc::downgrade(&store), writer.clone()));
        tokio::task::yield_now().await;
        let asked = ask(&Arc::downgrade(&other), &writer);
        reply(answers(messages.try_recv().expect("at once")));
        assert!(asked.await.is_ok());
    }

    #[tokio::test]
    async fn a_post_that_ends_sends_what_it_has_and_answers_come_without_it() {
        let (store, (writer, messages)) = (Arc::new(()), channel());
        let id = Arc::downgrade(&store);
        let post = tokio::spawn(run(id.clone(), writer.clone()));
        tokio::task::yield_now().await;
        let asked = ask(&id, &writer);
        post.abort();
        assert!(post.await.is_err());
        let told = answers(messages.try_recv().expect("sent at its end"));
        reply(told);
        assert!(asked.await.is_ok());
        let direct = ask(&id, &writer);
        reply(answers(messages.try_recv().expect("at once")));
        assert!(direct.await.is_ok());
    }
}
