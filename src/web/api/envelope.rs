//! The envelope: from the bytes of a request to calls, and from answers back to bytes.
//!
//! A call is one JSON object `{"id", "api_key", "method", "args"}`; a batch is an array of them. The answer to a call is
//! `{"id", "result", "error"}` in this order, ASCII only, and the status is 200 whatever happened: that is what clients
//! of 0.7 parse. Only while the database is away, when 0.7 fails with a page, it is 503 with the same envelope. Missing keys are reported one at a time in the order of the original.

use serde_json::{Map, Value};

/// More calls than this in one batch are refused.
pub(super) const MAX_BATCH: usize = 100;

/// One call as sent, with everything in it that the envelope asks for.
#[derive(Debug, PartialEq)]
pub(super) struct RawCall {
    /// Any JSON value; goes back as it came.
    pub(super) id: Value,
    /// A string, if the client means it.
    pub(super) api_key: Value,
    /// A string, if the client means it.
    pub(super) method: Value,
    /// The arguments; what is no object counts as none.
    pub(super) args: Map<String, Value>,
}

/// What a client sent.
pub(super) enum Sent {
    /// One call, or the reply that says why it is none.
    One(Result<RawCall, Reply>),
    /// Several calls, each with its reply.
    Batch(Vec<Result<RawCall, Reply>>),
}

/// The answer to one call.
#[derive(Debug, PartialEq)]
pub(super) struct Reply {
    /// The id of the call; null when it was not found.
    pub(super) id: Value,
    /// The result, or what went wrong.
    pub(super) outcome: Result<Value, String>,
    /// Whether the call should be made once more, later.
    pub(super) later: bool,
}

impl Reply {
    /// A reply that says what went wrong.
    pub(super) fn error(id: Value, text: impl Into<String>) -> Self {
        Self {
            id,
            outcome: Err(text.into()),
            later: false,
        }
    }

    /// The reply as text.
    pub(super) fn to_text(&self) -> String {
        let (result, error) = match &self.outcome {
            Ok(result) => (db::json::to_python(result), "null".to_owned()),
            Err(text) => (
                "null".to_owned(),
                db::json::to_python(&Value::String(text.clone())),
            ),
        };
        let id = db::json::to_python(&self.id);
        format!("{{\"id\": {id}, \"result\": {result}, \"error\": {error}}}")
    }
}

/// Reads what a client sent. `announced` tells whether the request named a length.
pub(super) fn read(body: &[u8], announced: bool) -> Sent {
    let refuse = |text: String| Sent::One(Err(Reply::error(Value::Null, text)));
    if body.is_empty() {
        return refuse(if announced {
            "Content-Length is 0".into()
        } else {
            "No Content-Length in request".into()
        });
    }
    // Some tools of another system write a byte order mark; the original overlooks it too.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    match serde_json::from_slice::<Value>(body) {
        // The text that could not be read is not repeated: it holds the key.
        Err(error) => refuse(format!("JSON parse error ERR:{error}")),
        Ok(Value::Array(calls)) if calls.is_empty() => Sent::One(call(Value::Null)),
        Ok(Value::Array(calls)) if calls.len() > MAX_BATCH => refuse(format!(
            "{} calls in one batch, at most {MAX_BATCH} are answered",
            calls.len()
        )),
        Ok(Value::Array(calls)) => Sent::Batch(calls.into_iter().map(call).collect()),
        Ok(value) => Sent::One(call(value)),
    }
}

