//! Why a message was refused: one reason each, with its status, its word for metrics and logs,
//! and a sentence.

use std::fmt;

/// Writes the enum and its three tables from one list, so that no reason can lack a part.
macro_rules! rejects {
    ($($name:ident $status:literal $word:literal $text:literal)*) => {
        /// Why a message was refused. After it nothing on the connection can be trusted: it is
        /// answered with [`Reject::status`] and closed; when the message was a backend's answer
        /// the client gets 502 instead.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reject {
            $(#[doc = $text] $name,)*
        }

        impl Reject {
            /// Every reason, so that counters can exist before the first event.
            pub const ALL: &[Reject] = &[$(Reject::$name,)*];

            /// The status that tells a client.
            pub fn status(self) -> u16 {
                match self { $(Reject::$name => $status,)* }
            }

            /// A word for metrics and logs.
            pub fn reason(self) -> &'static str {
                match self { $(Reject::$name => $word,)* }
            }
        }

        impl fmt::Display for Reject {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Reject::$name => $text,)* })
            }
        }
    };
}

rejects! {
    BareLf 400 "bare_lf" "a line ends in LF without CR"
    BareCr 400 "bare_cr" "a CR is not followed by LF"
    InvalidMethod 400 "invalid_method" "the request does not begin with a method"
    MethodNotImplemented 501 "method_not_implemented" "the method is not one that this proxy forwards"
    InvalidTarget 400 "invalid_target" "the request target has a byte or a form that it may not have"
    FragmentInTarget 400 "fragment_in_target" "the request target has a fragment"
    TargetTooLong 414 "target_too_long" "the request target is longer than the limit"
    InvalidVersion 400 "invalid_version" "the first line does not name a protocol version"
    VersionNotSupported 505 "version_not_supported" "the protocol version is neither HTTP/1.0 nor HTTP/1.1"
    InvalidStatus 400 "invalid_status" "the status line has no status between 100 and 599"
    InvalidReasonPhrase 400 "invalid_reason_phrase" "the reason phrase has a control character"
    SwitchingProtocols 400 "switching_protocols" "the answer switches to a protocol that was not asked for"
    EmptyName 400 "empty_name" "a field has no name"
    InvalidName 400 "invalid_name" "a field name has a byte that it may not have"
    UnderscoreInName 400 "underscore_in_name" "a field name has an underscore"
    WhitespaceInName 400 "whitespace_in_name" "whitespace stands in or behind a field name"
    ObsoleteFold 400 "obsolete_fold" "a field goes on in the next line"
    InvalidValue 400 "invalid_value" "a field value has a control character"
    TooManyFields 431 "too_many_fields" "the head has more fields than the limit"
    HeadTooLarge 431 "head_too_large" "the head is larger than the limit"
    TooManyConnectionOptions 400 "too_many_connection_options" "Connection has more options than the limit"
    InvalidConnection 400 "invalid_connection" "Connection is not a list of names"
    MissingHost 400 "missing_host" "the request has no Host"
    RepeatedHost 400 "repeated_host" "the request has more than one Host"
    InvalidHost 400 "invalid_host" "Host is not a name or an address with an optional port"
    InvalidContentLength 400 "invalid_content_length" "Content-Length is not a number of 1 to 18 digits"
    RepeatedContentLength 400 "repeated_content_length" "the message has more than one Content-Length"
    InvalidTransferEncoding 400 "invalid_transfer_encoding" "Transfer-Encoding is malformed or does not end in one chunked"
    RepeatedTransferEncoding 400 "repeated_transfer_encoding" "the message has more than one Transfer-Encoding"
    UnknownTransferEncoding 501 "unknown_transfer_encoding" "Transfer-Encoding names a coding other than chunked"
    TransferEncodingInHttp10 400 "transfer_encoding_in_http10" "an HTTP/1.0 message has a Transfer-Encoding"
    LengthAndTransferEncoding 400 "length_and_transfer_encoding" "the message has both Content-Length and Transfer-Encoding"
    ExpectationFailed 417 "expectation_failed" "Expect asks for something other than 100-continue"
    BodyTooLarge 413 "body_too_large" "the body is larger than the limit"
    InvalidChunkSize 400 "invalid_chunk_size" "a chunk size is not 1 to 16 hexadecimal digits"
    InvalidChunkExtension 400 "invalid_chunk_extension" "a chunk extension is not a name with or without a value"
    ChunkExtensionTooLong 400 "chunk_extension_too_long" "chunk extensions are longer than the limit"
    InvalidChunkEnd 400 "invalid_chunk_end" "a chunk is not followed by CRLF"
    TruncatedBody 400 "truncated_body" "the connection ended before the body did"
}

impl std::error::Error for Reject {}

#[cfg(test)]
mod tests;
