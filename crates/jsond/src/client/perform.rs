//! A request from its sending to its final status: the dialogue that comes of it, and what is done
//! when something was changed since it was seen.

use super::conversation::{Conversation, read};
use super::diff;
use super::failure::Failure;
use super::guide::Answer;
use super::head::Head;
use super::limit;
use super::memory::{Response, with_tag};
use super::request::Request;
use super::screen::Screen;
use super::session::{Audience, Question, Reply};
use super::terminal::{Lines, Purpose, Typed};
use super::transcript::Transcript;

impl Conversation<'_> {
    /// Performs a request, with somebody to answer a question or without; gives the final status.
    ///
    /// A person's change of what was seen is made only if it is still the same.
    pub(super) fn perform(
        &mut self,
        request: &Request,
        mut lines: Option<&mut (dyn Lines + '_)>,
    ) -> Result<u16, Failure> {
        self.memory.request = Some(request.clone());
        let conditional = self.memory.conditional(request);
        let Some(conditional) = conditional.filter(|_| self.is_guided) else {
            return self.send(request, lines);
        };
        let mut status = self.send(&conditional, lines.as_deref_mut())?;
        while status == 412
            && let Some(lines) = lines.as_deref_mut()
            && let Some(again) = self.settle(request, lines)?
        {
            status = self.send(&again, Some(lines))?;
        }
        Ok(status)
    }

    /// Sends a request as it is, and leads the dialogue that comes of it.
    fn send(
        &mut self,
        request: &Request,
        lines: Option<&mut (dyn Lines + '_)>,
    ) -> Result<u16, Failure> {
        self.screen.begin(&request.method);
        let mut keeper = Keeper::new(&mut self.screen, self.kept_bytes_max);
        let asking = self.session.ask(request, &mut keeper);
        let asked = self.runtime.block_on(self.interrupts.limit(asking));
        let response = keeper.response;
        let question = match asked? {
            Reply::Final(head) => {
                self.keep(request, response);
                return Ok(head.status);
            }
            Reply::Question(question) => *question,
        };
        self.memory.response = Some(response);
        let answer = match lines {
            Some(lines) => self.answer_of(request, &question.choices, lines)?,
            None => None,
        };
        match answer {
            Some(answer) => self.send_answer(request, question, answer),
            None => self.leave_unanswered(&question),
        }
    }

    fn keep(&mut self, request: &Request, response: Response) {
        self.memory.learn(request, &response);
        self.memory.response = Some(response);
    }

    /// Something was changed since it was seen: shows how, and asks a person what is to be done.
    /// Gives the request that is to be sent then, if one is.
    fn settle(
        &mut self,
        request: &Request,
        lines: &mut (dyn Lines + '_),
    ) -> Result<Option<Request>, Failure> {
        let target = request.http_target();
        let seen = self.memory.seen(&target).and_then(|seen| seen.body.clone());
        let now = self.look(&target)?;
        let tag = now.head.header("etag").filter(|_| now.head.status == 200);
        let Some(tag) = tag else {
            self.screen.say(&self.language.is_gone(now.head.status));
            return Ok(None);
        };
        self.memory.learn(&Request::get(&target), &now);
        self.screen.say(self.language.changed_meanwhile());
        match seen {
            Some(seen) => self.screen.say(&diff::lines(&seen, &now.body)),
            // Only its tag was seen, so all of it is new.
            None => self.screen.show(&now)?,
        }
        lines.offer(None, None);
        loop {
            let answer = match read(lines, self.language.overwrite(), Purpose::Answer)? {
                Typed::Line(line) => line.trim().to_lowercase(),
                Typed::GivenUp | Typed::End => String::new(),
            };
            match answer.as_str() {
                "y" | "yes" | "예" | "네" => return Ok(Some(with_tag(request, tag))),
                "s" | "show" | "보기" => self.screen.show(&now)?,
                "" | "n" | "no" | "아니오" | "아니요" => {
                    self.screen.say(self.language.left_alone());
                    return Ok(None);
                }
                _ => self.screen.say(self.language.overwrite_help()),
            }
        }
    }

    fn send_answer(
        &mut self,
        request: &Request,
        question: Question,
        answer: Answer,
    ) -> Result<u16, Failure> {
        let mut keeper = Keeper::new(&mut self.screen, self.kept_bytes_max);
        let answering = self.session.answer(question, answer, &mut keeper);
        let answered = self.runtime.block_on(self.interrupts.limit(answering));
        let response = keeper.response;
        let status = answered?.status;
        // What came is the answer to a question, not what is at the target.
        self.memory.changed(request);
        self.memory.response = Some(response);
        Ok(status)
    }

    /// Says what would have been needed. The 300 is the final status then.
    fn leave_unanswered(&mut self, question: &Question) -> Result<u16, Failure> {
        let text = match (self.is_guided, question.choices.excess) {
            (_, Some(count)) => {
                let needed = question.choices.needed(self.language);
                let excess = self.language.too_many_fields(count, limit::FIELDS_MAX);
                self.language.nothing_sent(&format!("{needed} ({excess})"))
            }
            (true, None) => self.language.given_up().to_owned(),
            (false, None) => self
                .language
                .nothing_sent(&question.choices.needed(self.language)),
        };
        self.screen.say(&text);
        Ok(question.head.status)
    }
}

/// Shows a response, and keeps it.
struct Keeper<'s, 'a> {
    screen: &'s mut Screen<'a>,
    response: Response,
    room: usize,
}

impl<'s, 'a> Keeper<'s, 'a> {
    fn new(screen: &'s mut Screen<'a>, room: usize) -> Self {
        let response = Response::default();
        Self {
            screen,
            response,
            room,
        }
    }
}

impl Audience for Keeper<'_, '_> {
    fn head(&mut self, head: &Head, transcript: &Transcript) -> Result<(), Failure> {
        self.response.head = head.clone();
        self.screen.head(head, transcript)
    }

    fn question(&mut self, head: &Head, body: &[u8], transcript: &Transcript) {
        self.response.head = head.clone();
        self.response.push(body, self.room);
        self.screen.question(head, body, transcript);
    }

    fn body(&mut self, piece: &[u8]) -> Result<(), Failure> {
        self.response.push(piece, self.room);
        self.screen.body(piece)
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.screen.end()
    }
}
