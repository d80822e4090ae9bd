//! Words that flags of `jsond serve` take, and what they mean.

use crate::api::Cors;
use jsond_document::IdNames;
use jsond_store::{Durability, Watch};
use std::time::Duration;

pub(super) fn parse_switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("it is on or off".to_owned()),
    }
}

pub(super) fn parse_durability(text: &str) -> Result<Durability, String> {
    if text == "always" {
        return Ok(Durability::Always);
    }
    let milliseconds = text
        .strip_prefix("interval=")
        .and_then(|it| it.parse::<u64>().ok());
    match milliseconds {
        Some(milliseconds @ 1..=60_000) => {
            Ok(Durability::Interval(Duration::from_millis(milliseconds)))
        }
        _ => Err("it is always, or interval=MS with 1 to 60000 milliseconds".to_owned()),
    }
}

pub(super) fn parse_watch(text: &str) -> Result<Watch, String> {
    match text {
        "auto" => Ok(Watch::Auto),
        "poll" => Ok(Watch::Poll),
        "off" => Ok(Watch::Off),
        _ => Err("it is auto, poll or off".to_owned()),
    }
}

/// Judges one word; whether words go together shows when all are there.
pub(super) fn parse_id(word: &str) -> Result<String, String> {
    let names = IdNames::parse([word]).map_err(|error| error.to_string());
    names.map(|_| word.to_owned())
}

pub(super) fn parse_host(word: &str) -> Result<String, String> {
    match word.parse::<http::uri::Authority>() {
        Ok(authority) if authority.port().is_none() && authority.host() == word => {
            Ok(word.to_owned())
        }
        _ => Err("it is a host without a port, such as school.example".to_owned()),
    }
}

pub(super) fn parse_origin(word: &str) -> Result<String, String> {
    let parsed = Cors::parse([word]).map_err(|error| error.to_string());
    parsed.map(|_| word.to_owned())
}
