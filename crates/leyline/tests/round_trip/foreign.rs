//! Frames of other writers: fields, words and kinds that were moved, added, removed, renumbered or given another type.

use leyline::wire::{FrameDecoder, SCHEMA, Schema};
use leyline::{Envelope, Incoming};
use proptest::prelude::*;

use crate::arbitrary::envelope;
use crate::model::{Model, Type, Value};
use crate::{decode_frame, decode_row, frame, heartbeat, known, refused, row};

/// An event as head and payload by name.
fn by_name(envelope: &Envelope, own: &Model) -> (Value, Value) {
    let bytes = frame(envelope);
    let mut rest = bytes.as_slice();
    let head = own.decode(&Type::named(&own.head), &mut rest);
    let body = own.decode(&Type::named(body_of(own, envelope)), &mut rest);
    assert!(rest.is_empty());
    (head, body)
}

fn body_of<'m>(model: &'m Model, envelope: &Envelope) -> &'m str {
    let name = envelope.event.kind().to_string();
    &model.kinds.iter().find(|kind| kind.1 == name).expect("a kind that is listed").2
}

/// The frame that a writer with another listing makes of an event.
fn frame_by(
    theirs: &Model,
    envelope: &Envelope,
    (mut head, body): (Value, Value),
    dice: &mut Dice,
) -> Vec<u8> {
    let name = envelope.event.kind().to_string();
    let kind = theirs.kinds.iter().find(|kind| kind.1 == name).expect("a kind that is listed");
    set(&mut head, "kind", Value::Count(kind.0.into()));
    let mut out = Vec::new();
    let mut make = |of: &Type| dice.value(theirs, of);
    theirs.encode(&Type::named(&theirs.head), &head, &mut make, &mut out);
    theirs.encode(&Type::named(&kind.2), &body, &mut make, &mut out);
    out
}

fn set(of: &mut Value, name: &str, to: Value) {
    let Value::Struct(members) = of else { panic!("{of:?}") };
    members.iter_mut().find(|(member, _)| member == name).expect("a member").1 = to;
}

fn decode_by(theirs: &Model, envelope: &Envelope, frame: &[u8]) -> Incoming {
    let schema = Schema::parse(&theirs.listing()).expect("a listing");
    FrameDecoder::new(envelope.run_id.clone(), schema).decode(frame)
}

