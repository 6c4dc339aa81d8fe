//! What both sides say to each other beside events: a zero byte, then a JSON object that names its message.

use std::path::PathBuf;

use leyline::{RunId, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::Token;
use crate::log::frame;
use crate::manifest::Hex64;

/// The protocol that this build speaks, and the only one.
pub const PROTOCOL: u32 = 1;

/// Longest payload that a run reads from a viewer, in bytes.
pub const MAX_FROM_VIEWER: usize = 65_536;

/// First byte of a message; that of an event is the number of its kind, which is never 0.
const MARK: u8 = 0;

/// The protocols that a side speaks: all from `min` to `max`. In JSON `[min, max]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u32; 2]", into = "[u32; 2]")]
pub struct Protocols {
    /// The oldest.
    pub min: u32,
    /// The newest.
    pub max: u32,
}

impl Protocols {
    /// Those of this build.
    pub const OWN: Self = Self { min: PROTOCOL, max: PROTOCOL };

    /// Returns the newest protocol that both sides speak.
    pub fn common(self, other: Self) -> Option<u32> {
        let (min, max) = (self.min.max(other.min), self.max.min(other.max));
        (min <= max).then_some(max)
    }
}

impl From<[u32; 2]> for Protocols {
    fn from([min, max]: [u32; 2]) -> Self {
        Self { min, max }
    }
}

impl From<Protocols> for [u32; 2] {
    fn from(Protocols { min, max }: Protocols) -> Self {
        [min, max]
    }
}

/// What a viewer says.
#[derive(Debug, Clone)]
pub enum FromViewer {
    /// First message, once.
    Hello(Hello),
    /// Asks for a part of the log; any number of times before [`FromViewer::Join`].
    Fetch(Fetch),
    /// Asks for everything after a number, from now on; the last message of a viewer.
    Join(Join),
}

/// Who wants to watch.
#[derive(Debug, Clone)]
pub struct Hello {
    /// What it can speak.
    pub protocols: Protocols,
    /// The secret, where the run asks for one.
    pub token: Option<Token>,
    /// Name and version of the program, for people.
    pub program: String,
}

/// A part of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fetch {
    /// First number wanted.
    pub from: u64,
    /// First number not wanted any more; `None`: as far as the log goes now.
    pub to: Option<u64>,
}

/// Where the viewer is, and who gets it what lies between there and now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// Last number that it has; `None`: nothing.
    pub have: Option<u64>,
    /// Whether the run sends what the log has of it, now and at every later hole. Otherwise the viewer reads the log itself.
    pub fill: bool,
}

/// What a run says.
#[derive(Debug, Clone, PartialEq)]
pub enum ToViewer {
    /// No; the connection ends.
    Refused(Refused),
    /// Yes; the answer to a hello.
    Welcome(Box<Welcome>),
    /// Every event that the run's sink for viewers gets from number `from` on follows. What came before it is history.
    Live {
        /// Number at which the live part begins.
        from: u64,
    },
    /// Everything of a [`Fetch`] that the log has was sent.
    Fetched {
        /// First number that was not looked for.
        to: u64,
    },
    /// The connection ends.
    Closing(Closing),
}

/// Why a viewer is turned away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// For programs.
    pub reason: RefusedReason,
    /// For people.
    pub text: String,
    /// What the run speaks.
    pub protocols: Protocols,
}

/// The words for turning a viewer away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusedReason {
    /// No protocol in common.
    Protocol,
    /// A token is needed, and none or a wrong one was given.
    Token,
    /// Too many wrong tokens; none is looked at for the rest of a minute.
    TooManyTokens,
    /// As many viewers as may be.
    Full,
    /// The viewer belongs to another user.
    User,
    /// What the viewer said makes no sense.
    Message,
    /// A word of a later version.
    #[serde(other)]
    Other,
}

