//! Everything the HTTP/1.1 machine refuses, each with its status and a sentence that says what to
//! do. It does not render the answer: the server turns a refusal into a problem and closes.

use http::StatusCode;

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $detail:literal;)+) => {
        /// Why a request is refused; after it nothing more is taken from its connection.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Refusal {
            $($(#[$doc])* $name,)+
        }

        impl Refusal {
            /// Every refusal there is, in the order of the checks.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The status of the answer.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self {
                    $(Self::$name => StatusCode::$status,)+
                }
            }

            /// A sentence that says what to do.
            #[must_use]
            pub fn detail(self) -> &'static str {
                match self {
                    $(Self::$name => $detail,)+
                }
            }
        }
    };
}

refusals! {
    /// More empty lines before a request line than are tolerated.
    TooManyEmptyLines = BAD_REQUEST, "Too many empty lines stand before the request line; begin with the request line.";
    /// The request line is over its limit.
    RequestLineTooLong = URI_TOO_LONG, "The request line is too long; shorten the target.";
    /// The header block is over its limit in bytes.
    FieldsTooLarge = REQUEST_HEADER_FIELDS_TOO_LARGE, "The header fields are too large; send fewer or shorter ones.";
    /// The header block is over its limit in lines.
    TooManyFields = REQUEST_HEADER_FIELDS_TOO_LARGE, "There are too many header fields; send fewer.";
    /// A CR that no LF follows.
    BareCarriageReturn = BAD_REQUEST, "A CR stands without its LF; end every line with CRLF.";
    /// A field line ends in a bare LF although the request line ended in CRLF.
    BareLineFeed = BAD_REQUEST, "A field line ends in a bare LF after a request line that ended in CRLF; end every line with CRLF.";
    /// A NUL or another control character in the head.
    ControlCharacter = BAD_REQUEST, "The head has a control character; remove or encode it.";
    /// The request line is not three words with single spaces between them.
    MalformedRequestLine = BAD_REQUEST, "The request line is malformed; send a method, a target and HTTP/1.1 with one space between them.";
    /// The method is no token.
    MalformedMethod = BAD_REQUEST, "The method has a character that no method may have; send a token such as GET.";
    /// The request line has no version.
    MissingVersion = BAD_REQUEST, "The request line has no HTTP version; end it with HTTP/1.1.";
    /// The version is not spelled `HTTP/` digit `.` digit.
    MalformedVersion = BAD_REQUEST, "The HTTP version is malformed; end the request line with HTTP/1.1.";
    /// A version other than 1.0 and 1.1.
    UnsupportedVersion = HTTP_VERSION_NOT_SUPPORTED, "This HTTP version is not served in this form; use HTTP/1.1.";
    /// The target has a character that no target may have.
    MalformedTarget = BAD_REQUEST, "The target has a character that no target may have; percent-encode it.";
    /// The target carries a fragment.
    FragmentInTarget = BAD_REQUEST, "The target has a fragment; send it without `#`, or write %23 for the character.";
    /// The target is neither a path, nor absolute with `http:`, nor `*` for OPTIONS.
    UnservedTargetForm = BAD_REQUEST, "The target is in a form that is not served here; send the path alone, beginning with `/`.";
    /// The absolute target has no host, or user information, or a malformed one.
    MalformedTargetAuthority = BAD_REQUEST, "The host in the target is malformed; send http://host:port/path, without user information.";
    /// A line of the header block begins with white space.
    FoldedField = BAD_REQUEST, "A header line begins with white space; send every field on one line.";
    /// A line of the header block has no colon.
    MissingColon = BAD_REQUEST, "A header line has no colon; send `name: value`.";
    /// White space between a field's name and its colon.
    SpaceBeforeColon = BAD_REQUEST, "White space stands before the colon of a field; remove it.";
    /// A field's name is empty or no token.
    MalformedFieldName = BAD_REQUEST, "A field name is empty or has a character that no name may have; correct it.";
    /// White space around a field's value, where the protocol has none.
    PaddedValue = BAD_REQUEST, "White space stands around the value of a field; remove it.";
    /// Two Host fields.
    DoubledHost = BAD_REQUEST, "There are two Host fields; send one.";
    /// The Host field is no host and port.
    MalformedHost = BAD_REQUEST, "The Host field is malformed; send a host and, if need be, a port.";
    /// An HTTP/1.1 request without Host.
    MissingHost = BAD_REQUEST, "The Host field is missing; HTTP/1.1 requires it.";
    /// The Content-Length is no number, or too large for one.
    MalformedContentLength = BAD_REQUEST, "The Content-Length is malformed; send one decimal number.";
    /// Two Content-Length fields, or a list in one.
    DoubledContentLength = BAD_REQUEST, "There is more than one Content-Length; send one.";
    /// Content-Length together with Transfer-Encoding.
    LengthAndTransferEncoding = BAD_REQUEST, "Content-Length and Transfer-Encoding stand together; send only one of them.";
    /// The Transfer-Encoding is not `chunked`, once.
    MalformedTransferEncoding = BAD_REQUEST, "The Transfer-Encoding is not exactly `chunked`; send `Transfer-Encoding: chunked` once, or a Content-Length.";
    /// A known transfer coding under `chunked`.
    UnsupportedTransferCoding = NOT_IMPLEMENTED, "This transfer coding is not served; compress with Content-Encoding instead.";
    /// Transfer-Encoding in an HTTP/1.0 request.
    TransferEncodingInHttp10 = BAD_REQUEST, "HTTP/1.0 has no Transfer-Encoding; send a Content-Length, or use HTTP/1.1.";
    /// The head is malformed in a way that no other refusal names.
    MalformedHead = BAD_REQUEST, "The head of the request is malformed; send it as RFC 9112 says.";
    /// The connection's input ended within a head.
    TruncatedHead = BAD_REQUEST, "The request ended before its head did; end the head with an empty line.";
    /// The body is longer than is taken here.
    BodyTooLarge = PAYLOAD_TOO_LARGE, "The body is too large; send less at once.";
    /// A chunk size is no hexadecimal number, or too large for one, or its line has no CRLF.
    MalformedChunkSize = BAD_REQUEST, "A chunk size is malformed; send hexadecimal digits and CRLF.";
    /// A chunk extension is malformed.
    MalformedChunkExtension = BAD_REQUEST, "A chunk extension is malformed; leave chunk extensions out.";
    /// The chunk extensions of a body are over their limit.
    ChunkExtensionsTooLarge = BAD_REQUEST, "The chunk extensions are too large; leave chunk extensions out.";
    /// The data of a chunk does not end where its size says.
    MalformedChunkEnd = BAD_REQUEST, "The data of a chunk is not followed by CRLF; make the chunk size and the data agree.";
    /// A line of the trailer section is malformed.
    MalformedTrailer = BAD_REQUEST, "The trailer section is malformed; leave trailers out.";
    /// The trailer section is over its limit.
    TrailersTooLarge = REQUEST_HEADER_FIELDS_TOO_LARGE, "The trailer section is too large; leave trailers out.";
    /// The connection's input ended within a body.
    TruncatedBody = BAD_REQUEST, "The request ended before its body did; send the whole body.";
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.detail())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_an_error_status_and_a_sentence_of_its_own() {
        let mut details = std::collections::HashSet::new();
        for refusal in Refusal::ALL {
            let status = refusal.status();
            assert!(
                status.is_client_error() || status.is_server_error(),
                "{refusal:?}"
            );
            assert!(
                refusal.detail().ends_with('.') && refusal.detail().contains([';', ',']),
                "{refusal:?}"
            );
            assert!(
                details.insert(refusal.detail()),
                "{refusal:?} has another's sentence"
            );
        }
    }
}