/// What is left of a value after a way through another schema; `Err` names a field that this build requires and that
/// the other schema does not have.
fn through(own: &Model, theirs: &Model, of: &Type, value: &Value) -> Result<Value, String> {
    Ok(match (of, value) {
        (Type::Option(inner), Value::Maybe(Some(value))) => {
            Value::Maybe(Some(Box::new(through(own, theirs, inner, value)?)))
        }
        (Type::List(item), Value::List(items)) => {
            let items = items.iter().map(|value| through(own, theirs, item, value));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        (Type::Named(name), Value::Struct(members)) => {
            let mut left = Vec::new();
            for ((member, value), (_, of)) in members.iter().zip(&own.structs[name]) {
                let is_theirs = theirs.structs[name].iter().any(|(field, _)| field == member);
                let value = match (is_theirs, of, member.as_str()) {
                    (true, ..) => through(own, theirs, of, value)?,
                    (false, Type::Option(_), _) => Value::Maybe(None),
                    (false, _, "group_id") => Value::Text("default".to_owned()),
                    (false, _, "severity") => Value::Variant("debug".to_owned(), None),
                    (false, _, "message") => Value::Text(String::new()),
                    (false, ..) => return Err(member.clone()),
                };
                left.push((member.clone(), value));
            }
            Value::Struct(left)
        }
        (_, value) => value.clone(),
    })
}

const PLAIN: [&str; 8] = ["u64", "text", "f64", "bool", "u8", "u16", "u32", "i64"];

/// Random numbers that proptest chose, then zeros.
struct Dice(std::vec::IntoIter<u64>);

impl Dice {
    fn new(words: Vec<u64>) -> Self {
        Self(words.into_iter())
    }

    fn below(&mut self, n: usize) -> usize {
        (self.0.next().unwrap_or(0) % n as u64) as usize
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }

    fn of(&mut self, plain: &[&str], depth: usize) -> Type {
        let inner = |dice: &mut Self| Box::new(dice.of(plain, depth + 1));
        match self.below(plain.len() + if depth < 3 { 3 } else { 0 }).checked_sub(plain.len()) {
            None => Type::named(plain[self.below(plain.len())]),
            Some(0) => Type::Option(inner(self)),
            Some(1) => Type::List(inner(self)),
            Some(_) => Type::Map(Box::new((*inner(self), *inner(self)))),
        }
    }

    fn value(&mut self, model: &Model, of: &Type) -> Value {
        let many = |dice: &mut Self, of: &Type| -> Vec<Value> {
            (0..dice.below(3)).map(|_| dice.value(model, of)).collect()
        };
        match of {
            Type::Option(inner) => {
                Value::Maybe((self.below(2) == 1).then(|| Box::new(self.value(model, inner))))
            }
            Type::List(item) => Value::List(many(self, item)),
            // One entry at most: a repeated key is damage.
            Type::Map(pair) => {
                let keys = many(self, &pair.0).into_iter().take(1);
                Value::Map(keys.map(|key| (key, self.value(model, &pair.1))).collect())
            }
            Type::Named(name) => match name.as_str() {
                "bool" => Value::Flag(self.below(2) == 1),
                "u8" => Value::Count(self.below(256) as u64),
                "u16" => Value::Count(self.below(65_536) as u64),
                "u32" => Value::Count(self.below(1 << 32) as u64),
                "u64" => Value::Count(self.0.next().unwrap_or(0)),
                "i64" => Value::Signed(self.0.next().unwrap_or(0).cast_signed()),
                "f64" => Value::Float(self.0.next().unwrap_or(0)),
                "text" => Value::Text(
                    ["", "é", "NaN", "completed", "Number", "a long text"][self.below(6)]
                        .to_owned(),
                ),
                name if model.structs.contains_key(name) => {
                    let fields = model.structs[name].clone();
                    let made =
                        fields.iter().map(|(name, of)| (name.clone(), self.value(model, of)));
                    Value::Struct(made.collect())
                }
                name => {
                    let (word, content) = &model.enums[name][self.below(model.enums[name].len())];
                    let content = content.as_ref().map(|of| Box::new(self.value(model, of)));
                    Value::Variant(word.clone(), content)
                }
            },
        }
    }

    /// Changes a listing as years of work on the types would: everything moves, something comes, something goes.
    fn change(&mut self, model: &mut Model, remove_one_in: usize) {
        for (name, fields) in &mut model.structs {
            let is_head = *name == model.head;
            // Kind, number and times stand first in the head of every listing.
            let kept = if is_head { 4 } else { 0 };
            let mut at = 0;
            fields.retain(|_| {
                at += 1;
                at <= kept || self.below(remove_one_in) != 1
            });
            for new in 0..self.below(3) {
                fields.push((format!("new_{new}"), self.of(&PLAIN, 0)));
            }
            self.shuffle(&mut fields[kept..]);
        }
        for variants in model.enums.values_mut() {
            for new in 0..self.below(3) {
                variants
                    .push((format!("new_{new}"), (self.below(2) == 1).then(|| self.of(&PLAIN, 0))));
            }
            self.shuffle(variants);
        }
        let mut numbers: Vec<u16> = (1..=300).collect();
        self.shuffle(&mut numbers);
        model.kinds.push((0, "KIND_OF_ANOTHER_TIME".to_owned(), "Heartbeat".to_owned()));
        for (kind, number) in model.kinds.iter_mut().zip(numbers) {
            kind.0 = number;
        }
        self.shuffle(&mut model.kinds);
    }
}

fn dice() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(any::<u64>(), 0..900)
}

/// NaN is not equal to itself; its text is.
fn shown(incoming: &Incoming) -> String {
    format!("{incoming:?}")
}

#[test]
fn the_second_reading_of_the_listing_loses_nothing() {
    assert_eq!(Model::parse(SCHEMA).listing(), SCHEMA);
}