/// What a run says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The protocol that is spoken from now on.
    pub protocol: u32,
    /// The run.
    pub run_id: RunId,
    /// Its random number: two runs of one name differ in it.
    pub nonce: Hex64,
    /// The process that trains.
    pub pid: u32,
    /// Its machine.
    pub host: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// Number of the next event, as far as the run's sink for viewers knows: how much there is to catch up with.
    pub next: u64,
    /// The listing that says what positions in its frames mean.
    pub schema: String,
    /// Its run directory; `None` if it keeps no log.
    pub log: Option<PathBuf>,
}

/// Why a connection ends that was fine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// For programs.
    pub reason: ClosingReason,
    /// For people.
    pub text: String,
}

/// The words for ending a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClosingReason {
    /// The viewer's queue was full. It joins again with what it has.
    TooSlow,
    /// The run has ended, and everything was sent.
    RunOver,
    /// The viewer said something that it may not say at this point.
    Message,
    /// A word of a later version.
    #[serde(other)]
    Other,
}

/// Why a payload is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MessageError {
    /// It is an event.
    #[error("an event is no message")]
    Event,
    /// Not JSON, not an object, or a key twice.
    #[error("a message is a JSON object with its name in `message`")]
    Form,
    /// Keys are missing or have wrong values; names the message.
    #[error("the message `{0}` is damaged")]
    Damaged(&'static str),
    /// A message that this version does not know.
    #[error("unknown message")]
    Unknown,
}

impl FromViewer {
    /// Reads the payload of a frame from a viewer; any bytes become a message or an error.
    ///
    /// # Errors
    ///
    /// See [`MessageError`].
    pub fn read(payload: &[u8]) -> Result<Self, MessageError> {
        let object = Object::read(payload)?;
        match object.name.as_str() {
            "hello" => object.into("hello").and_then(hello),
            "fetch" => object.into("fetch").map(Self::Fetch),
            "join" => object.into("join").map(Self::Join),
            _ => Err(MessageError::Unknown),
        }
    }

    /// Appends the message as a whole frame.
    pub fn append(&self, out: &mut Vec<u8>) {
        match self {
            Self::Hello(Hello { protocols, token, program }) => {
                let token = token.as_ref().map(Token::to_hex);
                append(
                    "hello",
                    &HelloKeys { protocols: *protocols, token, program: program.clone() },
                    out,
                );
            }
            Self::Fetch(fetch) => append("fetch", fetch, out),
            Self::Join(join) => append("join", join, out),
        }
    }
}

/// A hello as it is written.
#[derive(Serialize, Deserialize)]
struct HelloKeys {
    protocols: Protocols,
    token: Option<String>,
    program: String,
}

fn hello(keys: HelloKeys) -> Result<FromViewer, MessageError> {
    let HelloKeys { protocols, token, program } = keys;
    // Something that cannot be a token is no guess at one, so it is not compared, and not counted.
    let token = token.map(|hex| Token::from_hex(&hex)).transpose();
    let token = token.map_err(|_| MessageError::Damaged("hello"))?;
    Ok(FromViewer::Hello(Hello { protocols, token, program }))
}

impl ToViewer {
    /// Reads the payload of a frame from a run that is no event.
    ///
    /// # Errors
    ///
    /// See [`MessageError`].
    pub fn read(payload: &[u8]) -> Result<Self, MessageError> {
        #[derive(Deserialize)]
        struct From {
            from: u64,
        }
        #[derive(Deserialize)]
        struct To {
            to: u64,
        }
        let object = Object::read(payload)?;
        match object.name.as_str() {
            "refused" => object.into("refused").map(Self::Refused),
            "welcome" => object.into("welcome").map(|welcome| Self::Welcome(Box::new(welcome))),
            "live" => object.into("live").map(|From { from }| Self::Live { from }),
            "fetched" => object.into("fetched").map(|To { to }| Self::Fetched { to }),
            "closing" => object.into("closing").map(Self::Closing),
            _ => Err(MessageError::Unknown),
        }
    }