fn call(value: Value) -> Result<RawCall, Reply> {
    let mut keys = match value {
        Value::Object(keys) => keys,
        // The original fails here with a page; a client can read this.
        _ => Map::new(),
    };
    let missing =
        |id: Value, key: &str| Reply::error(id, format!("Incorrect JSON query missing '{key}'"));
    let api_key = keys
        .remove("api_key")
        .ok_or_else(|| missing(Value::Null, "api_key"))?;
    let id = keys
        .remove("id")
        .ok_or_else(|| missing(Value::Null, "id"))?;
    let Some(method) = keys.remove("method") else {
        return Err(missing(id, "method"));
    };
    let Some(args) = keys.remove("args") else {
        return Err(missing(id, "args"));
    };
    Ok(RawCall {
        id,
        api_key,
        method,
        args: match args {
            Value::Object(args) => args,
            _ => Map::new(),
        },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn refused(body: &[u8]) -> Reply {
        match read(body, true) {
            Sent::One(Err(reply)) => reply,
            _ => panic!("{:?} was taken", String::from_utf8_lossy(body)),
        }
    }

    #[test]
    fn missing_keys_are_told_in_the_order_of_the_original() {
        for (body, key, id) in [
            (json!({}), "api_key", json!(null)),
            (json!({"id": 1, "method": "x"}), "api_key", json!(null)),
            (json!({"api_key": "", "args": {}}), "id", json!(null)),
            (json!({"api_key": "", "id": [1]}), "method", json!([1])),
            (
                json!({"api_key": "", "id": null, "method": ""}),
                "args",
                json!(null),
            ),
        ] {
            let reply = refused(body.to_string().as_bytes());
            assert_eq!(
                reply,
                Reply::error(id, format!("Incorrect JSON query missing '{key}'")),
                "{body}"
            );
        }
    }

    #[test]
    fn what_is_no_object_is_a_call_without_keys() {
        for body in ["null", "true", "17", "\"text\"", "[]"] {
            let reply = refused(body.as_bytes());
            assert_eq!(
                reply.outcome,
                Err("Incorrect JSON query missing 'api_key'".into())
            );
        }
    }

    #[test]
    fn a_body_that_is_no_json_is_not_repeated() {
        for body in [
            &b"{\"api_key\": \"secret\", "[..],
            b"secret",
            b"\xff\xfe\0secret",
            b"{\"api_key\": \"secret\"} x",
            b"\"\\ud800secret\"",
        ] {
            let Err(text) = refused(body).outcome else {
                panic!()
            };
            assert!(text.starts_with("JSON parse error ERR:"), "{text}");
            assert!(!text.contains("secret"), "{text}");
        }
        let deep = "[".repeat(100_000);
        let Err(text) = refused(deep.as_bytes()).outcome else {
            panic!()
        };
        assert!(text.contains("recursion limit"), "{text}");
    }

    #[test]
    fn what_is_no_object_of_arguments_counts_as_none() {
        for args in ["null", "1", "[1]", "\"x\"", "{}"] {
            let body = format!(r#"{{"id": 1, "api_key": "", "method": "x", "args": {args}}}"#);
            let Sent::One(Ok(call)) = read(body.as_bytes(), true) else {
                panic!("{args}")
            };
            assert!(call.args.is_empty());
        }
    }

    #[test]
    fn a_batch_has_a_limit_and_a_reply_for_each_call() {
        let Sent::Batch(calls) = read(br#"[{}, 1, {"api_key": 1, "id": 2}]"#, true) else {
            panic!()
        };
        assert_eq!(calls.len(), 3);
        assert!(calls.iter().all(Result::is_err));
        let many = format!("[{}]", vec!["{}"; MAX_BATCH + 1].join(","));
        assert!(refused(many.as_bytes()).outcome.is_err());
    }

    #[test]
    fn a_reply_has_its_keys_in_order_and_is_ascii() {
        let reply = Reply {
            id: json!({"a": "ä"}),
            outcome: Ok(json!(["Zoë"])),
            later: false,
        };
        assert_eq!(
            reply.to_text(),
            r#"{"id": {"a": "\u00e4"}, "result": ["Zo\u00eb"], "error": null}"#
        );
        assert_eq!(
            Reply::error(json!(null), "no").to_text(),
            r#"{"id": null, "result": null, "error": "no"}"#
        );
    }

    proptest! {
        #[test]
        fn any_bytes_get_a_reply_that_is_json(body in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Sent::One(Err(reply)) = read(&body, true) {
                prop_assert!(serde_json::from_str::<Value>(&reply.to_text()).is_ok());
            }
        }
    }
}