proptest! {
    #[test]
    fn a_frame_of_any_other_schema_reads_by_name(envelope in envelope(), dice in dice(), remove in 2_usize..40) {
        let own = Model::parse(SCHEMA);
        let mut dice = Dice::new(dice);
        let mut theirs = own.clone();
        dice.change(&mut theirs, remove);
        let (head, body) = by_name(&envelope, &own);
        let found = decode_by(&theirs, &envelope, &frame_by(&theirs, &envelope, (head.clone(), body.clone()), &mut dice));
        let body_type = Type::named(body_of(&own, &envelope));
        let left = through(&own, &theirs, &Type::named(&own.head), &head)
            .and_then(|head| Ok((head, through(&own, &theirs, &body_type, &body)?)));
        match left {
            Ok(left) => {
                let bytes = frame_by(&own, &envelope, left, &mut dice);
                prop_assert_eq!(shown(&found), shown(&decode_frame(&envelope.run_id, &bytes)));
            }
            Err(field) => prop_assert_eq!(refused(found), format!("missing_field:{field}")),
        }
    }

    #[test]
    fn a_kind_of_another_time_is_kept_with_its_names(envelope in envelope(), dice in dice()) {
        let own = Model::parse(SCHEMA);
        let mut theirs = own.clone();
        let name = envelope.event.kind().to_string();
        let kind = theirs.kinds.iter_mut().find(|kind| kind.1 == name).unwrap();
        kind.1 = "RENAMED_SINCE".to_owned();
        let bytes = frame(&envelope);
        let Incoming::Unknown(unknown) = decode_by(&theirs, &envelope, &bytes) else { panic!() };
        prop_assert_eq!(unknown.event_type.as_str(), "RENAMED_SINCE");
        prop_assert_eq!((unknown.seq, unknown.ts, unknown.mono_ns), (envelope.seq, envelope.ts, envelope.mono_ns));
        prop_assert_eq!(&unknown.group_id, &envelope.group_id);
        prop_assert_eq!(&unknown.message, &envelope.message);
        let mut data: serde_json::Value = serde_json::from_str(&unknown.data).unwrap();
        let of_row: serde_json::Value = serde_json::from_str(&row(&envelope)).unwrap();
        // Binary says which scalar it is, a row lets the reader see it.
        if let Some(params) = data.get_mut("hyperparams") {
            for value in params.as_object_mut().unwrap().values_mut() {
                *value = value.as_object().unwrap().values().next().unwrap().clone();
            }
        }
        prop_assert_eq!(&data, &of_row["data"]);
        let mut dice = Dice::new(dice);
        // Nor does it harm to be damaged.
        decode_by(&theirs, &envelope, &bytes[..dice.below(bytes.len())]);
    }

    #[test]
    fn a_field_of_another_type_is_never_read_wrong(envelope in envelope(), dice in dice()) {
        let own = Model::parse(SCHEMA);
        let mut dice = Dice::new(dice);
        let mut theirs = own.clone();
        let body = body_of(&own, &envelope).to_owned();
        let fields = theirs.structs.get_mut(&body).unwrap();
        let at = dice.below(fields.len());
        let (name, was) = fields[at].clone();
        fields[at].1 = dice.of(&[&PLAIN[..], &["GpuVitals", "Severity", "Scalar"]].concat(), 0);
        let becomes = fields[at].1.clone();
        let (head, mut values) = by_name(&envelope, &own);
        let value = dice.value(&theirs, &becomes);
        set(&mut values, &name, value.clone());
        let found = decode_by(&theirs, &envelope, &frame_by(&theirs, &envelope, (head.clone(), values.clone()), &mut dice));
        // What fits into the field as it is here is as if it had been written here.
        if let Some(same) = fitting(&own, &was, &value) {
            set(&mut values, &name, same);
            let bytes = frame_by(&own, &envelope, (head, values), &mut dice);
            prop_assert_eq!(shown(&found), shown(&decode_frame(&envelope.run_id, &bytes)));
        } else {
            let reason = refused(found);
            let (_, field) = reason.split_once(':').unwrap();
            // A struct names what is missing inside it.
            prop_assert!(field == name || was.holds_struct(), "{reason}: {was:?} from {becomes:?}");
        }
    }

    #[test]
    fn any_listing_and_any_bytes_do_no_harm(
        envelope in envelope(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..6), 0..4),
        bytes in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let mut lines: Vec<String> = SCHEMA.lines().map(str::to_owned).collect();
        for (one, other, edit) in edits {
            let (one, other) = (one.index(lines.len()), other.index(lines.len()));
            match edit {
                0 => lines.swap(one, other),
                1 => drop(lines.remove(one)),
                2 => lines.insert(one, lines[other].clone()),
                3 => lines[one] = lines[one].replace("text", "list<Head>"),
                4 => lines[one] = lines[one].replace("option<", "option<option<").replace('>', ">>"),
                _ => drop(lines[one].pop()),
            }
        }
        if let Ok(schema) = Schema::parse(&format!("{}\n", lines.join("\n"))) {
            let mut decoder = FrameDecoder::new(envelope.run_id.clone(), schema);
            decoder.decode(&frame(&envelope));
            decoder.decode(&bytes);
            for kind in 1..22 {
                decoder.decode(&[&[kind], bytes.as_slice()].concat());
            }
        }
    }

    #[test]
    fn any_text_is_a_listing_or_none(text in "[ a-z:<>()0-9\n]{0,80}", printable in "\\PC{0,80}") {
        for text in [text.clone(), printable, format!("head H\n\nstruct H\n  kind: u16\n  seq: u64\n  ts: i64\n  mono_ns: u64\n{text}")] {
            if let Ok(schema) = Schema::parse(&text) {
                FrameDecoder::new(heartbeat().run_id, schema).decode(&[1, 2, 3]);
            }
        }
    }
}