    /// Appends the message as a whole frame.
    pub fn append(&self, out: &mut Vec<u8>) {
        match self {
            Self::Refused(refused) => append("refused", refused, out),
            Self::Welcome(welcome) => append("welcome", welcome, out),
            Self::Live { from } => append("live", &serde_json::json!({ "from": from }), out),
            Self::Fetched { to } => append("fetched", &serde_json::json!({ "to": to }), out),
            Self::Closing(closing) => append("closing", closing, out),
        }
    }
}

/// Returns whether a payload is a message and no event.
pub fn is_message(payload: &[u8]) -> bool {
    payload.first() == Some(&MARK)
}

/// A message whose name is known.
struct Object<'a> {
    name: String,
    json: &'a [u8],
}

impl<'a> Object<'a> {
    fn read(payload: &'a [u8]) -> Result<Self, MessageError> {
        #[derive(Deserialize)]
        struct Name {
            message: String,
        }
        let [MARK, json @ ..] = payload else { return Err(MessageError::Event) };
        // A list would do for a struct otherwise.
        if json.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(MessageError::Form);
        }
        let name = serde_json::from_slice(json);
        let Name { message: name } = name.map_err(|_| MessageError::Form)?;
        Ok(Self { name, json })
    }

    /// Reads the keys. From the text itself, because a value in between would let the second of two equal keys win.
    fn into<T: Deserialize<'a>>(self, name: &'static str) -> Result<T, MessageError> {
        serde_json::from_slice(self.json).map_err(|_| MessageError::Damaged(name))
    }
}

