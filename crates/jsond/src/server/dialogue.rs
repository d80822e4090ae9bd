//! The dialogue door: drives the wire's dialogue machine and lets the api's guide answer.

use super::connection::{Came, Connection};
use super::{Context, http1};
use crate::api::{GuideReply, Turn};
use crate::limits;
use crate::wire::Lang;
use crate::wire::dialogue::{
    AnswerEnd, Limits, Machine, Media, Method, Reason, Reply, Request, Word,
};
use std::io;
use tokio::time::Instant;

/// Holds one dialogue.
pub(super) async fn drive(connection: &mut Connection, context: &Context) -> io::Result<()> {
    let machine = Machine::new(Limits {
        request_line_bytes_max: context.settings.limits.request_line_bytes_max,
        fields_bytes_max: limits::DIALOGUE_FIELDS_BYTES_MAX,
        answer_bytes_max: limits::ANSWER_BYTES_MAX,
    });
    let since = Instant::now();
    Door {
        connection,
        context,
        machine,
        since,
        ended: false,
    }
    .talk()
    .await
}

struct Door<'a> {
    connection: &'a mut Connection,
    context: &'a Context,
    machine: Machine,
    since: Instant,
    /// The client has closed its sending side.
    ended: bool,
}

impl Door<'_> {
    async fn talk(mut self) -> io::Result<()> {
        let request = match self.read_request().await? {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(reason) => {
                let word = self
                    .machine
                    .request_line()
                    .and_then(|it| it.split_whitespace().next());
                let word = word.unwrap_or("-").to_owned();
                self.context.console.requested(&self.connection.peer, &word);
                return self.refuse(reason).await;
            }
        };
        self.context
            .console
            .requested(&self.connection.peer, request.method.as_str());
        let context = self.context;
        let guide = context.api.guide(context.settings.lang);
        match guide.begin(request.method, &request.target) {
            Turn::Final(reply) => self.finish(&reply, request.method == Method::Head).await,
            Turn::Ask { prompt, question } => {
                let Ok(_room) = context.dialogues.try_acquire() else {
                    return self.refuse(Reason::TooManyDialogues).await;
                };
                self.prompt(&prompt).await?;
                match self.read_answer().await? {
                    Some(Ok(words)) => {
                        let reply = guide.finish(&question, &words).await;
                        self.finish(&reply, false).await
                    }
                    Some(Err(reason)) => self.refuse(reason).await,
                    None => Ok(()),
                }
            }
        }
    }

    async fn read_request(&mut self) -> io::Result<Result<Option<Request>, Reason>> {
        let deadline = self.since + self.context.settings.limits.head_time;
        loop {
            match self.machine.request(&mut self.connection.input, self.ended) {
                Ok(None) if !self.ended => {}
                other => return Ok(other),
            }
            match self.read(deadline).await? {
                Came::Bytes | Came::End => {}
                Came::Nothing => return Ok(Err(Reason::NoRequestInTime)),
                Came::Stop => return Ok(Ok(None)),
            }
        }
    }

    async fn read(&mut self, deadline: Instant) -> io::Result<Came> {
        let came = self.connection.read(deadline).await?;
        self.ended |= came == Came::End;
        Ok(came)
    }

    async fn prompt(&mut self, text: &str) -> io::Result<()> {
        self.connection
            .send(&Reply {
                status: http::StatusCode::MULTIPLE_CHOICES,
                media: Media::Text,
                body: text.as_bytes(),
                keep_alive: true,
                is_head: false,
            })
            .await
    }

    /// Reads the answer; none when the server stops meanwhile.
    async fn read_answer(&mut self) -> io::Result<Option<Result<Vec<Word>, Reason>>> {
        let deadline = Instant::now() + self.context.settings.limits.answer_time;
        let mut end = if self.ended {
            AnswerEnd::Closed
        } else {
            AnswerEnd::LineEnd
        };
        loop {
            match self.machine.answer(&mut self.connection.input, end) {
                Ok(Some(words)) => return Ok(Some(Ok(words))),
                Err(reason) => return Ok(Some(Err(reason))),
                Ok(None) => {}
            }
            let is_quiet_soon = !self.connection.input.is_empty();
            let quiet = Instant::now() + limits::ANSWER_QUIET_TIME;
            let until = if is_quiet_soon {
                quiet.min(deadline)
            } else {
                deadline
            };
            end = match self.read(until).await? {
                Came::Bytes => AnswerEnd::LineEnd,
                Came::End => AnswerEnd::Closed,
                Came::Nothing if is_quiet_soon => AnswerEnd::Quiet,
                Came::Nothing => return Ok(Some(Err(Reason::NoAnswerInTime))),
                Came::Stop => return Ok(None),
            };
        }
    }

    async fn finish(&mut self, reply: &GuideReply, is_head: bool) -> io::Result<()> {
        let request = self.machine.request_line().map_or("-".to_owned(), short);
        let time = self.since.elapsed();
        let console = &self.context.console;
        let words = console.words(&request, reply.status, reply.body.len());
        console.answered(&self.connection.peer, &words, time);
        let method = request.split(' ').next().unwrap_or_default();
        let method = method.to_ascii_uppercase();
        let metrics = self.context.api.metrics();
        metrics.answered(&method, reply.status, reply.body.len(), time);
        let GuideReply {
            status,
            media,
            body,
        } = reply;
        let (status, media) = (*status, *media);
        self.connection
            .send(&Reply {
                status,
                media,
                body,
                keep_alive: false,
                is_head,
            })
            .await
    }

    async fn refuse(&mut self, reason: Reason) -> io::Result<()> {
        if reason == Reason::SlashTarget {
            // Somebody meant HTTP, and is told in HTTP's way.
            return http1::refuse(self.connection, reason.status(), reason.text(Lang::En)).await;
        }
        let body = format!("{}\n", reason.text(self.context.settings.lang)).into_bytes();
        let reply = GuideReply {
            status: reason.status(),
            media: Media::Text,
            body: body.into(),
        };
        self.finish(&reply, false).await
    }
}

/// The method and the target of a request line.
fn short(line: &str) -> String {
    line.split_whitespace()
        .take(2)
        .collect::<Vec<_>>()
        .join(" ")
}