/// Writes a `TRAINING_STARTED` or `SYSTEM_VITALS` in which `field` is of another type.
#[track_caller]
fn check(field: &str, becomes: &str, value: Value, expected: &str) {
    let event = if field == "gpus" { "SYSTEM_VITALS" } else { "TRAINING_STARTED" };
    let data = r#"{"gpus":[],"task":"t","max_batches":1,"start_batch":0}"#;
    let line = format!(
        r#"{{"v":1,"run_id":"r","seq":4,"ts":"2026-11-21T12:00:00.000Z","mono_ns":5,"event_type":"{event}","data":{data}}}"#
    );
    let envelope = known(decode_row(line.as_bytes()));
    let own = Model::parse(SCHEMA);
    let (head, mut body) = by_name(&envelope, &own);
    set(&mut body, field, value);
    let mut theirs = own.clone();
    let fields = theirs.structs.get_mut(body_of(&own, &envelope)).expect("a payload");
    fields.iter_mut().find(|(name, _)| name == field).expect("a field").1 = Type::parse(becomes);
    let frame = frame_by(&theirs, &envelope, (head, body), &mut Dice::new(Vec::new()));
    let found = match decode_by(&theirs, &envelope, &frame) {
        Incoming::Known(envelope) => {
            let row: serde_json::Value =
                serde_json::from_str(&row(&envelope)).expect("a row is JSON");
            row["data"][field].to_string()
        }
        Incoming::Rejected(rejection) => rejection.reason.to_string(),
        Incoming::Unknown(unknown) => panic!("{unknown:?}"),
    };
    assert_eq!(found, expected);
}

