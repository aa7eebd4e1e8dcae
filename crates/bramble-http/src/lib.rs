//! HTTP/1.1 as values: heads are parsed in place and built anew, bodies are decoded by steps.
//!
//! Bytes come in as slices and go out into a `Vec`; nothing here knows a socket, a clock or a
//! configuration. The reader is strict (RFC 9112 without its leniencies): what is not plainly
//! right is refused with a [`Reject`], since every guess is a chance to smuggle a request.

mod authority;
mod body;
mod build;
mod chunked;
mod conditions;
mod connection;
mod date;
mod encoding;
mod field;
mod framing;
mod head;
mod limits;
mod mapping;
mod method;
mod path;
mod range;
mod reject;
mod request;
mod response;
mod scan;
mod span;
mod status;
pub mod target;

pub use authority::{Authority, parse_authority};
pub use body::{BodyReader, Step};
pub use build::{
    CHUNK_END, ClientAddress, Forward, ForwardResponse, LAST_CHUNK, begin_head, chunk_head,
    end_head, forward_request, forward_response, response_head, simple_response,
};
pub use conditions::{Conditions, Outcome, Validators};
pub use date::{parse_date, write_date};
pub use encoding::{Accepted, Coding};
pub use field::{Field, Kind};
pub use framing::Body;
pub use head::Parsed;
pub use limits::Limits;
pub use mapping::{Back, Mapping};
pub use method::{Method, Version};
pub use path::{PathError, decode_path};
pub use range::{
    RANGES_MAX, Selection, content_range, last_boundary, part_head, select, unsatisfied_range,
};
pub use reject::Reject;
pub use request::{RequestHead, parse_request};
pub use response::{Asked, ResponseHead, parse_response};
pub use span::Span;
pub use status::reason_phrase;
pub use target::{Form, Target};