fn append(name: &'static str, keys: &impl Serialize, out: &mut Vec<u8>) {
    #[derive(Serialize)]
    struct Named<'a, T> {
        message: &'static str,
        #[serde(flatten)]
        keys: &'a T,
    }
    let start = frame::open(out);
    out.push(MARK);
    // Texts, numbers and paths: none of them fails. A path that is not UTF-8 is not offered in the first place.
    serde_json::to_writer(&mut *out, &Named { message: name, keys }).ok();
    frame::close(out, start);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(json: &str) -> Vec<u8> {
        [&[MARK], json.as_bytes()].concat()
    }

    fn written(append: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut bytes = Vec::new();
        append(&mut bytes);
        let frame::Look::Frame { payload } = frame::look(&bytes) else { panic!("{bytes:?}") };
        assert!(is_message(payload));
        String::from_utf8(payload[1..].to_vec()).unwrap()
    }

    #[track_caller]
    fn viewer_says(message: &FromViewer, json: &str) {
        assert_eq!(written(|out| message.append(out)), json);
        let again = FromViewer::read(&payload(json)).unwrap();
        assert_eq!(written(|out| again.append(out)), json);
    }

    #[track_caller]
    fn run_says(message: &ToViewer, json: &str) {
        assert_eq!(written(|out| message.append(out)), json);
        assert_eq!(ToViewer::read(&payload(json)).as_ref(), Ok(message));
    }

    #[test]
    fn messages_of_a_viewer_have_one_spelling() {
        let hex = "0123456789abcdef".repeat(4);
        let token = Token::from_hex(&hex).unwrap();
        let hello = |token| {
            FromViewer::Hello(Hello { protocols: Protocols::OWN, token, program: "p 1".to_owned() })
        };
        viewer_says(
            &hello(Some(token)),
            &format!(r#"{{"message":"hello","protocols":[1,1],"token":"{hex}","program":"p 1"}}"#),
        );
        viewer_says(
            &hello(None),
            r#"{"message":"hello","protocols":[1,1],"token":null,"program":"p 1"}"#,
        );
        viewer_says(
            &FromViewer::Fetch(Fetch { from: 3, to: Some(u64::MAX) }),
            r#"{"message":"fetch","from":3,"to":18446744073709551615}"#,
        );
        viewer_says(
            &FromViewer::Join(Join { have: None, fill: true }),
            r#"{"message":"join","have":null,"fill":true}"#,
        );
    }

    #[test]
    fn messages_of_a_run_have_one_spelling() {
        let welcome = Welcome {
            protocol: 1,
            run_id: RunId::nearest("r"),
            nonce: Hex64(7),
            pid: 42,
            host: None,
            started: Timestamp::from_micros(0),
            next: 9,
            schema: "head\n".to_owned(),
            log: Some("/runs/r".into()),
        };
        run_says(
            &ToViewer::Welcome(Box::new(welcome)),
            r#"{"message":"welcome","protocol":1,"run_id":"r","nonce":"0000000000000007","pid":42,"host":null,"started":"1970-01-01T00:00:00.000000Z","next":9,"schema":"head\n","log":"/runs/r"}"#,
        );
        run_says(&ToViewer::Live { from: 5 }, r#"{"message":"live","from":5}"#);
        run_says(&ToViewer::Fetched { to: 5 }, r#"{"message":"fetched","to":5}"#);
        let closing = Closing { reason: ClosingReason::TooSlow, text: "t".to_owned() };
        run_says(
            &ToViewer::Closing(closing),
            r#"{"message":"closing","reason":"too_slow","text":"t"}"#,
        );
        let refused = Refused {
            reason: RefusedReason::Protocol,
            text: "t".to_owned(),
            protocols: Protocols { min: 2, max: 3 },
        };
        run_says(
            &ToViewer::Refused(refused),
            r#"{"message":"refused","reason":"protocol","text":"t","protocols":[2,3]}"#,
        );
    }

    #[test]
    fn a_later_version_may_say_more() {
        let more = payload(r#"{"why":"new","message":"live","from":5,"of":[1]}"#);
        assert_eq!(ToViewer::read(&more), Ok(ToViewer::Live { from: 5 }));
        assert_eq!(ToViewer::read(&payload(r#"{"message":"news"}"#)), Err(MessageError::Unknown));
        let closing = payload(r#"{"message":"closing","reason":"tired","text":""}"#);
        let Ok(ToViewer::Closing(closing)) = ToViewer::read(&closing) else { panic!() };
        assert_eq!(closing.reason, ClosingReason::Other);
    }

    #[test]
    fn what_is_no_message_says_why() {
        let error = |bytes: &[u8]| FromViewer::read(bytes).unwrap_err();
        assert_eq!(error(&[]), MessageError::Event);
        assert_eq!(error(&[5, 0]), MessageError::Event);
        for bad in [
            "",
            "{",
            "[]",
            "\"hello\"",
            "{}",
            r#"{"message":1}"#,
            r#"{"message":"join"} x"#,
            r#"{"message":"join","message":"join","have":null,"fill":true}"#,
            r#"["hello"]"#,
        ] {
            assert_eq!(error(&payload(bad)), MessageError::Form, "{bad}");
        }
        for bad in [
            r#"{"message":"join","have":-1,"fill":true}"#,
            r#"{"message":"join","have":1}"#,
            r#"{"message":"join","have":1,"have":1,"fill":true}"#,
        ] {
            assert_eq!(error(&payload(bad)), MessageError::Damaged("join"), "{bad}");
        }
        let short = payload(r#"{"message":"hello","protocols":[1,1],"token":"12","program":""}"#);
        assert_eq!(error(&short), MessageError::Damaged("hello"));
        assert_eq!(error(&payload(r#"{"message":"stop"}"#)), MessageError::Unknown);
    }

    #[test]
    fn the_newest_common_protocol_is_spoken() {
        let range = |min, max| Protocols { min, max };
        assert_eq!(range(1, 3).common(range(2, 5)), Some(3));
        assert_eq!(range(1, 1).common(range(1, 1)), Some(1));
        assert_eq!(range(1, 1).common(range(2, 5)), None);
        assert_eq!(range(9, 1).common(range(1, 9)), None);
    }
}