#[test]
fn what_a_value_of_another_type_becomes() {
    let text = |text: &str| Value::Text(text.to_owned());
    let list = |items: &[Value]| Value::List(items.to_vec());
    let some = |value| Value::Maybe(Some(Box::new(value)));
    let word = |word: &str, content| Value::Variant(word.to_owned(), content);
    check("success_return", "u64", Value::Count(475), "475.0");
    check("success_return", "i64", Value::Signed(-3), "-3.0");
    check("success_return", "f64", Value::Float(f64::NAN.to_bits()), "\"NaN\"");
    check("success_return", "text", text("NaN"), "wrong_type:success_return");
    check("success_return", "option<text>", some(text("NaN")), "wrong_type:success_return");
    check("success_return", "option<text>", Value::Maybe(None), "null");
    check("max_batches", "f64", Value::Float(3.0_f64.to_bits()), "wrong_type:max_batches");
    check("max_batches", "i64", Value::Signed(-1), "wrong_type:max_batches");
    check("max_batches", "option<u8>", some(Value::Count(255)), "255");
    check("max_batches", "option<u8>", Value::Maybe(None), "missing_field:max_batches");
    check("max_epochs", "u64", Value::Count(1 << 32), "wrong_type:max_epochs");
    check("n_envs", "u64", Value::Count(1 << 32), "bad_value:n_envs");
    check("task", "Lane", word("lossy", None), "\"lossy\"");
    check("task", "bool", Value::Flag(true), "wrong_type:task");
    check("task", "list<text>", list(&[text("t")]), "wrong_type:task");
    let params = |key, value| Value::Map(vec![(key, value)]);
    let number = || word("Number", Some(Box::new(Value::Float(1.0_f64.to_bits()))));
    check("hyperparams", "map<text, Scalar>", params(text("a"), number()), r#"{"a":1.0}"#);
    check(
        "hyperparams",
        "map<u64, Scalar>",
        params(Value::Count(1), number()),
        "wrong_type:hyperparams",
    );
    check(
        "hyperparams",
        "map<text, f64>",
        params(text("a"), Value::Float(0)),
        "wrong_type:hyperparams",
    );
    check("hyperparams", "map<text, text>", params(text("a"), text("b")), "bad_word:hyperparams");
    check(
        "hyperparams",
        "map<text, text>",
        params(text("a"), text("Flag")),
        "wrong_type:hyperparams",
    );
    check("hyperparams", "Lane", word("lossy", None), "wrong_type:hyperparams");
    let twice = vec![(text("a"), number()), (text("a"), number())];
    check("hyperparams", "map<text, Scalar>", Value::Map(twice), "bad_frame:cannot read body");
    check("gpus", "list<option<GpuVitals>>", list(&[Value::Maybe(None)]), "wrong_type:gpus");
    check("gpus", "list<u64>", list(&[Value::Count(1)]), "wrong_type:gpus");
    check("gpus", "map<text, u64>", Value::Map(Vec::new()), "wrong_type:gpus");
}

/// A value of another type as it would stand in a field of type `of` of this build; `None` if it does not fit.
fn fitting(own: &Model, of: &Type, value: &Value) -> Option<Value> {
    let fits_below = |x: u64, limit: u64| (x <= limit).then_some(Value::Count(x));
    Some(match (of, value) {
        // Absent is absent, whether the writer could say it or not.
        (Type::Option(_), value) if is_absent(value) => Value::Maybe(None),
        (of, Value::Maybe(Some(value))) => return fitting(own, of, value),
        (Type::Option(inner), value) => Value::Maybe(Some(Box::new(fitting(own, inner, value)?))),
        (Type::Named(name), value) => match (name.as_str(), value) {
            ("bool", Value::Flag(_)) | ("f64", Value::Float(_)) | ("text", Value::Text(_)) => {
                value.clone()
            }
            ("text", Value::Variant(word, None)) => Value::Text(word.clone()),
            ("f64", Value::Count(x)) => Value::Float((*x as f64).to_bits()),
            ("f64", Value::Signed(x)) => Value::Float((*x as f64).to_bits()),
            ("u32", Value::Count(x)) => return fits_below(*x, u32::MAX.into()),
            ("u64", Value::Count(x)) => return fits_below(*x, u64::MAX),
            ("u32", Value::Signed(x)) => return fits_below((*x).try_into().ok()?, u32::MAX.into()),
            ("u64", Value::Signed(x)) => return fits_below((*x).try_into().ok()?, u64::MAX),
            (name, Value::Text(word) | Value::Variant(word, None)) => {
                let listed = own.enums.get(name)?.iter().find(|(variant, _)| variant == word)?;
                if listed.1.is_some() {
                    return None;
                }
                Value::Variant(word.clone(), None)
            }
            _ => return None,
        },
        (Type::List(item), Value::List(items)) => {
            if items.iter().any(is_absent) {
                return None;
            }
            Value::List(items.iter().map(|value| fitting(own, item, value)).collect::<Option<_>>()?)
        }
        (Type::Map(pair), Value::Map(entries)) => {
            let there = entries.iter().filter(|(_, value)| !is_absent(value));
            let entry = |(key, value): &(Value, Value)| {
                Some((fitting(own, &pair.0, key)?, fitting(own, &pair.1, value)?))
            };
            Value::Map(there.map(entry).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

fn is_absent(value: &Value) -> bool {
    if let Value::Maybe(inner) = value { inner.as_deref().is_none_or(is_absent) } else { false }
}
